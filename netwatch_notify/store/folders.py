"""The scans' folders: one per run, `latest`, and what is old enough to go."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from netwatch_notify.errors import StateError
from netwatch_notify.store.database import make_private_directory


def run_folder(state: Path, run_id: int) -> Path:
    """Make and return the folder of a run's files. Raises StateError."""
    folder = state / "scans" / str(run_id)
    make_private_directory(folder.parent)
    make_private_directory(folder)
    return folder


def report_path(state: Path, run_id: int) -> Path:
    """Return where a run's whole report lies."""
    return state / "scans" / str(run_id) / "report.txt"


def service_folder(state: Path) -> Path:
    """Make and return the folder in which apprise's services keep tokens and keys."""
    folder = state / "apprise"
    make_private_directory(folder)
    return folder


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file for us alone. Raises StateError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def keep_copy(source: Path, path: Path) -> None:
    """Copy a file into a run's folder, for us alone. Raises StateError."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        shutil.copyfile(source, path)
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error


def point_latest(state: Path, run_id: int) -> None:
    """Make `latest` the run's folder, in one step, so that no reader finds it missing."""
    new = state / ".latest.new"
    try:
        new.unlink(missing_ok=True)
        new.symlink_to(Path("scans") / str(run_id))
        new.replace(state / "latest")
    except OSError as error:
        raise StateError(f"{state / 'latest'}: {error.strerror}") from error


def remove_folders(state: Path, kept: Collection[int]) -> None:
    """
    Remove the folders of all runs but these, and never the one `latest` points to.

    Those with higher numbers stay, too: they are of runs that a restored backup does not know.
    """
    latest = (state / "latest").resolve()
    newest = max(kept, default=0)
    for folder in (state / "scans").iterdir():
        number = int(folder.name) if folder.name.isdecimal() else newest
        is_old = number < newest and number not in kept
        if is_old and folder.resolve() != latest and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
