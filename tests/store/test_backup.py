"""Copies of a database: whole, for us alone, or not there at all."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from netwatch_notify.errors import StateError, UsageError
from netwatch_notify.store.backup import copy_database, network_of, place_for
from netwatch_notify.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    Database.open(tmp_path / "state", "lan").close()
    return tmp_path / "state" / "netwatch.db"


def copy(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        copy_database(connection, to)


def test_a_copy_is_whole_and_for_us_alone(database: Path, tmp_path: Path) -> None:
    to = tmp_path / "copy.db"
    copy(database, to)
    assert network_of(to) == "lan"
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "state"]


def test_a_copy_sees_what_is_committed_and_nothing_else(database: Path, tmp_path: Path) -> None:
    """While another process is in the middle of its transaction."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("INSERT INTO facts VALUES ('a', 'committed')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO facts VALUES ('b', 'not yet')")
        copy(database, tmp_path / "copy.db")
        writer.rollback()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as made:
        assert dict(made.execute("SELECT * FROM facts")) == {"network": "lan", "a": "committed"}


def test_a_damaged_database_makes_no_copy_and_the_older_one_stays(
    database: Path, tmp_path: Path
) -> None:
    to = tmp_path / "copy.db"
    copy(database, to)
    before = to.read_bytes()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        # A root page that holds something else: the file can be read, but is not sound.
        connection.execute("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'hosts'")
    with pytest.raises(StateError, match=r"copy\.db: ") as caught:
        copy(database, to)
    assert "\n" not in str(caught.value)
    assert to.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "state"]


def test_what_a_killed_process_left_is_written_over(database: Path, tmp_path: Path) -> None:
    (tmp_path / ".copy.db.new").write_bytes(b"half a copy" * 10_000)
    copy(database, tmp_path / "copy.db")
    assert network_of(tmp_path / "copy.db") == "lan"
    assert not (tmp_path / ".copy.db.new").exists()


def test_two_at_once_do_not_write_into_one_another(database: Path, tmp_path: Path) -> None:
    """The second one says so while the first is at it."""
    to = tmp_path / "copy.db"

    class Slow(sqlite3.Connection):
        def backup(self, *arguments: object, **options: object) -> None:
            with pytest.raises(StateError, match="another process writes it just now"):
                copy(database, to)
            super().backup(*arguments, **options)  # type: ignore[arg-type]

    with closing(sqlite3.connect(database, isolation_level=None, factory=Slow)) as connection:
        copy_database(connection, to)
    assert network_of(to) == "lan"


def test_a_link_in_its_way_is_not_followed(database: Path, tmp_path: Path) -> None:
    """As somebody else could lay one in a folder for all."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".copy.db.new").symlink_to(victim)
    with pytest.raises(StateError, match="cannot be written"):
        copy(database, tmp_path / "copy.db")
    assert victim.read_text() == "precious"


def test_another_name_of_a_file_of_ours_is_left_alone(database: Path, tmp_path: Path) -> None:
    """A hard link, laid in a folder for all where the kernel lets anybody do that."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    (tmp_path / ".copy.db.new").hardlink_to(victim)
    with pytest.raises(StateError, match=r"copy\.db: cannot be written: Too many links"):
        copy(database, tmp_path / "copy.db")
    assert victim.read_text() == "precious"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o644


# --- where it may go


def test_an_older_backup_of_the_same_network_is_written_over(
    database: Path, tmp_path: Path
) -> None:
    copy(database, tmp_path / "copy.db")
    assert place_for(tmp_path / "copy.db", "lan", database) == tmp_path / "copy.db"


def test_of_a_link_what_it_leads_to_is_written(database: Path, tmp_path: Path) -> None:
    copy(database, tmp_path / "copy.db")
    (tmp_path / "newest.db").symlink_to("copy.db")
    assert place_for(tmp_path / "newest.db", "lan", database) == tmp_path / "copy.db"


def test_an_empty_file_may_be_filled(database: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert place_for(tmp_path / "empty", "lan", database) == tmp_path / "empty"


def other_network(path: Path) -> None:
    Database.open(path.parent / "other", "office").close()
    copy(path.parent / "other" / "netwatch.db", path)


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE facts (a)")


REFUSED = {
    "directory": (Path.mkdir, "is a directory"),
    "text": (lambda path: path.write_text("my notes"), "is no backup of ours"),
    "another program's database": (other_database, "is no backup of ours"),
    "another network's backup": (other_network, "of the network 'office', not 'lan'"),
    "a device": (lambda path: path.symlink_to(os.devnull), "is no backup of ours"),
    "the database itself": (
        lambda path: path.symlink_to(path.parent / "state" / "netwatch.db"),
        "is the database itself",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_anything_else_is_refused(database: Path, tmp_path: Path, what: str) -> None:
    make, words = REFUSED[what]
    make(tmp_path / "there")
    with pytest.raises(UsageError, match=words) as caught:
        place_for(tmp_path / "there", "lan", database)
    assert str(caught.value).startswith(f"{tmp_path / 'there'}: ")


def test_a_link_of_another_user_is_not_followed(database: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert not os.environ.get("CI"), "CI makes a link that is another user's, as root"
        pytest.skip("makes a link that is another user's, as root")
    (tmp_path / "link").symlink_to(tmp_path / "anywhere")
    os.chown(tmp_path / "link", 65534, 65534, follow_symlinks=False)
    with pytest.raises(UsageError, match="is a link that another user made"):
        place_for(tmp_path / "link", "lan", database)


def test_of_an_empty_database_there_is_nothing_to_copy(database: Path) -> None:
    """As a first run leaves it that was killed at once."""
    database.write_bytes(b"")
    with pytest.raises(UsageError, match="no run was made yet"):
        Database.to_copy(database.parent, "lan")


def test_a_folder_that_is_not_there_is_not_made(database: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no directory"):
        place_for(tmp_path / "backups" / "lan.db", "lan", database)
