"""What still waits for somebody's word, and when to remind of it; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from netwatch_notify.diff.policy import Verdict
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import KnownHost
from netwatch_notify.model.ledger import OpenItem

NIGHTLY = 3
"""So many messages remind of an item, one after the other; then one a week does."""
WEEK = timedelta(days=6, hours=12)
"""A week of nights, less what cron and the scan may differ."""


def next_ledger(
    before: Sequence[OpenItem],
    told: Iterable[Change],
    reopened: Iterable[OpenItem],
    verdict: Verdict,
    now: datetime,
) -> tuple[OpenItem, ...]:
    """
    Return the ledger after a run: what is undone leaves, what was told to be looked at comes.

    `reopened`: what was accepted for a time that is over; what was told for information was never
    open. An item follows a host that moved.
    """
    items: dict[str, OpenItem] = {}
    again = (item for item in reopened if item.severity is not Severity.INFO)
    for item in (*before, *again):
        moved = replace(item, address=verdict.moved.get(item.address, item.address))
        if is_still_true(moved, verdict.settled.hosts) and not _is_overtaken(item, verdict):
            items[item.change_id] = moved
    for change in told:
        if change.severity is not Severity.INFO and not change.planned:
            items[change.id] = OpenItem(
                change_id=change.id,
                kind=change.kind,
                severity=change.severity,
                address=change.address,
                key=change.key,
                name=change.called,
                told_at=now,
            )
    return tuple(sorted(items.values(), key=lambda item: (item.told_at, item.change_id)))


def is_still_true(item: OpenItem, hosts: Mapping[Address, KnownHost]) -> bool:
    """Whether what was told of it still is so, by the hosts that are known to be otherwise."""
    known = hosts.get(item.address)
    if known is None:
        return True
    if not known.present:
        return False
    return item.key is None or item.key in known.open_keys


def _is_overtaken(item: OpenItem, verdict: Verdict) -> bool:
    """Whether another host has the address now, or another MAC was told of it."""
    gone = item.address in verdict.settled.cleared and item.address not in verdict.moved
    again = item.kind is ChangeKind.MAC_CHANGED and any(
        change.kind is ChangeKind.MAC_CHANGED and change.address == item.address
        for change in verdict.changes
    )
    return gone or again


def due(items: Iterable[OpenItem], told: Iterable[Change], now: datetime) -> tuple[OpenItem, ...]:
    """Return what a message of now reminds of: what it tells itself is not among it."""
    fresh = {change.id for change in told}
    return tuple(
        item
        for item in items
        if item.change_id not in fresh
        and (item.shown < NIGHTLY or item.shown_at is None or is_over_a_week(item.shown_at, now))
    )


def is_over_a_week(since: datetime, now: datetime) -> bool:
    """Whether a week has gone by; also where `since` is to come, because the clock was wrong."""
    return not timedelta(0) <= now - since < WEEK


def reminded(
    items: Iterable[OpenItem], shown: Iterable[OpenItem], now: datetime
) -> tuple[OpenItem, ...]:
    """Return the items after a message that showed some of them."""
    ids = {item.change_id for item in shown}
    return tuple(
        replace(item, shown=item.shown + 1, shown_at=now) if item.change_id in ids else item
        for item in items
    )
