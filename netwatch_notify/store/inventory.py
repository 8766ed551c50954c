"""The inventory's tables: hosts, ports, what is pending, what is held."""

import socket
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address

from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import (
    Absence,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Settled,
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
from netwatch_notify.store.habits import settle_habits
from netwatch_notify.store.rows import select, subject_row


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


def load_kin(
    database: Database, macs: Collection[str], host_keys: Collection[str]
) -> tuple[KnownHost, ...]:
    """Return all known hosts that have one of these MACs or SSH host keys."""
    addresses: set[Address] = set()
    with translated(database.name):
        for column, marks in (("mac", macs), ("host_key", host_keys)):
            rows = select(database, "address", "hosts", marks, column)
            addresses |= {ip_address(address) for (address,) in rows}
    return tuple(load_hosts(database, addresses).values())


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
        for row in select(database, columns, "hosts", addresses):
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
    for row in select(database, columns, "ports", addresses):
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
        map(subject_row, before.absences.keys() - after.absences.keys()),
    )
    run_many(
        "INSERT OR REPLACE INTO absences VALUES (?, ?, ?, ?, ?)",
        (
            (
                *subject_row(subject),
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
