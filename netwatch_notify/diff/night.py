"""What one night knows, and has decided so far; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netwatch_notify.diff.compare import Differences
from netwatch_notify.diff.patience import Patience
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.inventory import Displaced, Inventory, KnownHost, Subject
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import Port, PortKey, PortState
from netwatch_notify.model.scan import PartResult
from netwatch_notify.model.target import AddressSet

SEEN_ONCE = "seen once: the second look did not find it open"
NOT_LOOKED_AT = "not looked at closer: no time was left"


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy's numbers, from the settings."""

    gone_after: int = 2
    risky_ports: frozenset[PortKey] = frozenset()
    dynamic: AddressSet = field(default_factory=AddressSet)
    """Addresses that are handed out: there a host is its MAC."""


class Night:
    """
    The findings of one run and what is made of them: its fields are what the verdict holds.

    `last` is when the run before started.
    """

    def __init__(
        self,
        differences: Differences,
        inventory: Inventory,
        results: Sequence[PartResult],
        look: SecondLook,
        rules: Rules,
        now: datetime,
        last: datetime,
    ) -> None:
        self.differences = differences
        self.inventory = inventory
        self.results = results
        self.look = look
        self.rules = rules
        self.now = now
        self.last = last
        self.patience = Patience(inventory, rules.gone_after, now, last)
        self.changes: list[Change] = []
        self.hosts: dict[Address, KnownHost] = {}
        self.cleared: set[Address] = set()
        self.displaced: dict[str, Displaced] = dict(inventory.displaced)
        self.moved: dict[Address, Address] = {}
        self.learned_hosts = 0
        self.learned_ports = 0
        self.fast_version = next((r.header.version for r in results if r.header.version), "")
        self.macs_here = {host.mac for host in differences.seen.values() if host.mac}

    def tell(self, known: KnownHost, kind: ChangeKind, severity: Severity, **facts: object) -> None:
        """Have something told of a host."""
        self.changes.append(self.about(known, kind, severity, **facts))

    def about(
        self, known: KnownHost, kind: ChangeKind, severity: Severity, **facts: object
    ) -> Change:
        """Return a change of a host as it is settled by now, with more `facts`."""
        current = self.hosts.get(known.address, known)
        change = Change(
            kind=kind,
            severity=severity,
            address=known.address,
            name=current.name,
            mac=current.mac,
            vendor=current.vendor,
        )
        return replace(change, **facts)  # type: ignore[arg-type]

    def settle(self, host: KnownHost) -> None:
        """Have a host as this from now on."""
        self.hosts[host.address] = host

    def covers(self, address: Address, key: PortKey | None) -> bool:
        """Whether this run asked about a host, or one of its ports, and ended properly there."""
        return any(
            r.coverage.covers(address, key) if key else address in r.coverage.addresses
            for r in self.results
            if r.ended_properly and r.coverage
        )

    def was_asked(self, known: KnownHost, key: PortKey) -> bool:
        """Whether the second look asked about a port."""
        return (known.address, key) in self.look.asked

    def seen_again(self, address: Address, keys: Sequence[PortKey]) -> tuple[bool, str]:
        """Return whether a second look saw it too, and what the line says if not."""
        not_asked = NOT_LOOKED_AT if self.look.was_made else ""
        if not keys:
            up = self.look.host_is_up(address)
            if up is None:
                return False, not_asked
            return up, "" if up else "seen once: it did not answer the second look"
        asked = [key for key in keys if (address, key) in self.look.asked]
        if not asked:
            return False, not_asked
        if all(self.look.state_of(address, key) is PortState.OPEN for key in asked):
            return True, ""
        return False, SEEN_ONCE

    def looked_at(self, address: Address, port: Port) -> Port:
        """The port with what the detail scan found on it, if that is more than a guess."""
        closer = self.look.port(address, port.key)
        if closer is None or not closer.is_open:
            return port
        return replace(port, service=closer.service or port.service, scripts=closer.scripts)

    def came_back(self, known: KnownHost, key: PortKey | None) -> None:
        """End an absence that was not told: it was never gone, but it may be flapping."""
        self.patience.came_back((known.address, key))
        self.keeps_quiet(known, key, told_present=True)

    def keeps_quiet(self, known: KnownHost, key: PortKey | None, *, told_present: bool) -> bool:
        """
        Whether nothing is told of something that comes and goes, but that it does.

        `told_present`: what was last told of it.
        """
        subject: Subject = (known.address, key)
        if self.patience.habit(subject).is_flapping:
            return True
        if not (self.patience.toggled_now(subject) and self.patience.flaps(subject)):
            return False
        self.patience.begin_flapping(subject, told_present=told_present)
        port = known.ports.get(key) if key else None
        self.tell(
            known,
            ChangeKind.FLAPPING,
            Severity.INFO,
            key=key,
            state=None,
            service=port.service if port else None,
            first_seen_at=port.opened_at if port else known.first_seen_at,
            toggles=len(self.patience.recent_toggles(subject)),
            confirmed=True,
        )
        return True

    def known(self, address: Address) -> KnownHost | None:
        """Return a host as it is settled by now."""
        return self.hosts.get(address) or self.inventory.hosts.get(address)

    def severity_of(self, *keys: PortKey) -> Severity:
        """Return how loud it is that these ports are open."""
        return Severity.CRITICAL if self.rules.risky_ports & set(keys) else Severity.WARNING


def subject_order(subject: tuple[Address, PortKey | None]) -> tuple[tuple[int, int], PortKey]:
    """Sort key of hosts and ports."""
    return address_order(subject[0]), subject[1] or PortKey(0)
