"""Two scan files compared: as ndiff's rows, and as changes inside what both scans covered."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from netwatch_notify.detail.plan import Questions, plan_looks
from netwatch_notify.detail.script import details_script
from netwatch_notify.diff.rows import host_rows, script_rows
from netwatch_notify.diff.scans import ScanDifference, compare_scans
from netwatch_notify.diff.volatile import same_output
from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.host import Address
from netwatch_notify.model.look import LookKind
from netwatch_notify.model.message import View
from netwatch_notify.model.port import PortKey, ScriptOutput
from netwatch_notify.model.rows import HostRows, ScriptRow
from netwatch_notify.report import ndiff_text, ndiff_xml
from netwatch_notify.report.diff_view import (
    ComparedFile,
    build_diff_view,
    left_out_line,
    scope_line,
    timed_out_line,
    unasked_line,
)
from netwatch_notify.report.json_report import diff_report
from netwatch_notify.report.words import counted
from netwatch_notify.scan.pair import ScanPair
from netwatch_notify.scan.second import look_commands

Scripts = tuple[ScriptOutput, ...]


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What a comparison of two files is asked for."""

    everything: bool = False
    """ndiff's `-v`: show what did not change, too. The pair must have been read so."""
    volatile_scripts: frozenset[str] = frozenset()
    """Scripts whose output is not compared."""
    risky_ports: frozenset[PortKey] = frozenset()
    """Ports whose opening is critical."""


def write_text(pair: ScanPair, options: DiffOptions, write: Callable[[str], object]) -> bool:
    """
    Write ndiff's text, a host at a time; return whether anything differs.

    What scripts found once per scan counts, too; ndiff shows it, and exits with 0.
    """
    old, new, everything = pair.old.run, pair.new.run, options.everything

    def write_lines(lines: Iterable[str]) -> None:
        write("".join(f"{line}\n" for line in lines))

    def write_scripts(title: str, before: Scripts, after: Scripts) -> bool:
        rows = _run_scripts(before, after, options)
        any_before, any_after = bool(before), bool(after)
        write_lines(
            ndiff_text.run_script_lines(title, rows, any_before=any_before, any_after=any_after)
        )
        return any(row.differs for row in rows)

    write_lines(ndiff_text.banner_lines(old, new, everything=everything))
    differs = write_scripts("Pre-scan script results", old.pre_scripts, new.pre_scripts)
    for rows in rows_of(pair, options):
        differs |= rows.differs
        write_lines(ndiff_text.host_lines(rows, everything=everything))
    return write_scripts("Post-scan script results", old.post_scripts, new.post_scripts) or differs


def write_xml(pair: ScanPair, options: DiffOptions, write: Callable[[str], object]) -> bool:
    """Write ndiff's XML, a host at a time; return whether anything differs."""
    old, new, everything = pair.old.run, pair.new.run, options.everything

    def write_scripts(tag: str, before: Scripts, after: Scripts) -> bool:
        rows = _run_scripts(before, after, options)
        write(ndiff_xml.run_scripts_xml(tag, before, after, rows))
        return any(row.differs for row in rows)

    write(ndiff_xml.OPENING)
    write(ndiff_xml.banner_xml(old, new, everything=everything))
    differs = write_scripts("prescript", old.pre_scripts, new.pre_scripts)
    for rows in rows_of(pair, options):
        differs |= rows.differs
        write(ndiff_xml.host_xml(rows, everything=everything))
    differs |= write_scripts("postscript", old.post_scripts, new.post_scripts)
    write(ndiff_xml.CLOSING)
    return differs


def rows_of(pair: ScanPair, options: DiffOptions) -> Iterator[HostRows]:
    """
    Yield the rows of each host that differs, or of each with `everything`, in ndiff's order.

    A file that is cut says nothing of the hosts it does not list.
    """
    same = partial(same_output, declared=options.volatile_scripts)
    for before, after in pair.verbatim():
        if before is None and not pair.old.stream.is_complete:
            continue
        if after is None and not pair.new.stream.is_complete:
            continue
        rows = host_rows(before, after, same, everything=options.everything)
        if rows.differs or options.everything:
            yield rows


def _run_scripts(before: Scripts, after: Scripts, options: DiffOptions) -> tuple[ScriptRow, ...]:
    same = partial(same_output, declared=options.volatile_scripts)
    return script_rows(before, after, same, everything=options.everything)


def changes_of(pair: ScanPair, options: DiffOptions) -> ScanDifference:
    """Return what changed inside what both scans covered."""
    return compare_scans(
        pair.hosts(),
        pair.old.scope,
        pair.new.scope,
        risky_ports=options.risky_ports,
        same_output=partial(same_output, declared=options.volatile_scripts),
        shared_marks=pair.shared_marks,
    )


def ending_lines(pair: ScanPair) -> list[str]:
    """Return a line for each file that is cut, or whose scan did not end properly."""
    lines = []
    for which, reader in (("OLD", pair.old), ("NEW", pair.new)):
        if not reader.stream.is_complete:
            lines.append(
                f"{which}, {reader.name}: is cut short in line {reader.stream.line}; "
                f"{counted(len(reader), 'whole host')} read, what it does not list proves nothing"
            )
        elif reader.fault:
            lines.append(
                f"{which}, {reader.name}: {reader.fault.problem}; what it does not list proves "
                "nothing"
            )
    return lines


def scope_lines(pair: ScanPair) -> list[str]:
    """Return one line where the scopes differ."""
    line = scope_line(pair.old.scope, pair.new.scope)
    return [line] if line else []


def problems_of(pair: ScanPair, found: ScanDifference) -> list[str]:
    """Return what a reader of the changes must know of the scans they come from."""
    lines = [*ending_lines(pair), *scope_lines(pair)]
    left_out = (
        left_out_line("OLD", found.only_old),
        left_out_line("NEW", found.only_new),
        unasked_line("OLD", found.ports_only_old),
        unasked_line("NEW", found.ports_only_new),
        timed_out_line(found.timed_out),
    )
    lines += filter(None, left_out)
    if pair.without_address:
        lines.append(f"{counted(pair.without_address, 'host')} without an IP address left out")
    return lines


def diff_json(pair: ScanPair, options: DiffOptions) -> dict[str, Any]:
    """Return the report that `--json` prints."""
    found = changes_of(pair, options)
    return diff_report(found.changes, problems_of(pair, found))


def diff_view(pair: ScanPair, options: DiffOptions, zone: tzinfo) -> View:
    """Return the view that `--markdown` and `--html` render."""
    found = changes_of(pair, options)
    old, new = (
        ComparedFile(
            reader.path.name,
            len(reader),
            reader.stream.header.version,
            reader.stream.header.started_at,
        )
        for reader in (pair.old, pair.new)
    )
    return build_diff_view(old, new, found.changes, problems_of(pair, found), zone)


def details_of(pair: ScanPair, options: DiffOptions, arguments: Sequence[str]) -> str:
    """
    Return a shell script that looks closer at what is new; `$1` names its output.

    Only addresses and port numbers of the scans reach it.
    """
    told = (ChangeKind.HOST_NEW, ChangeKind.HOST_MOVED, ChangeKind.PORT_OPENED)
    opened: dict[Address, set[PortKey]] = {}
    for change in changes_of(pair, options).changes:
        if change.kind in told:
            keys = [port.key for port in change.ports] + ([change.key] if change.key else [])
            opened.setdefault(change.address, set()).update(keys)
    questions = Questions(
        silent={},
        missing={},
        opened={address: frozenset(keys) for address, keys in opened.items() if keys},
        bare=frozenset(),
    )
    looks = plan_looks(questions, options.risky_ports)
    commands = look_commands("nmap", looks, Path(), arguments)
    details = [c.argv for c in commands if c.look.kind is LookKind.DETAIL]
    return details_script(details, "details of what is new, by netwatch-notify diff --cmdout")
