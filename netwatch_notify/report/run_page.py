"""`show RUN`: one run, and every change it told or kept quiet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from ipaddress import IPv4Address, IPv6Address, summarize_address_range

from netwatch_notify.model.change import Severity
from netwatch_notify.model.listing import RunPicture, Table, Told
from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet
from netwatch_notify.model.text import clean
from netwatch_notify.report.group_items import group_item
from netwatch_notify.report.items import change_item
from netwatch_notify.report.standing import instant_json
from netwatch_notify.report.told_lines import said_lines, told_json
from netwatch_notify.report.view import in_order
from netwatch_notify.report.words import counted, day, duration

NETWORKS_SHOWN = 4
PROBLEM_LIMIT = 500

_STATUS = {
    "running": "in progress, or interrupted",
    "done": "done",
    "partial": "done in part",
    "failed": "failed",
    "interrupted": "interrupted",
    "interrupted-told": "interrupted",
}
_TITLES = {
    Severity.CRITICAL: "Critical",
    Severity.WARNING: "To check",
    Severity.INFO: "For information",
}


def run_page(
    run: RunPicture, short_ids: Mapping[str, str], now: datetime, zone: tzinfo
) -> tuple[Table, ...]:
    """Return the page's tables; `short_ids` are of the changes and of their groups."""
    facts = tuple((f"{name}:", text) for name, text in _facts(run, now, zone) if text)
    tables = [Table((), facts)]
    problems = tuple((clean(problem, PROBLEM_LIMIT),) for problem in run.problems)
    tables.append(Table((), problems, "Problems"))
    shown = _grouped([one for one in run.told if not one.hidden_by])
    for severity, title in _TITLES.items():
        # A group stands where its worst change would, as in the message.
        lines = [several for several in shown if several[0].change.severity is severity]
        tables.append(_section(title, lines, short_ids, now, zone))
    hidden = _grouped([one for one in run.told if one.hidden_by])
    tables.append(_section("Kept quiet", hidden, short_ids, now, zone))
    return tuple(table for table in tables if table.rows)


def _facts(run: RunPicture, now: datetime, zone: tzinfo) -> Iterator[tuple[str, str]]:
    kind = "" if run.kind == "run" else f" ({run.kind})"
    started = f"{day(run.started_at, zone, now)} {run.started_at.astimezone(zone):%H:%M}"
    yield "run", f"{run.id}{kind}, {started}"
    yield "status", _STATUS.get(run.status, run.status)
    seconds = run.fast_seconds + run.detail_seconds
    second = f", second look {duration(run.detail_seconds)}" if run.detail_seconds >= 1 else ""
    yield "took", f"{duration(seconds)}{second}" if seconds else ""
    yield "hosts up", "" if run.hosts_up is None else f"{run.hosts_up:,}"
    for number, words in enumerate(coverage_words(run.coverages)):
        yield "" if number else "covered", words
    shown = sum(not one.hidden_by for one in run.told)
    quiet = len(run.told) - shown
    told = counted(shown, "change") + (f", {quiet:,} kept quiet" if quiet else "")
    if run.took_inventory:
        told = "nothing: all it saw was taken as known"
    elif run.is_forgotten:
        more = f", but for {counted(len(run.told), 'change')}" if run.told else ""
        told = f"not kept any more{more}; NETWATCH_KEEP_DAYS says for how long"
    yield "told", told if run.status in ("done", "partial", "failed") else ""


def coverage_words(coverages: Iterable[Coverage]) -> Iterator[str]:
    """Yield `192.0.2.0/24 (256 addresses), 1,000 TCP ports (syn)`, a line per way of scanning."""
    merged: dict[tuple[object, ...], tuple[AddressSet, Coverage]] = {}
    for coverage in coverages:
        ports = tuple(sorted((p.value, r.spans) for p, r in coverage.ports.items()))
        key = (ports, coverage.types, coverage.open_only)
        before = merged[key][0] if key in merged else AddressSet()
        merged[key] = (before | coverage.addresses, coverage)
    for addresses, coverage in merged.values():
        networks = _networks(addresses)
        more = f" and {len(networks) - NETWORKS_SHOWN:,} more ranges"
        where = " ".join(networks[:NETWORKS_SHOWN])
        where += more if len(networks) > NETWORKS_SHOWN else ""
        count = len(addresses)
        said = f"{where} ({count:,} address{'' if count == 1 else 'es'})"
        types = dict(coverage.types)
        asked = [_ports(p, r, types.get(p, "")) for p, r in coverage.ports.items()]
        only = ["open ports only"] if coverage.open_only else []
        yield ", ".join((said, *asked, *only))


def _ports(protocol: PortProtocol, ports: Ranges, kind: str) -> str:
    words = counted(len(ports), f"{protocol.value.upper()} port")
    return f"{words} ({clean(kind, 20)})" if kind and kind != protocol.value else words


def _networks(addresses: AddressSet) -> list[str]:
    """Return CIDR blocks, as many as are shown and one more for each range that is not."""
    found: list[str] = []
    spans = [(IPv4Address(a), IPv4Address(b)) for a, b in addresses.ipv4.spans]
    for first, last in spans:
        found += _blocks(first, last)
    for low, high in addresses.ipv6.spans:
        found += _blocks(IPv6Address(low), IPv6Address(high))
    return found


def _blocks(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> list[str]:
    """One block where it is one; else the range as it is."""
    if first == last:
        return [str(first)]
    blocks = list(summarize_address_range(first, last))
    return [str(blocks[0])] if len(blocks) == 1 else [f"{first}-{last}"]


def _grouped(told: Sequence[Told]) -> list[list[Told]]:
    """Return what is one line each, in the order of the message."""
    by_change = {id(one.change): one for one in told}
    lines: dict[str, list[Told]] = {}
    for change in in_order(one.change for one in told):
        one = by_change[id(change)]
        lines.setdefault(one.group or one.id, []).append(one)
    return list(lines.values())


def _section(
    title: str,
    lines: Sequence[Sequence[Told]],
    short_ids: Mapping[str, str],
    now: datetime,
    zone: tzinfo,
) -> Table:
    rows = tuple(row for several in lines for row in _rows(several, short_ids, now, zone))
    return Table((), rows, f"{title} ({sum(map(len, lines)):,})")


def _rows(
    several: Sequence[Told], short_ids: Mapping[str, str], now: datetime, zone: tzinfo
) -> Iterator[tuple[str, str]]:
    """Yield each change with its id; a group's line first, its members indented below."""
    group, indent = several[0].group, ""
    if group:
        changes = [one.change for one in several]
        item = group_item(changes, short_ids[group], several[0].told_at, zone)
        yield item.id, f"{item.mark} {item.headline}"
        indent = "    "
    for one in several:
        item = change_item(one.change, short_ids[one.id], one.told_at, zone)
        yield item.id, f"{indent}{item.mark} {item.headline}"
        for detail in (*item.details, *said_lines(one, now, zone)):
            yield "", f"{indent}    {detail}"


def run_json(run: RunPicture) -> dict[str, object]:
    """Return the same for machines: `run`, `problems` and `changes` as in the JSON report."""
    addresses = AddressSet()
    for coverage in run.coverages:
        addresses |= coverage.addresses
    return {
        "run": {
            "id": run.id,
            "kind": run.kind,
            "started_at": instant_json(run.started_at),
            "ended_at": instant_json(run.ended_at),
            "status": run.status,
            "fast_seconds": run.fast_seconds,
            "detail_seconds": run.detail_seconds,
            "hosts_up": run.hosts_up,
            "changes_kept": not run.is_forgotten,
            "coverage": {
                "addresses": len(addresses),
                "ports": {p.value: str(r) for c in run.coverages for p, r in c.ports.items()},
                "types": {p.value: kind for c in run.coverages for p, kind in c.types},
            },
        },
        "problems": list(run.problems),
        "changes": [told_json(one) for one in run.told],
    }
