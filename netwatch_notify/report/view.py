"""
The message before any format: what is said, in which order, and what gives way.

`build_view` says everything; `shorten` makes it fit one destination.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.host import address_order
from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.model.text import clean
from netwatch_notify.report.facts import FirstInventory, RunFacts
from netwatch_notify.report.group_items import group_item
from netwatch_notify.report.items import DETAIL_LIMIT, TEXT_LIMIT, change_item, problem_item
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.still_open import still_open_items
from netwatch_notify.report.subject import subject_of
from netwatch_notify.report.words import counted, day, duration

__all__ = ["build_view", "in_order", "short_ids", "shorten"]

SHORTEST_ID = 4
IDS_OFFERED = 4
"""Ids in the command that the message offers."""
NO_CHANGE = len(Severity)
"""The rank of what is no change: after all of them."""
MOST_UNSAID_SECONDS = 60
"""A second look that took longer is said in the footer."""

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
            ChangeKind.FLAPPING,
        )
    )
}


def build_view(
    facts: RunFacts, changes: Sequence[Change], problems: Sequence[Problem], zone: tzinfo
) -> View:
    """
    Build the whole message of a run, times in `zone`.

    Problems stand in a section without title; then the changes, worst first, a first run's
    summary, notes, and what is still open.
    """
    changes = in_order(changes)
    ids = short_ids(shown_ids(facts, changes, problems), facts.taken_ids)
    told = tuple(problem_item(p, facts.started_at, zone, ids.get(p.id, "")) for p in problems)
    sections = [Section("", told, stays=True)]
    if not (problems or changes or facts.first_run or facts.notes):
        sections.append(Section("", (Item(_quiet(facts, zone)),), stays=True, rank=NO_CHANGE))
    sections += change_sections(changes, ids, facts.started_at, zone)
    if facts.first_run and facts.inventory:
        sections += _first_sections(facts.inventory)
    notes = tuple(Item(clean(note, DETAIL_LIMIT)) for note in facts.notes)
    sections.append(Section("NOTES", notes, stays=True, rank=NO_CHANGE))
    reminders = still_open_items(facts.still_open, ids, facts.started_at, zone)
    sections.append(Section("STILL OPEN", reminders, stays=True, rank=NO_CHANGE))
    return View(
        network=clean(facts.network),
        subject=subject_of(facts, changes, problems, zone),
        sections=tuple(section for section in sections if section.items),
        footer=_footer(facts, zone),
        rest=clean(facts.whole_report),
        hint=_expected(changes, ids),
    )


def change_sections(
    changes: Sequence[Change], ids: Mapping[str, str], run_at: datetime, zone: tzinfo
) -> Iterator[Section]:
    """
    Yield a section for each severity; `changes` are in the order they are told.

    `ids` maps each id to what is shown of it.
    """
    lines = _lines(changes)
    for severity, title in _TITLES.items():
        items = [
            change_item(several[0], ids[line], run_at, zone)
            if several[0].group == ""
            else group_item(several, ids[line], run_at, zone)
            for line, several in lines.items()
            if several[0].severity is severity
        ]
        yield Section(title, tuple(items), rank=severity.rank)


def _lines(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """
    Return the changes of each line by its id, in the order of the lines within a severity.

    Groups of hosts come before what happened to one; else a line stands where its first change
    would.
    """
    lines: dict[str, list[Change]] = {}
    for change in changes:
        lines.setdefault(change.group or change.id, []).append(change)
    ordered = sorted(lines.items(), key=lambda line: len({c.address for c in line[1]}) < 2)
    return dict(ordered)


def line_ids(changes: Iterable[Change]) -> set[str]:
    """Return the ids of the lines that tell the changes."""
    return {change.group or change.id for change in changes}


def shown_ids(facts: RunFacts, changes: Iterable[Change], problems: Iterable[Problem]) -> set[str]:
    """Return the ids that a message shows, whole."""
    held = {problem.id for problem in problems if problem.id}
    return line_ids(changes) | held | {item.change_id for item in facts.still_open}


def _expected(changes: Sequence[Change], ids: Mapping[str, str]) -> str:
    """The command that takes what is to be checked off the list, ready to type."""
    offered = [
        ids[line]
        for line, several in _lines(changes).items()
        if several[0].severity is Severity.WARNING and not all(c.planned for c in several)
    ]
    shown = " ".join(offered[:IDS_OFFERED])
    return f"Expected? netwatch-notify accept {shown}" if shown else ""


def _quiet(facts: RunFacts, zone: tzinfo) -> str:
    if facts.all_well_since:
        return f"All well: no change since {day(facts.all_well_since, zone, facts.started_at)}."
    return "No changes since the last scan."


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


def short_ids(ids: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """
    Map each id to its shortest prefix, of four digits or more, that no other id shares.

    `taken`: ids that were told before, which `accept` must not take for one of these.
    """
    wanted = set(ids)
    ordered = sorted(wanted.union(taken))
    shortened: dict[str, str] = {}
    # Sorted, an id shares most with its neighbours.
    for before, own, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        if own not in wanted:
            continue
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
    known = (Item(f"{hosts} known now, {ports}"), Item(ahead))
    yield Section("FIRST SCAN", known, rank=NO_CHANGE)
    risky = (
        Item(f"{clean(where)}: {key} {clean(what, TEXT_LIMIT)}".strip(), "!")
        for where, key, what in inventory.risky
    )
    yield Section("WORTH A LOOK", tuple(risky), rank=NO_CHANGE)
    busiest = (Item(f"{key} on {counted(hosts, 'host')}") for key, hosts in inventory.busiest)
    yield Section("MOST SEEN", tuple(busiest), rank=NO_CHANGE)


def _footer(facts: RunFacts, zone: tzinfo) -> tuple[str, ...]:
    up = f"{facts.hosts_up:,} up"
    if facts.usual_hosts_up is not None:
        up += f" (usually {facts.usual_hosts_up:,})"
    seconds = facts.fast_seconds + facts.detail_seconds
    took = f"{up}, {_duration(facts)}." if seconds else f"{up}."
    if facts.parts_good < facts.parts_total:
        last = facts.last_good_at
        good = (f"Last good run: {day(last, zone, facts.started_at)}.",) if last else ()
        if facts.parts_total == 1:
            return (f"The scan did not end properly; {took}", *good)
        return (f"Scanned {facts.parts_good} of {facts.parts_total} parts; {took}", *good)
    asked = [] if facts.addresses is None else [_addresses(facts.addresses)]
    per_protocol = [f"{count} {name.upper()}" for name, count in facts.ports.items() if count]
    if per_protocol:
        only_one = sum(facts.ports.values()) == 1
        asked.append(" and ".join(per_protocol) + (" port" if only_one else " ports"))
    return (f"Scan complete: {', '.join(asked)},", took) if asked else (f"Scan complete: {took}",)


def _duration(facts: RunFacts) -> str:
    """Return how long it took, and how much of it was the second look, if that was much."""
    whole = duration(facts.fast_seconds + facts.detail_seconds)
    if facts.detail_seconds < MOST_UNSAID_SECONDS:
        return whole
    return f"{whole} (second look {duration(facts.detail_seconds)})"


def _addresses(count: int) -> str:
    return f"{count:,} address" + ("" if count == 1 else "es")
