"""Known services are looked at again, so that none was looked at longer ago than it may be."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

import pytest

from netwatch_notify.detail.refresh import (
    Cost,
    KnownService,
    choose_services,
    nightly_share,
    plan_refresh,
)
from netwatch_notify.model.host import Address
from netwatch_notify.model.look import LookKind
from netwatch_notify.model.port import PortKey
from tests.builders import at, key, night, probed

DAYS = 7

SEEN = probed("nginx", "1.22.1")


def service(
    number: int, text: str = "80", looked: int | None = None, *, recognised: bool = True
) -> KnownService:
    looked_at = None if looked is None else night(looked)
    return KnownService(
        at(f"10.0.{number >> 8}.{number & 255}"), key(text), looked_at, SEEN if recognised else None
    )


@pytest.mark.parametrize(
    ("total", "days", "hours", "expected"),
    [
        (0, 7, 24, 0),
        (1, 7, 24, 1),
        (7, 7, 24, 1),
        (8, 7, 24, 2),
        (700, 7, 24, 100),
        (700, 1, 24, 700),
        (700, 7, 12, 50),
        (700, 7, 48, 200),
        (700, 7, 24 * 30, 700),
        (700, 7, None, 100),
        (168, 7, 0, 1),
        (168, 7, -5, 1),
    ],
)
def test_a_nights_share(total: int, days: int, hours: int | None, expected: int) -> None:
    last = None if hours is None else night(9) - timedelta(hours=hours)
    assert nightly_share(total, days, night(9), last) == expected


@pytest.mark.parametrize(
    ("share", "looked", "expected"),
    [
        pytest.param(2, [None, None, None, 5], 2, id="never-looked-at"),
        pytest.param(2, [5, 6, 7], 2, id="none-is-overdue"),
        pytest.param(2, [1, 1, 1, 1, 1, 1], 4, id="overdue-is-caught-up-twice-as-fast"),
        pytest.param(2, [1, 1, 1, 7, 7], 3, id="overdue-and-then-the-share-is-full"),
        pytest.param(2, [2, 3, 4], 2, id="seven-days-are-due-not-six"),
        pytest.param(9, [1, 2], 2, id="fewer-than-the-share"),
        pytest.param(0, [1, None], 0, id="no-share"),
    ],
)
def test_how_many_are_chosen(share: int, looked: list[int | None], expected: int) -> None:
    services = [service(n, looked=when) for n, when in enumerate(looked, 1)]
    up = [one.address for one in services]
    assert choose_services(services, up, share, DAYS, night(8)) == services[:expected]


def test_hosts_that_do_not_answer_leave_their_turn_to_the_next() -> None:
    services = [service(n, looked=1) for n in range(1, 9)]
    up = [one.address for one in services[4:]]
    chosen = choose_services(services, up, 1, DAYS, night(8))
    assert chosen == services[4:6]


@dataclass
class Network:
    """Services and when each was looked at; a night looks at what is chosen."""

    hosts: int
    looked: dict[tuple[Address, PortKey], datetime | None] = field(default_factory=dict)
    last: datetime | None = None

    def __post_init__(self) -> None:
        self.grow(self.hosts)

    def grow(self, hosts: int) -> None:
        start = len({address for address, _ in self.looked})
        for number in range(start, start + hosts):
            for text in ("22", "80", "443")[: 1 + number % 3]:
                self.looked[service(number).address, key(text)] = None

    def night(self, now: datetime, away: Callable[[Address], bool] = lambda _: False) -> int:
        def oldest_first() -> Iterator[KnownService]:
            for (address, port), at_ in sorted(
                self.looked.items(), key=lambda one: (one[1] is not None, one[1] or now)
            ):
                yield KnownService(address, port, at_, SEEN if at_ else None)

        up = {address for address, _ in self.looked if not away(address)}
        share = nightly_share(len(self.looked), DAYS, now, self.last)
        chosen = choose_services(oldest_first(), up, share, DAYS, now)
        for one in chosen:
            self.looked[one.address, one.key] = now
        self.last = now
        return len(chosen)

    def oldest(self, now: datetime, away: Callable[[Address], bool] = lambda _: False) -> float:
        """The age in days of the service looked at longest ago, of hosts that are here."""
        ages = [
            (now - at_) / timedelta(days=1) if at_ else float("inf")
            for (address, _), at_ in self.looked.items()
            if not away(address)
        ]
        return max(ages)


@pytest.mark.parametrize("hosts", [1, 3, 10, 50, 333])
def test_after_a_week_none_is_older_than_it_may_be(hosts: int) -> None:
    network = Network(hosts)
    for number in range(1, 31):
        looked = network.night(night(number))
        assert looked <= ceil(len(network.looked) / DAYS) * 2
        if number >= DAYS:
            # As it is just before the next night.
            assert network.oldest(night(number + 1)) <= DAYS


def test_the_work_of_a_night_stays_even() -> None:
    network = Network(350)
    counts = [network.night(night(number)) for number in range(1, 31)]
    assert set(counts) == {ceil(len(network.looked) / DAYS)}


@pytest.mark.parametrize("seed", range(4))
def test_hosts_that_are_away_are_caught_up_when_they_are_back(seed: int) -> None:
    """A tenth is away for days at a time; of who was here the last nights, none is too old."""
    chance = random.Random(seed)
    network, until = Network(200), {}
    since: dict[Address, int] = {}
    for number in range(1, 31):
        for address in {address for address, _ in network.looked}:
            if until.get(address, 0) <= number and chance.random() < 0.02:
                until[address] = number + chance.randint(1, 9)
                since[address] = until[address]
        away = {address for address, end in until.items() if end > number}
        network.night(night(number), away.__contains__)
        fresh = {a for a, back in since.items() if number - back < 2}
        if number > DAYS:
            assert network.oldest(night(number), (away | fresh).__contains__) <= DAYS


def test_what_is_overdue_comes_besides_however_many_are_new() -> None:
    services = [*(service(n) for n in range(1, 9)), *(service(n, looked=1) for n in (20, 21, 22))]
    up = [one.address for one in services]
    chosen = choose_services(services, up, 2, DAYS, night(8))
    assert chosen == [services[0], services[1], services[8], services[9]]


@pytest.mark.parametrize(("nightly", "at_once"), [(3, 0), (0, 500), (1, 100)])
def test_growth_makes_nothing_else_wait(nightly: int, at_once: int) -> None:
    network = Network(70)
    for number in range(1, 31):
        network.grow(nightly)
        if number == 15:
            network.grow(at_once)
        network.night(night(number))
        if number >= DAYS * 2:
            old = [at_ for at_ in network.looked.values() if at_]
            assert night(number) - min(old) <= timedelta(days=DAYS)
        if number in (14, 23, 30):
            assert None not in network.looked.values()


@pytest.mark.parametrize("missed", [1, 3, 6, 10])
def test_missed_nights_are_caught_up_at_once(missed: int) -> None:
    network = Network(100)
    for number in range(1, 15):
        network.night(night(number))
    number = 15 + missed
    network.night(night(number))
    assert network.oldest(night(number)) <= DAYS
    for later in range(number + 1, number + 20):
        network.night(night(later))
        assert network.oldest(night(later)) <= DAYS


def test_a_night_too_short_is_made_up_for() -> None:
    """The looks of three nights found no time; nothing says so but what is overdue."""
    network = Network(140)
    for number in range(1, 15):
        network.night(night(number))
    before = dict(network.looked)
    for number in (15, 16, 17):
        network.night(night(number))
        network.looked = dict(before)
    ages = []
    for number in range(18, 40):
        network.night(night(number))
        ages.append(network.oldest(night(number)))
    assert ages[-1] <= DAYS
    assert next(n for n, age in enumerate(ages) if age <= DAYS) <= 4


def test_what_is_recognised_comes_first_and_what_answers_nothing_last() -> None:
    services = [
        service(1, "1000", looked=1, recognised=False),
        service(2, "80", recognised=False),
        service(3, "22", looked=1),
        service(4, "443", looked=1),
        service(4, "22", looked=1),
    ]
    looks = plan_refresh(services)
    assert [(str(look.addresses[0]), len(look.ports)) for look in looks] == [
        ("10.0.0.3", 1),
        ("10.0.0.4", 2),
        ("10.0.0.2", 1),
        ("10.0.0.1", 1),
    ]
    assert {(look.kind, look.known_up) for look in looks} == {(LookKind.REFRESH, True)}
    assert [one.cost for one in services[:3]] == [
        Cost.IN_VAIN,
        Cost.NEVER_TRIED,
        Cost.RECOGNISED,
    ]


def test_each_chosen_service_is_in_one_look_and_protocols_are_apart() -> None:
    services = [
        service(n, text, looked=1, recognised=bool(n % 2))
        for n in range(1, 150)
        for text in ("22", "53/udp", "443")
    ]
    looks = plan_refresh(services)
    pairs = [(address, port) for look in looks for address in look.addresses for port in look.ports]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {(one.address, one.key) for one in services}
    assert all(len({port.protocol for port in look.ports}) == 1 for look in looks)
    assert max(len(look.addresses) for look in looks) <= 64
    assert plan_refresh(reversed(services)) == looks
    assert plan_refresh([]) == ()
