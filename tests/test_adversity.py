"""
What befalls a machine over the years: nothing is lost, and `check` says so before the night.

nmap goes, the disk fills, the state is read-only, the clock is set back, the database is old.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.deliver.servers import HttpServer, http_server
from tests.scan_files import host_xml, scan_xml

HOSTS = {f"127.0.0.{number}": [22] for number in range(1, 9)}
NEW = {**HOSTS, "127.0.0.30": [22]}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


@pytest.fixture
def known(program: Program, server: HttpServer) -> Program:
    """A network whose inventory was taken, and a destination that takes everything."""
    program.environment["NETWATCH_TARGETS"] = "127.0.0.0/24"
    program.environment["NETWATCH_NOTIFY"] = server.url.replace("http", "json") + "/hook"
    program.network(HOSTS)
    assert program.run().returncode == 0
    server.requests.clear()
    return program


def messages(server: HttpServer) -> list[str]:
    """Return what arrived, and forget it."""
    arrived = [json.loads(body) for _, _, body in server.requests]
    server.requests.clear()
    return [f"{message['title']}\n{message['message']}" for message in arrived]


def checks(program: Program, *, prefix: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return what `check` finds, by item; the last of several."""
    result = subprocess.run(
        [*(prefix or []), *program.command("check", "--json")],
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return {check["item"]: check for check in json.loads(result.stdout)["checks"]}


def kinds(report: dict[str, Any]) -> list[str]:
    return [change["kind"] for change in report["changes"]]


# --- nmap


def test_a_missing_nmap_is_told_and_found_before(known: Program, server: HttpServer) -> None:
    (known.folder / "nmap").unlink()
    found = checks(known)["nmap"]
    assert found["status"] == "failed"
    assert "NETWATCH_NMAP_PATH" in found["remedy"]
    assert known.run().returncode == 3
    (message,) = messages(server)
    assert "nothing was scanned" in message


# --- The disk, in a file system of its own. Each command is wrapped: mounts end with it.


def needs_root() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        if os.environ.get("CI"):
            pytest.fail("mounting needs root and unshare")
        pytest.skip("mounting needs root and unshare")


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def inside(state: Path, script: str) -> list[str]:
    """Return what begins a command in a mount namespace of its own, prepared by a script."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(state)]


def run_inside(program: Program, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*inside(program.state, script), *program.command(*arguments)],
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


def test_a_read_only_state_is_told_at_once_and_loses_nothing(
    known: Program, server: HttpServer
) -> None:
    needs_root()
    found = checks(known, prefix=inside(known.state, READ_ONLY))
    assert found["state"]["status"] == "failed"
    known.network(NEW)
    result = run_inside(known, READ_ONLY, "run")
    assert result.returncode == 6
    assert result.stderr.count("\n") == 1
    (message,) = messages(server)
    assert "state directory cannot be used" in message
    assert kinds(known.report()) == ["host-new"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB, mounted for this test alone."""
    needs_root()
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path, leave_bytes: int) -> Path:
    """Leave so much of the disk."""
    place = os.statvfs(disk)
    ballast = disk / "ballast"
    size = place.f_bavail * place.f_frsize - leave_bytes
    ballast.write_bytes(b"x" * max(size, 0))
    return ballast


@pytest.mark.parametrize(("command", "leave_kilobytes"), [("run", 0), ("run", 16), ("ingest", 40)])
def test_a_full_disk_is_told_and_loses_nothing(
    program: Program,
    server: HttpServer,
    small_disk: Path,
    command: str,
    leave_kilobytes: int,
) -> None:
    """Wherever it fills up: a message leaves, and what was new is told once there is room."""
    program.state = small_disk / "state"
    program.environment |= {
        "NETWATCH_STATE_DIR": str(program.state),
        "NETWATCH_TARGETS": "127.0.0.0/24",
        "NETWATCH_NOTIFY": server.url.replace("http", "json") + "/hook",
    }
    make = maker(program, command)
    assert make(0, HOSTS).returncode == 0
    server.requests.clear()

    ballast = fill(small_disk, leave_kilobytes << 10)
    if not leave_kilobytes:
        assert checks(program)["disk"]["status"] == "failed"
    first = make(1, NEW)
    told = messages(server)
    ballast.unlink()
    second = make(2, NEW)
    told_then = messages(server)

    assert first.returncode in (0, 3, 6), first.stderr
    if first.returncode:
        assert len(told) == 1, "silence would look like a quiet network"
    if first.returncode == 6:
        assert "state directory cannot be used" in told[0]
    news = [message for message in (*told, *told_then) if "127.0.0.30" in message]
    assert len(news) == 1, (first.stderr, second.stderr, told, told_then)
    assert second.returncode == 0


def maker(program: Program, command: str) -> Any:
    """Return what makes night N with these hosts: by nmap, or by a scan made elsewhere."""

    def run(_night: int, hosts: dict[str, list[int]]) -> subprocess.CompletedProcess[str]:
        program.network(hosts)
        return program.run()

    def ingest(night: int, hosts: dict[str, list[int]]) -> subprocess.CompletedProcess[str]:
        start = datetime.now(UTC) - timedelta(hours=10 - night)
        path = program.folder / f"night-{night}.xml"
        write_scan(path, start, hosts)
        return program.run("ingest", str(path))

    return run if command == "run" else ingest


def write_scan(path: Path, start: datetime, hosts: dict[str, list[int]]) -> None:
    """Write a scan of 127.0.0.0/24 as nmap would have at that time."""
    seconds = int(start.timestamp())
    ending = (
        f'<runstats><finished time="{seconds + 60}" elapsed="60.0" exit="success"/>'
        f'<hosts up="{len(hosts)}" down="{256 - len(hosts)}" total="256"/></runstats>\n</nmaprun>\n'
    )
    listed = (host_xml(address, *map(str, ports)) for address, ports in hosts.items())
    args = "nmap -n -sS -p1-1000 127.0.0.0/24"
    path.write_text(scan_xml(*listed, args=args, start=seconds, ending=ending))


# --- The clock. What is in the database moves into the future, which is the same from inside.

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
SECONDS = ("due_at", "held_until", "asked_until", "lease_until")


def set_clock_back(program: Program, **by: float) -> None:
    """Everything that happened so far did so that much later."""
    late = timedelta(**by)

    def later(value: object) -> object:
        if not isinstance(value, str):
            return value
        return INSTANT.sub(lambda at: (datetime.fromisoformat(at[0]) + late).isoformat(), value)

    with closing(sqlite3.connect(program.state / "netwatch.db")) as database:
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        for (table,) in tables:
            names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            rows = database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            database.execute(f"DELETE FROM {table}")  # noqa: S608
            marks = ",".join("?" * len(names))
            for row in rows:
                values = [
                    value + late.total_seconds() if name in SECONDS and value else later(value)
                    for name, value in zip(names, row, strict=True)
                ]
                database.execute(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608
        database.commit()


def test_a_clock_set_back_is_told_once_and_loses_no_change(
    known: Program, server: HttpServer
) -> None:
    set_clock_back(known, days=400)
    found = checks(known)["clock"]
    assert found["status"] == "failed"
    assert "set back, or was wrong then" in found["text"]

    known.network(NEW)
    report = known.report()
    assert kinds(report) == ["host-new"]
    assert "the clock was set back, or was wrong before" in report["problems"][0]
    assert "127.0.0.30" in messages(server)[0]

    assert checks(known)["clock"]["status"] == "ok"
    known.network(HOSTS)
    assert known.report()["problems"] == []
    report = known.report()
    assert (kinds(report), report["problems"]) == (["host-gone"], [])


def test_a_clock_that_is_wrong_for_one_night_makes_nothing_old(known: Program) -> None:
    """It was in 2030 for a run: scans, history and messages are there the night after."""
    before = {path.name for path in (known.state / "scans").iterdir()}
    # As if all that was until now had been years ago.
    set_clock_back(known, days=-1500)

    known.report()

    assert before <= {path.name for path in (known.state / "scans").iterdir()}
    # Nor is it believed for being asked again.
    known.report()
    assert before <= {path.name for path in (known.state / "scans").iterdir()}

    set_clock_back(known, days=-1)
    known.report()
    assert not before & {path.name for path in (known.state / "scans").iterdir()}


def test_a_clock_set_back_by_a_minute_is_nothing(known: Program) -> None:
    set_clock_back(known, minutes=1)
    assert checks(known)["clock"]["status"] == "ok"
    assert known.report()["problems"] == []


def test_what_waits_leaves_although_the_clock_was_set_back(
    known: Program, server: HttpServer
) -> None:
    server.status = 500
    known.network(NEW)
    assert known.run().returncode == 4
    server.status = 200
    server.requests.clear()
    set_clock_back(known, days=400)
    assert known.run("deliver").returncode == 0
    (message,) = messages(server)
    assert "127.0.0.30" in message


def test_one_scan_from_the_future_does_not_keep_the_later_ones_out(program: Program) -> None:
    program.environment["NETWATCH_TARGETS"] = "127.0.0.0/24"
    now = datetime.now(UTC)
    for number, (start, hosts) in enumerate(
        [(now - timedelta(hours=9), HOSTS), (now + timedelta(days=3650), HOSTS)]
    ):
        path = program.folder / f"{number}.xml"
        write_scan(path, start, hosts)
        assert program.run("ingest", str(path)).returncode == 0
    path = program.folder / "2.xml"
    write_scan(path, now - timedelta(hours=1), NEW)
    assert kinds(program.report("ingest", str(path))) == ["host-new"]
    late = program.folder / "late.xml"
    write_scan(late, now - timedelta(hours=5), HOSTS)
    assert program.run("ingest", str(late)).returncode == 2, "it is older than the last"


def test_no_age_is_negative_when_the_clock_was_set_back(known: Program) -> None:
    """Neither in what a person is shown, nor in how things come and go."""
    assert known.run("ignore", "add", "192.0.2.77", "--reason", "test").returncode == 0
    known.network(NEW)
    assert known.run().returncode == 0
    set_clock_back(known, days=400)
    known.network({**NEW, "127.0.0.30": [22, 80]})
    said = known.run().stdout + known.run("check").stdout
    for words in (("hosts",), ("show", "127.0.0.30")):
        said += known.run(*words).stdout
    assert not re.search(r"(?<![\w.-])-\d+ (day|hour|min|run|night|week)", said)


# --- The database of an older version, made by that version itself (tests/data/databases).


def test_an_older_database_is_read_by_check_and_brought_up_to_date_by_a_run(
    program: Program,
) -> None:
    program.environment["NETWATCH_TARGETS"] = "192.0.2.0/24"
    program.state.mkdir(mode=0o700)
    dump = Path(__file__).parent / "data" / "databases" / "schema-1.sql"
    path = program.state / "netwatch.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(dump.read_text())
        database.execute("DELETE FROM outbox")
        database.commit()
    path.chmod(0o600)
    before = path.read_bytes()
    found = checks(program)["database"]
    assert found["status"] == "ok"
    assert "of an older version; the next run brings it up to date" in found["text"]
    assert path.read_bytes() == before
    program.network({f"192.0.2.{number}": [22] for number in range(1, 13)})
    assert program.run().returncode == 0
    assert "of an older version" not in checks(program)["database"]["text"]


def test_a_newer_database_is_refused_and_found_before(known: Program, server: HttpServer) -> None:
    with closing(sqlite3.connect(known.state / "netwatch.db")) as database:
        database.execute("PRAGMA user_version = 999")
    found = checks(known)["database"]
    assert (found["status"], found["remedy"]) == ("failed", "upgrade netwatch-notify")
    assert known.run().returncode == 6
    (message,) = messages(server)
    assert "upgrade netwatch-notify" in message.replace("\n", " ")
