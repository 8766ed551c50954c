"""The ledger in a message: what still waits for somebody's word."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.message import Item
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import NAME_LIMIT
from netwatch_notify.report.words import day, days_between

LISTED = 4
"""More are counted: the block is to stay short."""


def still_open_items(
    items: Sequence[OpenItem], short_ids: Mapping[str, str], run_at: datetime, zone: tzinfo
) -> tuple[Item, ...]:
    """Return a line for each of a few, or one that counts them."""
    if len(items) > LISTED:
        nights = days_between(min(item.told_at for item in items), run_at)
        return (Item(f"{len(items):,}, oldest {nights}: netwatch-notify history --open"),)
    return tuple(
        Item(
            f"{open_item(item)} since {day(item.told_at, zone, run_at)}",
            id=short_ids[item.change_id],
        )
        for item in items
    )


def open_item(item: OpenItem) -> str:
    """Return `tv: 8009/tcp`, `new device 192.168.1.77`."""
    who = clean(item.name, NAME_LIMIT) or str(item.address)
    if item.kind is ChangeKind.HOST_NEW:
        return f"new device {who}"
    if item.kind is ChangeKind.MAC_CHANGED:
        return f"{who}: MAC address changed"
    return f"{who}: {item.key}" if item.key else who
