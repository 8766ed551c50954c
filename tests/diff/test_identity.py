"""Who stands at an address: moves, swaps, chains, and what proves none of them."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.identity import identify
from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.inventory import Habit
from netwatch_notify.model.look import SecondLook
from tests.builders import NO_LOOK, Nights, at, host, inventory, key, look, night, scan
from tests.diff.places import (
    KEY,
    MACS,
    POOL,
    PRIVATE,
    STAY,
    device,
    lay,
    said,
    seen,
    story,
    where,
    with_key,
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("A1", "A9", ["host-moved 1→9"], id="moved"),
        pytest.param("A9", "A1", ["host-moved 9→1"], id="moved-down"),
        pytest.param("A1 B2", "A2 B1", ["host-moved 1→2", "host-moved 2→1"], id="swap"),
        pytest.param("A1 B2", "A2 B3", ["host-moved 1→2", "host-moved 2→3"], id="chain"),
        pytest.param("A3 B2", "A2 B1", ["host-moved 2→1", "host-moved 3→2"], id="chain-down"),
        pytest.param(
            "A1 B2 C3",
            "A2 B3 C1",
            ["host-moved 1→2", "host-moved 2→3", "host-moved 3→1"],
            id="ring",
        ),
        pytest.param("A1", "A1 A9", ["host-new 9"], id="at-two-places"),
        pytest.param("A1", "A8 A9", ["host-new 8", "host-new 9"], id="at-two-new-places"),
        pytest.param("A1 A2", "A9", ["host-new 9"], id="two-had-it"),
        pytest.param("A1 A2", "A1 A9", ["host-new 9"], id="one-of-two-is-still-there"),
        pytest.param("A1 B2", "A2", ["mac-changed 2"], id="onto-another-static"),
        pytest.param("A1", "B1", ["mac-changed 1"], id="a-stranger"),
        pytest.param("A1", "B1 A9", ["host-moved 1→9", "mac-changed 1"], id="driven-out"),
    ],
)
def test_who_moves(before: str, after: str, expected: list[str]) -> None:
    nights = story(*lay(before))
    assert said(nights, seen(*lay(after))) == expected
    # Where nothing is proven, the old places are silent and told so in time.
    later = said(nights, seen(*lay(after)))
    assert [line for line in later if not line.startswith("host-gone")] == []


@pytest.mark.parametrize("after", ["A9", "A2 B1", "A2 B3"])
def test_a_move_leaves_nothing_behind(after: str) -> None:
    nights = story(*lay("A1 B2" if "B" in after else "A1"))
    said(nights, seen(*lay(after)))
    assert where(nights) == {int(word[1:]): word[0] for word in after.split()}
    assert nights.inventory.absences == {}
    assert nights.inventory.displaced == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [("A1", "A9"), ("A9", "A1"), ("A1 B2", "A2 B1"), ("A1 B2", "A2 B3"), ("A3 B2", "A2 B1"),
     ("A1 B2 C3", "A2 B3 C1"), ("A1 B2", "A2 B3 C1")],
)  # fmt: skip
def test_habits_and_history_travel_with_each_host(before: str, after: str) -> None:
    nights = story(*lay(before))
    old = {word[0]: int(word[1:]) for word in before.split()}
    new = {word[0]: int(word[1:]) for word in after.split()}
    habits, hosts = {}, dict(nights.inventory.hosts)
    for name, place in old.items():
        address = at(f"192.0.2.{place}")
        hosts[address] = replace(hosts[address], first_seen_at=night(-ord(name)))
        for subject_key in (None, key("22")):
            habits[address, subject_key] = Habit((), longest_absence=ord(name))
    nights.inventory = replace(nights.inventory, habits=habits, hosts=hosts)
    nights.next(seen(*lay(after)))
    found = {
        (address, subject_key): habit.longest_absence
        for (address, subject_key), habit in nights.inventory.habits.items()
    }
    assert found == {
        (at(f"192.0.2.{new[name]}"), subject_key): ord(name)
        for name in old
        for subject_key in (None, key("22"))
    }
    for name in old:
        known = nights.inventory.hosts[at(f"192.0.2.{new[name]}")]
        assert known.first_seen_at == night(-ord(name))


@pytest.mark.parametrize(
    ("pool", "expected"),
    [([], ["host-new 109"]), ([POOL], []), (["192.0.2.101"], ["host-new 109"])],
)
def test_a_private_mac_proves_a_move_only_where_addresses_are_handed_out(
    pool: list[str], expected: list[str]
) -> None:
    nights = story(*lay("A101", PRIVATE), dynamic=pool)
    assert said(nights, seen(*lay("A109", PRIVATE))) == expected


def answers(*numbers: int) -> SecondLook:
    up = [host(f"192.0.2.{n}", "22") for n in numbers]
    return look(*up, asked_hosts=[str(one.address) for one in up])


@pytest.mark.parametrize(
    ("before", "after", "pool", "still", "expected", "note"),
    [
        pytest.param("A1", "A9", [], 1, ["host-new 9"], "same MAC address as 192.0.2.1", id="new"),
        pytest.param("A1 B2", "A2", [], 1, ["mac-changed 2"], "", id="at-a-static-address"),
        pytest.param("A101 B102", "A102", [POOL], 101, ["host-new 102"],
                     "same MAC address as 192.0.2.101", id="at-a-dynamic-address"),
    ],
)  # fmt: skip
def test_who_still_answers_at_the_old_place_did_not_move(
    before: str, after: str, pool: list[str], still: int, expected: list[str], note: str
) -> None:
    nights = story(*lay(before), dynamic=pool)
    assert said(nights, seen(*lay(after)), second=answers(still)) == expected
    (change,) = nights.verdict.changes
    assert note in change.note
    assert nights.inventory.hosts[at(f"192.0.2.{still}")].present


def test_a_move_whose_old_place_was_not_covered_is_a_new_host_with_the_same_mac() -> None:
    nights = story(*lay("A1"))
    narrow = scan(*lay("A9"), targets="192.0.2.8/29")
    assert said(nights, narrow) == ["host-new 9"]
    assert nights.verdict.changes[0].note == "same MAC address as 192.0.2.1"


@pytest.mark.parametrize(
    ("pool", "first", "then"),
    [
        pytest.param([], 1, "host-moved 1→9", id="static"),
        pytest.param([POOL], 101, "host-back 101→109", id="dynamic"),
        pytest.param([POOL], 1, "host-moved 1→109", id="into-the-pool"),
    ],
)
def test_a_host_told_gone_at_a_new_address(pool: list[str], first: int, then: str) -> None:
    nights = story(*lay(f"A{first}"), dynamic=pool)
    said(nights, seen())
    assert said(nights, seen()) == [f"host-gone {first}"]
    place = int(then.rpartition("→")[2])
    assert said(nights, seen(*lay(f"A{place}"))) == [then]
    (change,) = nights.verdict.changes
    assert change.last_seen_at == night(1)
    assert where(nights) == {place: "A"}


def test_ports_that_differ_after_a_move_are_told_at_the_new_address() -> None:
    nights = story(device("A", 1, "22", "80"))
    now = device("A", 9, "22", "80=closed", "443")
    assert said(nights, seen(now)) == [
        "host-moved 1→9",
        "port-closed 9 80/tcp",
        "port-opened 9 443/tcp",
    ]
    assert nights.inventory.hosts[at("192.0.2.9")].open_keys == {key("22"), key("443")}


def held_story(first: str) -> tuple[Nights, list[Host]]:
    """Six hosts in a network that will be silent, and one that moves between it and another."""
    crowd = [host(f"198.51.100.{n}", "22") for n in range(1, 7)]
    mover = host(first, "22", mac=MACS["A"])
    past = inventory(*crowd, mover, *STAY, covered=[scan(targets=BOTH).coverage])
    return Nights(past), crowd


BOTH = "192.0.2.0/24 198.51.100.0/24"


@pytest.mark.parametrize(
    ("old", "new"),
    [("198.51.100.9", "192.0.2.9"), ("198.51.100.9", "192.0.2.200")],
)
def test_a_move_out_of_a_held_range_is_told(old: str, new: str) -> None:
    nights, _ = held_story(old)
    found = nights.next(scan(host(new, "22", mac=MACS["A"]), *STAY, targets=BOTH))
    assert list(found.settled.held) == ["198.51.100.0/24"]
    assert [(c.kind.value, str(c.address), c.was) for c in found.changes] == [
        ("host-moved", new, old)
    ]
    assert at(old) not in {address for address, _ in found.settled.absences}


def test_a_move_into_a_held_range_waits_with_it() -> None:
    nights, crowd = held_story("192.0.2.9")
    mover = host("198.51.100.9", "22", mac=MACS["A"])
    now = scan(mover, *STAY, targets=BOTH)
    found = nights.next(now)
    assert list(found.settled.held) == ["198.51.100.0/24"]
    assert found.changes == ()
    found = nights.next(now)
    assert found.changes == ()
    found = nights.next(scan(mover, *crowd, *STAY, targets=BOTH))
    assert [change.kind.value for change in found.changes] == ["host-moved"]


@pytest.mark.parametrize(
    ("from_look", "old_keys"), [(False, KEY), (True, KEY)], ids=["fast-scan", "second-look"]
)
def test_the_ssh_host_key_proves_a_move(from_look: bool, old_keys: str) -> None:
    nights = story(with_key(1))
    known = nights.inventory.hosts[at("192.0.2.1")]
    hosts = {**nights.inventory.hosts, known.address: replace(known, host_key=old_keys)}
    nights.inventory = replace(nights.inventory, hosts=hosts)
    turned = "\n".join(reversed(KEY.splitlines()))
    fast = host("192.0.2.9", "22") if from_look else with_key(9, turned)
    second = look(with_key(9, turned), asked=[("192.0.2.9", "22")]) if from_look else NO_LOOK
    assert said(nights, seen(fast), second=second) == ["host-moved 1→9"]
    assert nights.inventory.hosts[at("192.0.2.9")].host_key == old_keys
    assert at("192.0.2.1") not in nights.inventory.hosts


def keyed(*numbers: int) -> Nights:
    nights = story(*(with_key(n) for n in numbers))
    hosts: dict[Address, object] = {
        address: replace(known, host_key=KEY) if known.open_keys else known
        for address, known in nights.inventory.hosts.items()
    }
    nights.inventory = replace(nights.inventory, hosts=hosts)
    return nights


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param((1,), (1, 9), ["host-new 9"], id="both-answer"),
        pytest.param((1, 2), (9,), ["host-new 9"], id="two-had-it"),
        pytest.param((1,), (8, 9), ["host-new 8", "host-new 9"], id="two-have-it-now"),
        pytest.param((1,), (9,), ["host-moved 1→9"], id="one"),
    ],
)
def test_a_key_that_several_have_proves_nothing(
    before: tuple[int, ...], after: tuple[int, ...], expected: list[str]
) -> None:
    assert said(keyed(*before), seen(*map(with_key, after))) == expected


def test_who_moved_by_its_mac_did_not_move_by_its_key_elsewhere() -> None:
    nights = keyed(1)
    known = nights.inventory.hosts[at("192.0.2.1")]
    hosts = {**nights.inventory.hosts, known.address: replace(known, mac=MACS["A"])}
    nights.inventory = replace(nights.inventory, hosts=hosts)
    now = seen(device("A", 8), with_key(9))
    assert said(nights, now) == ["host-moved 1→8", "host-new 9"]


def test_the_marks_of_hosts_that_are_as_they_were_are_not_asked_for() -> None:
    nights = story(*lay("A1"))
    nights.next(seen(*lay("A1")))
    found = nights.differences
    assert identify(found, nights.inventory, nights.rules.dynamic).hosts == found.hosts


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_that_were_gone_the_order_they_are_stored_in_does_not_choose(turned: bool) -> None:
    nights = story(*lay("A3 A4"))
    said(nights, seen())
    said(nights, seen())
    if turned:
        hosts = dict(reversed(nights.inventory.hosts.items()))
        nights.inventory = replace(nights.inventory, hosts=hosts)
    assert said(nights, seen(*lay("A1"))) == ["host-moved 4→1"]
