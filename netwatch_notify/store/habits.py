"""How things come and go, and who has no address any more: their tables."""

from collections.abc import Collection
from ipaddress import ip_address

from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Displaced, Habit, Inventory, Settled, Subject
from netwatch_notify.model.port import PortKey
from netwatch_notify.store.codec import (
    displaced_of,
    displaced_text,
    instant_text,
    optional_instant,
    toggles_of,
    toggles_text,
)
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.rows import select, subject_row


def load_habits(database: Database, addresses: Collection[Address]) -> dict[Subject, Habit]:
    """Return how the things at `addresses` come and go, as far as they ever did."""
    habits: dict[Subject, Habit] = {}
    columns = "address, port, toggles, longest_absence, silent_since, told_present"
    with translated(database.name):
        for address, port, toggles, longest, since, told in select(
            database, columns, "habits", addresses
        ):
            habits[ip_address(address), PortKey.parse(port) if port else None] = Habit(
                toggles_of(toggles),
                longest,
                optional_instant(since),
                None if told is None else bool(told),
            )
    return habits


def flapping_addresses(database: Database) -> set[Address]:
    """Return the hosts that flap, or have a port that does."""
    with translated(database.name):
        query = "SELECT DISTINCT address FROM habits WHERE told_present IS NOT NULL"
        return {ip_address(address) for (address,) in database.connection.execute(query)}


def load_displaced(
    database: Database, macs: Collection[str], host_keys: Collection[str]
) -> dict[str, Displaced]:
    """Return the devices without an address that have one of these marks or are still missed."""
    found: dict[str, Displaced] = {}
    columns = "mac, is_told, body"
    with translated(database.name):
        rows = [
            *database.connection.execute(f"SELECT {columns} FROM displaced WHERE NOT is_told"),  # noqa: S608
            *select(database, columns, "displaced", macs, "mac"),
            *select(database, columns, "displaced", host_keys, "host_key"),
        ]
    for mac, is_told, body in rows:
        found[mac] = displaced_of(body, is_told=bool(is_told))
    return found


def settle_habits(database: Database, before: Inventory, after: Settled) -> None:
    """Write how things come and go, where that differs; inside `Database.atomic`."""
    run_many = database.connection.executemany
    run_many(
        "DELETE FROM habits WHERE address = ? AND port = ?",
        map(subject_row, before.habits.keys() - after.habits.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO habits VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                *subject_row(subject),
                toggles_text(habit.toggles),
                habit.longest_absence,
                instant_text(habit.silent_since) if habit.silent_since else None,
                habit.told_present,
            )
            for subject, habit in after.habits.items()
            if before.habits.get(subject) != habit
        ),
    )
    run_many(
        "DELETE FROM displaced WHERE mac = ?",
        ((mac,) for mac in before.displaced.keys() - after.displaced.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO displaced VALUES (?, ?, ?, ?)",
        (
            (mac, device.is_told, device.known.host_key, displaced_text(device))
            for mac, device in after.displaced.items()
            if before.displaced.get(mac) != device
        ),
    )
