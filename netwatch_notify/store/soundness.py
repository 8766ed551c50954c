"""Whether a database is whole; looked at, never mended."""

import sqlite3
from pathlib import Path

from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.migrations import is_current

MOST_FAULTS = 3
"""So many are named; the first already says what to do."""


def is_up_to_date(path: Path) -> bool:
    """Whether the file has the schema that this version writes. Raises StateError."""
    with translated(str(path)):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return is_current(connection)
        finally:
            connection.close()


def faults_of(database: Database) -> tuple[str, ...]:
    """Return what SQLite finds wrong: pages that are broken, rows that belong to nothing."""
    said = database.integrity()
    if said != "ok":
        return (said,)
    with translated(database.name):
        rows = database.connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
    return tuple(f"a row of {table} belongs to nothing in {parent}" for table, _, parent, _ in rows)
