"""The last runs in few words: what `status`, `check` and the metrics say of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.store.codec import instant_of, optional_instant
from netwatch_notify.store.database import Database, translated


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run: when it was, how it ended, and what it told."""

    id: int
    kind: str
    """`run` or `ingest`."""
    status: str
    """`running` (or killed), `done`, `partial`, `failed`, `interrupted`, `interrupted-told`,
    `skipped` (nothing new in it)."""
    started_at: datetime
    """For `ingest` when the scan was started, else when the run was."""
    ended_at: datetime | None
    fast_seconds: float
    detail_seconds: float
    hosts_up: int | None
    """None where nothing was compared."""
    changes: Mapping[str, int]
    """What was told, by kind of change; what a rule kept quiet is not counted."""
    problems: tuple[str, ...]
    """The problems in words, each as `--json` has it."""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on, and for a scan that was made elsewhere."""
        if self.ended_at is None or self.kind != "run":
            return None
        return max((self.ended_at - self.started_at).total_seconds(), 0.0)


def last_runs(database: Database, limit: int) -> tuple[RunSummary, ...]:
    """Return the latest `limit` runs, newest first; 0: all."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT id, kind, status, started_at, ended_at, fast_seconds, detail_seconds, "
            "hosts_up, problems FROM runs ORDER BY id DESC LIMIT ?",
            (limit or -1,),
        ).fetchall()
        changes = _changes_by_kind(database, rows[-1][0]) if rows else {}
    return tuple(
        RunSummary(
            id=row[0],
            kind=row[1],
            status=row[2],
            started_at=instant_of(row[3]),
            ended_at=optional_instant(row[4]),
            fast_seconds=row[5],
            detail_seconds=row[6],
            hosts_up=row[7],
            changes=changes.get(row[0], {}),
            problems=tuple(json.loads(row[8])),
        )
        for row in rows
    )


def _changes_by_kind(database: Database, since: int) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    rows = database.connection.execute(
        "SELECT run_id, kind, count(*) FROM changes WHERE run_id >= ? AND hidden_by IS NULL "
        "GROUP BY run_id, kind ORDER BY run_id, kind",
        (since,),
    )
    for run_id, kind, number in rows:
        counts.setdefault(run_id, {})[kind] = number
    return counts
