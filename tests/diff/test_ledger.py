"""What waits for somebody's word: what comes on it, what leaves it, when it is reminded of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from netwatch_notify.diff.ledger import (
    NIGHTLY,
    due,
    is_over_a_week,
    is_still_true,
    next_ledger,
    reminded,
)
from netwatch_notify.diff.policy import Verdict
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import KnownHost, Settled
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import PortState
from tests.builders import FIRST_NIGHT, at, host, inventory, key, night

HERE, THERE = at("192.0.2.1"), at("192.0.2.2")


def change(kind: str, text: str = "", severity: str = "warning", **facts: object) -> Change:
    made = Change(ChangeKind(kind), Severity(severity), HERE, key=key(text) if text else None)
    return replace(made, **facts)


def opened(text: str = "80", **facts: object) -> Change:
    return change("port-opened", text, state=PortState.OPEN, **facts)


def item(of: Change, told_on: int = 1, **facts: object) -> OpenItem:
    made = OpenItem(of.id, of.kind, of.severity, of.address, of.key, of.called, night(told_on))
    return replace(made, **facts)


def known(one: Host, *, present: bool = True) -> KnownHost:
    return replace(inventory(one).hosts[one.address], present=present)


def verdict(*hosts: KnownHost, changes: tuple[Change, ...] = (), **facts: object) -> Verdict:
    moved = facts.pop("moved", {})
    settled = Settled({one.address: one for one in hosts}, **facts)  # type: ignore[arg-type]
    return Verdict(changes, settled, moved)  # type: ignore[arg-type]


def after(before: list[OpenItem], *told: Change, judged: Verdict | None = None) -> list[OpenItem]:
    return list(next_ledger(before, told, (), judged or verdict(), night(5)))


@pytest.mark.parametrize(
    ("told", "comes"),
    [
        (opened(), True),
        (opened(severity=Severity.CRITICAL), True),
        (change("host-new"), True),
        (change("mac-changed", mac="00:11:32:00:00:01"), True),
        (change("port-closed", "80", "info"), False),
        (change("flapping", "", "info"), False),
        (opened(severity=Severity.INFO, planned="CHG1, alice"), False),
        (opened(planned="CHG1, alice"), False),
    ],
)
def test_what_somebody_should_look_at_comes_on_the_ledger(told: Change, comes: bool) -> None:
    found = after([], replace(told, name="nas", label="Big NAS"))
    assert [one.change_id for one in found] == ([told.id] if comes else [])
    if comes:
        assert (found[0].name, found[0].told_at, found[0].shown) == ("Big NAS", night(5), 0)


@pytest.mark.parametrize(
    ("of", "now", "stays"),
    [
        pytest.param(opened(), None, True, id="nothing-was-touched"),
        pytest.param(opened(), known(host(str(HERE), "80")), True, id="still-open"),
        pytest.param(opened(), known(host(str(HERE), "22")), False, id="closed"),
        pytest.param(opened(), known(host(str(HERE), "80"), present=False), False, id="host-gone"),
        pytest.param(change("host-new"), known(host(str(HERE))), True, id="host-here"),
        pytest.param(change("host-new"), known(host(str(HERE)), present=False), False, id="gone"),
        pytest.param(opened(), known(host(str(THERE), "22")), True, id="another-host"),
    ],
)
def test_what_is_undone_leaves(of: Change, now: KnownHost | None, stays: bool) -> None:
    found = after([item(of)], judged=verdict(now) if now else verdict())
    assert [one.change_id for one in found] == ([of.id] if stays else [])


def test_an_item_follows_a_host_that_moved() -> None:
    judged = verdict(known(host(str(THERE), "80")), cleared=frozenset({HERE}), moved={HERE: THERE})
    (found,) = after([item(opened())], judged=judged)
    assert (found.address, found.change_id) == (THERE, opened().id)


def test_an_item_of_a_host_that_moved_leaves_where_its_port_is_closed() -> None:
    judged = verdict(known(host(str(THERE), "22")), cleared=frozenset({HERE}), moved={HERE: THERE})
    assert after([item(opened())], judged=judged) == []


def test_items_of_hosts_that_swap_stay_with_their_own() -> None:
    mine, others = item(opened()), item(replace(opened("443"), address=THERE))
    judged = verdict(
        known(host(str(THERE), "80")),
        known(host(str(HERE), "443")),
        cleared=frozenset({HERE, THERE}),
        moved={HERE: THERE, THERE: HERE},
    )
    found = {one.change_id: one.address for one in after([mine, others], judged=judged)}
    assert found == {mine.change_id: THERE, others.change_id: HERE}


def test_an_item_leaves_when_another_host_has_the_address() -> None:
    new = change("host-new")
    judged = verdict(known(host(str(HERE), "80")), cleared=frozenset({HERE}), changes=(new,))
    found = after([item(opened())], new, judged=judged)
    assert [one.change_id for one in found] == [new.id]


def test_the_later_mac_overtakes_the_earlier_one() -> None:
    first = change("mac-changed", mac="00:11:32:00:00:01")
    second = change("mac-changed", mac="00:11:32:00:00:02")
    judged = verdict(known(host(str(HERE), "80")), changes=(second,))
    found = after([item(first), item(opened())], second, judged=judged)
    assert {one.change_id for one in found} == {second.id, opened().id}


def test_what_happens_again_is_told_and_begins_anew() -> None:
    old = item(opened(), shown=3, shown_at=night(4))
    (found,) = after([old], opened())
    assert (found.told_at, found.shown, found.shown_at) == (night(5), 0, None)


@pytest.mark.parametrize("still", [True, False])
def test_what_was_accepted_for_a_time_comes_back_if_it_is_still_so(still: bool) -> None:
    judged = verdict(known(host(str(HERE), "80" if still else "22")))
    found = next_ledger((), (), [item(opened())], judged, night(5))
    assert [one.change_id for one in found] == ([opened().id] if still else [])


def test_the_oldest_stands_first() -> None:
    items = [item(opened(str(n)), told_on=n) for n in (3, 1, 2)]
    assert [one.told_at for one in after(items)] == [night(1), night(2), night(3)]


def test_it_is_reminded_of_three_times_and_then_weekly() -> None:
    items = (item(opened()),)
    shown = []
    for number in range(2, 40):
        reminders = due(items, (), night(number))
        items = reminded(items, reminders, night(number))
        shown += [number] if reminders else []
    assert shown == [2, 3, 4, 11, 18, 25, 32, 39]
    assert NIGHTLY == 3


@pytest.mark.parametrize("minutes", [-300, -30, 0, 30])
def test_a_week_is_seven_nights_though_cron_and_scan_differ(minutes: int) -> None:
    items = (item(opened(), shown=3, shown_at=night(4)),)
    assert due(items, (), night(10)) == ()
    assert due(items, (), night(11) + timedelta(minutes=minutes))


def test_messages_count_and_not_nights() -> None:
    items = (item(opened(), shown=1, shown_at=night(2)),)
    assert due(items, (), night(30))
    items = (item(opened(), shown=NIGHTLY, shown_at=None),)
    assert due(items, (), night(30))


def test_a_message_does_not_remind_of_what_it_tells() -> None:
    other = item(opened("443"))
    items = (item(opened()), other)
    assert due(items, [opened()], night(5)) == (other,)
    (first, second) = reminded(items, [other], night(5))
    assert (first.shown, second.shown, second.shown_at) == (0, 1, night(5))


def test_what_is_not_known_to_be_otherwise_is_still_true() -> None:
    assert is_still_true(item(opened()), {})
    gone = replace(known(host(str(HERE), "80")), present=False, gone_at=FIRST_NIGHT)
    assert not is_still_true(item(opened()), {HERE: gone})


def test_a_reminder_from_the_future_is_due() -> None:
    """The clock was wrong when it was made; it is not waited for."""
    assert not is_over_a_week(night(1), night(1))
    assert not is_over_a_week(night(1), night(7))
    assert is_over_a_week(night(1), night(8))
    assert is_over_a_week(night(400), night(2))
