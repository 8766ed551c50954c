"""
A network's messages, moved into the outbox that several networks share.

SQLite commits a transaction over two files as one: however this process ends, a message lies in
one of the outboxes, and never in both. That needs the rollback journal in both, which is what
store/database.py leaves as it is.
Source: https://www.sqlite.org/atomiccommit.html, "Multi-file Commit".
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from netwatch_notify.model.message import View, Waiting
from netwatch_notify.store.codec import instant_text
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.outbox import add, waiting_rows

NETWORK = "together"
"""What stands in the place of a network's name in the outbox that networks share."""
NO_RUN = 0
"""The run of what is about the sending itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where what a network told can be looked up."""

    command: str
    """How the program is called about it."""
    state: Path


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom the messages for one destination were meant for when they were taken over."""

    fingerprint: str
    """Of the destination's URL."""
    networks: tuple[str, ...]
    """Those that had this URL."""


def hand_over(
    database: Database,
    shared: Path,
    may_go: Callable[[Waiting], bool],
    keys: Collection[str],
    now: datetime,
) -> list[str]:
    """
    Move the rows that were meant for it and that `may_go` picks into the database `shared`.

    Rows for other destinations than `keys` are meant for it no more; those destinations are
    returned.
    """
    with _attached(database, shared), database.atomic():
        rows = [row for row in waiting_rows(database, now) if row.is_shared and not row.is_claimed]
        for row in rows:
            if row.destination in keys and may_go(row):
                _move(database, row.id, now)
        others = [row for row in rows if row.destination not in keys]
        database.connection.executemany(
            "UPDATE main.outbox SET together = '' WHERE id = ?", [(row.id,) for row in others]
        )
    return [row.destination for row in others]


def has_shared(database: Database) -> bool:
    """Whether anything waits that is meant to be told with other networks."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting' AND together <> '')"
        ).fetchone()
    return bool(row[0])


def record_origins(database: Database, origins: Mapping[str, Origin]) -> None:
    """Keep the origin of each network, by its name; inside `Database.atomic`."""
    database.connection.executemany(
        "INSERT OR REPLACE INTO facts VALUES (?, ?)",
        [(f"origin:{n}", json.dumps([o.command, str(o.state)])) for n, o in origins.items()],
    )


def origins(database: Database) -> dict[str, Origin]:
    """Return what `record_origins` kept."""
    found = _facts(database, "origin:")
    return {name: Origin(command, Path(state)) for name, (command, state) in found.items()}


def record_quiet(database: Database, quiet: Mapping[str, Sequence[str]]) -> None:
    """Keep, for each destination, the networks that had nothing to tell; inside `atomic`."""
    database.connection.execute("DELETE FROM facts WHERE key LIKE 'quiet:%'")
    database.connection.executemany(
        "INSERT INTO facts VALUES (?, ?)",
        [(f"quiet:{key}", json.dumps(list(networks))) for key, networks in quiet.items()],
    )


def quiet_networks(database: Database, destination: str) -> tuple[str, ...]:
    """Return what `record_quiet` kept for a destination."""
    return tuple(_facts(database, "quiet:").get(destination, ()))


def record_recipients(database: Database, recipients: Mapping[str, Recipient]) -> None:
    """Keep who is behind each destination; inside `Database.atomic`."""
    database.connection.executemany(
        "INSERT OR REPLACE INTO facts VALUES (?, ?)",
        [(f"for:{k}", json.dumps([r.fingerprint, *r.networks])) for k, r in recipients.items()],
    )


def recipients(database: Database) -> dict[str, Recipient]:
    """Return what `record_recipients` kept of destinations for which something is there still."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT DISTINCT destination FROM outbox WHERE state IN ('waiting', 'failed')"
        ).fetchall()
    open_ones = {row[0] for row in rows}
    kept = {key: value for key, value in _facts(database, "for:").items() if key in open_ones}
    return {key: Recipient(mark, tuple(names)) for key, (mark, *names) in kept.items()}


def add_problems(
    database: Database, views: Mapping[str, str], made_at: datetime, held_until: datetime | None
) -> None:
    """Add a message of no network for each destination; inside `Database.atomic`."""
    _add_run(database, NO_RUN, made_at)
    for key, view in views.items():
        add(database, NO_RUN, key, view, made_at, held_until=held_until)


def told_nothing(database: Database) -> bool:
    """Whether the last run made no message for anybody."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT status IN ('done', 'partial') AND NOT EXISTS "
            "(SELECT 1 FROM outbox WHERE run_id = runs.id) FROM runs ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return bool(row and row[0])


def is_joined(database: Database, row_id: int) -> bool:
    """Whether a row is made of others."""
    query = "SELECT EXISTS (SELECT 1 FROM outbox WHERE digest = ?)"
    return bool(database.connection.execute(query, (row_id,)).fetchone()[0])


def runs_in(
    database: Database, row_id: int, read_view: Callable[[str], View]
) -> list[tuple[str, int]]:
    """Return the network and the run of each message that a row tells, oldest first."""
    rows: Iterable[tuple[str, int]] = database.connection.execute(
        "SELECT view, run_id FROM outbox WHERE digest = ?1 AND state = 'joined' "
        "OR (id = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE digest = ?1)) ORDER BY id",
        (row_id,),
    ).fetchall()
    return [(read_view(view).network, run_id) for view, run_id in rows]


def _facts(database: Database, prefix: str) -> dict[str, list[str]]:
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT substr(key, ?), value FROM facts WHERE substr(key, 1, ?) = ?",
            (len(prefix) + 1, len(prefix), prefix),
        ).fetchall()
    return {name: json.loads(value) for name, value in rows}


def _move(database: Database, row_id: int, now: datetime) -> None:
    run = database.connection.execute
    (run_id,) = run("SELECT run_id FROM main.outbox WHERE id = ?", (row_id,)).fetchone()
    _add_run(database, run_id, now, "shared")
    run(
        "INSERT INTO shared.outbox (run_id, destination, view, created_at) "
        "SELECT run_id, destination, view, created_at FROM main.outbox WHERE id = ?",
        (row_id,),
    )
    run("UPDATE main.outbox SET state = 'handed' WHERE id = ?", (row_id,))


def _add_run(database: Database, run_id: int, now: datetime, schema: str = "main") -> None:
    """Have a row for a run that is in another database; several networks' may have its number."""
    database.connection.execute(
        f"INSERT INTO {schema}.runs (id, kind, status, started_at) "  # noqa: S608
        "VALUES (?, 'together', 'done', ?) "
        "ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at",
        (run_id, instant_text(now)),
    )


@contextmanager
def _attached(database: Database, shared: Path) -> Iterator[None]:
    with translated(str(shared)):
        database.connection.execute("ATTACH ? AS shared", (str(shared),))
    try:
        yield
    finally:
        database.connection.execute("DETACH shared")
