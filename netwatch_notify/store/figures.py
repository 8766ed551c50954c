"""Count what the state holds, for the metrics file and `status`."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from netwatch_notify.model.change import Severity
from netwatch_notify.model.figures import Figures, LastRun, LastScan, Waiting
from netwatch_notify.store.codec import optional_instant
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.failing import failing
from netwatch_notify.store.summaries import last_runs

_LAST_SCAN = "last_scan"
_CHANGES = "changes_told"
_TOLD = "-told"
"""Ends the status of an interruption that a later run has told of."""


def count(database: Database, network: str) -> Figures:
    """Return everything that is counted of a network."""
    with translated(database.name):
        query = database.connection.execute
        # By number: one that ended while the clock was wrong must not stay the last for a year.
        good = query(
            "SELECT ended_at FROM runs WHERE status = 'done' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        up = query(
            "SELECT hosts_up FROM runs WHERE hosts_up IS NOT NULL ORDER BY id DESC LIMIT 1"
        ).fetchone()
        still_open = query("SELECT severity, count(*) FROM ledger GROUP BY severity").fetchall()
        pages = query("PRAGMA page_count").fetchone()[0]
        return Figures(
            network=network,
            last_run=_last_run(database),
            last_good_at=optional_instant(good[0]) if good else None,
            last_scan=_last_scan(database),
            hosts_up=up[0] if up else None,
            changes=_all_changes(database),
            destinations=_destinations(database),
            held_ranges=query("SELECT count(*) FROM held").fetchone()[0],
            still_open={Severity(severity): number for severity, number in still_open},
            database_bytes=pages * query("PRAGMA page_size").fetchone()[0],
        )


def record_told(database: Database, changes: Mapping[str, int]) -> None:
    """Add what a run told to what was ever told, by kind; inside `Database.atomic`."""
    total = Counter(_all_changes(database))
    total.update(changes)
    _put(database, _CHANGES, total)


def record_scan(database: Database, scan: LastScan) -> None:
    """Keep how the last scan went, in place of the one before; inside `Database.atomic`."""
    _put(database, _LAST_SCAN, [scan.parts_good, scan.parts_total, scan.nmap_version])


def disk_bytes(directory: Path) -> int:
    """Return what the state directory takes on disk; what goes meanwhile is not counted."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            with suppress(OSError):
                total += Path(folder, name).lstat().st_blocks * 512
    return total


def _last_run(database: Database) -> LastRun | None:
    last = next(iter(last_runs(database, 1)), None)
    if last is None:
        return None
    return LastRun(
        id=last.id,
        status=last.status.removesuffix(_TOLD),
        started_at=last.started_at,
        ended_at=last.ended_at,
        seconds=last.seconds,
        fast_seconds=last.fast_seconds,
        detail_seconds=last.detail_seconds,
        hosts_up=last.hosts_up,
        problems=len(last.problems),
        changes=last.changes,
    )


def _last_scan(database: Database) -> LastScan | None:
    value = _fact(database, _LAST_SCAN)
    return LastScan(*value) if value else None


def _all_changes(database: Database) -> dict[str, int]:
    """
    Return what was ever told, by kind.

    It is kept beside the history, which forgets: a counter that falls would count as begun anew.
    """
    value = _fact(database, _CHANGES)
    if value is not None:
        return dict(value)
    rows = database.connection.execute(
        "SELECT kind, count(*) FROM changes WHERE hidden_by IS NULL GROUP BY kind"
    )
    return dict(rows.fetchall())


def _fact(database: Database, key: str) -> Any:
    row = database.connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else None


def _put(database: Database, key: str, value: object) -> None:
    database.connection.execute(
        "INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value))
    )


def _destinations(database: Database) -> tuple[Waiting, ...]:
    rows = database.connection.execute(
        "SELECT destination, sum(state = 'waiting'), sum(state = 'failed'), "
        "sum(state = 'given-up'), "
        "min(CASE WHEN state IN ('waiting', 'failed') THEN created_at END), max(sent_at) "
        "FROM outbox GROUP BY destination ORDER BY destination"
    ).fetchall()
    found = {
        name: Waiting(
            name,
            waiting=waiting,
            failed=failed,
            given_up=given_up,
            oldest_at=optional_instant(oldest),
            last_sent_at=optional_instant(sent),
        )
        for name, waiting, failed, given_up, oldest, sent in rows
    }
    for one in failing(database):
        found[one.destination] = replace(
            found[one.destination],
            failing=one.messages,
            failing_since=one.since,
            reason=one.reason,
            is_permanent=one.is_permanent,
        )
    return tuple(found.values())
