"""Two scan files compared, as a view and in words; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from netwatch_notify.model.change import Change, ChangeKind
from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scope import Scope
from netwatch_notify.model.text import clean
from netwatch_notify.report.items import DETAIL_LIMIT
from netwatch_notify.report.view import change_sections, in_order, line_ids, short_ids
from netwatch_notify.report.words import counted, day

NAMES_SHOWN = 5
"""Hosts and ports that a line about what was left out names."""


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """One of the two files, as its line says it."""

    name: str
    hosts: int
    """`<host>` elements in it."""
    version: str = ""
    started_at: datetime | None = None


def build_diff_view(
    old: ComparedFile,
    new: ComparedFile,
    changes: Sequence[Change],
    problems: Sequence[str],
    zone: tzinfo,
) -> View:
    """Build what `--markdown` and `--html` show, times in `zone`."""
    # A file is all there is to see: that nothing looked a second time need not be said.
    told = in_order(
        replace(change, confirmed=change.kind is not ChangeKind.HOST_GONE) for change in changes
    )
    run_at = new.started_at or old.started_at or datetime.min.replace(tzinfo=UTC)
    found = counted(len(told), "change") if told else "no changes"
    sections = [
        Section("", tuple(Item(f"PROBLEM: {clean(problem, DETAIL_LIMIT)}") for problem in problems))
    ]
    if not told:
        sections.append(Section("", (Item("No changes in what both scans covered."),)))
    sections += change_sections(told, short_ids(line_ids(told)), run_at, zone)
    return View(
        network="",
        subject=f"{clean(old.name, 40)} → {clean(new.name, 40)}: {found}",
        sections=tuple(section for section in sections if section.items),
        footer=(f"Old: {_file(old, zone)}", f"New: {_file(new, zone)}"),
    )


def scope_line(old: Scope, new: Scope) -> str:
    """Return in one line what only one of the scans covered; empty if both covered the same."""
    parts = []
    for which, one, other in (("OLD", old, new), ("NEW", new, old)):
        only = []
        if one.is_known and other.is_known:
            addresses = one.addresses - other.addresses
            if addresses:
                only.append(f"{len(addresses):,} address{'es' if len(addresses) > 1 else ''}")
            only += sorted(clean(name, 60) for name in one.names - other.names)
        for protocol, ports in sorted(one.ports.items()):
            left = ports - other.ports.get(protocol, Ranges())
            if left and not other.is_known and not other.ports.get(protocol):
                unknown = "NEW" if which == "OLD" else "OLD"
                parts.append(f"{unknown} does not say which {protocol.upper()} ports it covered")
            elif left:
                only.append(f"{protocol.upper()} ports {_shortened(left)}")
        if only:
            parts.append(f"only {which} covered {', '.join(only)}")
    for protocol in sorted(set(dict(old.types)) & set(dict(new.types))):
        if not old.answers_like(new, protocol):
            was, now = dict(old.types)[protocol], dict(new.types)[protocol]
            parts.append(
                f"{protocol.upper()} ports not compared: OLD made a {clean(was, 20)} scan, "
                f"NEW a {clean(now, 20)} scan"
            )
    return f"scopes differ: {'; '.join(parts)}" if parts else ""


def left_out_line(which: str, hosts: Sequence[str]) -> str:
    """
    Return what is said of hosts that only one scan lists; empty where there is none.

    `which` is the scan that lists them, OLD or NEW.
    """
    if not hosts:
        return ""
    other, verb = ("OLD", "new") if which == "NEW" else ("NEW", "gone")
    return (
        f"{counted(len(hosts), 'host')} only in {which} not counted as {verb}, because {other} "
        f"does not prove that nobody answered there: {_named(hosts)}"
    )


def unasked_line(which: str, ports: Sequence[str]) -> str:
    """Return what is said of open ports that neither scan says it asked about."""
    if not ports:
        return ""
    other, verb = ("OLD", "opened") if which == "NEW" else ("NEW", "closed")
    asked = "it" if len(ports) == 1 else "them"
    return (
        f"{counted(len(ports), 'open port')} only in {which} not counted as {verb}, because "
        f"{other} does not say that it asked about {asked}: {_named(ports)}"
    )


def timed_out_line(hosts: Sequence[str]) -> str:
    """Return what is said of hosts that one of the scans gave up on."""
    if not hosts:
        return ""
    return (
        f"{counted(len(hosts), 'host')} timed out in one of the scans, so what only the other "
        f"shows is not counted: {_named(hosts)}"
    )


def _named(things: Sequence[str]) -> str:
    return ", ".join(things[:NAMES_SHOWN]) + (", …" if len(things) > NAMES_SHOWN else "")


def _file(file: ComparedFile, zone: tzinfo) -> str:
    words = [clean(file.name, 200)]
    if file.version:
        words.append(f"nmap {clean(file.version, 20)}")
    if file.started_at:
        words.append(f"{day(file.started_at, zone)} {file.started_at.astimezone(zone):%Y %H:%M}")
    return f"{', '.join(words)}, {counted(file.hosts, 'host')}"


def _shortened(ports: Ranges) -> str:
    text = str(ports)
    return text if len(text) <= 60 else f"{text[:60].rpartition(',')[0]},… ({len(ports):,})"
