"""
Whole copies of a database, made while others use it, and never seen half written.

The copy is written beside its place, by SQLite's online backup, looked at, and renamed.
"""

import errno
import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from netwatch_notify.errors import StateError, UsageError

MOST_SECONDS = 60.0
"""How long a copy may take, and wait for another's transaction; 50 MB take less than one."""
PAGES_AT_ONCE = 4096
"""16 MB: between two such pieces the time is looked at."""
SPARE_BYTES = 1_000_000
"""What a copy leaves free, for the transaction that follows."""


def copy_database(source: sqlite3.Connection, path: Path) -> None:
    """
    Have a copy of a database at `path` (0600), in the place of what is there.

    Raises StateError, with `path` as it was, where it cannot be written or is not sound.
    """
    with _written_beside(path) as new, _translated(path):
        with closing(sqlite3.connect(new, isolation_level=None)) as copy:
            source.backup(copy, pages=PAGES_AT_ONCE, progress=_until(path), sleep=0.05)
            _look_at(copy, path)
        _to_disk(new)


def has_room_for_copy(database: Path) -> bool:
    """Whether a copy fits beside a database, with something to spare."""
    needed = database.stat().st_size + SPARE_BYTES
    return shutil.disk_usage(database.parent).free >= needed


def network_of(path: Path) -> str | None:
    """Return the network whose database, or copy of one, a file is; None if it is none."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as there:
            row = there.execute("SELECT value FROM facts WHERE key = 'network'").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def place_for(path: Path, network: str, database: Path) -> Path:
    """
    Return where a backup to `path` goes: of a link, what it leads to.

    Only an older backup of the same network is written over. Raises UsageError.
    """
    if path.is_symlink() and path.lstat().st_uid not in (0, os.geteuid()):
        # In a folder for all, it would say where root writes.
        raise UsageError(f"{path}: is a link that another user made; name what it leads to")
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise UsageError(f"{path}: is a directory; name a file in it, such as {path / 'lan.db'}")
    if not place.parent.is_dir():
        raise UsageError(f"{path}: there is no directory {place.parent}; make it first")
    if place.exists():
        if place.samefile(database):
            raise UsageError(f"{path}: is the database itself; name another file")
        if place.is_file() and not place.stat().st_size:
            # Such as mktemp makes: there is nothing in it that could be lost.
            return place
        found = network_of(place) if place.is_file() else None
        if found is None:
            raise UsageError(f"{path}: exists and is no backup of ours; name another file")
        if found != network:
            raise UsageError(
                f"{path}: is a backup of the network {found!r}, not {network!r}; name another file"
            )
    return place


@contextmanager
def _written_beside(path: Path) -> Iterator[Path]:
    """Yield a new file for us alone in `path`'s folder; it takes `path`'s place in the end."""
    new = path.with_name(f".{path.name}.new")
    with _translated(path):
        descriptor = _alone(new, path)
    try:
        yield new
        with _translated(path):
            new.replace(path)
            _to_disk(path.parent)
    finally:
        for left in (new, new.with_name(f"{new.name}-journal")):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        os.close(descriptor)


def _alone(new: Path, path: Path) -> int:
    """Open an empty file that nobody else writes, over what a killed process left there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(new, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ours, there = os.fstat(descriptor), new.lstat()
        if ours.st_ino != there.st_ino or ours.st_uid != os.geteuid():
            raise BlockingIOError
        if ours.st_nlink != 1:
            # Laid there by somebody else, in a folder for all; it is another file of ours.
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
    except (BlockingIOError, FileNotFoundError) as error:
        os.close(descriptor)
        raise StateError(f"{path}: another process writes it just now; try again") from error
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"{path}: {error}; no copy was made; is the disk full?") from error
    except OSError as error:
        raise StateError(f"{path}: cannot be written: {error.strerror}") from error


def _until(path: Path) -> Callable[[int, int, int], None]:
    """Return what ends a copy that takes too long: SQLite itself waits for ever."""
    end = time.monotonic() + MOST_SECONDS

    def look_at_the_time(_status: int, _remaining: int, _total: int) -> None:
        if time.monotonic() > end:
            raise StateError(f"{path}: no copy in {MOST_SECONDS:g} s: the database is in use")

    return look_at_the_time


def _look_at(copy: sqlite3.Connection, path: Path) -> None:
    """Raise StateError where the copy is not sound."""
    (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        words = " ".join(found.split())
        raise StateError(f"{path}: the copy is not sound ({words}); netwatch-notify check")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
