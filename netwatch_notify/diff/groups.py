"""Which changes are one line; pure."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from netwatch_notify.model.change import Change, ChangeKind, short_hash

FEWEST_HOSTS = 5
"""The same change on so many hosts is one line."""
MOST_PORTS = 20
"""More ports opened on one host are one line."""


def with_groups(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes, in their order, with the id of the line that tells several."""
    by_host: dict[Hashable, list[Change]] = defaultdict(list)
    for change in changes:
        if change.kind is ChangeKind.PORT_OPENED:
            by_host[change.address].append(change)
    groups = _named(by_host, MOST_PORTS + 1)
    alike: dict[Hashable, list[Change]] = defaultdict(list)
    for change in changes:
        if change.id not in groups:
            alike[_what(change)].append(change)
    groups |= _named(alike, FEWEST_HOSTS)
    return tuple(replace(change, group=groups.get(change.id, "")) for change in changes)


def _named(candidates: dict[Hashable, list[Change]], fewest: int) -> dict[str, str]:
    """Map the id of each change in a group that is large enough to the group's id."""
    named: dict[str, str] = {}
    for members in candidates.values():
        ids = sorted(change.id for change in members)
        if len(ids) >= fewest:
            group = short_hash("group", *ids)
            named |= dict.fromkeys(ids, group)
    return named


def _what(change: Change) -> Hashable:
    """What makes the changes of several hosts the same."""
    same: tuple[Hashable, ...] = ()
    if change.kind is ChangeKind.SERVICE_CHANGED and change.service:
        same = (change.was, change.service.description, change.service.tunnel)
    elif change.kind is ChangeKind.HOST_NEW:
        same = (change.vendor, tuple(port.key for port in change.ports))
    elif change.kind is ChangeKind.PORT_CLOSED:
        same = (change.state,)
    return (change.kind, change.severity, change.key, change.planned, bool(change.note), *same)
