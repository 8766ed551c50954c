"""The database file: whole transactions, one network, one run, errors of one line."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from netwatch_notify.errors import AnotherRunError, StateError, UsageError
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.migrations import STEPS


def facts(database: Database) -> dict[str, str]:
    return dict(database.connection.execute("SELECT key, value FROM facts").fetchall())


def test_the_state_is_for_us_alone(tmp_path: Path) -> None:
    Database.open(tmp_path / "a" / "state", "lan").close()
    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "state" / "netwatch.db").stat().st_mode) == 0o600


def test_what_is_committed_is_there_when_opened_again(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    with database.atomic():
        database.connection.execute("INSERT INTO facts VALUES ('a', 'b')")
    database.close()
    again = Database.open(tmp_path, "lan")
    assert facts(again) == {"network": "lan", "a": "b"}
    assert again.integrity() == "ok"
    again.close()


def test_a_transaction_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")

    def fail() -> None:
        with database.atomic():
            database.connection.execute("INSERT INTO facts VALUES ('a', 'b')")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert facts(database) == {"network": "lan"}
    with database.atomic():
        database.connection.execute("INSERT INTO facts VALUES ('c', 'd')")
    assert facts(database) == {"network": "lan", "c": "d"}
    database.close()


def test_another_network_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    Database.open(tmp_path, "lan").close()
    with pytest.raises(UsageError, match="belongs to the network 'lan', not 'office'"):
        Database.open(tmp_path, "office")
    database = Database.open(tmp_path, "lan")
    assert facts(database) == {"network": "lan"}
    database.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Database.open(tmp_path, "lan").close()
    with sqlite3.connect(tmp_path / "netwatch.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    connection.close()
    with pytest.raises(StateError, match="newer netwatch-notify"):
        Database.open(tmp_path, "lan")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not a database at all, but some text that is long enough" * 20, id="text"),
        pytest.param(b"SQLite format 3\0" + b"\xff" * 4096, id="damaged-header"),
    ],
)
def test_a_corrupt_file_is_a_state_error_of_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "netwatch.db").write_bytes(content)
    with pytest.raises(StateError, match=r"netwatch\.db") as caught:
        Database.open(tmp_path, "lan")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "netwatch.db").read_bytes() == content


def test_a_full_disk_is_a_state_error_and_the_old_state_stays(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    pages = database.connection.execute("PRAGMA page_count").fetchone()[0]
    database.connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with database.atomic():
            for number in range(1000):
                database.connection.execute(
                    "INSERT INTO facts VALUES (?, ?)", (str(number), "x" * 4000)
                )

    with pytest.raises(StateError, match="is the disk full"):
        fill()
    assert facts(database) == {"network": "lan"}
    database.close()


def test_a_directory_that_cannot_be_made_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be made"):
        Database.open(tmp_path / "file" / "state", "lan")


def test_a_preview_has_a_copy_and_writes_nothing(tmp_path: Path) -> None:
    Database.open(tmp_path, "lan").close()
    before = (tmp_path / "netwatch.db").read_bytes()
    preview = Database.in_memory(tmp_path / "netwatch.db", "lan")
    with preview.atomic():
        preview.connection.execute("INSERT INTO facts VALUES ('a', 'b')")
    assert facts(preview) == {"network": "lan", "a": "b"}
    preview.close()
    assert (tmp_path / "netwatch.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["netwatch.db"]


def test_a_preview_without_a_state_makes_none(tmp_path: Path) -> None:
    preview = Database.in_memory(tmp_path / "netwatch.db", "lan")
    assert facts(preview) == {"network": "lan"}
    preview.close()
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with (
        run_lock(tmp_path),
        pytest.raises(AnotherRunError, match=rf"pid {os.getpid()}\)"),
        run_lock(tmp_path),
    ):
        pass
    with run_lock(tmp_path):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from netwatch_notify.store.database import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_lets_go_of_the_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AnotherRunError, match=rf"pid {holder.pid}\)"), run_lock(tmp_path):
            pass
        holder.kill()
        holder.wait(5)
        with run_lock(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
