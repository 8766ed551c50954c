"""Where addresses are handed out, and who lost theirs to another."""

from dataclasses import replace

import pytest

from netwatch_notify.model.inventory import Displaced, Habit, Toggle
from tests.builders import at, key, night
from tests.diff.places import KEY, MACS, POOL, device, lay, said, seen, story, where, with_key


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(["A109"], [[]], id="inside-the-pool-is-no-news"),
        pytest.param(["A9"], [["host-moved 101→9"]], id="out-of-it-is"),
        pytest.param(["B101"], [["host-new 101"]], id="another-device"),
        pytest.param(["B101 A109"], [["host-new 101"]], id="another-and-it-has-a-new-one"),
        pytest.param(["A109 B101"], [["host-new 101"]], id="in-any-order"),
        pytest.param(
            ["B101", "B101", "B101"],
            [["host-new 101"], ["host-gone 101"], []],
            id="the-former-is-missed-by-its-mac",
        ),
        pytest.param(
            ["B101", "B101 A150"], [["host-new 101"], []], id="the-former-is-elsewhere-in-time"
        ),
        pytest.param(
            ["B101", "B101", "B101 A150"],
            [["host-new 101"], ["host-gone 101"], ["host-back 101→150"]],
            id="the-former-is-back-later",
        ),
        pytest.param(
            ["B101", "B101", "B101", "B101 A9"],
            [["host-new 101"], ["host-gone 101"], [], ["host-moved 101→9"]],
            id="the-former-is-back-outside",
        ),
        pytest.param(["B101", "A101"], [["host-new 101"], []], id="the-former-at-its-old-place"),
        pytest.param(
            ["B101", "A101 B102"], [["host-new 101"], []], id="and-the-other-has-a-new-one"
        ),
        pytest.param(
            ["B101", "A101", "A101"],
            [["host-new 101"], [], ["host-gone 101"]],
            id="and-now-the-other-is-missed",
        ),
        pytest.param(
            ["B101", "C101", "C101"],
            [["host-new 101"], ["host-gone 101", "host-new 101"], ["host-gone 101"]],
            id="one-after-the-other",
        ),
        pytest.param(
            ["B101", "", "A150"],
            [["host-new 101"], ["host-gone 101"], ["host-back 101→150", "host-gone 101"]],
            id="who-took-the-address-is-gone-too",
        ),
    ],
)
def test_where_addresses_are_handed_out(steps: list[str], expected: list[list[str]]) -> None:
    nights = story(*lay("A101"), dynamic=[POOL])
    assert [said(nights, seen(*lay(step))) for step in steps] == expected


def test_a_known_device_without_an_address_is_known_by_its_ports_and_history() -> None:
    nights = story(device("A", 101, "22", "80"), dynamic=[POOL])
    said(nights, seen(*lay("B101")))
    assert nights.inventory.displaced[MACS["A"]].known.open_keys == {key("22"), key("80")}
    back = device("A", 150, "22", "80", "443")
    assert said(nights, seen(*lay("B101"), back)) == ["port-opened 150 443/tcp"]
    assert nights.inventory.hosts[at("192.0.2.150")].first_seen_at == night(1)
    assert nights.inventory.displaced == {}


def test_who_took_the_address_stays_known_when_the_former_comes_to_another() -> None:
    """The former's old address is another's now: nothing of what is known there goes with it."""
    nights = story(*lay("A101 D7"), dynamic=[POOL])
    said(nights, seen(*lay("B101 D7")))
    assert said(nights, seen(*lay("D7 A150"))) == []
    assert nights.verdict.moved == {}
    assert where(nights) == {7: "D", 101: "B", 150: "A"}
    assert said(nights, seen(*lay("D7 A150"))) == ["host-gone 101"]


def test_a_displaced_device_on_a_static_address_leaves_who_took_its_place() -> None:
    nights = story(*lay("A1 B2"))
    assert said(nights, seen(*lay("C1 B2"))) == ["mac-changed 1"]
    assert said(nights, seen(*lay("C1 A2"))) == ["mac-changed 2"]
    assert nights.verdict.changes[0].note == "was at 192.0.2.1 before"
    assert where(nights) == {1: "C", 2: "A"}
    assert said(nights, seen(*lay("C1 A2"))) == []


def test_a_displaced_device_is_waited_for_as_long_as_it_was_away_before() -> None:
    nights = story(*lay("A101"), dynamic=[POOL])
    habit = {(at("192.0.2.101"), None): Habit(longest_absence=4)}
    nights.inventory = replace(nights.inventory, habits=habit)
    told = [said(nights, seen(*lay("B101"))) for _ in range(5)]
    assert told == [["host-new 101"], [], [], [], ["host-gone 101"]]


def test_the_longest_wait_for_a_displaced_device_is_bounded() -> None:
    nights = story(*lay("A101"), dynamic=[POOL])
    habit = {(at("192.0.2.101"), None): Habit((Toggle(night(-90)),), longest_absence=60)}
    nights.inventory = replace(nights.inventory, habits=habit)
    told = [said(nights, seen(*lay("B101"))) for _ in range(15)]
    assert told == [["host-new 101"], *[[]] * 13, ["host-gone 101"]]


def test_the_absence_before_it_was_displaced_counts() -> None:
    nights = story(*lay("A101"), dynamic=[POOL], gone_after=3)
    assert said(nights, seen()) == []
    assert said(nights, seen(*lay("B101"))) == ["host-new 101"]
    assert said(nights, seen(*lay("B101"))) == ["host-gone 101"]
    assert nights.verdict.changes[0].last_seen_at == night(1)


def test_an_address_that_another_has_after_the_former_was_told_gone() -> None:
    nights = story(*lay("A1"), gone_after=1)
    assert said(nights, seen()) == ["host-gone 1"]
    assert said(nights, seen(*lay("B1"))) == ["host-new 1"]
    assert nights.verdict.changes[0].note == "the address was Maker A's before"
    # It is known still, without an address.
    assert isinstance(nights.inventory.displaced[MACS["A"]], Displaced)
    assert said(nights, seen(*lay("B1 A9"))) == ["host-moved 1→9"]


def test_who_lost_its_address_to_one_known_by_its_key_is_missed() -> None:
    """In a DHCP range, the newcomer at a known address moved, by its SSH host key."""
    nights = story(with_key(1), device("A", 101), dynamic=[POOL])
    known = nights.inventory.hosts[at("192.0.2.1")]
    hosts = {**nights.inventory.hosts, known.address: replace(known, host_key=KEY)}
    nights.inventory = replace(nights.inventory, hosts=hosts)
    now = seen(with_key(101, mac=MACS["B"]))
    assert said(nights, now) == ["host-moved 1→101"]
    assert list(nights.inventory.displaced) == [MACS["A"]]
    assert said(nights, now) == ["host-gone 101"]
