"""Two scan files compared: as ndiff's rows, and as changes inside what both scans covered."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from netwatch_notify.diff.rows import host_rows, script_rows
from netwatch_notify.diff.volatile import same_output
from netwatch_notify.model.port import PortKey, ScriptOutput
from netwatch_notify.model.rows import HostRows, ScriptRow
from netwatch_notify.report import ndiff_text, ndiff_xml
from netwatch_notify.scan.pair import ScanPair

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
