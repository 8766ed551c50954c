"""
What is older than it is to be kept goes: messages, changes, runs; but nothing that still counts.

Age is measured against the start of the run at whose end this happens, so that scans of long ago,
taken in one after the other, are kept as if each had come in its night. What a run
has told that was dated too early, by a wrong clock, goes with what was told around it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from netwatch_notify.store.codec import instant_of, instant_text
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.history import held_ids
from netwatch_notify.store.listing import first_scan_at
from netwatch_notify.store.runs import MOST_PAST_RUNS, USUAL_RUNS

LEAST_HISTORY_DAYS = 30
"""A message says how often a change was told within 30 days."""
CHANGES_AT_ONCE = 2000
RUNS_AT_ONCE = 200
MOST_PIECES = 50
"""A night's; what is left then goes in the nights after, as after an upgrade."""

# By age, and not before the runs that began earlier: what lies among them had a wrong clock. In the
# outbox that networks share (store/handover.py), runs have the networks' numbers, in no order.
_IS_OLD = """
    started_at < :past AND runs.id < (
        SELECT coalesce(min(id), 9223372036854775807) FROM runs
        WHERE started_at BETWEEN :past AND :now AND kind <> 'together'
    )
"""
_FINISHED = """
    (state IN ('sent', 'dropped', 'joined', 'handed') OR (state = 'given-up' AND is_told))
    AND (digest IS NULL OR digest NOT IN
         (SELECT id FROM outbox WHERE state IN ('waiting', 'failed', 'given-up')))
"""
_MESSAGES = f"""
    DELETE FROM outbox WHERE id IN (
        SELECT o.id FROM outbox AS o JOIN runs ON runs.id = o.run_id
        WHERE (o.created_at < :limit OR runs.started_at < :limit) AND {_FINISHED}
        LIMIT {RUNS_AT_ONCE}
    )
"""  # noqa: S608
# The last telling stays of what is open, of what was accepted for a time or lately, and all that
# a run told whose message has not arrived: `show` and `history` are asked for these. The old runs
# are few and come first (CROSS JOIN, says SQLite, keeps the order): all changes would be read else.
_CHANGES = f"""
    DELETE FROM changes WHERE (run_id, id) IN (
        SELECT c.run_id, c.id FROM runs CROSS JOIN changes AS c ON c.run_id = runs.id
        WHERE {_IS_OLD}
        AND c.run_id NOT IN (SELECT run_id FROM outbox WHERE NOT ({_FINISHED}))
        AND NOT (
            c.id IN (
                SELECT change_id FROM ledger UNION SELECT change_id FROM acceptances
                WHERE accepted_at >= :past OR (until IS NOT NULL AND NOT is_over)
            )
            AND c.run_id = (SELECT max(run_id) FROM changes WHERE id = c.id)
        )
        LIMIT {CHANGES_AT_ONCE}
    )
"""  # noqa: S608
# A habit asks how many runs covered a thing since a moment, and 14 are as good as any number more:
# so of runs that covered the same, the last 14 stay. The others are what `store/runs.py` asks for.
_RUNS = f"""
    DELETE FROM runs WHERE id IN (
        SELECT id FROM runs WHERE {_IS_OLD}
        AND status NOT IN ('running', 'interrupted')
        AND id NOT IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (
                    PARTITION BY coverage ORDER BY started_at DESC, id DESC
                ) AS place FROM (
                    SELECT id, started_at, coverage FROM runs
                    WHERE coverage <> '[]' AND started_at <= :now
                    ORDER BY started_at DESC LIMIT {MOST_PAST_RUNS}
                )
            ) WHERE place <= {USUAL_RUNS}
        )
        AND id NOT IN (
            SELECT id FROM runs WHERE status = 'done' AND hosts_up IS NOT NULL
            ORDER BY id DESC LIMIT {USUAL_RUNS}
        )
        AND id NOT IN (
            SELECT id FROM (SELECT id FROM runs WHERE status = 'done' AND started_at <= :now
                            ORDER BY started_at DESC LIMIT 1)
            UNION SELECT id FROM (SELECT id FROM runs WHERE status IN ('done', 'partial')
                                  AND started_at <= :now ORDER BY started_at DESC LIMIT 1)
        )
        AND NOT EXISTS (SELECT 1 FROM changes WHERE run_id = runs.id)
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE run_id = runs.id)
        LIMIT {RUNS_AT_ONCE}
    )
"""  # noqa: S608
_ACCEPTANCES = """
    SELECT change_id, accepted_at FROM acceptances AS a
    WHERE accepted_at < :past AND (until IS NULL OR is_over)
    AND NOT EXISTS (SELECT 1 FROM changes WHERE id = a.change_id)
"""


_KEPT_FILES = f"""
    SELECT id FROM runs WHERE NOT ({_IS_OLD})
    UNION SELECT run_id FROM outbox WHERE NOT ({_FINISHED})
"""  # noqa: S608
"""Here `:past` is the limit of files. A message that waits has its report attached."""


def prune(database: Database, keep_days: int, now: datetime) -> frozenset[int]:
    """
    Forget what is older than `keep_days` at `now`; return the runs whose files are kept.

    Changes and runs are kept for `LEAST_HISTORY_DAYS` at least. Each piece is a transaction of
    its own, so that nobody waits for long; an end between two of them loses nothing that counts.
    """
    limit = now - timedelta(days=keep_days)
    past = now - timedelta(days=max(keep_days, LEAST_HISTORY_DAYS))
    values = {"limit": instant_text(limit), "past": instant_text(past), "now": instant_text(now)}
    for _ in range(MOST_PIECES):
        with database.atomic():
            if not _forget_piece(database, values):
                # Done, and not looked for once more: that costs as much as to delete.
                break
    with translated(database.name):
        rows = database.connection.execute(
            _KEPT_FILES, {"past": values["limit"], "now": values["now"]}
        )
        return frozenset(row[0] for row in rows)


def history_since(database: Database) -> datetime | None:
    """Return from when on the history is whole; None where it is from the beginning."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT value FROM facts WHERE key = 'history_since'"
        ).fetchone()
    return instant_of(row[0]) if row else None


def _forget_piece(database: Database, values: Mapping[str, str]) -> bool:
    """Delete some of what may go, and return whether there is more; inside `Database.atomic`."""
    run = database.connection.execute
    limit, past = {"limit": values["limit"]}, {"past": values["past"]}
    old = past | {"now": values["now"]}
    first = first_scan_at(database)
    messages = run(_MESSAGES, limit).rowcount
    told = run(_CHANGES, old).rowcount
    runs = run(_RUNS, old).rowcount
    if told or runs:
        run(
            "INSERT INTO facts VALUES ('history_since', :past) ON CONFLICT (key) DO UPDATE "
            "SET value = max(value, excluded.value)",
            past,
        )
    if runs and first:
        run("INSERT OR IGNORE INTO facts VALUES ('first_scan_at', ?)", (instant_text(first),))
    _forget_acceptances(database, past)
    return told == CHANGES_AT_ONCE or RUNS_AT_ONCE in (messages, runs)


def _forget_acceptances(database: Database, past: Mapping[str, str]) -> None:
    """A range that is held now has no change under its id."""
    held = held_ids(database)
    found = database.connection.execute(_ACCEPTANCES, past).fetchall()
    database.connection.executemany(
        "DELETE FROM acceptances WHERE change_id = ? AND accepted_at = ?",
        [row for row in found if row[0] not in held],
    )
