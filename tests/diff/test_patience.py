"""How long silence is waited for, and what comes and goes too often to be told."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.patience import (
    MOST_RUNS_WAITED,
    WINDOW_RUNS,
    Patience,
    covering_runs,
    is_flapping,
    needed_since,
)
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import Habit, Inventory, PastRun, Toggle
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.scan import PartResult
from tests.builders import NO_LOOK, Nights, at, coverage, host, inventory, key, look, night, scan

HERE = "192.0.2.1"
SUBJECT = (at(HERE), None)
OTHERS = [host(f"192.0.2.{n}") for n in (50, 51, 52)]
UP = [host(HERE, "22", "80")]
WITHOUT = [host(HERE, "22", "80=filtered")]
REFUSED = [host(HERE, "22", "80=closed")]
ASKED = look(host(HERE, "80=filtered"), asked=[(HERE, "80")])
"""The port was asked again, and was silent."""


def seen(hosts: list[Host]) -> PartResult:
    return scan(*hosts, *OTHERS)


def story(gone_after: int = 2, risky: tuple[str, ...] = ()) -> Nights:
    return Nights(inventory(*UP, *OTHERS), gone_after=gone_after, risky=risky)


def play(nights: Nights, days: str, second: SecondLook = NO_LOOK) -> list[list[str]]:
    """
    What each night tells of the host or its port, one letter a night.

    `u` up, `-` away, `f` 80/tcp filtered, `c` 80/tcp refused, `x` the scan broke, `n` a narrow
    scan that asks about other hosts only, `p` one that asks about 22/tcp only.
    """
    shown = {"u": UP, "-": [], "f": WITHOUT, "c": REFUSED}
    lines = []
    for day in days:
        if day == "x":
            result = scan(*OTHERS, problem="cut")
        elif day == "n":
            result = scan(*OTHERS, targets="192.0.2.48/29")
        elif day == "p":
            result = scan(host(HERE, "22"), *OTHERS, tcp="22")
        else:
            result = seen(shown[day])
        told = nights.told(result, look=second if day in "fp" else NO_LOOK)
        lines.append([line.replace(HERE, "").replace("  ", " ").strip() for line in told])
    return lines


def events(nights: Nights, days: str, second: SecondLook = NO_LOOK) -> dict[int, str]:
    """What is told by the place of the night in `days`, counted from 0."""
    told = enumerate(play(nights, days, second))
    return {number: "+".join(lines) for number, lines in told if lines}


@pytest.mark.parametrize(
    ("gone_after", "days", "expected"),
    [
        pytest.param(1, "-", {0: "host-gone"}, id="at-once"),
        pytest.param(2, "--", {1: "host-gone"}, id="two-in-a-row"),
        pytest.param(3, "--u--", {}, id="two-and-two-are-not-three"),
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
        pytest.param("--u--", {1: "host-gone", 2: "host-back"}, id="as-long-as-before"),
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
    found = events(story(), days)
    found.pop(4, None) if days == "--u--" else None
    assert found == expected


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


@pytest.mark.parametrize(
    ("days", "flaps_on"),
    [
        pytest.param("-u-", 2, id="three-in-a-row"),
        pytest.param("-uuuuuu-u", 8, id="slowly"),
        pytest.param("-" + "u" * 11 + "-u", 13, id="just-within-the-window"),
        pytest.param("-" + "u" * 12 + "-u", None, id="just-outside"),
        pytest.param("-unnnnnnnnnnnnn-", 15, id="narrow-runs-do-not-age-a-toggle"),
        pytest.param("-xu-", 3, id="nor-do-broken-ones"),
        pytest.param("--u", None, id="two"),
    ],
)
def test_three_toggles_in_fourteen_covering_runs_flap(days: str, flaps_on: int | None) -> None:
    found = {n: what for n, what in events(story(9), days).items()}
    assert found == ({flaps_on: "flapping"} if flaps_on is not None else {})


def test_the_line_says_how_often_and_is_for_information() -> None:
    nights = story()
    play(nights, "-u-")
    (change,) = nights.verdict.changes
    assert (change.kind, change.severity) == (ChangeKind.FLAPPING, Severity.INFO)
    assert (change.toggles, change.state) == (3, None)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param("-u-" + "u-" * 20, {2: "flapping"}, id="silence-while-it-lasts"),
        pytest.param("-u-u" + "u" * 30, {2: "flapping"}, id="here-as-told"),
        pytest.param("-u-u" + "u" * 14 + "--", {2: "flapping", 19: "host-gone"}, id="told-again"),
        pytest.param("-u-" + "-" * 13, {2: "flapping"}, id="not-yet-steady"),
        pytest.param("-u-" + "-" * 20, {2: "flapping", 16: "host-gone"}, id="gone-for-good"),
        pytest.param("-u-" + "n" * 9 + "-" * 20, {2: "flapping", 25: "host-gone"}, id="narrow"),
        pytest.param("-u-" + "x" * 9 + "-" * 20, {2: "flapping", 25: "host-gone"}, id="broken"),
        pytest.param(
            "--u" + "u" * 15, {1: "host-gone", 2: "host-back"}, id="gone-and-back-is-no-flapping"
        ),
        pytest.param(
            "--uu--" + "u" * 20,
            {1: "host-gone", 2: "host-back", 4: "flapping"},
            id="here-when-it-began-and-in-the-end",
        ),
        pytest.param(
            "-u--" + "u-" * 3 + "u" * 20, {2: "flapping"}, id="never-told-gone-and-here-again"
        ),
        pytest.param("f" + "uf" + "u" * 20, {}, id="a-port-twice-doubtful"),
    ],
)
def test_what_flaps_is_silent_until_it_is_steady(days: str, expected: dict[int, str]) -> None:
    assert events(story(), days) == expected


def test_a_host_told_gone_that_flaps_is_told_back_when_it_stays() -> None:
    nights = story(gone_after=1)
    days = "-u" + "-" + "u" * 20
    # Gone, back (its second change of state), then away: it flaps, and was told to be here.
    assert events(nights, days) == {0: "host-gone", 1: "host-back", 2: "flapping"}
    nights = story(gone_after=3)
    days = "-u" + "u" * 9 + "---" + "u" + "u" * 20
    found = events(nights, days)
    assert list(found.values()) == ["host-gone", "host-back"]


def test_what_was_told_gone_last_is_told_back_once() -> None:
    nights = story(gone_after=1)
    habit = Habit(tuple(Toggle(night(n)) for n in (1,)), told_present=False)
    nights.inventory = replace(nights.inventory, habits={SUBJECT: habit})
    found = events(nights, "u" * 20)
    assert found == {13: "host-back"}


def test_what_was_told_gone_last_and_is_gone_is_not_told_again() -> None:
    nights = story(gone_after=1)
    nights.inventory = replace(
        nights.inventory, habits={SUBJECT: Habit((Toggle(night(1)),), told_present=False)}
    )
    assert events(nights, "-" * 20) == {}
    assert not nights.inventory.hosts[at(HERE)].present
    # And then it is told like anything else.
    assert events(nights, "u") == {0: "host-back"}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param("cuc", ["closed", "opened", "flapping"], id="refused"),
        pytest.param("cuc" + "c" * 20, ["closed", "opened", "flapping", "closed"], id="stays-shut"),
        pytest.param("cuc" + "u" * 20, ["closed", "opened", "flapping"], id="stays-open"),
        pytest.param("cucucucuc", ["closed", "opened", "flapping"], id="on-and-on"),
        pytest.param("fuf" + "f" * 20, ["flapping", "closed"], id="silent"),
        pytest.param("fuf" + "u" * 20, ["flapping"], id="silent-and-back"),
    ],
)
def test_a_flapping_port(days: str, expected: list[str]) -> None:
    found = events(story(risky=("80",)), days, second=ASKED)
    assert [what.removeprefix("port-").split()[0] for what in found.values()] == expected


def test_a_port_told_shut_last_is_told_open_once_with_its_severity() -> None:
    nights = story(risky=("80",))
    habit = Habit((Toggle(night(1)),), told_present=False)
    nights.inventory = replace(nights.inventory, habits={(at(HERE), key("80")): habit})
    assert events(nights, "u" * 13) == {}
    (change,) = nights.next(seen(UP)).changes
    assert (change.kind, change.severity) == (ChangeKind.PORT_OPENED, Severity.CRITICAL)
    assert events(nights, "u" * 20) == {}


@pytest.mark.parametrize(
    ("doubtful", "certain", "flaps"),
    [(0, 2, False), (0, 3, True), (4, 0, False), (5, 0, True), (2, 1, False), (2, 2, True),
     (3, 1, False), (4, 1, True), (1, 2, False)],
)  # fmt: skip
def test_doubtful_toggles_weigh_three_fifths(doubtful: int, certain: int, flaps: bool) -> None:
    toggles = [Toggle(night(1), is_doubtful=True)] * doubtful + [Toggle(night(1))] * certain
    assert is_flapping(tuple(toggles)) is flaps


@pytest.mark.parametrize(
    ("days", "second", "flaps_on"),
    [
        pytest.param("fufuf", NO_LOOK, 4, id="three-nights-nobody-asked"),
        pytest.param("fufu", NO_LOOK, None, id="two-nights-nobody-asked"),
        pytest.param("fuf", ASKED, 2, id="asked-again"),
        pytest.param("fufuf", look(), 4, id="no-time-left-to-ask"),
    ],
)
def test_a_port_nobody_asked_again_may_be_a_lost_packet(
    days: str, second: SecondLook, flaps_on: int | None
) -> None:
    found = events(story(), days, second)
    assert found == ({flaps_on: "flapping 80/tcp"} if flaps_on is not None else {})


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
