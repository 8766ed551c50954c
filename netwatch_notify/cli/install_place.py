"""A network's place on the machine: its folders, its user, and what that may read and write."""

import grp
import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

import click

from netwatch_notify.cli.checks.files import may, user_of
from netwatch_notify.errors import UsageError
from netwatch_notify.model.paths import ENV_DIRECTORY
from netwatch_notify.model.text import clean
from netwatch_notify.schedule.files import give, ownership
from netwatch_notify.schedule.job import Job
from netwatch_notify.schedule.manifest import Deed
from netwatch_notify.schedule.system import add_user, user_exists, why_not_as
from netwatch_notify.schedule.systemd import STATE_FOLDER
from netwatch_notify.settings.settings import Settings

STATE_MODE = 0o700


@dataclass(slots=True)
class Changes:
    """What has been done, and what is to be said."""

    deeds: list[Deed] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def prepare(job: Job, settings: Settings | None, changes: Changes) -> None:
    """Make the folders, the user, and give it what is its own."""
    for folder, mode in ((ENV_DIRECTORY, STATE_MODE), (STATE_FOLDER, 0o755)):
        if not folder.exists():
            folder.mkdir(mode=mode, parents=True)
            changes.deeds.append(Deed("directory", str(folder)))
    if settings is None or job.env_file is None:
        return
    if job.user == "root":
        if settings.state_dir in job.writes:
            # Below a read-only file system the service could not make it.
            _make_state(settings.state_dir, changes)
        if settings.state_dir.exists() and settings.state_dir.stat().st_uid != 0:
            # It was another user's until now.
            _own(settings.state_dir, (0, 0, STATE_MODE), changes)
        return
    if not user_exists(job.user):
        add_user(job.user)
        changes.deeds.append(Deed("user", job.user))
        done(changes, f"made the system user {job.user}")
    user = pwd.getpwnam(job.user)
    if user.pw_uid == 0:
        raise UsageError(f"--user: {job.user} is root by another name; choose another")
    _make_state(settings.state_dir, changes)
    _own(settings.state_dir, (user.pw_uid, user.pw_gid, STATE_MODE), changes)
    for path in (job.env_file, settings.apprise_config, settings.names_file):
        if path and path.exists():
            _let_read(path, user, changes)
    if job.env_file.parent == ENV_DIRECTORY and not _can(job.user, ENV_DIRECTORY, os.X_OK):
        # Whoever knows a name may open it, if the file itself allows it; nobody can list.
        _own(ENV_DIRECTORY, (0, 0, 0o711), changes, whole=False)
    if why := why_not_as(job.user, job.command):
        raise UsageError(
            f"{job.user} cannot call {job.command}: {clean(why)}; install it where all may read, "
            "such as /opt (make install)"
        )


def give_gathered(folder: Path, user: str, changes: Changes) -> None:
    """
    Give what is gathered of several networks to the user who runs them all.

    Who gathers reads which env files there are.
    """
    entry = pwd.getpwnam(user)
    _make_state(folder, changes)
    _own(folder, (entry.pw_uid, entry.pw_gid, STATE_MODE), changes)
    if not _can(user, ENV_DIRECTORY, os.R_OK | os.X_OK):
        _own(ENV_DIRECTORY, (0, entry.pw_gid, 0o751), changes, whole=False)


def warn_of_metrics(user: str, settings: Settings) -> None:
    """Say it where the user could not write its metrics."""
    if settings.metrics_file is None or user == "root":
        return
    folder = settings.metrics_file.parent
    if not _can(user, folder, os.W_OK | os.X_OK):
        say(f"{user} cannot write NETWATCH_METRICS_FILE in {folder}; let its group, or chown it")


def _can(user: str, path: Path, wanted: int) -> bool:
    who = user_of(user)
    try:
        return who is not None and may(who, path, wanted)
    except OSError:
        return False


def _make_state(folder: Path, changes: Changes) -> None:
    """Make the state directory, if it is not there; refuse one in which other things lie."""
    if folder.is_dir() and any(folder.iterdir()):
        if not any((folder / name).exists() for name in ("netwatch.db", "lock")):
            raise UsageError(
                f"{folder}: is no network's state, other things lie in it; give "
                "NETWATCH_STATE_DIR a folder of its own"
            )
        return
    for each in [*reversed(folder.parents), folder]:
        if not each.exists():
            each.mkdir(mode=STATE_MODE if each == folder else 0o755)
            changes.deeds.append(Deed("directory", str(each)))


def _let_read(path: Path, user: pwd.struct_passwd, changes: Changes) -> None:
    """Let the user's group read what root alone could; what another group reads stays."""
    _, group, _ = ownership(path)
    if group in (0, user.pw_gid):
        _own(path, (0, user.pw_gid, 0o640), changes)
    else:
        say(f"{path} is for the group {_group_name(group)}; {user.pw_name} must be able to read it")


def _own(path: Path, wanted: tuple[int, int, int], changes: Changes, *, whole: bool = True) -> None:
    before = ownership(path)
    if before == wanted:
        return
    if whole:
        give(path, *wanted)
    else:
        os.chown(path, *wanted[:2])
        path.chmod(wanted[2])
    changes.deeds.append(Deed("owner", str(path), before=before))
    done(changes, f"{path}: now {_owner_words(wanted)}, was {_owner_words(before)}")


def _owner_words(owner: tuple[int, int, int]) -> str:
    uid, gid, mode = owner
    return f"{_user_name(uid)}:{_group_name(gid)} {mode:04o}"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def done(changes: Changes, text: str) -> None:
    """Say what was changed."""
    changes.said.append(text)
    click.echo(text)


def say(text: str) -> None:
    """Say what whoever installs should know."""
    click.echo(f"netwatch-notify: {text}", err=True)
