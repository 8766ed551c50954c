"""What comes and goes too often to be told, and when it is told again."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.patience import (
    is_flapping,
)
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.inventory import Habit, Toggle
from netwatch_notify.model.look import SecondLook
from tests.builders import NO_LOOK, at, key, look, night
from tests.diff.days import ASKED, HERE, SUBJECT, UP, events, play, seen, story


@pytest.mark.parametrize(
    ("days", "flaps_on"),
    [
        pytest.param("-u-", 2, id="three-in-a-row"),
        pytest.param("-uuuuuu-u", 7, id="slowly"),
        pytest.param("-" + "u" * 12 + "-u", 13, id="just-within-the-window"),
        pytest.param("-" + "u" * 13 + "-u", None, id="just-outside"),
        pytest.param("-unnnnnnnnnnnnn-", 15, id="narrow-runs-do-not-age-a-toggle"),
        pytest.param("-xu-", 3, id="nor-do-broken-ones"),
        pytest.param("--u", None, id="two"),
    ],
)
def test_three_toggles_in_fourteen_covering_runs_flap(days: str, flaps_on: int | None) -> None:
    assert events(story(9), days) == ({flaps_on: "flapping"} if flaps_on is not None else {})


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


def test_a_host_that_flaps_and_stays_as_it_was_told_last_makes_one_line() -> None:
    nights = story(gone_after=1)
    days = "-u" + "-" + "u" * 20
    # Gone, back (its second change of state), then away: it flaps, and was told to be here.
    assert events(nights, days) == {0: "host-gone", 1: "host-back", 2: "flapping"}


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
