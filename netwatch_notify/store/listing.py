"""What the inventory commands ask of the state; nothing here writes."""

import json
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from ipaddress import ip_address

from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.inventory import Absence, Displaced, Habit
from netwatch_notify.model.listing import ListedHost, RunPicture, Standing
from netwatch_notify.model.port import PortKey, PortProtocol, PortState
from netwatch_notify.store.codec import (
    coverages_of,
    displaced_of,
    instant_of,
    optional_instant,
)
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.habits import load_habits
from netwatch_notify.store.inventory import load_absences
from netwatch_notify.store.rows import select

Fits = Callable[[Address, str, str, str], bool]
"""Whether the host with this address, MAC, vendor and DNS name is meant."""


def list_hosts(database: Database, fits: Fits) -> list[ListedHost]:
    """Return the known hosts that fit, here or gone, in the order of their addresses."""
    with translated(database.name):
        rows = [
            (address, row)
            for row in database.connection.execute(
                "SELECT address, present, first_seen_at, gone_at, mac, vendor, name FROM hosts"
            )
            if fits(address := ip_address(row[0]), row[4], row[5], row[6])
        ]
        ports = _open_ports(database, [row[0] for _, row in rows])
        absent = load_absences(database)
        since, flapping = _host_habits(database)
    hosts = [
        ListedHost(
            address=address,
            mac=row[4],
            vendor=row[5],
            name=row[6],
            first_seen_at=instant_of(row[2]),
            standing=Standing(
                present=bool(row[1]),
                gone_at=since.get(row[0]) or optional_instant(row[3]),
                absence=absent.get((address, None)),
                is_flapping=row[0] in flapping,
            ),
            open_ports=tuple(ports.get(row[0], ())),
        )
        for address, row in rows
    ]
    for device in all_displaced(database):
        known = device.known
        if fits(known.address, known.mac, known.vendor, known.name):
            hosts.append(
                ListedHost(
                    known.address,
                    known.mac,
                    known.vendor,
                    known.name,
                    known.first_seen_at,
                    standing_of_displaced(device),
                    tuple(sorted(known.open_keys)),
                )
            )
    return sorted(hosts, key=lambda host: (address_order(host.address), host.standing.is_displaced))


def standing_of_displaced(device: Displaced) -> Standing:
    """Return how a device without an address stands."""
    absence = Absence((device.known.address, None), device.absent_runs, device.last_seen_at)
    return Standing(
        present=not device.is_told,
        gone_at=device.last_seen_at if device.is_told else None,
        absence=None if device.is_told else absence,
        is_flapping=bool(device.habit and device.habit.is_flapping),
        is_displaced=True,
    )


def _open_ports(database: Database, addresses: Collection[str]) -> dict[str, list[PortKey]]:
    ports: dict[str, list[PortKey]] = {}
    keys: dict[tuple[str, int], PortKey] = {}
    columns = "address, protocol, number, state"
    for address, protocol, number, state in select(database, columns, "ports", addresses):
        if state == PortState.OPEN.value:
            key = keys.get((protocol, number))
            if key is None:
                key = keys[protocol, number] = PortKey(number, PortProtocol(protocol))
            ports.setdefault(address, []).append(key)
    for listed in ports.values():
        listed.sort()
    return ports


def _host_habits(database: Database) -> tuple[dict[str, datetime], set[str]]:
    """Return since when hosts are silent, and those that flap."""
    since, flapping = {}, set()
    rows = database.connection.execute(
        "SELECT address, silent_since, told_present FROM habits WHERE port = ''"
    )
    for address, silent_since, told_present in rows:
        if silent_since:
            since[address] = instant_of(silent_since)
        if told_present is not None:
            flapping.add(address)
    return since, flapping


def habits_of(database: Database, address: Address) -> dict[PortKey | None, Habit]:
    """Return how one host and its ports come and go."""
    return {key: habit for (_, key), habit in load_habits(database, (address,)).items()}


def all_displaced(database: Database) -> list[Displaced]:
    """Return the devices whose address another one has."""
    with translated(database.name):
        rows = database.connection.execute("SELECT is_told, body FROM displaced ORDER BY mac")
        return [displaced_of(body, is_told=bool(is_told)) for is_told, body in rows]


def host_names(database: Database) -> Iterator[tuple[Address, str, str, bool]]:
    """Yield the address, MAC and DNS name of every host, and whether it is not told gone."""
    with translated(database.name):
        rows = database.connection.execute("SELECT address, mac, name, present FROM hosts")
        for address, mac, name, present in rows:
            yield ip_address(address), mac, name, bool(present)


def load_run(database: Database, run_id: int) -> RunPicture | None:
    """Return a run without what it told, None where there is none of that number."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT id, kind, status, started_at, ended_at, fast_seconds, detail_seconds, "
            "hosts_up, coverage, problems FROM runs WHERE id = ?",
            (run_id,),
        ).fetchone()
    if row is None:
        return None
    run_id, kind, status, started_at, ended_at, fast, detail, hosts_up, coverage, problems = row
    return RunPicture(
        run_id,
        kind,
        status,
        instant_of(started_at),
        optional_instant(ended_at),
        fast,
        detail,
        hosts_up,
        coverages_of(coverage),
        tuple(json.loads(problems)),
    )


def run_numbers(database: Database) -> tuple[int, int] | None:
    """Return the first and the last run's number."""
    with translated(database.name):
        row = database.connection.execute("SELECT min(id), max(id) FROM runs").fetchone()
    return (row[0], row[1]) if row[0] is not None else None


def first_scan_at(database: Database) -> datetime | None:
    """Return when the run started that took the inventory."""
    with translated(database.name):
        # The fact is kept when the run goes.
        row = database.connection.execute(
            "SELECT coalesce((SELECT value FROM facts WHERE key = 'first_scan_at'), "
            "(SELECT min(started_at) FROM runs "
            "WHERE status IN ('done', 'partial') AND hosts_up > 0))"
        ).fetchone()
    return optional_instant(row[0])


def tellings(database: Database, change_id: str) -> list[datetime]:
    """Return when the runs started that told this change, oldest first."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT started_at FROM changes JOIN runs ON runs.id = run_id "
            "WHERE changes.id = ? ORDER BY started_at",
            (change_id,),
        )
        return [instant_of(row[0]) for row in rows]
