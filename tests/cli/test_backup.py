"""`backup`, and the page that says how a backup is put back."""

import fcntl
import os
import re
import resource
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.nights import Nights, host, hosts
from tests.store.test_migrations import load, rows_of

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "upgrade.md"
NOBODY = 65_534


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a network that is known, and of which one change was told."""
    program = Program(tmp_path_factory.mktemp("known"))
    program.environment["NETWATCH_NETWORK"] = "lan"
    nights = Nights(program)
    nights.text(0, *hosts())
    nights.text(1, *hosts(n1=host(1, "22", "80")))
    return program.state


@pytest.fixture
def nights(program: Program, known: Path) -> Nights:
    """That network, for one test alone."""
    program.environment["NETWATCH_NETWORK"] = "lan"
    shutil.copytree(known, program.state, symlinks=True)
    return Nights(program)


def runs_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])


def test_it_says_what_it_wrote(nights: Nights) -> None:
    to = nights.program.folder / "lan.db"
    assert re.fullmatch(
        rf"{to}: backup of the network lan, [0-9]+ kB, written and checked\n",
        nights.done("backup", str(to)),
    )
    assert runs_in(to) == 2
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


def test_quietly_it_says_nothing_and_writes_over_the_last_one(nights: Nights) -> None:
    """As a cron line has it each night."""
    to = nights.program.folder / "lan.db"
    assert nights.done("-q", "backup", str(to)) == ""
    nights.text(2, *hosts())
    assert nights.done("-q", "backup", str(to)) == ""
    assert runs_in(to) == 3


def test_a_preview_writes_nothing(nights: Nights) -> None:
    to = nights.program.folder / "lan.db"
    assert nights.done("--dry-run", "backup", str(to)).endswith("lan, would be written\n")
    assert not to.exists()


def test_it_works_while_a_run_is_in_progress(nights: Nights) -> None:
    """The run holds its lock, and has just written to the database."""
    program, to = nights.program, nights.program.folder / "lan.db"
    with (
        (program.state / "lock").open("a") as lock,
        closing(sqlite3.connect(program.state / "netwatch.db", isolation_level=None)) as writer,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM hosts")
        nights.done("backup", str(to))
        writer.rollback()
    with closing(sqlite3.connect(to)) as copy:
        assert copy.execute("SELECT count(*) FROM hosts").fetchone() == (12,)


@pytest.mark.parametrize(
    ("word", "says"),
    [("-", "not standard output"), (".", "is a directory"), ("scenario.json", "no backup of ours")],
)
def test_what_cannot_be_is_refused(nights: Nights, word: str, says: str) -> None:
    path = word if word == "-" else str(nights.program.folder / word)
    before = sorted(nights.program.folder.iterdir())
    assert says in nights.refused("backup", path)
    assert sorted(nights.program.folder.iterdir()) == before


def test_roots_backup_of_another_users_state_is_roots(nights: Nights) -> None:
    """Root's folders are no place for the user to whom the state belongs."""
    if os.geteuid() != 0:
        assert not os.environ.get("CI"), "CI gives a state to another user, as root"
        pytest.skip("gives a state to another user, as root")
    state, to = nights.program.state, nights.program.folder / "lan.db"
    for path in (state, *state.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    nights.done("backup", str(to))
    assert (to.stat().st_uid, stat.S_IMODE(to.stat().st_mode)) == (0, 0o600)
    assert {path.lstat().st_uid for path in state.rglob("*")} == {NOBODY}


def test_before_the_first_run_there_is_nothing_to_copy(program: Program) -> None:
    result = program.run("backup", str(program.folder / "lan.db"))
    assert (result.returncode, result.stdout) == (2, "")
    assert "no run was made yet" in result.stderr
    assert not program.state.exists()


def test_without_room_it_exits_6_and_the_older_one_stays(nights: Nights) -> None:
    """No file may grow beyond 8 kB."""
    to = nights.program.folder / "lan.db"
    nights.done("backup", str(to))
    before = to.read_bytes()

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    result = subprocess.run(
        nights.program.command("backup", str(to)),
        env=nights.program.environment,
        capture_output=True,
        text=True,
        preexec_fn=little_room,
    )
    assert (result.returncode, result.stderr.count("\n")) == (6, 1), result.stderr
    assert str(to) in result.stderr
    assert to.read_bytes() == before
    assert not list(nights.program.folder.glob(".*"))


# --- docs/how-to/upgrade.md


def commands_below(heading: str) -> list[str]:
    """Return the commands of the first block below a heading, their lines joined."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1]
    block = re.search(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert block, heading
    return block[1].splitlines()


class Reader:
    """Somebody who types what the page says; their root's folders lie in the test's."""

    def __init__(self, nights: Nights) -> None:
        program = nights.program
        self.program = program
        self.root = program.folder / "root"
        self.root.mkdir()
        tools = program.folder / "bin"
        tools.mkdir()
        scripts = {
            "sudo": 'exec "$@"',
            "netwatch-notify": f'exec {shlex.join(program.command())} "$@"',
        }
        for name, script in scripts.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        self.environment = {**program.environment, "PATH": f"{tools}:{os.environ['PATH']}"}

    def types(self, line: str) -> str:
        """Type a line that must succeed, and return what it prints."""
        line = re.sub(r"(?<!\S)/root\b", str(self.root), line)
        line = line.replace("/var/lib/netwatch/lan", str(self.program.state))
        result = subprocess.run(
            ["sh", "-c", line], env=self.environment, capture_output=True, text=True
        )
        assert result.returncode == 0, (line, result.stdout, result.stderr)
        return result.stdout


def test_a_backup_is_made_and_put_back_as_the_page_says(nights: Nights) -> None:
    """What was known then is known again, and the next night goes on from there."""
    reader = Reader(nights)
    for line in commands_below("Make a backup"):
        reader.types(line)
    then = nights.done("history")
    nights.text(2, *hosts(n1=host(1, "22", "80"), n2=host(2, "22", "443")))
    assert nights.done("history") != then
    # As a run leaves it that was killed in the middle of its transaction.
    (nights.program.state / "netwatch.db-journal").write_bytes(b"half a transaction")

    for line in commands_below("Put a backup back"):
        reader.types(line)

    assert nights.done("history") == then
    state = nights.program.state
    assert stat.S_IMODE((state / "netwatch.db").stat().st_mode) == 0o600
    report = nights.report(3, *hosts(n1=host(1, "22", "80"), n3=host(3, "22", "443")))
    assert [(c["address"], c["port"]) for c in report["changes"]] == [("192.0.2.3", 443)]


def leave_half_a_transaction(path: Path) -> None:
    """Write to a database, and be killed before the end."""
    pid = os.fork()
    if not pid:
        connection = sqlite3.connect(path, isolation_level=None)
        # So that pages are written before the end, and the journal is needed.
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        for table, column in (("hosts", "name"), ("changes", "body"), ("outbox", "view")):
            connection.execute(f"UPDATE {table} SET {column} = {column} || hex(zeroblob(3000))")  # noqa: S608
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert path.with_name("netwatch.db-journal").stat().st_size


def test_the_older_version_goes_on_with_what_was_kept(nights: Nights) -> None:
    """As the page says it, after an upgrade that brought a new schema."""
    program = nights.program
    path = program.state / "netwatch.db"
    path.unlink()
    before = rows_of(load(1, program.state))
    nights.done("ignore", "add", "192.0.2.9")
    assert rows_of(path) != before
    leave_half_a_transaction(path)
    kept = path.with_name("netwatch.db.schema-1").read_bytes()
    reader = Reader(nights)

    for line in commands_below("Go back"):
        reader.types(line.replace("schema-4", "schema-1"))

    assert rows_of(path) == before
    assert path.read_bytes() == kept
