"""Which known services are looked at again tonight, so that an upgrade is seen; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from math import ceil

from netwatch_notify.detail.plan import chunks
from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.look import Look, LookKind
from netwatch_notify.model.port import PortKey, PortProtocol, Service

USUAL_INTERVAL = timedelta(days=1)
SHORTEST_INTERVAL = timedelta(hours=1)
MOST_CAUGHT_UP = 2
"""At most so many nights' shares at once, after nights in which there was no time."""


class Cost(IntEnum):
    """
    How long `-sV` takes, cheapest first.

    Measured with nmap 7.93: 6 s for a web server, 160 s for what answers none of its probes.
    """

    RECOGNISED = 0
    NEVER_TRIED = 1
    IN_VAIN = 2


@dataclass(frozen=True, slots=True)
class KnownService:
    """One open port, and when it was looked at."""

    address: Address
    key: PortKey
    looked_at: datetime | None
    """None: never."""
    service: Service | None = None

    @property
    def is_recognised(self) -> bool:
        """Whether a probe told what it is."""
        return self.service is not None and self.service.was_seen

    @property
    def cost(self) -> Cost:
        """Return how long another look is likely to take."""
        if self.is_recognised:
            return Cost.RECOGNISED
        return Cost.IN_VAIN if self.looked_at else Cost.NEVER_TRIED


def nightly_share(total: int, days: int, now: datetime, last_run_at: datetime | None) -> int:
    """Return how many of `total` services a run looks at, so that none gets older than `days`."""
    interval = now - last_run_at if last_run_at else USUAL_INTERVAL
    interval = min(max(interval, SHORTEST_INTERVAL), timedelta(days=days))
    return ceil(total * (interval / timedelta(days=days)))


def choose_services(
    oldest_first: Iterable[KnownService],
    up: Iterable[Address],
    share: int,
    days: int,
    now: datetime,
) -> list[KnownService]:
    """
    Return the services to look at: a night's share, and what is overdue besides.

    Of hosts that did not answer tonight there is nothing to learn; the next in order are taken.
    """
    chosen: list[KnownService] = []
    here = up if isinstance(up, frozenset | set) else frozenset(up)
    due = now - timedelta(days=days)
    for service in oldest_first:
        overdue = service.looked_at is not None and service.looked_at <= due
        if len(chosen) >= (share * MOST_CAUGHT_UP if overdue else share):
            if service.looked_at is None:
                continue  # However many are new, what is overdue comes after them.
            break
        if service.address in here:
            chosen.append(service)
    return chosen


def plan_refresh(services: Iterable[KnownService]) -> tuple[Look, ...]:
    """Return the nmaps, cheapest first; hosts whose chosen ports are the same share one."""
    ports: dict[tuple[Cost, PortProtocol, Address], set[PortKey]] = {}
    known: dict[tuple[Address, PortKey], Service] = {}
    for service in services:
        if service.service and service.is_recognised:
            known[service.address, service.key] = service.service
        place = (service.cost, service.key.protocol, service.address)
        ports.setdefault(place, set()).add(service.key)
    together: dict[tuple[Cost, tuple[PortKey, ...]], list[Address]] = {}
    for (cost, _, address), keys in ports.items():
        together.setdefault((cost, tuple(sorted(keys))), []).append(address)
    looks = [
        (cost, Look(LookKind.REFRESH, keys, chunk, known_up=True, services=_among(known, chunk)))
        for (cost, keys), addresses in together.items()
        for chunk in chunks(addresses)
    ]
    looks.sort(key=lambda item: (item[0], item[1].pairs, *map(address_order, item[1].addresses)))
    return tuple(look for _, look in looks)


def _among(
    known: Mapping[tuple[Address, PortKey], Service], addresses: tuple[Address, ...]
) -> dict[tuple[Address, PortKey], Service]:
    wanted = frozenset(addresses)
    return {place: service for place, service in known.items() if place[0] in wanted}
