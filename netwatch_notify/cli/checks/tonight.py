"""What the checks look at: the settings, what the database knows, and who will run it when."""

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netwatch_notify.model.inventory import PastRun
from netwatch_notify.model.rule import Rule
from netwatch_notify.schedule.found import Schedule
from netwatch_notify.settings.settings import Settings
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import Failing, failing
from netwatch_notify.store.rules import standing_rules
from netwatch_notify.store.runs import past_runs
from netwatch_notify.store.soundness import faults_of, is_up_to_date
from netwatch_notify.store.summaries import RunSummary, last_runs

RUNS_READ = 20
"""Of the latest runs; as many as are needed to say what is usual."""
EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the database knows, read in one moment."""

    is_current: bool
    """Whether it was last written by this version; an older one is brought up to date by a run."""
    faults: tuple[str, ...]
    """What is wrong with it."""
    runs: tuple[RunSummary, ...]
    """Newest first."""
    covered: PastRun | None
    """The latest run that ended properly, or a part of it."""
    rules: tuple[Rule, ...]
    failing: tuple[Failing, ...]

    @property
    def last(self) -> RunSummary | None:
        """The latest run that had something to say."""
        return next((run for run in self.runs if run.status != "skipped"), None)

    @property
    def scans(self) -> tuple[RunSummary, ...]:
        """Runs that scanned, and ended well or in part; newest first."""
        return tuple(
            run for run in self.runs if run.kind == "run" and run.status in ("done", "partial")
        )


@dataclass(frozen=True, slots=True)
class Tonight:
    """All that the checks look at."""

    settings: Settings
    env_file: Path
    now: datetime
    recorded: Recorded | None
    """None before the first run, and where the database cannot be read."""
    schedules: tuple[Schedule, ...]
    send: bool
    """Whether each destination gets a test message."""
    is_readable: bool
    """Whether nothing is wrong where `recorded` is None: there was no run yet."""

    @property
    def runs(self) -> tuple[Schedule, ...]:
        """The schedules that scan."""
        return tuple(s for s in self.schedules if s.command.partition(" ")[0] == "run")

    @property
    def user(self) -> str:
        """Who will run it: the user of the schedule, else whoever asks."""
        return next((schedule.user for schedule in self.runs), "") or this_user()


def read_recorded(directory: Path, network: str) -> Recorded | None:
    """Read the database, if there is one; nothing is made, migrated or written. StateError."""
    path = directory / "netwatch.db"
    if not path.exists():
        return None
    database = Database.to_read(directory, network)
    try:
        past = past_runs(database, None, EVER)
        return Recorded(
            is_up_to_date(path),
            faults_of(database),
            last_runs(database, RUNS_READ),
            past[0] if past else None,
            standing_rules(database),
            tuple(failing(database)),
        )
    finally:
        database.close()


def this_user() -> str:
    """Return the name of who asks."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
