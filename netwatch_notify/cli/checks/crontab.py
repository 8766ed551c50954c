"""Whether cron reads a file at all: of one that it does not like only its own log says so."""

import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from netwatch_notify.cli.checks.files import user_of
from netwatch_notify.model.text import clean
from netwatch_notify.schedule.found import PROGRAM, USERS_CRONTABS

_WORDS = frozenset("reboot yearly annually monthly weekly daily midnight hourly".split())
_MONTHS = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
_DAYS = tuple("sun mon tue wed thu fri sat".split())
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)
"""The least, the greatest and the names of minute, hour, day, month and day of the week."""
_PART = re.compile(r"(?:\*|~|(\w+)(?:[-~](\w+))?)(?:/(\d+))?")
_SETTING = re.compile(r"[\"']?\w+[\"']?\s*=\s*(.*)")


def why_unread(path: Path) -> tuple[str, str] | None:
    """
    Return why cron passes over the file, or reads it otherwise than it is meant; and a remedy.

    None where nothing is wrong, and of a file that this user may not read. Each rule was tried
    with Debian's cron 3.0pl1-162, 2026-11.
    """
    is_users, name = path.is_relative_to(USERS_CRONTABS), clean(str(path))
    try:
        found, link = path.stat(), path.lstat()
        text = path.read_bytes().decode(errors="replace")
    except OSError:
        return None
    if not is_users and (found.st_uid or link.st_uid):
        return "does not belong to root, and cron reads no other", f"chown -h root: {name}"
    if not is_users and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others than root may write to it, so cron does not read it", f"chmod 644 {name}"
    fault = fault_of(text, has_users=not is_users, is_user=lambda name: user_of(name) is not None)
    return (fault[0], fault[1].format(file=name)) if fault else None


def fault_of(
    text: str, *, has_users: bool, is_user: Callable[[str], bool]
) -> tuple[str, str] | None:
    """
    Return the first fault in a file's text; of a line that cron cannot read it reads no other.

    `has_users`: each entry names its user, as in /etc/cron.d. In the remedy `{file}` stands for
    its path. Pure.
    """
    if text and not text.endswith("\n"):
        return "its last line does not end, so cron does not read it", "echo >>{file}"
    for number, line in enumerate(text.split("\n"), 1):
        if fault := _fault(line.lstrip(" \t"), has_users=has_users, is_user=is_user):
            return f"line {number} {fault[0]}", fault[1]
    return None


def _fault(line: str, *, has_users: bool, is_user: Callable[[str], bool]) -> tuple[str, str] | None:
    if not line.strip() or line.startswith("#"):
        return None
    is_ours = PROGRAM in line
    if is_ours and line.endswith("\r"):
        return "ends as on Windows, and so does its last word", r"sed -i 's/\r$//' {file}"
    if setting := _SETTING.fullmatch(line.rstrip()):
        shell = setting[1].strip("\"' ")
        if line.startswith("SHELL") and shutil.which(shell) is None:
            return f"names a shell, {clean(shell)}, that is not there", "write SHELL=/bin/sh"
        return None
    fields = line.split(None, 6 if has_users else 5)
    whens = 1 if line.startswith("@") else 5
    if len(fields) < whens + has_users + 1 or not _is_time(fields[:whens]):
        return "is no entry, so cron reads none of the file", "mend the line, or remove it"
    # Of a line of ours the user is looked at where its command is.
    if has_users and not is_ours and not is_user(fields[whens]):
        text = f"names a user, {clean(fields[whens])}, who is not there"
        return f"{text}, so cron reads none of the file", "mend the line, or remove it"
    if is_ours and re.search(r"(?<!\\)%", line):
        return "has a %, at which cron ends the command", r"write \% instead"
    return None


def _is_time(fields: list[str]) -> bool:
    if fields[0].startswith("@"):
        return fields[0][1:].lower() in _WORDS
    return all(_is_field(text, *field) for text, field in zip(fields, _FIELDS, strict=True))


def _is_field(text: str, least: int, greatest: int, names: tuple[str, ...]) -> bool:
    for part in text.lower().split(","):
        found = _PART.fullmatch(part)
        if not found:
            return False
        for word in filter(None, found.groups()[:2]):
            if word not in names and not (word.isdecimal() and least <= int(word) <= greatest):
                return False
    return True
