"""Rows picked by many values at once, and how a host or port names its rows."""

from collections.abc import Collection, Iterator
from typing import Any

from netwatch_notify.model.inventory import Subject
from netwatch_notify.store.database import Database

AT_ONCE = 500
"""Values of one query; SQLite before 3.32 takes no more than 999."""


def select(
    database: Database,
    columns: str,
    table: str,
    values: Collection[object],
    column: str = "address",
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table whose column has one of the values."""
    texts = [str(value) for value in values]
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT {columns} FROM {table} WHERE {column} IN ({marks})"  # noqa: S608
        # SQLite uses an index that leaves out the empty text only where the query does, too.
        if column != "address":
            query += f" AND {column} <> ''"
        yield from database.connection.execute(query, some)


def subject_row(subject: Subject) -> tuple[str, str]:
    """Return the address and port columns of a host (no port) or port."""
    address, key = subject
    return str(address), str(key or "")
