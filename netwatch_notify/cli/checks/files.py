"""Who may do what with a file, judged by its owner and mode; and the findings on the env file."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from netwatch_notify.cli.checks.tonight import Tonight, this_user
from netwatch_notify.cli.finding import Finding, bad, failures, good, warning
from netwatch_notify.cli.plan import exposed_words
from netwatch_notify.errors import NetwatchError
from netwatch_notify.model.text import clean
from netwatch_notify.settings.reading import env_file_is_exposed, load_settings
from netwatch_notify.settings.settings import PREFIX, Settings, variable_name

VARIABLE = variable_name("targets")


@dataclass(frozen=True, slots=True)
class User:
    """A user by number, with the groups that count for files."""

    name: str
    uid: int
    groups: frozenset[int]


def user_of(name: str) -> User | None:
    """Return the user of this machine that has the name; None where there is none."""
    if name == this_user():
        return User(name, os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return User(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))


def may(user: User, path: Path, wanted: int) -> bool:
    """
    Whether `user` may do `wanted` (bits of `os.R_OK | os.W_OK | os.X_OK`) with what is at `path`.

    Access control lists are not looked at. Raises OSError where there is nothing.
    """
    if user.uid == 0:
        return True
    way = ((folder, os.X_OK) for folder in path.resolve().parents)
    for place, bits in (*way, (path, wanted)):
        facts = place.stat()
        if not allows(facts.st_mode, user, facts.st_uid, facts.st_gid, bits):
            return False
    return True


def allows(mode: int, user: User, owner: int, group: int, wanted: int) -> bool:
    """Return whether a mode lets `user` do it: the owner's bits count for the owner alone; pure."""
    shift = 6 if owner == user.uid else 3 if group in user.groups else 0
    return (mode >> shift) & wanted == wanted


def env_file(tonight: Tonight) -> list[Finding]:
    """Whether who runs it can read the env file, and nobody else."""
    path, name = tonight.env_file, clean(str(tonight.env_file))
    if not path.exists():
        # Of a line without --env-file too: what this shell has in its environment, cron has not.
        where = [clean(str(one.path)) for one in tonight.runs if not sets_variables(one.path)]
        text = f"{name}: no such file, so {' and '.join(where)} will have no settings"
        return [bad("env file", text, f"write it, with {VARIABLE} in it")] if where else []
    findings = []
    if tonight.runs and not any(sets_variables(one.path) for one in tonight.runs):
        findings += without_environment(path, tonight.settings)
    user = user_of(tonight.user)
    if user is not None and not may(user, path, os.R_OK):
        if not tonight.runs:
            # The default one; a run by this user passes over it, too.
            text = f"{name}: this user cannot read it, so all settings are the environment's"
            return [warning("env file", text, "run check as root, if they are to be that file's")]
        text = f"{clean(tonight.user)}, who runs it, cannot read {name}"
        remedy = f"chown root:{clean(tonight.user)} {name} && chmod 640 {name}"
        findings.append(bad("env file", text, remedy))
    if env_file_is_exposed(path):
        findings.append(warning("env file", *exposed_words(path).split("; ", 1)))
    return findings or [good("env file", f"{name}: only who should can read it")]


def sets_variables(schedule: Path) -> bool:
    """Whether a schedule's file gives settings itself, besides the env file."""
    try:
        return PREFIX in schedule.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def without_environment(path: Path, settings: Settings) -> list[Finding]:
    """Return what of the settings is this shell's, which a scheduled run will not have."""
    mine = [name for name in sorted(os.environ) if name.startswith(PREFIX)]
    if not mine:
        return []
    try:
        if load_settings(path, {}) == settings:
            return []
    except NetwatchError as error:
        return failures("settings", error)
    text = f"set in this shell, and not where it is scheduled: {clean(', '.join(mine))}"
    return [warning("settings", text, f"unset them, or write them into {clean(str(path))}")]


def metrics_file(tonight: Tonight) -> list[Finding]:
    """Whether who runs it can replace the metrics file; a run goes on without."""
    path = tonight.settings.metrics_file
    if path is None:
        return []
    name, folder = clean(str(path)), clean(str(path.parent))
    user = user_of(tonight.user)
    if not path.parent.is_dir():
        text = f"{name}: cannot be written, there is no folder {folder}"
        return [warning("metrics", text, f"mkdir -p {folder}")]
    if user and not may(user, path.parent, os.W_OK | os.X_OK):
        text = f"{name}: cannot be written, {clean(tonight.user)} may not write in {folder}"
        remedy = f"chgrp {clean(tonight.user)} {folder} && chmod g+rwx {folder}"
        return [warning("metrics", text, remedy)]
    return [good("metrics", name)]


def is_private(path: Path) -> bool:
    """Whether only the owner gets at what is in the folder."""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
