"""Time passes without waiting: what the outbox remembers becomes that much older."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

TEXTS = ("created_at", "sent_at", "failing_since")
NUMBERS = ("due_at", "held_until", "asked_until", "lease_until")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the outbox."""

    destination: str
    state: str
    nights: tuple[int, ...]
    """The nights it tells of; the first one is 0."""
    is_revived: bool
    is_uncertain: bool


def rows(path: Path) -> list[Row]:
    """Return what has not arrived, oldest first."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(
            "SELECT id, run_id, destination, state, is_revived, is_uncertain, digest FROM outbox "
            "WHERE state IN ('waiting', 'failed', 'given-up', 'joined') ORDER BY id"
        ).fetchall()
    parts: dict[int, list[int]] = {}
    for _, run, _, state, _, _, digest in found:
        if state == "joined":
            parts.setdefault(digest, []).append(run - 1)
    return [
        Row(key, state, tuple(parts.get(i, [run - 1])), bool(revived), bool(uncertain))
        for i, run, key, state, revived, uncertain, _ in found
        if state != "joined"
    ]


def pass_hours(path: Path, hours: float) -> None:
    """Let so many hours pass for everything in the outbox."""
    with closing(sqlite3.connect(path)) as database:
        for column in TEXTS:
            query = f"SELECT id, {column} FROM outbox WHERE {column} IS NOT NULL"  # noqa: S608
            for row_id, at in database.execute(query).fetchall():
                then = (datetime.fromisoformat(at) - timedelta(hours=hours)).isoformat()
                database.execute(
                    f"UPDATE outbox SET {column} = ? WHERE id = ?",  # noqa: S608
                    (then, row_id),
                )
        for column in NUMBERS:
            database.execute(
                f"UPDATE outbox SET {column} = {column} - ? WHERE {column} > 0",  # noqa: S608
                (hours * 3600,),
            )
        database.commit()
