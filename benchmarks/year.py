"""
A year of nights through `ingest`: whether the last takes longer than the tenth, and what is kept.

`python -m benchmarks.year [--nights 365] [--hosts 1000] [--rounds 3] [--accepted-every 7]` takes
two minutes. It exits 1 if a goal is missed, and says which. Without `--accepted-every` nobody ever
calls a change known, so that all that was told and still is so stays open, which is the worst case.
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.goals import Goal
from benchmarks.year_network import FIRST_NIGHT, NIGHT_SECONDS, Network
from netwatch_notify.diff.night import Rules
from netwatch_notify.model.rule import Acceptance
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.model.target import parse_target
from netwatch_notify.pipeline.delivery import print_due
from netwatch_notify.pipeline.ingest import ingest
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.store.database import Database
from netwatch_notify.store.ledger import load_ledger
from netwatch_notify.store.pruning import LEAST_HISTORY_DAYS
from netwatch_notify.store.rules import accept

KEEP_DAYS = 90
SLOWDOWN_GOAL = 1.2
SIZE_GOAL_MB = 50.0
TIMED = 5
"""Nights at the beginning, the tenth in their middle, and as many at the end."""
TABLES = ("hosts", "ports", "runs", "changes", "outbox", "ledger", "habits", "absences")

TOO_OLD = {
    "messages": "SELECT count(*) FROM outbox JOIN runs ON runs.id = run_id "
    "WHERE started_at < :limit",
    "changes neither open nor accepted lately": "SELECT count(*) FROM changes "
    "JOIN runs ON runs.id = run_id WHERE started_at < :past "
    "AND changes.id NOT IN (SELECT change_id FROM ledger) "
    "AND changes.id NOT IN (SELECT change_id FROM acceptances WHERE accepted_at >= :past)",
    "runs that told nothing of these": "SELECT count(*) FROM runs WHERE started_at < :past "
    "AND NOT EXISTS (SELECT 1 FROM changes WHERE run_id = runs.id)",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """What one command took."""

    seconds: float
    cpu_seconds: float


class Year:
    """The nights one after the other, in this process; those that are timed are kept aside."""

    def __init__(
        self,
        folder: Path,
        hosts: int,
        nights: int,
        keep_days: int = KEEP_DAYS,
        accepted_every: int = 0,
    ) -> None:
        """`accepted_every`: on each so many nights all is called known; 0: never."""
        self.folder = folder
        self.network = Network(hosts)
        self.nights = nights
        self.accepted_every = accepted_every
        self.early = range(8, 8 + TIMED)
        self.late = range(nights - TIMED + 1, nights + 1)
        self.plan = Plan(
            "lan",
            folder / "state",
            ScanProfile((parse_target(self.network.targets),)),
            Rules(),
            keep_days=keep_days,
        )

    @property
    def path(self) -> Path:
        return self.plan.state / "netwatch.db"

    def pass_night(self, *, keep: bool = False) -> float:
        """Take in the next night and return the seconds; `keep`: to be timed again later."""
        scan = self.folder / "scan.xml"
        scan.write_text(self.network.next_night(), encoding="ascii")
        number = self.network.night + 1
        if keep:
            aside = self.folder / f"night-{number}"
            aside.mkdir()
            shutil.copy(scan, aside / "scan.xml")
            copy_state(self.plan.state, aside / "state")
        started = time.monotonic()
        outcome = ingest(self.plan, scan, ())
        database = Database.open(self.plan.state, self.plan.network)
        print_due(database, lambda _: None)
        database.close()
        seconds = time.monotonic() - started
        assert outcome.exit_code == 0, outcome.failures
        if self.accepted_every and number % self.accepted_every == 0:
            self.accept_all()
        return seconds

    def accept_all(self) -> None:
        """Call everything known that is open, but for what was told in the first week."""
        database = Database.open(self.plan.state, self.plan.network)
        now = datetime.fromtimestamp(FIRST_NIGHT + self.network.night * NIGHT_SECONDS, UTC)
        week = datetime.fromtimestamp(FIRST_NIGHT + 7 * NIGHT_SECONDS, UTC)
        items = [item for item in load_ledger(database) if item.told_at > week]
        accept(database, [Acceptance(item.change_id, "alice", now) for item in items])
        database.close()

    def timed(self, number: int) -> Timing:
        """Return how long the whole command takes for a night that was kept."""
        aside, again = self.folder / f"night-{number}", self.folder / "again"
        shutil.rmtree(again, ignore_errors=True)
        copy_state(aside / "state", again)
        empty = self.folder / "empty.env"
        empty.touch()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "NETWATCH_NETWORK": "lan",
            "NETWATCH_STATE_DIR": str(again),
            "NETWATCH_TARGETS": self.network.targets,
            "NETWATCH_NMAP_PATH": "/usr/bin/nmap",
            "NETWATCH_KEEP_DAYS": str(self.plan.keep_days),
        }
        program = [sys.executable, "-m", "netwatch_notify", "--env-file", str(empty)]
        started, before = time.monotonic(), os.times()
        result = subprocess.run(
            [*program, "ingest", aside / "scan.xml"], env=environment, capture_output=True
        )
        seconds, after = time.monotonic() - started, os.times()
        assert result.returncode == 0, result.stderr
        user = after.children_user - before.children_user
        return Timing(seconds, user + after.children_system - before.children_system)

    def counts(self) -> dict[str, int]:
        """Return the rows of the tables that could grow."""
        with closing(sqlite3.connect(self.path)) as connection:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                for table in TABLES
            }

    def too_old(self) -> dict[str, int]:
        """Return how many messages, changes and runs are older than they are to be kept."""
        # Age counts from the night before the last.
        night = self.network.night - 1
        last = datetime.fromtimestamp(FIRST_NIGHT + night * NIGHT_SECONDS, UTC)
        days = max(self.plan.keep_days, LEAST_HISTORY_DAYS)
        values = {
            "limit": (last - timedelta(days=self.plan.keep_days)).isoformat(),
            "past": (last - timedelta(days=days)).isoformat(),
        }
        with closing(sqlite3.connect(self.path)) as connection:
            return {
                what: connection.execute(query, values).fetchone()[0]
                for what, query in TOO_OLD.items()
            }


def copy_state(state: Path, to: Path) -> None:
    """Copy a state directory; scans, which nobody writes to again, by links."""
    to.mkdir()
    shutil.copy(state / "netwatch.db", to)
    shutil.copytree(state / "scans", to / "scans", copy_function=os.link)
    if (state / "latest").is_symlink():
        (to / "latest").symlink_to((state / "latest").readlink())


def measure(year: Year, rounds: int) -> list[Goal]:
    """Let the year pass, print what it does, and return how it stands with the goals."""
    seconds = []
    for number in range(1, year.nights + 1):
        seconds.append(year.pass_night(keep=number in (*year.early, *year.late)))
        if number % 30 == 0 or number == year.nights:
            size = year.path.stat().st_size / 1e6
            rows = ", ".join(f"{name} {count:,}" for name, count in year.counts().items())
            took = statistics.median(seconds[-30:])
            print(f"night {number:3}: {took:.2f} s, {size:.1f} MB; {rows}", flush=True)
    pairs = [
        # Right after one another, so that a busy machine slows both.
        (year.timed(one), year.timed(other))
        for _ in range(rounds)
        for one, other in zip(year.early, year.late, strict=True)
    ]
    print()
    for name, nights, timings in zip(
        ("early", "late"), (year.early, year.late), zip(*pairs, strict=True), strict=True
    ):
        wall = statistics.median(timing.seconds for timing in timings)
        cpu = statistics.median(timing.cpu_seconds for timing in timings)
        where = f"nights {nights[0]}-{nights[-1]}"
        print(f"whole command, {name}, {where}: {wall:.2f} s, {cpu:.2f} s of CPU, medians")
    slower = statistics.median(late.seconds / early.seconds for early, late in pairs)
    busier = statistics.median(late.cpu_seconds / early.cpu_seconds for early, late in pairs)
    folders = len(list((year.plan.state / "scans").iterdir()))
    goals = [
        Goal("last nights by those around the tenth, median", slower, SLOWDOWN_GOAL),
        Goal("the same, CPU", busier, SLOWDOWN_GOAL),
        Goal("database, MB", year.path.stat().st_size / 1e6, SIZE_GOAL_MB),
        Goal("folders of scans", folders, year.plan.keep_days + 2),
    ]
    return goals + [Goal(f"{what}, too old", count, 0) for what, count in year.too_old().items()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--accepted-every", type=int, default=0, metavar="NIGHTS")
    options = parser.parse_args(arguments)
    if options.nights < 2 * (8 + TIMED):
        parser.error(f"--nights: at least {2 * (8 + TIMED)}")
    if not 20 <= options.hosts <= 2000:
        parser.error("--hosts: 20 to 2000")
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    with tempfile.TemporaryDirectory(prefix="netwatch-year-") as folder:
        year = Year(
            Path(folder),
            options.hosts,
            options.nights,
            accepted_every=options.accepted_every,
        )
        goals = measure(year, options.rounds)
    for goal in goals:
        print(goal)
    sys.exit(not all(goal.is_met for goal in goals))


if __name__ == "__main__":
    main()
