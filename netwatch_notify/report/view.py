"""
The message before any format: what is said, in which order, and what gives way.

`build_view` says everything; `shorten` makes it fit one destination.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.host import address_order
from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.model.text import clean
from netwatch_notify.report.facts import FirstInventory, RunFacts
from netwatch_notify.report.items import DETAIL_LIMIT, TEXT_LIMIT, change_item, problem_item
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.subject import subject_of
from netwatch_notify.report.words import counted, duration

__all__ = ["build_view", "in_order", "short_ids", "shorten"]

SHORTEST_ID = 4

_TITLES = {
    Severity.CRITICAL: "CRITICAL",
    Severity.WARNING: "TO CHECK",
    Severity.INFO: "FOR INFORMATION",
}
_KIND_ORDER = {
    kind: position
    for position, kind in enumerate(
        (
            ChangeKind.HOST_NEW,
            ChangeKind.PORT_OPENED,
            ChangeKind.MAC_CHANGED,
            ChangeKind.SERVICE_CHANGED,
            ChangeKind.PORT_CLOSED,
            ChangeKind.HOST_GONE,
            ChangeKind.HOST_BACK,
            ChangeKind.HOST_MOVED,
            ChangeKind.HOSTNAME_CHANGED,
            ChangeKind.OS_CHANGED,
            ChangeKind.SCRIPT_CHANGED,
        )
    )
}


def build_view(
    facts: RunFacts, changes: Sequence[Change], problems: Sequence[Problem], zone: tzinfo
) -> View:
    """
    Build the whole message of a run, times in `zone`.

    Problems stand in a section without title, which `shorten` keeps; then the changes, worst
    first, a first run's summary, and notes.
    """
    changes = in_order(changes)
    sections = [Section("", tuple(problem_item(p, facts.started_at, zone) for p in problems))]
    if not (problems or changes or facts.first_run):
        sections.append(Section("", (Item("No changes since the last scan."),)))
    sections += change_sections(changes, facts.started_at, zone)
    if facts.first_run and facts.inventory:
        sections += _first_sections(facts.inventory)
    sections.append(Section("NOTES", tuple(Item(clean(n, DETAIL_LIMIT)) for n in facts.notes)))
    return View(
        network=clean(facts.network),
        subject=subject_of(facts, changes, problems, zone),
        sections=tuple(section for section in sections if section.items),
        footer=_footer(facts),
        rest=clean(facts.report_path),
    )


def change_sections(changes: Sequence[Change], run_at: datetime, zone: tzinfo) -> Iterator[Section]:
    """Yield a section for each severity; `changes` are in the order they are told."""
    ids = short_ids(change.id for change in changes)
    for severity, title in _TITLES.items():
        items = (
            change_item(change, ids[change.id], run_at, zone)
            for change in changes
            if change.severity is severity
        )
        yield Section(title, tuple(items))


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Sort changes as they are told: worst first, then by kind, address and port."""
    return sorted(
        changes,
        key=lambda change: (
            change.severity.rank,
            _KIND_ORDER[change.kind],
            address_order(change.address),
            (change.key.number, change.key.protocol) if change.key else (-1, ""),
        ),
    )


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Map each id to its shortest prefix, of four digits or more, that no other id shares."""
    ordered = sorted(set(ids))
    shortened: dict[str, str] = {}
    # Sorted, an id shares most with its neighbours.
    for before, own, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        shared = max(_shared_length(own, before), _shared_length(own, after))
        shortened[own] = own[: max(shared + 1, SHORTEST_ID)]
    return shortened


def _shared_length(one: str, other: str) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _first_sections(inventory: FirstInventory) -> Iterable[Section]:
    hosts = counted(inventory.hosts, "host")
    ports = f"{counted(inventory.ports_open, 'open port')} on "
    ports += counted(inventory.hosts_with_open_ports, "host")
    ahead = "From now on you hear what is new, gone or changed."
    yield Section("FIRST SCAN", (Item(f"{hosts} known now, {ports}"), Item(ahead)))
    risky = (
        Item(f"{clean(where)}: {key} {clean(what, TEXT_LIMIT)}".strip(), "!")
        for where, key, what in inventory.risky
    )
    yield Section("WORTH A LOOK", tuple(risky))
    busiest = (Item(f"{key} on {counted(hosts, 'host')}") for key, hosts in inventory.busiest)
    yield Section("MOST SEEN", tuple(busiest))


def _footer(facts: RunFacts) -> tuple[str, ...]:
    up = f"{facts.hosts_up:,} up"
    if facts.usual_hosts_up is not None:
        up += f" (usually {facts.usual_hosts_up:,})"
    seconds = facts.fast_seconds + facts.detail_seconds
    took = f"{up}, {duration(seconds)}." if seconds else f"{up}."
    if facts.parts_good < facts.parts_total:
        if facts.parts_total == 1:
            return (f"The scan did not end properly; {took}",)
        return (f"Scanned {facts.parts_good} of {facts.parts_total} parts; {took}",)
    asked = [] if facts.addresses is None else [_addresses(facts.addresses)]
    per_protocol = [f"{count} {name.upper()}" for name, count in facts.ports.items() if count]
    if per_protocol:
        only_one = sum(facts.ports.values()) == 1
        asked.append(" and ".join(per_protocol) + (" port" if only_one else " ports"))
    return (f"Scan complete: {', '.join(asked)},", took) if asked else (f"Scan complete: {took}",)


def _addresses(count: int) -> str:
    return f"{count:,} address" + ("" if count == 1 else "es")
