"""Several changes that are one line: what they have in common, then who they are."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from ipaddress import ip_network

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.message import Item
from netwatch_notify.model.port import PortState
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import (
    NAME_LIMIT,
    TEXT_LIMIT,
    host_maker,
    mark_of,
    service_label,
    where,
)
from netwatch_notify.report.words import counted, day

NAMED = 4
"""Hosts of a group that are named."""
PORTS_NAMED = 12
"""Ports of one host that are listed."""
WIDEST = {4: 16, 6: 48}
"""Prefix lengths: a wider network around the members says nothing."""


def group_item(changes: Sequence[Change], short_id: str, run_at: datetime, zone: tzinfo) -> Item:
    """Put changes with one `group` into one line; they are in the order they are told."""
    first = changes[0]
    headline = group_fact(changes)
    mark = "!" if first.severity is Severity.CRITICAL else mark_of(first.kind)
    if len({change.address for change in changes}) == 1:
        details = [_ports(changes), *_doubts(changes)]
        headline = f"{where(first)}: {headline}"
    else:
        place = common_network([change.address for change in changes])
        headline += f" in {place}" if place else ""
        since = _since(changes, run_at, zone)
        details = [_common(changes), _who(changes), *since, *_doubts(changes)]
    return Item(
        headline,
        mark,
        tuple(filter(None, details)),
        short_id,
        kind=first.kind.value,
        stands_for=len(changes),
    )


def group_fact(changes: Sequence[Change]) -> str:
    """Return what several changes have in common: `22/tcp opened on 190 hosts`, `6 hosts gone`."""
    first = changes[0]
    if len({change.address for change in changes}) == 1:
        return f"{counted(len(changes), 'port')} opened"
    if first.kind in _OF_HOSTS and first.key is None:
        noun, verb = _OF_HOSTS[first.kind]
        return f"{counted(len(changes), noun)} {verb}".strip()
    return f"{_what(changes)} on {counted(len(changes), 'host')}"


_OF_HOSTS = {
    ChangeKind.HOST_NEW: ("new device", ""),
    ChangeKind.HOST_GONE: ("host", "gone"),
    ChangeKind.HOST_BACK: ("host", "back"),
    ChangeKind.HOST_MOVED: ("host", "moved"),
    ChangeKind.FLAPPING: ("host", "come and go"),
}


def common_network(addresses: Sequence[Address]) -> str:
    """Return the smallest network that holds all, empty where there is none worth naming."""
    first, last = min(addresses, key=address_order), max(addresses, key=address_order)
    if first.version != last.version:
        return ""
    bits = first.max_prefixlen - (int(first) ^ int(last)).bit_length()
    if bits < WIDEST[first.version]:
        return ""
    return str(ip_network((int(first), bits), strict=False))


def _what(changes: Sequence[Change]) -> str:
    first = changes[0]
    match first.kind:
        case ChangeKind.PORT_OPENED:
            return f"{first.key} opened"
        case ChangeKind.PORT_CLOSED:
            return f"{first.key} " + (
                "closed" if first.state is PortState.CLOSED else "no longer answers"
            )
        case ChangeKind.SERVICE_CHANGED:
            return f"{service_label(first)} updated"
        case ChangeKind.MAC_CHANGED:
            return "MAC address changed"
        case ChangeKind.FLAPPING:
            return f"{first.key} comes and goes"
        case _:
            return first.kind.value


def _common(changes: Sequence[Change]) -> str:
    """What answers there: all the same, or the most frequent, counted."""
    first = changes[0]
    if first.kind is ChangeKind.SERVICE_CHANGED and first.service:
        now = first.service.description
        return f"{clean(first.was, TEXT_LIMIT)} → {clean(now, TEXT_LIMIT)}"
    if first.kind is ChangeKind.HOST_NEW:
        ports = ", ".join(str(port.key) for port in first.ports[:PORTS_NAMED])
        maker = host_maker(first)
        return ", ".join(filter(None, (f"all {maker}" if maker else "", ports or "no open ports")))
    if first.kind is not ChangeKind.PORT_OPENED:
        return ""
    seen = Counter(change.service.description if change.service else "" for change in changes)
    if len(seen) == 1:
        (name,) = seen
        return f"all {clean(name, TEXT_LIMIT)}" if name else ""
    return ", ".join(
        f"{clean(name, TEXT_LIMIT) or 'not recognised'} ({number})"
        for name, number in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:NAMED]
    )


def _who(changes: Sequence[Change]) -> str:
    names = [clean(change.called, NAME_LIMIT) or str(change.address) for change in changes]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _since(changes: Sequence[Change], run_at: datetime, zone: tzinfo) -> list[str]:
    seen = {change.last_seen_at for change in changes if change.last_seen_at}
    if changes[0].kind is not ChangeKind.HOST_GONE or not seen:
        return []
    return [f"last seen {day(max(seen), zone, run_at)}"]


def _doubts(changes: Sequence[Change]) -> list[str]:
    once = sum(
        not change.confirmed
        for change in changes
        if change.kind in (ChangeKind.HOST_NEW, ChangeKind.PORT_OPENED)
    )
    planned = [f"as planned: {clean(changes[0].planned, TEXT_LIMIT)}"] if changes[0].planned else []
    if not once:
        return planned
    return [*planned, "seen once" if once == len(changes) else f"{once:,} of them seen once"]


def _ports(changes: Sequence[Change]) -> str:
    """`23/tcp, 445/tcp and 40 more`: the worst first, as they are told."""
    names = [str(change.key) for change in changes]
    more = f" and {len(names) - PORTS_NAMED:,} more" if len(names) > PORTS_NAMED else ""
    return ", ".join(names[:PORTS_NAMED]) + more
