"""A quiet night costs the same few rows, however large the network; an old state joins in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from netwatch_notify.diff.night import Rules
from netwatch_notify.model.scan import ScanProfile
from netwatch_notify.model.target import parse_target
from netwatch_notify.pipeline.ingest import ingest
from netwatch_notify.pipeline.plan import Outcome, Plan
from netwatch_notify.store.migrations import STEPS

NIGHT = 86_400
FIRST = 1_767_225_600


def plan(folder: Path) -> Plan:
    profile = ScanProfile((parse_target("10.0.0.0/16"),))
    return Plan("lan", folder / "state", profile, Rules())


def host_xml(number: int, night: int, opened: str = "22") -> str:
    address = f"10.0.{number >> 8}.{number & 255}"
    ports = "".join(
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack"/></port>'
        for port in opened.split()
    )
    start = FIRST + night * NIGHT + number
    return (
        f'<host starttime="{start}" endtime="{start + 5}"><status state="up" reason="echo-reply"/>'
        f'<address addr="{address}" addrtype="ipv4"/>'
        f'<ports><extraports state="closed" count="{990 + night}"/>{ports}</ports>'
        f'<times srtt="{night}" rttvar="{number}" to="100000"/></host>\n'
    )


def take_in(folder: Path, night: int, hosts: int, **changed: str) -> Outcome:
    """Ingest one night's scan; `changed` says what other ports a host shows, by its number."""
    body = "".join(
        host_xml(number, night, changed.get(f"host_{number}", "22")) for number in range(hosts)
    )
    path = folder / f"night-{night}.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<nmaprun scanner="nmap" args="nmap 10.0.0.0/16" '
        f'start="{FIRST + night * NIGHT}">'
        '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
        f'{body}<runstats><finished time="{FIRST + night * NIGHT + 99}" exit="success"/>'
        f'<hosts up="{hosts}" down="{65536 - hosts}" total="65536"/></runstats></nmaprun>\n'
    )
    return ingest(plan(folder), path, [])


@contextmanager
def counted_rows(folder: Path) -> Iterator[dict[str, int]]:
    """Count the rows that are written to each table meanwhile."""
    counts: dict[str, int] = {}
    with closing(sqlite3.connect(folder / "state" / "netwatch.db")) as database:
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith("sqlite_")
        ]
        database.execute("CREATE TABLE written (name TEXT)")
        for table in tables:
            for act in ("INSERT", "UPDATE", "DELETE"):
                noted = f"BEGIN INSERT INTO written VALUES ('{table}'); END"  # noqa: S608
                database.execute(f"CREATE TRIGGER {table}_{act} AFTER {act} ON {table} {noted}")
        database.commit()
    yield counts
    with closing(sqlite3.connect(folder / "state" / "netwatch.db")) as database:
        counts.update(database.execute("SELECT name, count(*) FROM written GROUP BY name"))
        for table in tables:
            for act in ("INSERT", "UPDATE", "DELETE"):
                database.execute(f"DROP TRIGGER {table}_{act}")
        database.execute("DROP TABLE written")
        database.commit()


def test_a_quiet_night_writes_a_constant_number_of_rows(tmp_path: Path) -> None:
    written = []
    for size in (10, 2000):
        folder = tmp_path / str(size)
        folder.mkdir()
        take_in(folder, 1, size)
        with counted_rows(folder) as counts:
            outcome = take_in(folder, 2, size)
        assert (outcome.report["changes"], outcome.messages) == ([], ())
        assert {"hosts", "ports", "absences", "held", "coverages"}.isdisjoint(counts)
        written.append(counts)
    assert written[0] == written[1]
    assert sum(written[0].values()) < 10


def test_a_night_with_one_change_writes_one_host(tmp_path: Path) -> None:
    take_in(tmp_path, 1, 50)
    with counted_rows(tmp_path) as counts:
        outcome = take_in(tmp_path, 2, 50, host_7="22 80")
    assert [(c["kind"], c["address"]) for c in outcome.report["changes"]] == [
        ("port-opened", "10.0.0.7")
    ]
    assert (counts["hosts"], counts["ports"]) == (1, 1)
    with counted_rows(tmp_path) as counts:
        take_in(tmp_path, 3, 50, host_7="22 80")
    assert "hosts" not in counts


def test_a_host_with_something_pending_is_parsed_until_it_is_settled(tmp_path: Path) -> None:
    """Hosts that are silent for a night, and then show what they showed before."""
    take_in(tmp_path, 1, 10, host_3="22 80")

    def digest() -> bytes | None:
        with closing(sqlite3.connect(tmp_path / "state" / "netwatch.db")) as database:
            query = "SELECT digest FROM hosts WHERE address = '10.0.0.3'"
            found: bytes | None = database.execute(query).fetchone()[0]
            return found

    settled = digest()
    assert settled
    assert take_in(tmp_path, 2, 3).report["changes"] == []
    assert digest() is None
    with counted_rows(tmp_path) as counts:
        assert take_in(tmp_path, 3, 10, host_3="22 80").report["changes"] == []
    assert digest() == settled
    assert counts["hosts"] == 7, "one UPDATE for each host that answers again"


def test_a_state_of_schema_1_is_upgraded_and_used(tmp_path: Path) -> None:
    size = 40
    (tmp_path / "state").mkdir()
    at = "2025-12-31T00:00:00+00:00"
    with closing(sqlite3.connect(tmp_path / "state" / "netwatch.db")) as old:
        old.executescript(f"{STEPS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO facts VALUES ('network', 'lan')")
        old.execute("INSERT INTO facts VALUES ('inventory_taken', 'yes')")
        old.execute(
            'INSERT INTO coverages VALUES (\'{"ipv4":[[167772160,167837695]],"ipv6":[],'
            '"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}\')'
        )
        for number in range(size):
            address = f"10.0.0.{number}"
            row = (address, 1, at, None, "", "", "")
            old.execute("INSERT INTO hosts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            port = (address, "tcp", 22, "open", at, None, None)
            old.execute("INSERT INTO ports VALUES (?, ?, ?, ?, ?, ?, ?)", port)
        old.execute("INSERT INTO absences VALUES ('10.0.0.5', '', 1, ?)", (at,))
        old.commit()
    outcome = take_in(tmp_path, 1, size, host_7="22 80")
    assert [(c["kind"], c["address"]) for c in outcome.report["changes"]] == [
        ("port-opened", "10.0.0.7")
    ]
    with closing(sqlite3.connect(tmp_path / "state" / "netwatch.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
        assert database.execute("SELECT count(*) FROM absences").fetchone() == (0,)
        query = "SELECT count(DISTINCT digest), min(first_seen_at), max(first_seen_at) FROM hosts"
        assert database.execute(query).fetchone() == (size, at, at)
    with counted_rows(tmp_path) as counts:
        assert take_in(tmp_path, 2, size, host_7="22 80").report["changes"] == []
    assert {"hosts", "ports"}.isdisjoint(counts)
