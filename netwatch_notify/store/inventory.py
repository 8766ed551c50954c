"""The inventory's tables: hosts, ports, what is pending, what is held."""

import socket
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import (
    Absence,
    Displaced,
    Habit,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Settled,
    Subject,
)
from netwatch_notify.model.port import PortKey, PortProtocol, PortState, Service
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet
from netwatch_notify.store.codec import (
    coverage_of,
    coverage_text,
    displaced_of,
    displaced_text,
    instant_of,
    instant_text,
    optional_instant,
    service_of,
    service_text,
    toggles_of,
    toggles_text,
)
from netwatch_notify.store.database import Database, translated

AT_ONCE = 500
"""Values of one query; SQLite before 3.32 takes no more than 999."""


_SERVICES = (
    "ports AS p JOIN hosts AS h ON h.address = p.address "
    "WHERE p.state = 'open' AND h.present AND p.protocol IN ('tcp', 'udp') "
    "AND NOT (p.protocol = 'tcp' AND p.number BETWEEN 9100 AND 9107)"
)
"""Printers print what is sent to 9100-9107."""


def load_inventory(database: Database) -> Inventory:
    """
    Return what is known of the past, but for the hosts themselves.

    Of 65,536 hosts a night touches a few hundred; `load_hosts` fetches those.
    """
    with translated(database.name):
        return Inventory(
            coverages=tuple(
                coverage_of(body)
                for (body,) in database.connection.execute("SELECT body FROM coverages")
            ),
            absences=load_absences(database),
            held={
                name: HeldRange(name, runs, instant_of(since))
                for name, runs, since in database.connection.execute("SELECT * FROM held")
            },
            is_empty=database.connection.execute(
                "SELECT 1 FROM facts WHERE key = 'inventory_taken'"
            ).fetchone()
            is None,
            present=AddressSet.of_packed(
                _packed(address)
                for (address,) in database.connection.execute(
                    "SELECT address FROM hosts WHERE present"
                )
            ),
        )


def load_habits(database: Database, addresses: Collection[Address]) -> dict[Subject, Habit]:
    """Return how the things at `addresses` come and go, as far as they ever did."""
    habits: dict[Subject, Habit] = {}
    columns = "address, port, toggles, longest_absence, silent_since, told_present"
    with translated(database.name):
        for address, port, toggles, longest, since, told in _select(
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


def present_where(
    database: Database, fits: Callable[[Address, str, str, str], bool]
) -> Iterator[Address]:
    """Yield the hosts that are not told gone and whose address, MAC, vendor and name fit."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT address, mac, vendor, name FROM hosts WHERE present"
        )
        for text, mac, vendor, name in rows:
            address = ip_address(text)
            if fits(address, mac, vendor, name):
                yield address


def count_services(database: Database) -> int:
    """Return how many open ports there are whose service may be looked at."""
    with translated(database.name):
        query = f"SELECT count(*) FROM {_SERVICES}"  # noqa: S608
        return int(database.connection.execute(query).fetchone()[0])


def oldest_services(
    database: Database,
) -> Iterator[tuple[Address, PortKey, datetime | None, Service | None]]:
    """Yield those ports, the one that was looked at longest ago, or never, first."""
    with translated(database.name):
        query = (
            "SELECT p.address, p.number, p.protocol, p.looked_at, p.service "  # noqa: S608
            f"FROM {_SERVICES} ORDER BY p.looked_at"
        )
        for address, number, protocol, looked_at, service in database.connection.execute(query):
            key = PortKey(number, PortProtocol(protocol))
            yield ip_address(address), key, optional_instant(looked_at), service_of(service)


def load_kin(
    database: Database, macs: Collection[str], host_keys: Collection[str]
) -> tuple[KnownHost, ...]:
    """Return all known hosts that have one of these MACs or SSH host keys."""
    addresses: set[Address] = set()
    with translated(database.name):
        for column, marks in (("mac", macs), ("host_key", host_keys)):
            rows = _select(database, "address", "hosts", marks, column)
            addresses |= {ip_address(address) for (address,) in rows}
    return tuple(load_hosts(database, addresses).values())


def load_displaced(
    database: Database, macs: Collection[str], host_keys: Collection[str]
) -> dict[str, Displaced]:
    """Return the devices without an address that have one of these marks or are still missed."""
    found: dict[str, Displaced] = {}
    columns = "mac, is_told, body"
    with translated(database.name):
        rows = [
            *database.connection.execute(f"SELECT {columns} FROM displaced WHERE NOT is_told"),  # noqa: S608
            *_select(database, columns, "displaced", macs, "mac"),
            *_select(database, columns, "displaced", host_keys, "host_key"),
        ]
    for mac, is_told, body in rows:
        found[mac] = displaced_of(body, is_told=bool(is_told))
    return found


def load_digests(database: Database) -> dict[bytes, bytes]:
    """Return the settled hosts by their slice's digest, each as its packed address."""
    with translated(database.name):
        return {
            digest: _packed(address)
            for digest, address in database.connection.execute(
                "SELECT digest, address FROM hosts WHERE digest IS NOT NULL"
            )
        }


def load_hosts(database: Database, addresses: Collection[Address]) -> dict[Address, KnownHost]:
    """Return those of the hosts at `addresses` that are known."""
    hosts: dict[Address, KnownHost] = {}
    with translated(database.name):
        ports = _ports(database, addresses)
        columns = "address, present, first_seen_at, gone_at, mac, vendor, name, host_key, digest"
        for row in _select(database, columns, "hosts", addresses):
            address = ip_address(row[0])
            hosts[address] = KnownHost(
                address=address,
                present=bool(row[1]),
                first_seen_at=instant_of(row[2]),
                gone_at=optional_instant(row[3]),
                mac=row[4],
                vendor=row[5],
                name=row[6],
                ports=ports.get(row[0], {}),
                host_key=row[7],
                digest=row[8],
            )
    return hosts


def _ports(
    database: Database, addresses: Collection[Address]
) -> dict[str, dict[PortKey, KnownPort]]:
    ports: dict[str, dict[PortKey, KnownPort]] = {}
    columns = (
        "address, protocol, number, state, opened_at, closed_at, service, looked_at, looked_with"
    )
    for row in _select(database, columns, "ports", addresses):
        key = PortKey(row[2], PortProtocol(row[1]))
        ports.setdefault(row[0], {})[key] = KnownPort(
            key,
            PortState(row[3]),
            instant_of(row[4]),
            optional_instant(row[5]),
            service_of(row[6]),
            optional_instant(row[7]),
            row[8],
        )
    return ports


def _select(
    database: Database,
    columns: str,
    table: str,
    values: Collection[object],
    column: str = "address",
) -> Iterator[tuple[Any, ...]]:
    texts = [str(value) for value in values]
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT {columns} FROM {table} WHERE {column} IN ({marks})"  # noqa: S608
        # SQLite uses an index that leaves out the empty text only where the query does, too.
        if column != "address":
            query += f" AND {column} <> ''"
        yield from database.connection.execute(query, some)


def _packed(address: str) -> bytes:
    """As `ip_address(address).packed`, a tenth of its time: each night reads all hosts' once."""
    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return socket.inet_aton(address)


def load_absences(database: Database) -> dict[Subject, Absence]:
    """Return all that is silent and not told yet; the caller translates errors."""
    absences: dict[Subject, Absence] = {}
    rows = database.connection.execute(
        "SELECT address, port, runs, last_seen_at, is_held FROM absences"
    )
    for address, port, runs, last_seen_at, is_held in rows:
        subject: Subject = (ip_address(address), PortKey.parse(port) if port else None)
        absences[subject] = Absence(subject, runs, instant_of(last_seen_at), bool(is_held))
    return absences


def settle(
    database: Database, before: Inventory, after: Settled, coverages: Iterable[Coverage]
) -> None:
    """
    Write what differs from `before`; to be called inside `Database.atomic`.

    A quiet night differs in nothing and writes nothing here.
    """
    run = database.connection.execute
    run_many = database.connection.executemany
    cleared = [(str(address),) for address in after.cleared]
    for table in ("ports", "hosts"):
        run_many(f"DELETE FROM {table} WHERE address = ?", cleared)  # noqa: S608
    changed, redigested = [], []
    for address, host in after.hosts.items():
        known = None if address in after.cleared else before.hosts.get(address)
        if known is None or replace(known, digest=host.digest) != host:
            changed.append((known, host))
        elif known != host:
            redigested.append(host)
    run_many(
        "INSERT INTO hosts (address, present, first_seen_at, gone_at, mac, vendor, name, host_key, "
        "digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET "
        "present = excluded.present, gone_at = excluded.gone_at, mac = excluded.mac, "
        "vendor = excluded.vendor, name = excluded.name, host_key = excluded.host_key, "
        "digest = excluded.digest",
        (_host_row(host) for _, host in changed),
    )
    run_many(
        "UPDATE hosts SET digest = ? WHERE address = ?",
        ((host.digest, str(host.address)) for host in redigested),
    )
    run_many(
        "INSERT OR REPLACE INTO ports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row for known, host in changed for row in _port_rows(known, host)),
    )
    run_many(
        "DELETE FROM absences WHERE address = ? AND port = ?",
        map(_subject, before.absences.keys() - after.absences.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO absences VALUES (?, ?, ?, ?, ?)",
        (
            (
                *_subject(subject),
                absence.runs,
                instant_text(absence.last_seen_at),
                absence.is_held,
            )
            for subject, absence in after.absences.items()
            if before.absences.get(subject) != absence
        ),
    )
    for name in before.held.keys() - after.held.keys():
        run("DELETE FROM held WHERE range = ?", (name,))
    for name, hold in after.held.items():
        run(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?)",
            (name, hold.runs, instant_text(hold.since)),
        )
    settle_habits(database, before, after)
    if tuple(coverages) != before.coverages:
        run("DELETE FROM coverages")
        run_many(
            "INSERT OR IGNORE INTO coverages VALUES (?)", [(coverage_text(c),) for c in coverages]
        )
    if before.is_empty and after.hosts:
        run("INSERT OR IGNORE INTO facts VALUES ('inventory_taken', 'yes')")


def settle_habits(database: Database, before: Inventory, after: Settled) -> None:
    """Write how things come and go, where that differs."""
    run_many = database.connection.executemany
    run_many(
        "DELETE FROM habits WHERE address = ? AND port = ?",
        map(_subject, before.habits.keys() - after.habits.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO habits VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                *_subject(subject),
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


def _subject(subject: Subject) -> tuple[str, str]:
    address, key = subject
    return str(address), str(key or "")


def _host_row(host: KnownHost) -> tuple[object, ...]:
    return (
        str(host.address),
        host.present,
        instant_text(host.first_seen_at),
        instant_text(host.gone_at) if host.gone_at else None,
        host.mac,
        host.vendor,
        host.name,
        host.host_key,
        host.digest,
    )


def _port_rows(known: KnownHost | None, host: KnownHost) -> Iterator[tuple[object, ...]]:
    """Those of the ports that differ."""
    old_ports = known.ports if known else {}
    address = str(host.address)
    for key, port in host.ports.items():
        if old_ports.get(key) != port:
            yield (
                address,
                key.protocol.value,
                key.number,
                port.state.value,
                instant_text(port.opened_at),
                instant_text(port.closed_at) if port.closed_at else None,
                service_text(port.service),
                instant_text(port.looked_at) if port.looked_at else None,
                port.looked_with,
            )
