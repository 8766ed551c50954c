"""The part of benchmarks.diff that takes nights in: how long, and how many rows it writes."""

import shutil
import sqlite3
import statistics
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Goal
from benchmarks.measure import Usage, environment_in, make_pair, measure

SIZES = (4096, 65_536)
RATIO_GOAL = 1 / 4
"""The second night's time by ndiff's, at the bigger size."""


@dataclass(frozen=True, slots=True)
class Nights:
    """What taking in nights of one shape and size took."""

    first: Usage
    second_seconds: float
    """Median."""
    second_kib: float
    ndiff_seconds: float
    ratio: float
    """Median of each round's second night by ndiff."""
    quiet_rows: dict[str, int]
    """Rows written, by table, on a night on which nothing changed."""


def take_in(folder: Path, scan: Path, state: Path) -> Usage:
    """Ingest `scan`; it must go well."""
    # Without an env file of ours it would read the machine's own, and send messages.
    empty = folder / "empty.env"
    empty.touch()
    environment = {
        **environment_in(folder),
        "NETWATCH_STATE_DIR": str(state),
        "NETWATCH_TARGETS": "10.0.0.0/16",
        "NETWATCH_NMAP_PATH": "/usr/bin/nmap",
    }
    program = [sys.executable, "-m", "netwatch_notify", "--env-file", str(empty)]
    usage = measure([*program, "ingest", scan], folder / "message.txt", environment)
    if usage.returncode != 0:
        raise SystemExit(f"ingest {scan.name}: exit {usage.returncode}: {usage.errors}")
    return usage


def measure_nights(folder: Path, hosts: int, shape: str, rounds: int, ndiff: str) -> Nights:
    """Take in a first night, then the second one `rounds` times, in turns with ndiff."""
    make_pair(folder, hosts, shape, with_quiet=True)
    old, new, state = folder / "old.xml", folder / "new.xml", folder / "state"
    first = take_in(folder, old, state)
    seconds: list[Usage] = []
    ndiffs: list[Usage] = []
    for number in range(rounds):
        for turn in range(2):
            if (number + turn) % 2:
                environment = environment_in(folder)
                ndiffs.append(measure([ndiff, old, new], folder / "ndiff.txt", environment))
            else:
                again = _copy(state, folder / "state-again")
                seconds.append(take_in(folder, new, again))
    # From after the first night, because after the second one absences wait to be told.
    quiet = _copy(state, folder / "state-quiet")
    _count_writes(quiet / "netwatch.db")
    take_in(folder, folder / "quiet.xml", quiet)
    return Nights(
        first,
        statistics.median(usage.seconds for usage in seconds),
        statistics.median(usage.peak_kib for usage in seconds),
        statistics.median(usage.seconds for usage in ndiffs),
        statistics.median(
            mine.seconds / theirs.seconds for mine, theirs in zip(seconds, ndiffs, strict=True)
        ),
        _writes_counted(quiet / "netwatch.db"),
    )


def _copy(state: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(state, to, symlinks=True))


def _count_writes(path: Path) -> None:
    """
    Let the database count its writes by triggers.

    Comparing dumps would miss rows that are written anew as they were.
    """
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [str(name) for (name,) in database.execute(query)]
        database.execute("CREATE TABLE bench_written (name TEXT PRIMARY KEY, rows INTEGER)")
        for table in tables:
            database.execute("INSERT INTO bench_written VALUES (?, 0)", (table,))
            for act in ("INSERT", "UPDATE", "DELETE"):
                # No value can stand for a table's name; these are the database's own.
                count = f"UPDATE bench_written SET rows = rows + 1 WHERE name = '{table}'"  # noqa: S608
                database.execute(
                    f"CREATE TRIGGER bench_{table}_{act} AFTER {act} ON {table} BEGIN {count}; END"
                )
        database.commit()


def _writes_counted(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT name, rows FROM bench_written WHERE rows > 0"))


def compare_nights(
    folder: Path, shapes: Sequence[str], rounds: int, ndiff: str, sizes: Sequence[int] = SIZES
) -> list[Goal]:
    """Measure all shapes and sizes, print what came of it, and return the goals."""
    goals: list[Goal] = []
    for shape in shapes:
        rows: list[int] = []
        for hosts in sizes:
            place = folder / f"ingest-{shape}-{hosts}"
            nights = measure_nights(place, hosts, shape, rounds, ndiff)
            shutil.rmtree(place)
            rows.append(sum(nights.quiet_rows.values()))
            written = ", ".join(f"{table} {n}" for table, n in sorted(nights.quiet_rows.items()))
            print(
                f"ingest, {shape}, {hosts} hosts: first night {nights.first.seconds:.2f} s,"
                f" {nights.first.peak_kib / 1024:.0f} MiB; second {nights.second_seconds:.2f} s,"
                f" {nights.second_kib / 1024:.0f} MiB; ndiff {nights.ndiff_seconds:.2f} s;"
                f" rows of a quiet night: {written}",
                flush=True,
            )
            if hosts == max(SIZES):
                name = f"second night by ndiff, {shape}, {hosts} hosts"
                goals.append(Goal(name, nights.ratio, RATIO_GOAL))
        if len(rows) > 1:
            more = f"rows of a quiet night more with {max(sizes)} hosts, {shape}"
            goals.append(Goal(more, max(rows) - min(rows), 0))
    return goals
