"""The inventory's tables: hosts, ports, what is pending, what is held."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

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


def load_inventory(database: Database) -> Inventory:
    """Return everything comparing needs to know of the past."""
    with translated(database.name):
        return Inventory(
            hosts=_hosts(database),
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
        )


def _hosts(database: Database) -> dict[Address, KnownHost]:
    ports: dict[str, dict[PortKey, KnownPort]] = {}
    for (
        address,
        protocol,
        number,
        state,
        opened_at,
        closed_at,
        service,
    ) in database.connection.execute("SELECT * FROM ports"):
        key = PortKey(number, PortProtocol(protocol))
        ports.setdefault(address, {})[key] = KnownPort(
            key,
            PortState(state),
            instant_of(opened_at),
            optional_instant(closed_at),
            service_of(service),
        )
    return {
        ip_address(address): KnownHost(
            address=ip_address(address),
            present=bool(present),
            first_seen_at=instant_of(first_seen_at),
            gone_at=optional_instant(gone_at),
            mac=mac,
            vendor=vendor,
            name=name,
            ports=ports.get(address, {}),
        )
        for address, present, first_seen_at, gone_at, mac, vendor, name in (
            database.connection.execute("SELECT * FROM hosts")
        )
    }


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
    for address, host in hosts.items():
        known = before.hosts.get(address)
        if known == host:
            continue
        run(
            "INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET "
            "present = excluded.present, gone_at = excluded.gone_at, mac = excluded.mac, "
            "vendor = excluded.vendor, name = excluded.name",
            (
                str(address),
                host.present,
                instant_text(host.first_seen_at),
                instant_text(host.gone_at) if host.gone_at else None,
                host.mac,
                host.vendor,
                host.name,
            ),
        )
        old_ports = known.ports if known else {}
        database.connection.executemany(
            "INSERT OR REPLACE INTO ports VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    str(address),
                    key.protocol.value,
                    key.number,
                    port.state.value,
                    instant_text(port.opened_at),
                    instant_text(port.closed_at) if port.closed_at else None,
                    service_text(port.service),
                )
                for key, port in host.ports.items()
                if old_ports.get(key) != port
            ],
        )
    for address, key in before.absences.keys() - absences.keys():
        run("DELETE FROM absences WHERE address = ? AND port = ?", (str(address), str(key or "")))
    for (address, key), absence in absences.items():
        if before.absences.get((address, key)) != absence:
            run(
                "INSERT OR REPLACE INTO absences VALUES (?, ?, ?, ?)",
                (str(address), str(key or ""), absence.runs, instant_text(absence.last_seen_at)),
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
