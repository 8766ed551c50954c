"""What the inventory commands ask of the state."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from netwatch_notify.errors import StateError, UsageError
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Absence, Habit, Settled, Toggle
from netwatch_notify.store.database import Database
from netwatch_notify.store.history import near_ids
from netwatch_notify.store.inventory import settle
from netwatch_notify.store.listing import (
    first_scan_at,
    list_hosts,
    load_run,
    run_numbers,
)
from netwatch_notify.store.migrations import STEPS
from tests.builders import at, host, inventory, key, night


def everything(_address: Address, _mac: str, _vendor: str, _name: str) -> bool:
    return True


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Four hosts: one here, one silent, one gone, one that comes and goes."""
    known = inventory(
        host("192.0.2.10", "443", "22"),
        host("192.0.2.9", "22", mac="00:11:22:33:44:55", vendor="Espressif"),
        host("192.0.2.1", "22"),
        host("192.0.2.2", "80"),
        gone=("192.0.2.1", "192.0.2.2"),
    )
    absence = Absence((at("192.0.2.9"), None), 2, night(3))
    away = Habit((Toggle(night(4)),), 0, silent_since=night(2))
    flapping = Habit((Toggle(night(4)),), 0, told_present=False)
    settled = Settled(
        hosts=known.hosts,
        absences={absence.subject: absence},
        habits={(at("192.0.2.1"), None): away, (at("192.0.2.2"), None): flapping},
    )
    database = Database.open(tmp_path, "lan")
    with database.atomic():
        settle(database, inventory(), settled, ())
    database.close()
    return tmp_path


def test_hosts_come_in_order_with_how_they_stand(state: Path) -> None:
    database = Database.to_read(state, "lan")
    hosts = list_hosts(database, everything)
    database.close()

    assert [str(one.address) for one in hosts] == [
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.9",
        "192.0.2.10",
    ]
    gone, flapping, silent, here = (one.standing for one in hosts)
    assert (gone.is_gone, gone.gone_at) == (True, night(2)), "since it was last seen"
    assert (flapping.is_gone, flapping.is_flapping) == (False, True)
    assert silent.absence is not None
    assert silent.absence.runs == 2
    assert (here.present, here.absence) == (True, None)
    assert hosts[3].open_ports == (key("22"), key("443"))


def test_only_those_that_fit_are_listed(state: Path) -> None:
    database = Database.to_read(state, "lan")
    hosts = list_hosts(database, lambda _address, _mac, vendor, _name: vendor == "Espressif")
    database.close()

    assert [str(one.address) for one in hosts] == ["192.0.2.9"]


def test_reading_makes_no_state(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run was made yet"):
        Database.to_read(tmp_path / "state", "lan")

    assert list(tmp_path.iterdir()) == []


def test_reading_cannot_write(state: Path) -> None:
    database = Database.to_read(state, "lan")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.connection.execute("INSERT INTO facts VALUES ('a', 'b')")
    database.close()


def test_reading_sees_one_moment_and_lets_a_run_write_what_it_has_not_committed(
    state: Path,
) -> None:
    writer = sqlite3.connect(state / "netwatch.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM ports")
    writer.execute("DELETE FROM hosts")
    database = Database.to_read(state, "lan")

    assert len(list_hosts(database, everything)) == 4
    database.close()
    writer.execute("COMMIT")
    writer.close()


def test_another_network_is_refused(state: Path) -> None:
    with pytest.raises(UsageError, match="belongs to the network 'lan'"):
        Database.to_read(state, "dmz")


def test_a_database_of_an_older_version_is_read_and_stays_as_it_is(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "netwatch.db")
    connection.executescript(f"{STEPS[0]} PRAGMA user_version = 1;")
    row = ("192.0.2.1", 1, "2026-01-01T02:00:00+00:00", None, "", "", "")
    connection.execute("INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    before = (tmp_path / "netwatch.db").read_bytes()

    database = Database.to_read(tmp_path, "lan")
    assert [str(one.address) for one in list_hosts(database, everything)] == ["192.0.2.1"]
    database.close()
    assert (tmp_path / "netwatch.db").read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(state: Path) -> None:
    connection = sqlite3.connect(state / "netwatch.db")
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()

    with pytest.raises(StateError, match="newer netwatch-notify"):
        Database.to_read(state, "lan")


def test_what_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "netwatch.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StateError, match="restore a backup"):
        Database.to_read(tmp_path, "lan")


def test_what_a_crash_left_half_written_is_rolled_back(state: Path) -> None:
    """A hot journal: a read-only connection may not roll it back, so another one does."""
    path, journal = state / "netwatch.db", state / "netwatch.db-journal"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("BEGIN IMMEDIATE")
    rows = [(f"key {n}", "x" * 500) for n in range(200)]
    writer.executemany("INSERT INTO facts VALUES (?, ?)", rows)
    half = (path.read_bytes(), journal.read_bytes())
    writer.execute("ROLLBACK")
    writer.close()
    path.write_bytes(half[0])
    journal.write_bytes(half[1])

    database = Database.to_read(state, "lan")
    assert database.connection.execute("SELECT count(*) FROM facts").fetchone()[0] < 10
    assert len(list_hosts(database, everything)) == 4
    database.close()


def run_at(database: Database, number: int, status: str, hosts_up: int, at: datetime) -> None:
    database.connection.execute(
        "INSERT INTO runs (id, kind, status, started_at, hosts_up) VALUES (?, 'run', ?, ?, ?)",
        (number, status, at.isoformat(), hosts_up),
    )


def test_the_first_scan_is_the_one_that_found_hosts(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    assert (run_numbers(database), first_scan_at(database)) == (None, None)
    run_at(database, 1, "failed", 0, night(1))
    run_at(database, 2, "done", 0, night(2))
    run_at(database, 3, "done", 7, night(3))

    assert first_scan_at(database) == night(3)
    assert run_numbers(database) == (1, 3)
    assert load_run(database, 4) is None
    run = load_run(database, 3)
    assert run is not None
    assert (run.hosts_up, run.problems, run.coverages) == (7, (), ())
    database.close()


def test_the_ids_next_to_one_are_those_it_could_be_taken_for(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    run_at(database, 1, "done", 1, night(1))
    for own, group in (("aaaa1", ""), ("aaaa3", "aaaa2"), ("bbbb1", ""), ("cccc1", "")):
        database.connection.execute(
            "INSERT INTO changes VALUES (1, ?, 'host-new', 'info', '192.0.2.1', '{}', ?, NULL)",
            (own, group),
        )

    assert near_ids(database, ["aaaa1"]) == {"aaaa2", "aaaa3"}
    assert near_ids(database, ["cccc1"]) == {"bbbb1", "aaaa2"}
    database.close()
