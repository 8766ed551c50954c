"""Files of the machine: how they would change, and how they are changed."""

import difflib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from netwatch_notify.errors import UsageError

KEPT = ".kept"
"""What is added to the name of an edited file; neither cron nor systemd reads such names."""


def current_text(path: Path) -> str | None:
    """Return what stands in the file; None where there is none. Raises UsageError."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def difference(path: Path, old: str | None, new: str) -> str:
    """Return how a file changes, as a unified diff; empty where it does not."""
    lines = difflib.unified_diff(
        (old or "").splitlines(keepends=True),
        new.splitlines(keepends=True),
        "/dev/null" if old is None else str(path),
        str(path),
    )
    return "".join(lines)


def write_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write the file whole or not at all, root's, with this mode. Raises UsageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, or the last step would not be one; cron passes over names with a dot.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def keep_edited(path: Path) -> Path:
    """Move an edited file aside and return where it is."""
    kept = path.with_name(path.name + KEPT)
    path.replace(kept)
    return kept


def ownership(path: Path) -> tuple[int, int, int]:
    """Return user, group and permission bits."""
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def give(path: Path, uid: int, gid: int, mode: int) -> None:
    """Hand a file or folder over, with all that lies in it; links are not followed."""
    for each in _tree(path):
        os.chown(each, uid, gid, follow_symlinks=False)
    path.chmod(mode)


def _tree(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *files))
