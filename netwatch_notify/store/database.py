"""Open the state: its directory, the SQLite database, transactions, the one-run-at-a-time lock."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netwatch_notify.errors import AnotherRunError, StateError, UsageError
from netwatch_notify.store.backup import copy_database, has_room_for_copy
from netwatch_notify.store.migrations import is_current, migrate, refuse_newer

BUSY_SECONDS = 30.0
"""How long to wait for another process's transaction; each of ours is far shorter."""
UPGRADE_SECONDS = 10.0
"""How long to wait for another process that brings the database up to date; it takes seconds."""


class Database:
    """
    One network's SQLite database.

    Every failure of SQLite becomes a StateError that names the file and what to try.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    @classmethod
    def open(cls, directory: Path, network: str) -> "Database":
        """
        Open `netwatch.db` in `directory`, making both where they are missing.

        One of an older version is brought up to date, and a copy of it kept beside it as
        `netwatch.db.schema-N`. Raises AnotherRunError where a run, of that version perhaps, is
        in progress then.
        """
        make_private_directory(directory)
        path = directory / "netwatch.db"
        with translated(str(path)):
            is_new = not path.exists()
            if is_new:
                path.touch(mode=0o600)
            database = cls(_connect(str(path)), str(path))
            try:
                database._prepare(network, directory)
            except BaseException:
                database.close()
                raise
        return database

    @classmethod
    def in_memory(cls, copy_of: Path | None, network: str) -> "Database":
        """
        Return a database that lives in memory: empty, or a copy of `copy_of`.

        For previews, which write nothing and take no lock.
        """
        database = cls(_connect(":memory:"), str(copy_of or ":memory:"))
        with translated(database.name):
            if copy_of is not None and copy_of.exists():
                source = _connect_to_read(copy_of)
                try:
                    source.backup(database.connection)
                finally:
                    source.close()
            database._prepare(network)
        return database

    @classmethod
    def to_read(cls, directory: Path, network: str) -> "Database":
        """
        Open what is there as one picture of one moment; nothing is made, written or locked out.

        A run that commits waits until it is closed, so close it before anything is printed.
        A database of an older version is read from a copy in memory. Raises UsageError where
        there is none.
        """
        path = directory / "netwatch.db"
        with translated(str(path)):
            if not path.exists():
                raise UsageError(f"{directory}: no run was made yet, so there is nothing known")
            database = cls(_connect_to_read(path), str(path))
            try:
                if is_current(database.connection):
                    database._check_network(network)
                    return database
            except BaseException:
                database.close()
                raise
            database.close()
        return cls.in_memory(path, network)

    @classmethod
    def to_copy(cls, directory: Path, network: str) -> "Database":
        """
        Open what is there, of this version or an older one, to be copied while others write.

        Raises UsageError where there is none.
        """
        path = directory / "netwatch.db"
        with translated(str(path)):
            # It is empty where the process that made it was killed at once.
            if not path.exists() or not path.stat().st_size:
                raise UsageError(f"{directory}: no run was made yet, so there is nothing to copy")
            database = cls(_connect(f"{path.absolute().as_uri()}?mode=rw", uri=True), str(path))
            try:
                refuse_newer(database.connection, database.name)
                database._check_network(network)
            except BaseException:
                database.close()
                raise
        return database

    def _prepare(self, network: str, directory: Path | None = None) -> None:
        """Bring the schema up to date; `directory`: where the file lies, if there is one."""
        refuse_newer(self.connection, self.name)
        is_new = self.connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
        if not is_new:
            self._check_network(network)
        if is_new or directory is None:
            migrate(self.connection, self.name)
        elif not is_current(self.connection):
            self._bring_up_to_date(directory)
        self.connection.execute("INSERT OR IGNORE INTO facts VALUES ('network', ?)", (network,))
        self._check_network(network)

    def _bring_up_to_date(self, directory: Path) -> None:
        """
        Migrate, alone: `deliver` may be at it in the minute in which the nightly run begins.

        Raises AnotherRunError where it is not that, but a run of the older version.
        """
        end = time.monotonic() + UPGRADE_SECONDS
        while not is_current(self.connection):
            try:
                with run_lock(directory):
                    migrate(self.connection, self.name, self._keep_old)
            except AnotherRunError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def _keep_old(self, schema: int) -> None:
        """Keep a copy of the database as it is, in the place of those of earlier upgrades."""
        path = Path(self.name)
        if not has_room_for_copy(path):
            raise StateError(
                f"{path}: is of an older version, and there is no room for the copy that is kept "
                f"before it is brought up to date; free {path.stat().st_size // 1_000_000 + 2} MB "
                f"in {path.parent}"
            )
        kept = path.with_name(f"{path.name}.schema-{schema}")
        # Not our own connection: its transaction has begun, and it would wait for itself.
        source = _connect(self.name)
        try:
            copy_database(source, kept)
        finally:
            source.close()
        if os.geteuid() == 0:
            owner = path.stat()
            os.chown(kept, owner.st_uid, owner.st_gid)
        for other in path.parent.glob(f"{path.name}.schema-*"):
            # What somebody put there under a longer name is theirs.
            if other != kept and other.name.rpartition("-")[2].isdecimal():
                other.unlink()

    def _check_network(self, network: str) -> None:
        row = self.connection.execute("SELECT value FROM facts WHERE key = 'network'").fetchone()
        if row is not None and row[0] != network:
            raise UsageError(
                f"NETWATCH_STATE_DIR: {self.name} belongs to the network {row[0]!r}, "
                f"not {network!r}; give each network its own directory"
            )

    def close(self) -> None:
        """Close the connection; the object is of no use afterwards."""
        self.connection.close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All that is written inside commits together, or not at all."""
        with translated(self.name):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()

    def integrity(self) -> str:
        """Return `ok`, or what SQLite's own check found first."""
        with translated(self.name):
            (found,) = self.connection.execute("PRAGMA quick_check(1)").fetchone()
        return " ".join(found.split())


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what SQLite and the disk raise into a StateError about `name`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StateError(f"{name}: {error}; is the disk full, or the directory read-only?") from (
            error
        )
    except sqlite3.DatabaseError as error:
        raise StateError(f"{name}: {error}; restore a backup, or move it away to begin anew") from (
            error
        )
    except OSError as error:
        raise StateError(f"{error.filename or name}: {error.strerror}") from error


def make_private_directory(path: Path) -> None:
    """Make `path` and its parents, for us alone (0700). Raises StateError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{path}: cannot be made: {error.strerror}") from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise StateError(f"{path}: not writable by this user; set NETWATCH_STATE_DIR")


@contextmanager
def run_lock(directory: Path) -> Iterator[None]:
    """
    Hold the network's lock: one `run` or `ingest` at a time.

    The kernel lets go of it when we die, however we die. Raises AnotherRunError, with the pid
    that holds it, at once.
    """
    path = directory / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise AnotherRunError(
                f"another run is in progress (pid {holder or 'unknown'}); nothing was changed"
            ) from error
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise StateError(f"{path}: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Begin to read; what a crash left half committed is rolled back first, if it may be."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        _begin_to_read(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
        connection = _connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        _begin_to_read(connection)
    return connection


def _begin_to_read(connection: sqlite3.Connection) -> None:
    """The first query fixes the moment that all others see."""
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM sqlite_master").fetchone()


def _connect(path: str, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, uri=uri)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
