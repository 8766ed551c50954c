"""Whether a run holds the network's lock; looked at, so that no run finds it taken by us."""

from pathlib import Path


def lock_holder(directory: Path, locks: Path = Path("/proc/locks")) -> int | None:
    """
    Return the pid of the run in progress; None where there is none.

    `locks` is the kernel's list. Taking the lock to see whether it is free would send a run that
    begins at this moment away.
    Source: proc(5), /proc/locks, 2022-10.
    """
    try:
        inode = (directory / "lock").stat().st_ino
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        # `1: FLOCK  ADVISORY  WRITE 4711 fd:01:393266 0 EOF`; one that waits has `->` before FLOCK.
        words = line.split()
        if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return int(words[4])
    return None
