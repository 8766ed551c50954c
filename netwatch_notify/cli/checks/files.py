"""Who may do what with a file, judged by its owner and mode; and the findings on the env file."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from netwatch_notify.cli.checks.tonight import Tonight, this_user
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.cli.plan import exposed_words
from netwatch_notify.model.text import clean
from netwatch_notify.settings.reading import env_file_is_exposed


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
        return []
    findings = []
    user = user_of(tonight.user)
    if user is not None and not may(user, path, os.R_OK):
        text = f"{clean(tonight.user)}, who runs it, cannot read {name}"
        remedy = f"chown root:{clean(tonight.user)} {name} && chmod 640 {name}"
        findings.append(bad("env file", text, remedy))
    if env_file_is_exposed(path):
        findings.append(warning("env file", *exposed_words(path).split("; ", 1)))
    return findings or [good("env file", f"{name}: only who should can read it")]


def is_private(path: Path) -> bool:
    """Whether only the owner gets at what is in the folder."""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
