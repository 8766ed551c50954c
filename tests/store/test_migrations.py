"""Databases of every earlier version are brought up to date, whole or not at all."""

import json
import os
import re
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from netwatch_notify.errors import AnotherRunError, StateError, UsageError
from netwatch_notify.store import database
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.migrations import STEPS, migrate
from tests.conftest import Program
from tests.nights import told
from tests.store.make_databases import (
    FOLDER,
    NEXT,
    dump_of,
    environment_of,
    serving,
    take_in,
    write_night,
)

SCHEMAS = range(1, len(STEPS))
"""The earlier ones; each has its file."""

ROOT = Path(__file__).parent.parent.parent
DUE_AT = 4
"""Since this schema a message that failed waits some minutes."""
Rows = dict[str, list[dict[str, Any]]]


def load(schema: int, state: Path) -> Path:
    """Make the database of an earlier version, its messages young and due."""
    state.mkdir(mode=0o700, exist_ok=True)
    path = state / "netwatch.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"schema-{schema}.sql").read_text(encoding="utf-8"))
        connection.execute("UPDATE outbox SET created_at = ?", (datetime.now(UTC).isoformat(),))
        if schema >= DUE_AT:
            connection.execute("UPDATE outbox SET due_at = 0")
        connection.commit()
    path.chmod(0o600)
    return path


def schema_of(path: Path) -> list[tuple[str, ...]]:
    """Return every table and index as it is defined."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()


def rows_of(path: Path) -> Rows:
    """Return all rows of all tables."""
    found: Rows = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            found[name] = [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608
    return found


def names_in(state: Path) -> set[str]:
    return {path.name for path in state.iterdir()}


@pytest.fixture(params=SCHEMAS, ids="schema {}".format)
def old(request: pytest.FixtureRequest, program: Program) -> tuple[Program, int]:
    """The program over the state of an earlier version."""
    program.environment |= {"NETWATCH_NETWORK": "lan", "TZ": "UTC"}
    load(request.param, program.state)
    return program, request.param


def test_every_schema_has_its_file() -> None:
    """Also the present one, which a release needs: the next version has to take it over."""
    names = {f"schema-{number}.sql" for number in (*SCHEMAS, len(STEPS))}
    assert {path.name for path in FOLDER.glob("*.sql")} == names


def test_it_becomes_what_a_new_one_is_and_no_row_is_lost(
    old: tuple[Program, int], tmp_path: Path
) -> None:
    program, _ = old
    path = program.state / "netwatch.db"
    before = rows_of(path)
    Database.open(program.state, "lan").close()
    Database.open(tmp_path / "new", "lan").close()

    assert schema_of(path) == schema_of(tmp_path / "new" / "netwatch.db")
    after = rows_of(path)
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]] if rows else []
        assert [row for row in kept if row in rows] == rows, table
        assert len(after[table]) == len(rows) + (table == "facts" and len(after[table]) > len(rows))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_was_is_kept_beside_it_and_put_back_by_one_move(old: tuple[Program, int]) -> None:
    program, schema = old
    path = program.state / "netwatch.db"
    before = dump_of(path)
    (program.state / "netwatch.db.schema-0").write_text("of an upgrade long ago")
    (program.state / "netwatch.db.schema-0.keep").write_text("somebody's own")

    Database.open(program.state, "lan").close()
    kept = program.state / f"netwatch.db.schema-{schema}"

    assert dump_of(kept) == before != dump_of(path)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    names = {"netwatch.db", kept.name, "netwatch.db.schema-0.keep", "lock"}
    assert names_in(program.state) == names
    kept.replace(path)
    assert dump_of(path) == before


@pytest.fixture(scope="module")
def never_migrated(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the sixth night tells where this version took in the five before."""
    folder = tmp_path_factory.mktemp("never")
    environment = environment_of(folder, 1)
    del environment["NETWATCH_NOTIFY"]
    command = [sys.executable, "-m", "netwatch_notify", "--env-file", str(folder / "empty.env")]
    take_in(command, environment, folder)
    result = subprocess.run(
        [*command, "--json", "ingest", write_night(folder, NEXT)],
        env=environment,
        capture_output=True,
        check=True,
    )
    return told(json.loads(result.stdout))


def test_commands_know_what_was_and_the_next_night_tells_what_is_new(
    old: tuple[Program, int], never_migrated: list[str]
) -> None:
    """What waited is delivered; hosts, history, show, accept work."""
    program, schema = old
    with serving() as (port, posts):
        # What one service did not take finds another here, under the same name.
        urls = " ".join(
            f"{name}://127.0.0.1:{port}/taken/{name}" for name in ("xml", "form", "json")
        )
        environment = {"NETWATCH_NOTIFY": urls, "NETWATCH_OUTBOX_DAYS": "365"}
        listed = json.loads(program.run("outbox", "list", "--json").stdout)["messages"]
        result = program.run("deliver", **environment)
        assert (result.returncode, result.stderr) == (0, "")
    waited = {message["destination"] for message in listed if message["state"] != "sent"}
    assert waited == {"form", "json"}
    assert {path for path, _ in posts} == {"/taken/form", "/taken/json"}
    for path in ("/taken/form", "/taken/json"):
        # The nights that waited for one destination are told as one message, or one by one.
        said = "".join(body for to, body in posts if to == path)
        assert "new device 192.0.2.20" in said.replace("+", " ")
        assert "7 of 12 hosts silent" in said.replace("+", " ")
    assert program.run("outbox", "list").stderr.endswith("every message has arrived\n")

    assert len(program.run("hosts", "--gone").stdout.splitlines()) == 1 + 13
    history = program.run("history").stdout
    assert history.count("\n") == 1 + 5
    (kept,) = [line for line in history.splitlines() if "192.0.2.3" in line]
    assert "80/tcp opened" in kept
    assert ("kept quiet by ignore 1" in kept) == (schema >= 3)
    assert "443/tcp opened" in program.run("show", "2").stdout
    told_id = re.search(r"([0-9a-f]{4,}) +\S+ +\+ 192.0.2.1 ", history)
    assert told_id, history
    assert program.run("accept", told_id[1]).stdout.endswith(": accepted\n")

    report = program.report("ingest", str(write_night(program.folder, NEXT)))
    assert told(report) == never_migrated
    assert len(never_migrated) >= 3
    assert report["problems"] == []


def count_statements(schema: int, state: Path) -> int:
    """Return how many statements it takes to bring a database up to date."""
    seen: list[str] = []
    with closing(sqlite3.connect(load(schema, state), isolation_level=None)) as connection:
        connection.set_trace_callback(seen.append)
        migrate(connection, "netwatch.db")
    return len(seen)


def in_child(work: Callable[[], object]) -> int:
    """Do something in a process of its own and return how it ended, as `waitpid` says it."""
    pid = os.fork()
    if not pid:
        try:
            work()
            os._exit(0)
        except StateError:
            os._exit(6)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def migrate_and_die_at(path: Path, statement: int) -> None:
    """Bring a database up to date and be killed before the n-th statement."""
    left = [statement]

    def count(_: str) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    connection = sqlite3.connect(path, isolation_level=None)
    # So that pages are written long before the end, and have to be taken back.
    connection.execute("PRAGMA cache_size = 1")
    connection.set_trace_callback(count)
    migrate(connection, "netwatch.db")


def test_one_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """At every statement there is, from the oldest schema on."""
    count = count_statements(1, tmp_path / "counted")
    path = load(1, tmp_path / "state")
    old, before = schema_of(path), path.read_bytes()
    new = schema_of(tmp_path / "counted" / "netwatch.db")
    assert count > 30

    for statement in range(1, count + 1):
        path.write_bytes(before)
        status = in_child(lambda number=statement: migrate_and_die_at(path, number))  # type: ignore[misc]
        assert os.WTERMSIG(status) == signal.SIGKILL
        with closing(sqlite3.connect(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert (version, schema_of(path)) in ((1, old), (len(STEPS), new)), statement


def test_without_room_for_the_copy_nothing_is_changed(tmp_path: Path) -> None:
    """No file may grow beyond 8 kB: the copy fails in the middle."""
    path = load(len(STEPS) - 1, tmp_path / "state")
    before = path.read_bytes()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        Database.open(path.parent, "lan")

    assert os.WEXITSTATUS(in_child(work)) == StateError.exit_code
    assert path.read_bytes() == before
    assert names_in(path.parent) == {"netwatch.db", "lock"}


def test_a_full_disk_is_said_before_anything_is_written(program: Program) -> None:
    """A file system that has just room for the database itself."""
    if os.geteuid() != 0:
        assert not os.environ.get("CI"), "CI mounts a small file system, as root"
        pytest.skip("mounts a small file system, as root")
    state = program.state
    path = load(len(STEPS) - 1, program.folder / "loaded")
    state.mkdir()
    script = (
        'mount -t tmpfs -o size=300k tmpfs "$1" && cp "$2" "$1" && shift 2 && "$@"; '
        'code=$?; ls "$NETWATCH_STATE_DIR"; cmp netwatch.db "$NETWATCH_STATE_DIR/netwatch.db" '
        "&& exit $code"
    )
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", state, path, *program.command("deliver")],
        env={**program.environment, "NETWATCH_NETWORK": "lan", "PYTHONPATH": str(ROOT)},
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    assert result.returncode == StateError.exit_code, result.stderr
    assert "no room for the copy" in result.stderr
    assert result.stderr.count("\n") == 1
    assert set(result.stdout.split()) == {"lock", "netwatch.db"}


def test_another_network_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = load(1, tmp_path / "state")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="belongs to the network 'lan'"):
        Database.open(path.parent, "office")
    assert path.read_bytes() == before


def test_a_run_of_the_older_version_is_let_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "UPGRADE_SECONDS", 0.2)
    path = load(1, tmp_path / "state")
    with run_lock(path.parent), pytest.raises(AnotherRunError):
        Database.open(path.parent, "lan")
    Database.open(path.parent, "lan").close()


def test_two_at_once_bring_it_up_to_date_together(tmp_path: Path) -> None:
    """`deliver` begins in the minute of the nightly run: neither gives up for the other."""
    path = load(1, tmp_path / "state")
    with run_lock(path.parent):
        other = os.fork()
        if not other:
            with suppress(StateError, AnotherRunError):
                Database.open(path.parent, "lan").close()
                os._exit(0)
            os._exit(1)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrate(connection, str(path))
    assert os.waitpid(other, 0)[1] == 0
    assert not path.with_name("netwatch.db.schema-1").exists()


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The state of a version that is not written yet."""
    program = Program(tmp_path_factory.mktemp("newer"))
    program.environment["NETWATCH_NETWORK"] = "lan"
    path = load(len(STEPS) - 1, program.state)
    Database.open(program.state, "lan").close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    write_night(program.folder, NEXT)
    return program


COMMANDS = (
    "run",
    "run --dry-run",
    f"ingest night-{NEXT}.xml",
    f"ingest --dry-run night-{NEXT}.xml",
    "deliver",
    "accept abcd",
    "ignore add 192.0.2.1",
    "ignore list",
    "expect --list",
    "hosts",
    "show 1",
    "history",
    "outbox list",
    "outbox retry --all",
    "outbox drop 1",
    "backup copy.db",
)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_refuses_a_newer_database_and_leaves_it(newer: Program, words: str) -> None:
    """In one line that says what to do, with exit code 6."""
    path, before = newer.state / "netwatch.db", (newer.state / "netwatch.db").read_bytes()
    there = names_in(newer.state)
    arguments = [
        str(newer.folder / word) if word.endswith((".xml", ".db")) else word
        for word in words.split()
    ]
    result = newer.run(*arguments)

    assert (result.returncode, result.stdout) == (StateError.exit_code, ""), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert "newer netwatch-notify" in result.stderr
    assert result.stderr.endswith("; upgrade netwatch-notify\n")
    assert path.read_bytes() == before
    assert names_in(newer.state) == there
    assert not (newer.folder / "copy.db").exists()


def test_check_says_so_too(newer: Program) -> None:
    before = (newer.state / "netwatch.db").read_bytes()
    result = newer.run("check")
    assert result.returncode != 0
    assert "upgrade netwatch-notify" in result.stdout
    assert (newer.state / "netwatch.db").read_bytes() == before
