"""The history of runs: when, how they went, what they covered and told."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.inventory import PastRun
from netwatch_notify.model.scan import Coverage
from netwatch_notify.store.codec import coverage_text, coverages_of, instant_of, instant_text
from netwatch_notify.store.database import Database, translated

USUAL_RUNS = 14
"""Runs that are looked back on each night."""
SAME_NIGHT = timedelta(hours=12)
"""A run that began within it before another is the same night's, tried again."""
MOST_PAST_RUNS = 400
"""A year of nights is as far back as anything is counted."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the history keeps it."""

    id: int
    kind: str
    status: str
    """`running`, `done`, `failed`, `interrupted`; a told interruption is `interrupted-told`."""
    started_at: datetime


def begin_run(database: Database, kind: str, started_at: datetime) -> int:
    """Record that a run began and return its id; an interrupted one leaves this behind."""
    with database.atomic():
        cursor = database.connection.execute(
            "INSERT INTO runs (kind, status, started_at) VALUES (?, 'running', ?)",
            (kind, instant_text(started_at)),
        )
        return int(cursor.lastrowid or 0)


def mark_run(database: Database, run_id: int, status: str, ended_at: datetime) -> None:
    """Record how a run that committed nothing ended."""
    with database.atomic():
        database.connection.execute(
            "UPDATE runs SET status = ?, ended_at = ? WHERE id = ?",
            (status, instant_text(ended_at), run_id),
        )


def status_of(database: Database, run_id: int) -> str:
    """Return how a run stands."""
    with translated(database.name):
        row = database.connection.execute("SELECT status FROM runs WHERE id = ?", (run_id,))
        return str(row.fetchone()[0])


def interrupted_runs(database: Database, this_run: int | None) -> list[RunRecord]:
    """Return the runs that began, ended in the middle, and were not told yet."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT id, kind, status, started_at FROM runs "
            "WHERE status IN ('running', 'interrupted') AND id IS NOT ? ORDER BY id",
            (this_run,),
        )
        return [RunRecord(i, kind, status, instant_of(at)) for i, kind, status, at in rows]


def complete_run(
    database: Database,
    run_id: int,
    *,
    status: str,
    ended_at: datetime,
    fast_seconds: float,
    detail_seconds: float,
    hosts_up: int | None,
    coverages: Iterable[Coverage],
    content: str,
    problems: Sequence[str],
    told_interruptions: Sequence[RunRecord],
) -> None:
    """Record a run's outcome; inside `Database.atomic`, with what it settled."""
    database.connection.execute(
        "UPDATE runs SET status = ?, ended_at = ?, fast_seconds = ?, detail_seconds = ?, "
        "hosts_up = ?, coverage = ?, content = ?, problems = ? WHERE id = ?",
        (
            status,
            instant_text(ended_at),
            fast_seconds,
            detail_seconds,
            hosts_up,
            "[" + ",".join(map(coverage_text, coverages)) + "]",
            content,
            json.dumps(problems, ensure_ascii=False),
            run_id,
        ),
    )
    for run in told_interruptions:
        database.connection.execute(
            "UPDATE runs SET status = 'interrupted-told' WHERE id = ?", (run.id,)
        )


def add_changes(
    database: Database,
    run_id: int,
    changes: Iterable[tuple[Change, Mapping[str, object], int | None]],
) -> None:
    """
    Add what a run tells or keeps quiet to the history; inside `Database.atomic`.

    Each comes with its JSON, and with the rule that keeps it quiet, if one does.
    """
    database.connection.executemany(
        "INSERT OR REPLACE INTO changes "
        "(run_id, id, kind, severity, address, body, grp, hidden_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                run_id,
                change.id,
                change.kind.value,
                change.severity.value,
                str(change.address),
                json.dumps(body, ensure_ascii=False),
                change.group,
                hidden_by,
            )
            for change, body, hidden_by in changes
        ],
    )


def past_runs(database: Database, since: datetime | None, before: datetime) -> tuple[PastRun, ...]:
    """Return the latest `USUAL_RUNS` that covered anything, and all after `since`; newest first."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT started_at, coverage FROM runs WHERE coverage <> '[]' AND started_at < ? "
            "ORDER BY started_at DESC LIMIT ?",
            (instant_text(before), MOST_PAST_RUNS if since else USUAL_RUNS),
        )
        found: list[PastRun] = []
        for at, coverages in rows:
            started_at = instant_of(at)
            if len(found) >= USUAL_RUNS and since and started_at < since:
                break
            found.append(PastRun(started_at, coverages_of(coverages)))
    return tuple(found)


def last_message_at(database: Database) -> datetime | None:
    """Return when the last run that told anything started."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT value FROM facts WHERE key = 'last_message_at'"
        ).fetchone()
    return instant_of(row[0]) if row else None


def record_message(database: Database, started_at: datetime) -> None:
    """Keep that a run told something; inside `Database.atomic`."""
    database.connection.execute(
        "INSERT OR REPLACE INTO facts VALUES ('last_message_at', ?)", (instant_text(started_at),)
    )


def last_done(database: Database) -> RunRecord | None:
    """Return the last run that ended properly."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT id, kind, status, started_at FROM runs WHERE status = 'done' "
            "ORDER BY started_at DESC LIMIT 1"
        ).fetchone()
    return RunRecord(row[0], row[1], row[2], instant_of(row[3])) if row else None


def started_before(database: Database, run_id: int) -> datetime | None:
    """
    Return when the run before this one started.

    Not one within `SAME_NIGHT` of it, which has the same clock, right or wrong; nor one that was
    skipped, whose file may be the same of long ago each night.
    """
    with translated(database.name):
        query = database.connection.execute
        row = query("SELECT started_at FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            return None
        since = instant_text(instant_of(row[0]) - SAME_NIGHT)
        row = query(
            "SELECT started_at FROM runs WHERE id < ? AND status <> 'skipped' "
            "AND (started_at < ? OR started_at > ?) ORDER BY id DESC LIMIT 1",
            (run_id, since, row[0]),
        ).fetchone()
    return instant_of(row[0]) if row else None


def last_settled_at(database: Database, until: datetime | None = None) -> datetime | None:
    """Return when the last run that settled anything started; what is after `until` is left out."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT max(started_at) FROM runs WHERE status IN ('done', 'partial') "
            "AND started_at <= coalesce(?, started_at)",
            (instant_text(until) if until else None,),
        ).fetchone()
    return instant_of(row[0]) if row and row[0] else None


def last_ended_at(database: Database) -> datetime | None:
    """Return when the latest run that has ended did, by this machine's clock."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT ended_at FROM runs WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return instant_of(row[0]) if row else None


def run_with_content(database: Database, content: str) -> int | None:
    """Return the run that took in the very same scan, if any."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT id FROM runs WHERE content = ? AND content <> ''", (content,)
        ).fetchone()
    return int(row[0]) if row else None


def usual_hosts_up(database: Database) -> int | None:
    """Return the median of hosts up over the last `USUAL_RUNS` good runs; None below three."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT hosts_up FROM runs WHERE status = 'done' AND hosts_up IS NOT NULL "
            "ORDER BY id DESC LIMIT ?",
            (USUAL_RUNS,),
        ).fetchall()
    return round(median(row[0] for row in rows)) if len(rows) >= 3 else None


def count_problems(
    database: Database, problems: Sequence[Problem], now: datetime
) -> tuple[Problem, ...]:
    """Return the problems with how many nights in a row each is told, this one included."""
    with translated(database.name):
        rows = {
            key: (nights, instant_of(since))
            for key, nights, since in database.connection.execute("SELECT * FROM problems")
        }
        good = {
            label: instant_of(at)
            for label, at in database.connection.execute("SELECT label, last_good_at FROM parts")
        }
    counted = []
    for problem in problems:
        nights, since = rows.get(problem.key, (0, now))
        last_good_at = good.get(problem.key.removeprefix("part:"))
        counted.append(replace(problem, nights=nights + 1, since=since, last_good_at=last_good_at))
    return tuple(counted)


def record_problems(database: Database, problems: Iterable[Problem], now: datetime) -> None:
    """Keep the count of what lasts and forget what is over; inside `Database.atomic`."""
    database.connection.execute("DELETE FROM problems")
    database.connection.executemany(
        "INSERT OR REPLACE INTO problems VALUES (?, ?, ?)",
        [(p.key, p.nights, instant_text(p.since or now)) for p in problems],
    )


def record_good_parts(database: Database, scans: Mapping[str, str], started_at: datetime) -> None:
    """
    Record when each part last ended properly; inside `Database.atomic`.

    `scans` maps a part's label to its XML, relative to the state directory.
    """
    database.connection.executemany(
        "INSERT OR REPLACE INTO parts (label, last_good_at, scan) VALUES (?, ?, ?)",
        [(label, instant_text(started_at), scan) for label, scan in scans.items()],
    )


def last_good_scans(database: Database) -> dict[str, str]:
    """Return the XML of each part's last good scan, relative to the state directory."""
    with translated(database.name):
        rows = database.connection.execute("SELECT label, scan FROM parts WHERE scan <> ''")
        return dict(rows.fetchall())
