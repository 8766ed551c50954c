"""How long silence is waited for."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.patience import (
    MOST_RUNS_WAITED,
    WINDOW_RUNS,
    Patience,
    covering_runs,
    needed_since,
    without_future,
)
from netwatch_notify.model.inventory import Habit, Inventory, PastRun, Toggle
from tests.builders import Nights, at, coverage, host, inventory, key, night, scan
from tests.diff.days import HERE, OTHERS, SUBJECT, UP, events, play, story


@pytest.mark.parametrize(
    ("gone_after", "days", "expected"),
    [
        pytest.param(1, "-", {0: "host-gone"}, id="at-once"),
        pytest.param(2, "--", {1: "host-gone"}, id="two-in-a-row"),
        pytest.param(3, "--u-", {3: "flapping"}, id="two-and-one-are-not-three"),
        pytest.param(2, "-x-", {2: "host-gone"}, id="a-broken-run-neither-counts-nor-forgives"),
        pytest.param(2, "-n-", {2: "host-gone"}, id="nor-does-one-that-did-not-ask"),
        pytest.param(2, "-nnnnxx", {}, id="many-of-those"),
        pytest.param(2, "--xnu", {1: "host-gone", 4: "host-back"}, id="and-back"),
        pytest.param(1, "f", {0: "port-closed 80/tcp"}, id="a-silent-port-at-once"),
        pytest.param(3, "ff-f", {3: "port-closed 80/tcp"}, id="host-away-between"),
        pytest.param(2, "fpf", {2: "port-closed 80/tcp"}, id="a-run-that-did-not-ask-the-port"),
        pytest.param(9, "c", {0: "port-closed 80/tcp"}, id="a-refusal-needs-no-patience"),
        pytest.param(
            2, "cu", {0: "port-closed 80/tcp", 1: "port-opened 80/tcp"}, id="shut-and-open"
        ),
    ],
)
def test_gone_after(gone_after: int, days: str, expected: dict[int, str]) -> None:
    assert events(story(gone_after), days) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param("-----", {1: "host-gone"}, id="first"),
        # The third change of state within fourteen runs would be flapping, so they are apart.
        pytest.param(
            "---" + "u" * 20 + "----",
            {1: "host-gone", 3: "host-back", 26: "host-gone"},
            id="longer",
        ),
        pytest.param("---" + "u" * 20 + "---u", {1: "host-gone", 3: "host-back"}, id="equal"),
        pytest.param(
            "-nx--" + "u" * 20 + "-nxn---",
            {3: "host-gone", 5: "host-back", 31: "host-gone"},
            id="counted-in-runs-that-covered-it",
        ),
    ],
)
def test_its_own_longest_absence_is_waited_for(days: str, expected: dict[int, str]) -> None:
    assert events(story(), days) == expected


@pytest.mark.parametrize(
    ("longest", "needed"), [(0, 2), (1, 2), (2, 3), (13, 14), (14, 15), (60, 15)]
)
def test_a_longer_absence_than_the_cap_is_not_waited_out_again(longest: int, needed: int) -> None:
    past = replace(inventory(*UP), habits={SUBJECT: Habit(longest_absence=longest)})
    nights = Nights(replace(past, hosts=inventory(*UP, *OTHERS).hosts))
    days = events(nights, "-" * (MOST_RUNS_WAITED + 3))
    assert days == {needed - 1: "host-gone"}


def test_an_absence_that_was_not_told_is_a_habit_too() -> None:
    nights = story(gone_after=4)
    assert events(nights, "---u") == {}
    assert nights.inventory.habits[SUBJECT].longest_absence == 3


@pytest.mark.parametrize(
    ("days", "longest"),
    [("--u", 2), ("---u", 3), ("-----u", 5), ("-x--nu", 3), ("--xxnnu", 2)],
)
def test_the_longest_absence_is_counted_in_covering_runs(days: str, longest: int) -> None:
    nights = story()
    play(nights, days)
    assert nights.inventory.habits[SUBJECT].longest_absence == longest


def test_a_port_that_stays_silent_is_no_lost_packet() -> None:
    nights = story(gone_after=2)
    play(nights, "ff")
    assert nights.inventory.habits[at(HERE), key("80")].toggles == (Toggle(night(2)),)


def test_held_nights_are_no_habit() -> None:
    everyone = [host(f"192.0.2.{n}", "22") for n in range(1, 7)]
    nights = Nights(inventory(*everyone))
    for _ in range(3):
        nights.next(scan())
        assert nights.verdict.settled.held
        nights.next(scan(*everyone))
    assert not any(h.toggles or h.longest_absence for h in nights.inventory.habits.values())


def test_nights_held_until_they_are_told_are_no_habit_either() -> None:
    """A site was cut off for eight nights; who is gone there later is told as soon as anywhere."""
    everyone = [host(f"192.0.2.{n}", "22") for n in range(1, 7)]
    nights = Nights(inventory(*everyone))
    for _ in range(8):
        nights.next(scan())
    assert len(nights.verdict.changes) == 6
    (first, *_) = nights.next(scan(*everyone)).changes
    assert first.last_seen_at == night(1)
    for _ in range(20):
        nights.next(scan(*everyone))
    assert nights.told(scan(*everyone[1:])) == []
    assert nights.told(scan(*everyone[1:])) == ["host-gone 192.0.2.1"]


def test_toggles_that_are_too_old_are_forgotten() -> None:
    nights = story(9)
    play(nights, "-u" + "u" * WINDOW_RUNS + "-")
    assert len(nights.inventory.habits[SUBJECT].toggles) == 1


def test_runs_count_where_they_asked_about_the_very_thing() -> None:
    past = (
        PastRun(night(4), (coverage("192.0.2.0/24"),)),
        PastRun(night(3), (coverage(HERE, tcp="22"), coverage("192.0.2.9"))),
        PastRun(night(2), ()),
        PastRun(night(1), (coverage("192.0.2.0/24"),)),
    )
    assert covering_runs(past, (at(HERE), None), night(1)) == 2
    assert covering_runs(past, (at(HERE), key("80")), night(1)) == 1
    assert covering_runs(past, (at("192.0.2.9"), key("80")), night(1)) == 2
    assert covering_runs(past, (at("198.51.100.1"), None), night(1)) == 0


def test_toggles_from_the_future_do_not_count() -> None:
    """The clock was wrong then: they would be recent until it gets there."""
    habit = Habit(tuple(Toggle(night(n)) for n in (1, 400, 401)))
    assert without_future(habit, night(5)) == Habit((Toggle(night(1)),))
    assert without_future(habit, night(401)) is habit
    patience = Patience(replace(inventory(), habits={SUBJECT: habit}), 2, night(5), night(4))
    assert not patience.flaps(SUBJECT)


def test_past_runs_are_needed_since_the_oldest_instant() -> None:
    habits = [
        Habit((Toggle(night(5)), Toggle(night(3)))),
        Habit(silent_since=night(2)),
        Habit(longest_absence=4),
    ]
    assert needed_since(habits) == night(2)
    assert needed_since([Habit(longest_absence=4)]) is None


def test_who_swaps_keeps_its_own_ways() -> None:
    ways = {(at(f"192.0.2.{n}"), None): Habit(longest_absence=n) for n in (1, 2)}
    patience = Patience(Inventory(habits=ways), 2, night(2), night(1))
    one, two = ways
    patience.move(one, two)
    patience.move(two, one)
    assert patience.habits == {two: Habit(longest_absence=1), one: Habit(longest_absence=2)}
