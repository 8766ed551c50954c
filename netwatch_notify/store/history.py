"""What was told, and when: the history that lines, ids and commands refer to."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.inventory import held_id
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import PortKey, PortProtocol
from netwatch_notify.store.codec import instant_of, instant_text
from netwatch_notify.store.database import Database, translated


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One change as the history keeps it."""

    run_id: int
    id: str
    group: str
    told_at: datetime
    """When its run started."""
    body: dict[str, Any]
    """As `--json` shows it."""
    hidden_by: int | None
    """The rule that kept it quiet, if one did."""


def changes_where(
    database: Database, condition: str, values: Iterable[object], limit: int = -1
) -> list[ToldChange]:
    """Return the changes that an SQL condition picks, the latest first; -1 is no limit."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT run_id, changes.id, grp, started_at, body, hidden_by "  # noqa: S608
            f"FROM changes JOIN runs ON runs.id = run_id WHERE {condition} "
            "ORDER BY started_at DESC, run_id DESC, severity, address, changes.id LIMIT ?",
            (*values, limit),
        ).fetchall()
    return [
        ToldChange(run_id, i, group, instant_of(at), json.loads(body), hidden_by)
        for run_id, i, group, at, body, hidden_by in rows
    ]


def times_told(database: Database, change_ids: Iterable[str], since: datetime) -> dict[str, int]:
    """Return how often each of these changes was told in runs that started after `since`."""
    counts = {}
    with translated(database.name):
        for change_id in change_ids:
            (counts[change_id],) = database.connection.execute(
                "SELECT count(*) FROM changes JOIN runs ON runs.id = changes.run_id "
                "WHERE changes.id = ? AND hidden_by IS NULL AND started_at > ?",
                (change_id, instant_text(since)),
            ).fetchone()
    return counts


def near_ids(database: Database, ids: Iterable[str]) -> frozenset[str]:
    """Return, for each of `ids`, the told ids next to it: those it shares most digits with."""
    near: set[str] = set()
    with translated(database.name):
        for own in ids:
            for column, extra in (("id", ""), ("grp", "AND grp <> ''")):
                for query in (
                    f"SELECT max({column}) FROM changes WHERE {column} < ? {extra}",  # noqa: S608
                    f"SELECT min({column}) FROM changes WHERE {column} > ? {extra}",  # noqa: S608
                ):
                    (other,) = database.connection.execute(query, (own,)).fetchone()
                    near |= {other} - {None, ""}
    return frozenset(near)


def held_ids(database: Database) -> frozenset[str]:
    """Return the ids of the ranges that are held now."""
    with translated(database.name):
        rows = database.connection.execute("SELECT range, since FROM held")
        return frozenset(held_id(name, instant_of(since)) for name, since in rows)


def told_item(database: Database, change_id: str) -> tuple[OpenItem, str] | None:
    """
    Return the ledger's entry for a change as it was told last, and the host's MAC.

    None if it never was told; the MAC is empty where it was not seen.
    """
    for told in changes_where(database, "changes.id = ?", (change_id,), 1):
        body = told.body
        key = None
        if body["port"] is not None:
            key = PortKey(body["port"], PortProtocol(body["protocol"]))
        item = OpenItem(
            change_id=told.id,
            kind=ChangeKind(body["kind"]),
            severity=Severity(body["severity"]),
            address=ip_address(body["address"]),
            key=key,
            name=body.get("name") or body["hostname"] or "",
            told_at=told.told_at,
        )
        return item, body["mac"] or ""
    return None


def ids_of_run(database: Database, run_id: int) -> tuple[str, ...]:
    """Return the ids of what a run told."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT id FROM changes WHERE run_id = ? AND hidden_by IS NULL ORDER BY id", (run_id,)
        )
        return tuple(row[0] for row in rows)


def ids_like(database: Database, prefix: str) -> tuple[str, ...]:
    """Return the ids of changes that begin like this."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT DISTINCT id FROM changes WHERE id >= ? AND id < ? ORDER BY id",
            (prefix, f"{prefix}g"),
        )
        return tuple(row[0] for row in rows)


def groups_like(database: Database, prefix: str) -> dict[str, tuple[str, ...]]:
    """Return the groups whose id begins like this, each with the ids of its changes."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT DISTINCT grp, id FROM changes WHERE grp <> '' AND grp >= ? AND grp < ? "
            "ORDER BY grp, id",
            (prefix, f"{prefix}g"),
        ).fetchall()
    groups: dict[str, tuple[str, ...]] = {}
    for group, change_id in rows:
        groups[group] = (*groups.get(group, ()), change_id)
    return groups
