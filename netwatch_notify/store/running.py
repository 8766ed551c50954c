"""Who holds the run lock, found out without touching it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LOCKS = Path("/proc/locks")
_HELD = re.compile(r"^\d+: FLOCK +ADVISORY +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) ", re.MULTILINE)
"""proc(5): number, kind, mandatory or not, access, pid, device and inode of the file."""


@dataclass(frozen=True, slots=True)
class Running:
    """The run in progress."""

    pid: int
    since: datetime


def running(directory: Path, locks: Path = LOCKS) -> Running | None:
    """
    Return the run that holds the lock of a state directory, None where none does.

    To try the lock would be to hold it for a moment, and a run that begins in that moment would
    give up. A run in another container is not seen.
    """
    path = directory / "lock"
    try:
        pid = int(path.read_text(encoding="ascii"))
        status = path.stat()
        table = locks.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if (str(pid), str(status.st_ino)) not in _HELD.findall(table):
        return None
    return Running(pid, datetime.fromtimestamp(status.st_mtime, UTC))
