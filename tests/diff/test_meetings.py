"""Where one rule of the policy meets another."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.breaker import find_held
from netwatch_notify.diff.compare import compare
from netwatch_notify.diff.groups import with_groups
from netwatch_notify.diff.ledger import next_ledger
from netwatch_notify.diff.standing import apply_rules
from netwatch_notify.model.change import Change, ChangeKind
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import HeldRange, held_id
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.rule import Match, Rule, RuleKind
from netwatch_notify.model.scan import PartResult
from tests.builders import (
    Nights,
    addresses,
    at,
    coverage,
    host,
    inventory,
    key,
    look,
    night,
    scan,
    told,
)

HERE, THERE = "192.0.2.1", "192.0.2.9"
MAC = "00:11:32:00:00:01"
STAY = [host(f"192.0.2.{n}") for n in (50, 51, 52)]


def seen(*hosts: Host) -> PartResult:
    return scan(*hosts, *STAY)


def story(*hosts: Host, **rules: object) -> Nights:
    return Nights(inventory(*hosts, *STAY), **rules)  # type: ignore[arg-type]


def box(address: str = HERE, *ports: str) -> Host:
    return host(address, *(ports or ("22", "80")), mac=MAC)


def play(nights: Nights, *hosts: Host | None) -> list[str]:
    """One night for each: the host is there, or nobody is."""
    lines: list[str] = []
    for one in hosts:
        lines += nights.told(seen(*([one] if one else [])))
    return lines


def test_a_flapping_host_that_moves_is_told_moved_and_stays_flapping() -> None:
    nights = story(box())
    assert play(nights, None, box(), None) == [f"flapping {HERE}"]
    assert play(nights, box(THERE)) == [f"host-moved {THERE}"]
    assert play(nights, None, box(THERE), None, box(THERE)) == []
    assert play(nights, *[box(THERE)] * 20) == []
    assert play(nights, None, None) == [f"host-gone {THERE}"]


def test_a_flapping_host_that_moves_within_the_pool_is_no_news_at_all() -> None:
    nights = story(box(), dynamic=["192.0.2.0/28"])
    assert play(nights, None, box(), None) == [f"flapping {HERE}"]
    assert play(nights, box(THERE), None, box(HERE), *[box(HERE)] * 20) == []


def test_a_host_that_began_to_flap_and_then_moves_is_told_both() -> None:
    nights = story(box(), gone_after=1)
    assert play(nights, None, box()) == [f"host-gone {HERE}", f"host-back {HERE}"]
    for _ in range(8):
        nights.next(seen(box()))
    assert play(nights, None, box(THERE)) == [f"flapping {HERE}", f"host-moved {THERE}"]


def ignore(written: str, *, port_: str = "", number: int = 1, **facts: object) -> Rule:
    match = Match.parse(written)
    named = key(port_) if port_ else None
    return replace(
        Rule(number, RuleKind.IGNORE, match, named, "alice", night(1)),
        **facts,
    )


def test_an_ignored_host_that_turns_critical_is_told() -> None:
    nights = story(box(), risky=["23"])
    verdict = nights.next(seen(box(HERE, "22", "23", "80", "443")))
    applied = apply_rules(verdict.changes, [ignore(HERE)], night(2))
    assert [str(change.key) for change in applied.told] == ["23/tcp"]
    assert [str(change.key) for change, _ in applied.hidden] == ["443/tcp"]


def test_a_new_host_with_a_risky_port_breaks_through_a_rule_for_its_network() -> None:
    verdict = story(risky=["23"]).next(seen(host(THERE, "23"), host("192.0.2.10", "22")))
    applied = apply_rules(verdict.changes, [ignore("192.0.2.0/24")], night(2))
    assert [str(change.address) for change in applied.told] == [THERE]


def test_a_rule_that_expires_on_a_quiet_night_is_told_over_once() -> None:
    rule = ignore(HERE, until=night(2))
    verdict = story(box()).next(seen(box()))
    applied = apply_rules(verdict.changes, [rule], night(2))
    assert (applied.told, applied.over) == ((), (rule,))


def ledger_after(
    ledger: tuple[OpenItem, ...], nights: Nights, *hosts: Host
) -> tuple[tuple[OpenItem, ...], tuple[Change, ...]]:
    verdict = nights.next(seen(*hosts))
    return next_ledger(ledger, verdict.changes, (), verdict, night(nights.number)), verdict.changes


def test_an_accepted_change_that_is_undone_and_happens_again_is_open_again() -> None:
    nights = story(box())
    ledger, first = ledger_after((), nights, box(HERE, "22", "80", "443"))
    assert [item.change_id for item in ledger] == [first[0].id]
    ledger = ()  # Somebody accepted it.
    ledger, closed = ledger_after(ledger, nights, box())
    assert ([c.kind for c in closed], ledger) == ([ChangeKind.PORT_CLOSED], ())
    for _ in range(15):
        ledger, _ = ledger_after(ledger, nights, box())
    ledger, again = ledger_after(ledger, nights, box(HERE, "22", "80", "443"))
    assert [change.id for change in again] == [first[0].id]
    assert [item.change_id for item in ledger] == [first[0].id]
    assert again[0].was == "closed"


def test_what_is_on_the_ledger_follows_the_host_and_leaves_with_its_port() -> None:
    nights = story(box())
    ledger, _ = ledger_after((), nights, box(HERE, "22", "80", "443"))
    ledger, _ = ledger_after(ledger, nights, box(THERE, "22", "80", "443"))
    assert [str(item.address) for item in ledger] == [THERE]
    ledger, _ = ledger_after(ledger, nights, box(THERE))
    assert ledger == ()


def test_the_ledger_of_who_took_an_address_does_not_go_with_who_had_it() -> None:
    other = host(HERE, "22", mac="00:11:32:00:00:02")
    nights = story(box(HERE, "22"), dynamic=["192.0.2.0/28"])
    ledger, _ = ledger_after((), nights, other)
    assert [str(item.address) for item in ledger] == [HERE]
    ledger, _ = ledger_after(ledger, nights, other, box(THERE, "22"))
    assert [str(item.address) for item in ledger] == [HERE]


SHUT = box(HERE, "22", "80=closed")
SILENT = box(HERE, "22", "80=filtered")
ASKED = look(SILENT, asked=[(HERE, "80")])


def test_a_flapping_port_on_a_host_that_goes_is_not_told_until_it_is_back() -> None:
    nights = story(box())
    assert play(nights, SHUT, box(), SHUT)[-1] == f"flapping {HERE} 80/tcp"
    gone = play(nights, *[None] * 20)
    assert gone == [f"host-gone {HERE}"]
    # It was told to be open when it began to flap, and is shut for good.
    back = play(nights, *[SHUT] * 3)
    assert back == [f"host-back {HERE}", f"port-closed {HERE} 80/tcp"]


def test_a_flapping_port_is_as_it_was_told_when_its_host_is_back() -> None:
    nights = story(box())
    play(nights, SHUT, box(), SHUT)
    lines = play(nights, *[None] * 20, *[box()] * 15)
    assert lines == [f"host-gone {HERE}", f"host-back {HERE}"]
    assert play(nights, SHUT) == [f"port-closed {HERE} 80/tcp"]


def test_a_port_seen_by_a_second_look_of_a_silent_host_is_not_missed_longer() -> None:
    nights = story(box())
    nights.next(seen(SILENT), look=ASKED)
    assert (at(HERE), key("80")) in nights.inventory.absences
    # The fast scan lost the whole host, the second look found it and its port.
    awake = look(box(), asked=[(HERE, "22"), (HERE, "80")], asked_hosts=[HERE])
    assert told(nights.next(seen(), look=awake)) == []
    assert nights.inventory.absences == {}
    assert told(nights.next(seen(SILENT), look=ASKED)) == [f"flapping {HERE} 80/tcp"]


@pytest.mark.parametrize(
    ("sleepers", "flapping", "held"),
    [(0, 0, True), (3, 0, False), (0, 3, False), (1, 1, True), (2, 2, False)],
)
def test_who_sleeps_or_flaps_does_not_count_for_the_breaker(
    sleepers: int, flapping: int, held: bool
) -> None:
    crowd = [host(f"192.0.2.{n}") for n in range(1, 11)]
    past = inventory(*crowd)
    restless = addresses(*(f"192.0.2.{n}" for n in range(1, 1 + sleepers + flapping)))
    results = [scan(*crowd[7:])]
    found = find_held(compare(past, results), past, results, 0.5, night(2), restless=restless)
    assert bool(found) is held


def test_a_newly_covered_port_that_closes_is_told() -> None:
    nights = Nights(
        inventory(host(HERE, "22"), *STAY, covered=[coverage("192.0.2.0/24", tcp="1-100")])
    )
    assert nights.told(seen(host(HERE, "22", "443"))) == []
    assert nights.verdict.learned_ports == 1
    assert nights.told(seen(host(HERE, "22", "443=closed"))) == [f"port-closed {HERE} 443/tcp"]
    assert nights.told(seen(host(HERE, "22", "443"))) == [f"port-opened {HERE} 443/tcp"]


def test_a_newly_covered_port_does_not_count_as_opened_again_where_only_it_was_asked() -> None:
    nights = Nights(
        inventory(host(HERE, "22"), *STAY, covered=[coverage("192.0.2.0/24", tcp="1-100")])
    )
    nights.next(scan(host(HERE, "443"), *STAY, tcp="443"))
    assert nights.told(seen(host(HERE, "22", "443"))) == []


@pytest.mark.parametrize("state", ["closed", "filtered"])
def test_a_moved_host_whose_port_closes_the_same_night(state: str) -> None:
    nights = story(box())
    now = box(THERE, "22", f"80={state}")
    first, second = play(nights, now), play(nights, now)
    moved, shut = f"host-moved {THERE}", f"port-closed {THERE} 80/tcp"
    assert (first, second) == (([moved, shut], []) if state == "closed" else ([moved], [shut]))


def test_a_port_that_waits_when_its_host_moves_waits_anew() -> None:
    nights = story(box())
    silent = box(THERE, "22", "80=filtered")
    assert play(nights, SILENT, silent) == [f"host-moved {THERE}"]
    assert play(nights, silent) == [f"port-closed {THERE} 80/tcp"]
    assert nights.inventory.absences == {}


def held(nights: Nights, *results: PartResult, accepted: bool) -> list[str]:
    """What `find_held` says where the range that was held before was accepted, or not."""
    ids = [held_id(one.range, one.since) for one in nights.inventory.held.values()]
    past = nights.inventory
    found = find_held(
        compare(past, results), past, results, 0.5, night(9), accepted=ids if accepted else ()
    )
    return [one.range for one in found]


def test_a_held_range_is_released_by_acceptance() -> None:
    crowd = [host(f"192.0.2.{n}", "22") for n in range(1, 7)]
    nights = Nights(inventory(*crowd), gone_after=4)
    nights.next(scan())
    assert held(nights, scan(), accepted=False) == ["192.0.2.0/24"]
    assert held(nights, scan(), accepted=True) == []
    # The night after: it is not held again for the same silence, though it was not told yet.
    past = nights.inventory
    absences = {s: replace(one, runs=2) for s, one in past.absences.items()}
    nights.inventory = replace(past, held={}, absences=absences)
    assert held(nights, scan(), accepted=False) == []
    assert nights.told(scan()) == []
    assert len(nights.told(scan())) == 6


def test_the_id_of_a_hold_changes_with_the_hold() -> None:
    first = HeldRange("192.0.2.0/24", 3, night(2))
    assert held_id(first.range, first.since) == held_id("192.0.2.0/24", night(2))
    assert held_id(first.range, night(9)) != held_id(first.range, first.since)


def test_a_host_back_that_answered_the_second_look_was_seen_twice() -> None:
    nights = story(box(), gone_after=1)
    play(nights, None)
    verdict = nights.next(seen(box()), look=look(box(), asked_hosts=[HERE]))
    assert [(c.kind.value, c.confirmed, c.note) for c in verdict.changes] == [
        ("host-back", True, "")
    ]


def test_many_hosts_that_flap_are_one_line() -> None:
    crowd = [host(f"192.0.2.{n}") for n in range(1, 7)]
    nights = Nights(inventory(*crowd, *STAY, *(host(f"192.0.2.{n}") for n in range(100, 120))))
    rest = [*STAY, *(host(f"192.0.2.{n}") for n in range(100, 120))]
    for shown in ([], crowd, []):
        verdict = nights.next(scan(*shown, *rest))
    groups = {change.group for change in with_groups(verdict.changes)}
    assert len(verdict.changes) == 6
    assert len(groups) == 1
    assert "" not in groups
