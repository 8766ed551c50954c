"""What a person sees of the outbox, and says to it: list, retry, drop."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import View
from netwatch_notify.store.codec import instant_of, optional_instant
from netwatch_notify.store.database import Database, translated


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message that has not arrived."""

    id: int
    runs: tuple[int, ...]
    """The runs it tells of, oldest first."""
    destination: str
    state: str
    """`waiting`, `failed` or `given-up`."""
    subject: str
    made_at: datetime
    attempts: int
    failing_since: datetime | None
    reason: str
    """Why the last attempt failed; empty before the first."""
    next_at: datetime | None
    """When it is tried next at the earliest; None: at once, or never again."""


def listed(database: Database, read_view: Callable[[str], View]) -> list[OutboxRow]:
    """Return what has not arrived, oldest first."""
    with translated(database.name):
        told_by = dict[int, list[int]]()
        for digest, run_id in database.connection.execute(
            "SELECT digest, run_id FROM outbox WHERE state = 'joined' ORDER BY id"
        ):
            told_by.setdefault(digest, []).append(run_id)
        rows = database.connection.execute(
            "SELECT id, run_id, destination, state, view, created_at, attempts, failing_since, "
            "last_error, max(held_until, due_at, asked_until) FROM outbox "
            "WHERE state IN ('waiting', 'failed', 'given-up') ORDER BY id"
        ).fetchall()
    return [
        OutboxRow(
            row[0],
            tuple(told_by.get(row[0], [row[1]])),
            row[2],
            row[3],
            read_view(row[4]).subject,
            instant_of(row[5]),
            row[6],
            optional_instant(row[7]),
            row[8],
            datetime.fromtimestamp(row[9], UTC) if row[9] and row[3] == "waiting" else None,
        )
        for row in rows
    ]


def retry(database: Database, ids: Collection[int] | None) -> int:
    """
    Make rows due now, those that failed for good or were given up too; return how many.

    `ids` None: all of them. Raises UsageError for one that is not listed, and changes nothing.
    """
    with database.atomic():
        chosen = _chosen(database, ids)
        database.connection.executemany(
            "UPDATE outbox SET due_at = 0, asked_until = 0, held_until = 0, is_told = 0, "
            "is_revived = (state <> 'waiting' OR is_revived), state = 'waiting', digest = NULL, "
            "together = '' "
            "WHERE id = ?",
            [(row_id,) for row_id in chosen],
        )
    return len(chosen)


def drop(database: Database, ids: Collection[int]) -> int:
    """
    Give rows up on a person's word, and return how many; nobody is told of them any more.

    Raises UsageError for one that is not listed, and changes nothing.
    """
    with database.atomic():
        chosen = _chosen(database, ids)
        database.connection.executemany(
            "UPDATE outbox SET state = 'dropped', digest = NULL WHERE id = ?",
            [(row_id,) for row_id in chosen],
        )
        database.connection.executemany(
            "UPDATE outbox SET state = 'dropped' WHERE digest = ? AND state = 'joined'",
            [(row_id,) for row_id in chosen],
        )
    return len(chosen)


def _chosen(database: Database, ids: Collection[int] | None) -> list[int]:
    rows = database.connection.execute(
        "SELECT id FROM outbox WHERE state IN ('waiting', 'failed', 'given-up')"
    )
    there = {row[0] for row in rows}
    if ids is None:
        return sorted(there)
    if missing := sorted(set(ids) - there):
        raise UsageError(
            f"{', '.join(map(str, missing))}: no such message waits or failed; "
            "netwatch-notify outbox list shows them"
        )
    return sorted(set(ids))
