"""Whether the messages of several networks are being gathered, to be told in one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netwatch_notify.store.database import make_private_directory, run_lock
from netwatch_notify.store.folders import write_private
from netwatch_notify.store.process import is_alive, this_process


@contextmanager
def gathering(directory: Path) -> Iterator[None]:
    """
    Have the networks' messages left alone until the block ends, or this process.

    Raises AnotherRunError where another process is at it.
    """
    make_private_directory(directory)
    with run_lock(directory):
        path = _mark(directory)
        write_private(path, this_process())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_gathering(directory: Path) -> bool:
    """
    Whether a process is at it now; one that was killed is not.

    Of another container's only the kernel knows. To ask it is to hold the lock for a moment, so
    that is done only where a process has left its mark.
    """
    try:
        holder = _mark(directory).read_text(encoding="ascii")
    except OSError:
        return False
    return bool(holder) and is_alive(holder) and _is_locked(directory)


def _is_locked(directory: Path) -> bool:
    try:
        descriptor = os.open(directory / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _mark(directory: Path) -> Path:
    return directory / "gathering"
