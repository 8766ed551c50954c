"""The state directory: its owner and mode, room on the disk, and whether the database is whole."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from netwatch_notify.cli.checks.files import is_private, may, user_of
from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, failures, good, warning
from netwatch_notify.errors import NetwatchError
from netwatch_notify.model.text import clean

_OWN = re.compile(r"(?:netwatch\.db(?:-journal)?|lock|scans|apprise|nmap\.pids)$")
"""What a run writes to in the state directory; the rest it replaces, or never looks at."""
MOST_FILES = 20_000
"""Files whose owner is looked at: 90 nights of a large network."""
RUNS_LOOKED_BACK = 5
FILES_LEAST = 200
SPARE_RUNS = 10
"""Room for fewer runs than this is a warning."""
FIRST_RUN_BYTES = 50 << 20
"""Where no run says what is usual: more than the XML of a /16 with few hosts."""


def state(tonight: Tonight) -> list[Finding]:
    """Whether who runs it can use the directory."""
    directory, name = tonight.settings.state_dir, clean(str(tonight.settings.state_dir))
    if not directory.exists():
        parent = _existing(directory)
        if not os.access(parent, os.W_OK | os.X_OK):
            text = f"{name}: cannot be made, {clean(str(parent))} is not writable"
            return [bad("state", text, "set NETWATCH_STATE_DIR, or run it as root")]
        user = user_of(tonight.user)
        if user and not may(user, parent, os.W_OK | os.X_OK):
            text = f"{name}: not there, and {clean(user.name)}, who runs it, cannot make it"
            return [bad("state", text, f"install -d -m 700 -o {clean(user.name)} {name}")]
        return [good("state", f"{name}: will be made by the first run")]
    if not directory.is_dir():
        return [bad("state", f"{name}: is no directory", "set NETWATCH_STATE_DIR")]
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        text = f"{name}: not writable by this user, or the file system is read-only"
        return [bad("state", text, f"see: findmnt -T {name}; ls -ld {name}")]
    findings = []
    user = user_of(tonight.user)
    if user and not may(user, directory, os.R_OK | os.W_OK | os.X_OK):
        text = f"{name}: {clean(tonight.user)}, who runs it, may not write there"
        findings.append(bad("state", text, f"chown -R {clean(tonight.user)}: {name}"))
    elif user and user.uid and (strange := list(_strangers(directory, user.uid))):
        text = f"{name}: {clean(str(strange[0]))} belongs to another user"
        text += f", and {len(strange) - 1} more" if len(strange) > 1 else ""
        findings.append(bad("state", text, f"chown -R {clean(tonight.user)}: {name}"))
    if not is_private(directory):
        text = f"others can look into {name}, which says what is open where"
        findings.append(warning("state", text, f"chmod 700 {name}"))
    return findings or [good("state", f"{name}: writable, and for its owner alone")]


def database(tonight: Tonight, error: NetwatchError | OSError | None) -> list[Finding]:
    """Whether the database is whole; `error` is why it could not be read."""
    if error is not None:
        return failures("database", error)
    recorded = tonight.recorded
    if recorded is None:
        return []
    path = clean(str(tonight.settings.state_dir / "netwatch.db"))
    if recorded.faults:
        text = f"{path}: {clean(recorded.faults[0])}"
        return [bad("database", text, "restore a backup, or move it away to begin anew")]
    older = (
        "" if recorded.is_current else ", of an older version; the next run brings it up to date"
    )
    return [good("database", f"{path} is sound{older}")]


def disk(tonight: Tonight) -> list[Finding]:
    """Room for tonight's files and the database, in bytes and in files."""
    directory = tonight.settings.state_dir
    place = os.statvfs(_existing(directory))
    name = clean(str(_existing(directory)))
    free = Room(place.f_bavail * place.f_frsize, place.f_favail if place.f_files else None)
    keeps_copy = tonight.recorded is not None and not tonight.recorded.is_current
    return [room(name, free, usual_need(directory, keeps_copy=keeps_copy))]


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes and files, free or needed; None: this file system does not count files."""

    size_bytes: int
    files: int | None


def usual_need(directory: Path, *, keeps_copy: bool) -> Room:
    """
    Return what a run needs: twice the median folder of the last ones, and the database.

    A transaction keeps what it overwrites in a journal, at most the whole database; a database
    of an older version is copied besides (`keeps_copy`).
    """
    folders = sorted(
        (path for path in (directory / "scans").glob("[0-9]*") if path.name.isdecimal()),
        key=lambda path: int(path.name),
    )[-RUNS_LOOKED_BACK:]
    sizes = [sum(file.stat().st_size for file in path.iterdir()) for path in folders]
    files = [sum(1 for _ in path.iterdir()) for path in folders]
    stored = directory / "netwatch.db"
    size = stored.stat().st_size if stored.exists() else 0
    run = 2 * int(median(sizes)) if sizes else FIRST_RUN_BYTES
    return Room(
        run + size * (2 if keeps_copy else 1),
        max(FILES_LEAST, 2 * int(median(files)) if files else 0),
    )


def room(name: str, free: Room, need: Room) -> Finding:
    """Return whether what is free is enough for tonight, and for the nights to come; pure."""
    text = f"{megabytes(free.size_bytes)} free in {name}, a run needs {megabytes(need.size_bytes)}"
    remedy = "make room, or lower NETWATCH_KEEP_DAYS"
    if free.files is not None and free.files < (need.files or 0):
        return bad("disk", f"only {free.files:,} more files can be made in {name}", remedy)
    if free.size_bytes < need.size_bytes:
        return bad("disk", text, remedy)
    if free.size_bytes < SPARE_RUNS * need.size_bytes:
        return warning("disk", text, remedy)
    return good("disk", text)


def megabytes(size_bytes: int) -> str:
    """Return `12 MB`, or `3.4 GB`."""
    if size_bytes >= 1 << 30:
        return f"{size_bytes / (1 << 30):,.1f} GB"
    return f"{max(size_bytes / (1 << 20), 0.1):,.{0 if size_bytes >= 10 << 20 else 1}f} MB"


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _strangers(directory: Path, uid: int) -> Iterator[Path]:
    """Yield what in the directory belongs to somebody else; of very many files a part."""
    looked = 0
    for folder, folders, files in os.walk(directory):
        if Path(folder) == directory:
            # A backup that root put beside it stands in nobody's way.
            folders[:], files[:] = filter(_OWN.match, folders), filter(_OWN.match, files)
        for name in (*folders, *files):
            looked += 1
            path = Path(folder) / name
            if path.lstat().st_uid != uid:
                yield path
        if looked > MOST_FILES:
            return
