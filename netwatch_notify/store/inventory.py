"""The inventory's tables: hosts, ports, what is pending, what is held."""

import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import (
    Absence,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Subject,
)
from netwatch_notify.model.port import PortKey, PortProtocol, PortState
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet
from netwatch_notify.store.codec import (
    coverage_of,
    coverage_text,
    instant_of,
    instant_text,
    optional_instant,
    service_of,
    service_text,
)
from netwatch_notify.store.database import Database, translated

AT_ONCE = 500
"""Addresses of one query; SQLite before 3.32 takes no more than 999 values."""


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
            absences=_absences(database),
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
        columns = "address, present, first_seen_at, gone_at, mac, vendor, name, digest"
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
                digest=row[7],
            )
    return hosts


def _ports(
    database: Database, addresses: Collection[Address]
) -> dict[str, dict[PortKey, KnownPort]]:
    ports: dict[str, dict[PortKey, KnownPort]] = {}
    columns = "address, protocol, number, state, opened_at, closed_at, service"
    for address, protocol, number, state, opened_at, closed_at, service in _select(
        database, columns, "ports", addresses
    ):
        key = PortKey(number, PortProtocol(protocol))
        ports.setdefault(address, {})[key] = KnownPort(
            key,
            PortState(state),
            instant_of(opened_at),
            optional_instant(closed_at),
            service_of(service),
        )
    return ports


def _select(
    database: Database, columns: str, table: str, addresses: Collection[Address]
) -> Iterator[tuple[Any, ...]]:
    texts = [str(address) for address in addresses]
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT {columns} FROM {table} WHERE address IN ({marks})"  # noqa: S608
        yield from database.connection.execute(query, some)


def _packed(address: str) -> bytes:
    """As `ip_address(address).packed`, a tenth of its time: each night reads all hosts' once."""
    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return socket.inet_aton(address)


def _absences(database: Database) -> dict[Subject, Absence]:
    absences: dict[Subject, Absence] = {}
    for address, port, runs, last_seen_at in database.connection.execute("SELECT * FROM absences"):
        subject: Subject = (ip_address(address), PortKey.parse(port) if port else None)
        absences[subject] = Absence(subject, runs, instant_of(last_seen_at))
    return absences


def settle(
    database: Database,
    before: Inventory,
    hosts: Mapping[Address, KnownHost],
    absences: Mapping[Subject, Absence],
    held: Mapping[str, HeldRange],
    coverages: Iterable[Coverage],
) -> None:
    """
    Write what differs from `before`; to be called inside `Database.atomic`.

    A quiet night differs in nothing and writes nothing here.
    """
    run = database.connection.execute
    run_many = database.connection.executemany
    changed, redigested = [], []
    for address, host in hosts.items():
        known = before.hosts.get(address)
        if known is None or replace(known, digest=host.digest) != host:
            changed.append(host)
        elif known != host:
            redigested.append(host)
    run_many(
        "INSERT INTO hosts (address, present, first_seen_at, gone_at, mac, vendor, name, digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET "
        "present = excluded.present, gone_at = excluded.gone_at, mac = excluded.mac, "
        "vendor = excluded.vendor, name = excluded.name, digest = excluded.digest",
        map(_host_row, changed),
    )
    run_many(
        "UPDATE hosts SET digest = ? WHERE address = ?",
        ((host.digest, str(host.address)) for host in redigested),
    )
    run_many(
        "INSERT OR REPLACE INTO ports VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row for host in changed for row in _port_rows(before.hosts.get(host.address), host)),
    )
    run_many(
        "DELETE FROM absences WHERE address = ? AND port = ?",
        ((str(a), str(key or "")) for a, key in before.absences.keys() - absences.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO absences VALUES (?, ?, ?, ?)",
        (
            (str(address), str(key or ""), absence.runs, instant_text(absence.last_seen_at))
            for (address, key), absence in absences.items()
            if before.absences.get((address, key)) != absence
        ),
    )
    for name in before.held.keys() - held.keys():
        run("DELETE FROM held WHERE range = ?", (name,))
    for name, hold in held.items():
        run(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?)",
            (name, hold.runs, instant_text(hold.since)),
        )
    if tuple(coverages) != before.coverages:
        run("DELETE FROM coverages")
        database.connection.executemany(
            "INSERT OR IGNORE INTO coverages VALUES (?)", [(coverage_text(c),) for c in coverages]
        )
    if before.is_empty and hosts:
        run("INSERT OR IGNORE INTO facts VALUES ('inventory_taken', 'yes')")


def _host_row(host: KnownHost) -> tuple[object, ...]:
    return (
        str(host.address),
        host.present,
        instant_text(host.first_seen_at),
        instant_text(host.gone_at) if host.gone_at else None,
        host.mac,
        host.vendor,
        host.name,
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
            )
