"""
The database's schema as numbered steps; those that are missing are taken in one transaction.

A released step is never edited; a new one is added.
"""

import sqlite3
from collections.abc import Callable, Iterator

from netwatch_notify.errors import StateError

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        fast_seconds REAL NOT NULL DEFAULT 0,
        detail_seconds REAL NOT NULL DEFAULT 0,
        hosts_up INTEGER,
        coverage TEXT NOT NULL DEFAULT '[]',
        content TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX runs_content ON runs (content) WHERE content <> '';
    CREATE TABLE hosts (
        address TEXT PRIMARY KEY,
        present INTEGER NOT NULL,
        first_seen_at TEXT NOT NULL,
        gone_at TEXT,
        mac TEXT NOT NULL,
        vendor TEXT NOT NULL,
        name TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE ports (
        address TEXT NOT NULL REFERENCES hosts (address) ON DELETE CASCADE,
        protocol TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        closed_at TEXT,
        service TEXT,
        PRIMARY KEY (address, protocol, number)
    ) WITHOUT ROWID;
    CREATE TABLE absences (
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        runs INTEGER NOT NULL,
        last_seen_at TEXT NOT NULL,
        PRIMARY KEY (address, port)
    ) WITHOUT ROWID;
    CREATE TABLE held (
        range TEXT PRIMARY KEY,
        runs INTEGER NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE coverages (body TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE problems (
        key TEXT PRIMARY KEY,
        nights INTEGER NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE parts (
        label TEXT PRIMARY KEY,
        last_good_at TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE changes (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        address TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run_id, id)
    ) WITHOUT ROWID;
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        destination TEXT NOT NULL,
        view TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        lease_until REAL NOT NULL DEFAULT 0,
        lease_holder TEXT NOT NULL DEFAULT '',
        last_error TEXT NOT NULL DEFAULT '',
        sent_at TEXT
    );
    CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';
    CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE hosts ADD COLUMN digest BLOB;
    ALTER TABLE parts ADD COLUMN scan TEXT NOT NULL DEFAULT '';
    """,
    """
    ALTER TABLE hosts ADD COLUMN host_key TEXT NOT NULL DEFAULT '';
    CREATE INDEX hosts_mac ON hosts (mac) WHERE mac <> '';
    CREATE INDEX hosts_host_key ON hosts (host_key) WHERE host_key <> '';
    ALTER TABLE ports ADD COLUMN looked_at TEXT;
    ALTER TABLE ports ADD COLUMN looked_with TEXT NOT NULL DEFAULT '';
    CREATE INDEX ports_open ON ports (looked_at) WHERE state = 'open';
    ALTER TABLE absences ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE habits (
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        toggles TEXT NOT NULL,
        longest_absence INTEGER NOT NULL,
        silent_since TEXT,
        told_present INTEGER,
        PRIMARY KEY (address, port)
    ) WITHOUT ROWID;
    CREATE INDEX habits_flapping ON habits (address) WHERE told_present IS NOT NULL;
    CREATE TABLE displaced (
        mac TEXT PRIMARY KEY,
        is_told INTEGER NOT NULL,
        host_key TEXT NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX displaced_untold ON displaced (mac) WHERE NOT is_told;
    CREATE TABLE rules (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        match TEXT NOT NULL,
        port TEXT NOT NULL,
        gone_only INTEGER NOT NULL,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        created_at TEXT NOT NULL,
        until TEXT,
        used_at TEXT,
        hidden INTEGER NOT NULL DEFAULT 0,
        ended TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX rules_standing ON rules (id) WHERE ended = '';
    CREATE TABLE acceptances (
        change_id TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        until TEXT,
        is_over INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (change_id, accepted_at)
    ) WITHOUT ROWID;
    CREATE INDEX acceptances_until ON acceptances (until) WHERE until IS NOT NULL AND NOT is_over;
    CREATE TABLE ledger (
        change_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        name TEXT NOT NULL,
        told_at TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0,
        shown_at TEXT
    ) WITHOUT ROWID;
    ALTER TABLE runs ADD COLUMN problems TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE changes ADD COLUMN grp TEXT NOT NULL DEFAULT '';
    ALTER TABLE changes ADD COLUMN hidden_by INTEGER;
    CREATE INDEX changes_id ON changes (id);
    CREATE INDEX changes_group ON changes (grp) WHERE grp <> '';
    CREATE INDEX changes_address ON changes (address);
    INSERT OR IGNORE INTO facts
        SELECT 'last_message_at', max(started_at) FROM runs WHERE status IN ('done', 'partial')
        HAVING max(started_at) IS NOT NULL;
    """,
    """
    ALTER TABLE outbox ADD COLUMN report TEXT NOT NULL DEFAULT '';
    ALTER TABLE outbox ADD COLUMN held_until REAL NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN due_at REAL NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN asked_until REAL NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN is_uncertain INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN is_revived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outbox ADD COLUMN digest INTEGER;
    ALTER TABLE outbox ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
    ALTER TABLE outbox ADD COLUMN failing_since TEXT;
    ALTER TABLE outbox ADD COLUMN is_told INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX outbox_digest ON outbox (digest) WHERE digest IS NOT NULL;
    CREATE INDEX outbox_destination ON outbox (destination, id);
    """,
    """
    ALTER TABLE outbox ADD COLUMN together TEXT NOT NULL DEFAULT '';
    """,
)


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether the schema is the one this version writes."""
    return _version(connection) == len(STEPS)


def refuse_newer(connection: sqlite3.Connection, name: str) -> None:
    """Raise StateError where the database is newer than we are; it stays as it is."""
    version = _version(connection)
    if version > len(STEPS):
        raise StateError(
            f"{name}: was written by a newer netwatch-notify (schema {version}, "
            f"this one knows {len(STEPS)}); upgrade netwatch-notify"
        )


def migrate(
    connection: sqlite3.Connection, name: str, keep_old: Callable[[int], None] | None = None
) -> None:
    """
    Bring the schema up to date, in one transaction: whenever it ends, the old or the new is there.

    `keep_old` is called with the old schema's number before anything is written, and not for a
    new database. Raises StateError where the database is newer than we are.
    """
    refuse_newer(connection, name)
    if is_current(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been at it since.
        version = _version(connection)
        if version and version < len(STEPS) and keep_old:
            keep_old(version)
        for step in STEPS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(version, len(STEPS))}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(step: str) -> Iterator[str]:
    """Yield a step's statements; `executescript` would commit before and between them."""
    statement = ""
    for line in step.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a statement without its semicolon: {statement}")
