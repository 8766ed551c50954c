"""`uninstall`: take back exactly what `install` did."""

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path

import click

from netwatch_notify.cli.install import MANIFEST
from netwatch_notify.cli.options import Options
from netwatch_notify.errors import UsageError
from netwatch_notify.model.paths import ENV_DIRECTORY
from netwatch_notify.schedule.files import current_text, give, keep_edited, write_file
from netwatch_notify.schedule.job import Job
from netwatch_notify.schedule.manifest import (
    Deed,
    digest_of,
    joined,
    manifest_text,
    read_manifest,
)
from netwatch_notify.schedule.system import (
    disable_timers,
    reload_units,
    remove_user,
    systemd_runs,
    user_exists,
)
from netwatch_notify.schedule.systemd import STATE_FOLDER

SHARED = frozenset({str(ENV_DIRECTORY), str(STATE_FOLDER)})
ORDER = ("timer", "file", "owner", "user", "directory")
"""A user must own nothing when it goes, and a folder be empty."""


def take_back(options: Options) -> int:
    """Undo the installation of one network or all, and return the exit code."""
    if os.geteuid() != 0:
        raise UsageError(f"only root may uninstall; call sudo {shlex.join(sys.argv)}")
    instances = read_manifest(MANIFEST)
    wanted = list(instances)
    if options.env_file:
        wanted = [Job(options.env_file.absolute()).instance]
    if not instances or not any(name in instances for name in wanted):
        click.echo("Nothing was installed by netwatch-notify install.")
        return 0
    for instance in wanted:
        deeds = instances.pop(instance)
        mine = _own_deeds(deeds, instances)
        for kind in ORDER:
            chosen = [deed for deed in mine if deed.kind == kind]
            if kind == "timer" and systemd_runs():
                disable_timers([deed.name for deed in chosen])
            # Folders inside before those around them.
            for deed in sorted(chosen, key=lambda deed: deed.name, reverse=True):
                _undo(deed)
        if instances:
            write_file(MANIFEST, manifest_text(instances), 0o600)
        else:
            MANIFEST.unlink(missing_ok=True)
            _remove_folder(MANIFEST.parent, only=mine)
    if systemd_runs():
        reload_units()
    stays = [*sorted(ENV_DIRECTORY.glob("*.env")), *sorted(STATE_FOLDER.glob("*/"))]
    click.echo(
        f"Settings and what is known stay: {', '.join(map(str, stays)) or 'there are none'}."
    )
    return 0


def _own_deeds(deeds: list[Deed], others: dict[str, list[Deed]]) -> list[Deed]:
    """
    Return what no other installation needs; `others` is changed.

    A user and the folders of all networks were made by the first that needed them. The next one
    inherits them, so that they are taken back with the last.
    """
    if not others:
        return deeds
    inherited = [d for d in deeds if d.kind == "user" or d.name in SHARED]
    heir = next(iter(others))
    others[heir] = joined(inherited, others[heir])
    needed = {deed.name for rest in others.values() for deed in rest}
    return [deed for deed in deeds if deed.name not in needed]


def _undo(deed: Deed) -> None:
    path = Path(deed.name)
    match deed.kind:
        case "file":
            remove_file(deed)
        case "owner" if deed.before and path.exists():
            if path == ENV_DIRECTORY:
                # It was given to nobody, opened only; what lies in it is other networks'.
                os.chown(path, *deed.before[:2])
                path.chmod(deed.before[2])
            else:
                give(path, *deed.before)
            click.echo(f"{path}: as it was before")
        case "user" if user_exists(deed.name):
            remove_user(deed.name)
            click.echo(f"removed the user {deed.name}")
        case "directory":
            _remove_folder(path)


def remove_file(deed: Deed) -> None:
    """Remove a file as it was written; an edited one is moved aside, where nothing reads it."""
    path = Path(deed.name)
    now = current_text(path)
    if now is None:
        return
    if digest_of(now) == deed.digest:
        path.unlink()
        click.echo(f"removed {path}")
    else:
        click.echo(f"{path} was edited since; kept as {keep_edited(path)}")
    if path.parent.suffix == ".d" and path.parent.name != "cron.d":
        # The folder of drop-ins, if it was ours alone.
        with suppress(OSError):
            path.parent.rmdir()


def _remove_folder(path: Path, only: list[Deed] | None = None) -> None:
    """Remove a folder that was made, if nothing lies in it."""
    if only is not None and not any(d.kind == "directory" and d.name == str(path) for d in only):
        return
    with suppress(OSError):
        path.rmdir()
        click.echo(f"removed {path}")
