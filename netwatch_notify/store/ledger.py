"""The ledger's table."""

from collections.abc import Collection
from ipaddress import ip_address

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import PortKey
from netwatch_notify.store.codec import instant_of, instant_text, optional_instant
from netwatch_notify.store.database import Database, translated


def load_ledger(database: Database) -> tuple[OpenItem, ...]:
    """Return what waits for somebody's word, oldest first."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT change_id, kind, severity, address, port, name, told_at, shown, shown_at "
            "FROM ledger ORDER BY told_at, change_id"
        ).fetchall()
    return tuple(
        OpenItem(
            change_id=row[0],
            kind=ChangeKind(row[1]),
            severity=Severity(row[2]),
            address=ip_address(row[3]),
            key=PortKey.parse(row[4]) if row[4] else None,
            name=row[5],
            told_at=instant_of(row[6]),
            shown=row[7],
            shown_at=optional_instant(row[8]),
        )
        for row in rows
    )


def record_ledger(
    database: Database, before: Collection[OpenItem], after: Collection[OpenItem]
) -> None:
    """
    Write what differs; inside `Database.atomic`.

    What somebody accepted since `before` was read does not come back.
    """
    kept = {item.change_id for item in after}
    known = {item.change_id: item for item in before}
    database.connection.executemany(
        "DELETE FROM ledger WHERE change_id = ?",
        [(i,) for i in known if i not in kept],
    )
    for item in after:
        if item.change_id in known:
            if known[item.change_id] != item:
                database.connection.execute(
                    "UPDATE ledger SET address = ?, told_at = ?, severity = ?, shown = ?, "
                    "shown_at = ? WHERE change_id = ?",
                    (*_changeable(item), item.change_id),
                )
            continue
        address, told_at, severity, shown, shown_at = _changeable(item)
        database.connection.execute(
            "INSERT OR REPLACE INTO ledger (change_id, kind, address, port, name, told_at, "
            "severity, shown, shown_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(item.change_id, item.kind.value, address, str(item.key or ""), item.name),
                *(told_at, severity, shown, shown_at),
            ),
        )


def _changeable(item: OpenItem) -> tuple[object, ...]:
    return (
        str(item.address),
        instant_text(item.told_at),
        item.severity.value,
        item.shown,
        instant_text(item.shown_at) if item.shown_at else None,
    )
