"""
The way in for other people's scripts: read a scan, compare two.

    from netwatch_notify.library import diff_scans

    for change in diff_scans("monday.xml", "tuesday.xml").changes:
        print(change.kind, change.address, change.key or "")

Both take nmap's XML (or masscan's) and raise `UnreadableInputError`, whose text is one line that
names file, position and reason, where a file is none.
"""

from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from netwatch_notify.diff.scans import ScanDifference
from netwatch_notify.errors import NetwatchError, UnreadableInputError
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.port import Port, PortKey, PortState, ScriptOutput, Service
from netwatch_notify.model.scan import Coverage, ScanHeader
from netwatch_notify.pipeline.diff import DiffOptions, changes_of, problems_of
from netwatch_notify.scan.files import read_scan_file
from netwatch_notify.scan.pair import ScanPair

__all__ = [
    "Change",
    "ChangeKind",
    "Coverage",
    "Host",
    "NetwatchError",
    "Port",
    "PortKey",
    "PortState",
    "Scan",
    "ScanDiff",
    "ScanHeader",
    "ScriptOutput",
    "Service",
    "Severity",
    "UnreadableInputError",
    "diff_scans",
    "read_scan",
]


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan file."""

    header: ScanHeader
    """Scanner, version, command line, start."""
    hosts: tuple[Host, ...]
    """In the file's order, those that were down included; an address may come twice (masscan)."""
    coverage: Coverage | None
    """What it asked about; None where the file does not say, or the scan did not end properly."""
    problem: str
    """Why the scan did not end properly, in one sentence; empty if it did."""


@dataclass(frozen=True, slots=True)
class ScanDiff:
    """How two scans differ, inside what both asked about."""

    changes: tuple[Change, ...]
    """Host by host, in ndiff's order: addresses letter by letter."""
    problems: tuple[str, ...]
    """What to know before believing them: a scan cut short, scopes that differ, hosts left out."""


def read_scan(path: str | PathLike[str]) -> Scan:
    """
    Return all hosts of a scan file, and what it covered.

    A file that is cut short gives its complete hosts, and says so in `problem`.
    """
    result = read_scan_file(Path(path)).result
    return Scan(result.header, result.hosts, result.coverage, result.problem)


def diff_scans(
    old: str | PathLike[str],
    new: str | PathLike[str],
    *,
    volatile_scripts: Collection[str] = (),
    risky_ports: Collection[PortKey] = (),
) -> ScanDiff:
    """
    Return what changed from `old` to `new`.

    `volatile_scripts` are ids of scripts whose output is not compared; nmap's default scripts need
    not be named. A port of `risky_ports` that opened is `Severity.CRITICAL`.
    """
    options = DiffOptions(
        volatile_scripts=frozenset(volatile_scripts), risky_ports=frozenset(risky_ports)
    )
    with ScanPair(Path(old), Path(new)) as pair:
        found: ScanDifference = changes_of(pair, options)
        return ScanDiff(found.changes, tuple(problems_of(pair, found)))
