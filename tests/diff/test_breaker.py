"""Ranges that look broken are held: told as one problem, not as many hosts."""

import pytest

from netwatch_notify.diff.breaker import MOST_RUNS_HELD, Hold, find_held
from netwatch_notify.diff.compare import compare
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.scan import PartResult
from tests.builders import Nights, coverage, host, inventory, night, scan, told


def some(count: int, network: str = "192.0.2", first: int = 1) -> list[Host]:
    return [host(f"{network}.{n}", "22") for n in range(first, first + count)]


def holds(past: Inventory, *results: PartResult, share: float = 0.5) -> tuple[Hold, ...]:
    return find_held(compare(past, results), past, results, share, night(2))


@pytest.mark.parametrize(
    ("known", "silent", "held"),
    [
        pytest.param(8, 4, False, id="4-of-8-are-few"),
        pytest.param(8, 5, True, id="5-of-8-is-more-than-half"),
        pytest.param(10, 5, False, id="5-of-10-is-just-half"),
        pytest.param(10, 6, True, id="6-of-10"),
        pytest.param(5, 4, False, id="4-of-5-are-few"),
        pytest.param(1, 1, False, id="the-only-one"),
        pytest.param(2, 2, True, id="both"),
        pytest.param(3, 3, True, id="all-three"),
        pytest.param(100, 50, False, id="50-of-100"),
        pytest.param(100, 51, True, id="51-of-100"),
    ],
)
def test_many_silent_hosts_are_held(known: int, silent: int, held: bool) -> None:
    everyone = some(known)
    found = holds(inventory(*everyone), scan(*everyone[silent:]))
    assert bool(found) is held
    if held:
        assert (found[0].silent, found[0].known, found[0].runs) == (silent, known, 1)


@pytest.mark.parametrize(
    ("known", "appeared", "held"),
    [
        pytest.param(5, 20, False, id="20-are-told"),
        pytest.param(5, 21, True, id="21-at-once"),
        pytest.param(0, 21, True, id="in-an-empty-network"),
        pytest.param(42, 21, False, id="just-half"),
        pytest.param(41, 21, True, id="more-than-half"),
    ],
)
def test_many_hosts_at_once_are_held(known: int, appeared: int, held: bool) -> None:
    old = some(known)
    found = holds(inventory(*old), scan(*old, *some(appeared, first=100)))
    assert bool(found) is held
    if held:
        assert (found[0].silent, found[0].appeared) == (0, appeared)


def test_the_share_is_a_setting() -> None:
    everyone = some(10)
    assert holds(inventory(*everyone), scan(*everyone[5:]), share=0.4)
    assert not holds(inventory(*everyone), scan(*everyone[3:]), share=0.1)


SIXTEEN = "10.0.0.0/16"


def test_one_broken_network_is_held_alone_and_the_rest_is_told() -> None:
    broken, fine = some(8, "10.0.1"), some(8, "10.0.2")
    nights = Nights(inventory(*broken, *fine, covered=[coverage(SIXTEEN)]), gone_after=1)
    verdict = nights.next(scan(*fine[1:], targets=SIXTEEN))
    assert list(verdict.settled.held) == ["10.0.1.0/24"]
    assert told(verdict) == ["host-gone 10.0.2.1"]


def test_a_part_all_of_whose_networks_are_broken_is_held_as_one() -> None:
    past = inventory(*some(8, "10.0.1"), *some(8, "10.0.2"), covered=[coverage(SIXTEEN)])
    found = holds(past, scan(targets=SIXTEEN, label="leeds"))
    assert [(hold.range, hold.silent) for hold in found] == [("leeds", 16)]


def test_single_hosts_spread_over_many_networks_are_held_as_the_part() -> None:
    past = inventory(*(host(f"10.0.{n}.1") for n in range(6)), covered=[coverage(SIXTEEN)])
    found = holds(past, scan(targets=SIXTEEN, label="leeds"))
    assert [(hold.range, hold.silent) for hold in found] == [("leeds", 6)]


def test_a_range_is_held_seven_nights_and_then_told_with_when_it_was_seen_last() -> None:
    nights = Nights(inventory(*some(6)))
    for number in range(1, MOST_RUNS_HELD + 1):
        verdict = nights.next(scan())
        assert told(verdict) == []
        assert [hold.runs for hold in verdict.settled.held.values()] == [number]
        assert all(hold.since == night(2) for hold in verdict.settled.held.values())
    verdict = nights.next(scan())
    assert told(verdict) == [f"host-gone 192.0.2.{n}" for n in range(1, 7)]
    assert verdict.settled.held == {}
    assert {change.last_seen_at for change in verdict.changes} == {night(1)}
    assert nights.told(scan()) == []


def test_new_hosts_are_told_after_seven_held_nights_too() -> None:
    nights = Nights(inventory())
    for _ in range(MOST_RUNS_HELD):
        assert nights.told(scan(*some(30))) == []
    assert len(nights.told(scan(*some(30)))) == 30


def test_a_range_that_answers_again_was_never_gone() -> None:
    nights = Nights(inventory(*some(6)))
    nights.told(scan())
    verdict = nights.next(scan(*some(6)))
    assert told(verdict) == []
    assert verdict.settled.held == {}
    assert verdict.settled.absences == {}


def test_a_hold_that_is_over_starts_anew_from_one() -> None:
    nights = Nights(inventory(*some(6)))
    nights.next(scan())
    nights.next(scan(*some(6)))
    assert [hold.runs for hold in nights.next(scan()).settled.held.values()] == [1]


def test_news_within_a_held_range_waits() -> None:
    nights = Nights(inventory(*some(6)))
    assert nights.told(scan(host("192.0.2.6", "22", "80"))) == []
    assert sorted(nights.told(scan(*some(5), host("192.0.2.6", "22", "80")))) == [
        "port-opened 192.0.2.6 80/tcp"
    ]


def test_a_part_that_failed_is_not_held_for_its_silence() -> None:
    assert holds(inventory(*some(9)), scan(problem="cut")) == ()


@pytest.mark.parametrize("appear", [False, True])
def test_the_problem_says_how_many(appear: bool) -> None:
    past, result = (inventory(), scan(*some(30))) if appear else (inventory(*some(6)), scan())
    problem = holds(past, result)[0].to_problem()
    expected = "30 hosts appeared at once" if appear else "6 of 6 hosts silent"
    assert problem.headline == f"192.0.2.0/24: {expected}"
    assert problem.key == "held:192.0.2.0/24"
    assert "night 1" in problem.details[0]
