"""One row per message and destination: added with the inventory, claimed, sent, recorded."""

import os
import uuid
from collections.abc import Callable
from datetime import datetime

from netwatch_notify.model.message import Delivery, OutboxEntry, View
from netwatch_notify.store.codec import instant_of, instant_text
from netwatch_notify.store.database import Database, translated

LEASE_SECONDS = 300.0
"""A claim older than this belongs to a process that died; a send is ended long before."""


def add(
    database: Database, run_id: int, destination: str, view_text: str, created_at: datetime
) -> None:
    """Add one message for one destination; inside `Database.atomic`."""
    database.connection.execute(
        "INSERT INTO outbox (run_id, destination, view, created_at) VALUES (?, ?, ?, ?)",
        (run_id, destination, view_text, instant_text(created_at)),
    )


def claim(database: Database, read_view: Callable[[str], View], now: datetime) -> list[OutboxEntry]:
    """
    Take all waiting rows that nobody else holds, oldest first, for `LEASE_SECONDS`.

    Two processes that claim at once get different rows. `record` ends the claim.
    """
    holder = f"{os.getpid()}-{uuid.uuid4().hex}"
    until = now.timestamp() + LEASE_SECONDS
    with database.atomic():
        database.connection.execute(
            "UPDATE outbox SET lease_until = ?, lease_holder = ? "
            "WHERE state = 'waiting' AND lease_until <= ?",
            (until, holder, now.timestamp()),
        )
        rows = database.connection.execute(
            "SELECT id, run_id, destination, view, attempts, created_at FROM outbox "
            "WHERE lease_holder = ? AND state = 'waiting' ORDER BY id",
            (holder,),
        ).fetchall()
    return [
        OutboxEntry(i, run_id, destination, read_view(view), attempts, instant_of(created_at))
        for i, run_id, destination, view, attempts, created_at in rows
    ]


def record(database: Database, entry: OutboxEntry, delivery: Delivery, now: datetime) -> None:
    """Record one attempt and end the claim on its row."""
    with database.atomic():
        database.connection.execute(
            "UPDATE outbox SET state = ?, attempts = attempts + 1, lease_until = 0, "
            "lease_holder = '', last_error = ?, sent_at = ? WHERE id = ?",
            (
                "sent" if delivery.delivered else "waiting",
                delivery.reason,
                instant_text(now) if delivery.delivered else None,
                entry.id,
            ),
        )


def give_up(database: Database, entry: OutboxEntry, reason: str) -> None:
    """End a row that can never be delivered; it stays in the table with its reason."""
    with database.atomic():
        database.connection.execute(
            "UPDATE outbox SET state = 'given-up', lease_until = 0, last_error = ? WHERE id = ?",
            (reason, entry.id),
        )


def waiting(database: Database) -> int:
    """Return how many messages wait to be delivered."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT count(*) FROM outbox WHERE state = 'waiting'"
        ).fetchone()
    return int(row[0])
