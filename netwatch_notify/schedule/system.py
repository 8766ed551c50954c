"""The programs that an installation calls: useradd, userdel, systemctl. Called nowhere else."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from netwatch_notify.errors import UsageError
from netwatch_notify.schedule.privilege import SETPRIV, as_user

SYSTEMD_RUNS = Path("/run/systemd/system")
"""Is there where systemd is the machine's init (sd_booted(3))."""
CRON_DAEMONS = ("cron", "crond", "fcron", "cronie")
HOME = "/var/lib/netwatch"
SECONDS = 60
_FOLDERS = "/usr/sbin:/sbin"


def systemd_runs() -> bool:
    """Whether systemd starts things here."""
    return SYSTEMD_RUNS.is_dir()


def cron_is_there() -> bool:
    """Whether a cron daemon is installed."""
    return any(map(_found, CRON_DAEMONS))


def user_exists(name: str) -> bool:
    """Whether the machine knows the user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def add_user(name: str) -> None:
    """Make a system user and its group: no login, no shell, no home of its own."""
    nologin = _found("nologin") or "/usr/sbin/nologin"
    _call(
        "useradd",
        *("--system", "--user-group", "--no-create-home", "--home-dir", HOME),
        *("--shell", nologin, name),
    )


def remove_user(name: str) -> None:
    """Remove the user, and its group with it."""
    _call("userdel", name)


def enable_timers(timers: Sequence[str]) -> None:
    """Have systemd read its units anew and start the timers, now and at each boot."""
    _call("systemctl", "daemon-reload")
    _call("systemctl", "enable", "--now", *timers)
    # A timer that was running keeps its old time until it is started anew.
    _call("systemctl", "restart", *timers)


def disable_timers(timers: Sequence[str]) -> None:
    """Stop the timers for good."""
    if timers:
        _call("systemctl", "disable", "--now", *timers)


def reload_units() -> None:
    """Have systemd forget units whose files are gone."""
    _call("systemctl", "daemon-reload")


def why_not_as(user: str, command: Path) -> str:
    """Return why `user` cannot call `command`, or nothing."""
    if user == "root":
        return ""
    if not Path(SETPRIV).exists():
        return f"{SETPRIV} is missing; install util-linux"
    words = [*as_user(user), str(command), "--version"]
    try:
        result = subprocess.run(
            words, capture_output=True, text=True, timeout=SECONDS, cwd="/", check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    said = result.stderr.strip().splitlines()
    return (said[-1] if said else f"exit {result.returncode}") if result.returncode else ""


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{_FOLDERS}")


def _call(program: str, *words: str) -> None:
    path = _found(program)
    if path is None:
        raise UsageError(f"{program}: not found; it is needed to install")
    try:
        result = subprocess.run(
            [path, *words], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"{program}: does not run ({type(error).__name__})") from error
    if result.returncode:
        said = result.stderr.strip().splitlines()
        reason = said[-1] if said else f"exit {result.returncode}"
        raise UsageError(f"{program} {words[0]}: {reason}")
