"""What is scheduled on this machine: lines of cron, timers of systemd, whoever wrote them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netwatch_notify.model.paths import DEFAULT_ENV_FILE, ENV_DIRECTORY
from netwatch_notify.schedule import systemd
from netwatch_notify.schedule.job import ALL

PROGRAM = "netwatch-notify"
SYSTEM_CRONTAB = Path("/etc/crontab")
CRON_FOLDER = Path("/etc/cron.d")
USERS_CRONTABS = Path("/var/spool/cron/crontabs")
WANTED_TIMERS = systemd.FOLDER / "timers.target.wants"

_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""The names that cron reads in /etc/cron.d (cron(8), Debian)."""
_FIELDS = re.compile(r"(@\w+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)")
_SETTING = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One line of cron, or one timer that is enabled."""

    kind: str
    """`cron` or `systemd`."""
    path: Path
    command: str
    """`run`, `deliver`; with ` --all` for all networks, and ` --together` as it stands there."""
    user: str
    when: str
    """The five fields of cron or its @word, or systemd's OnCalendar."""
    program: str
    """What it calls, as it stands there."""
    searched: str = ""
    """cron's PATH where it says one."""


def find_schedules(env_file: Path, root: Path = Path("/")) -> tuple[Schedule, ...]:
    """
    Return what is scheduled for `env_file`, those for all networks included.

    Files that may not be read are passed over. `root` is where the machine's file system lies.
    """
    found = [*_of_cron(root), *_of_systemd(root)]
    return tuple(s for s, of in found if of == env_file or (of is None and _is_in_all(env_file)))


def missing_env_files(root: Path = Path("/")) -> tuple[tuple[Schedule, Path], ...]:
    """Return the runs that are scheduled with an env file that is not there, and which it is."""
    found = [(s, of) for s, of in (*_of_cron(root), *_of_systemd(root)) if of]
    return tuple((s, of) for s, of in found if s.command == "run" and _is_missing(root, of))


def _is_missing(root: Path, path: Path) -> bool:
    try:
        _below(root, path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False  # Nobody can say, such as of a path that is not absolute.
    return False


def _is_in_all(env_file: Path) -> bool:
    return env_file.parent == ENV_DIRECTORY and env_file.suffix == ".env"


def _of_cron(root: Path) -> Iterator[tuple[Schedule, Path | None]]:
    places = [(SYSTEM_CRONTAB, "")]
    places += [(path, "") for path in _listed(root, CRON_FOLDER) if _NAME.fullmatch(path.name)]
    places += [(path, path.name) for path in _listed(root, USERS_CRONTABS)]
    for path, user in places:
        yield from _of_crontab(path, _read(root, path), user)


def _of_crontab(path: Path, text: str, owner: str) -> Iterator[tuple[Schedule, Path | None]]:
    """`owner`: whose crontab it is; else each line names its user."""
    searched = ""
    for line in text.splitlines():
        line = line.strip()
        if setting := _SETTING.fullmatch(line):
            if setting[1] == "PATH":
                searched = setting[2].strip("\"' ")
            continue
        fields = _FIELDS.fullmatch(line)
        if line.startswith("#") or not fields:
            continue
        user, command = owner, fields[2]
        if not owner:
            user, _, command = command.partition(" ")
        # Without the user field cron would take the command for a user; so that it is noticed.
        called = _called(command) or (None if owner else _called(f"{user} {command}"))
        if called:
            user = _becomes(called.before) or user
            found = Schedule(
                "cron", path, called.command, user, fields[1], called.program, searched
            )
            yield found, called.env_file


def _of_systemd(root: Path) -> Iterator[tuple[Schedule, Path | None]]:
    for timer in _listed(root, WANTED_TIMERS):
        name, at, rest = timer.name.partition("@")
        if not at or name not in (systemd.RUN, systemd.DELIVER):
            continue
        instance = rest.removesuffix(".timer")
        when = _last(_unit_lines(root, name, instance, "timer"), "OnCalendar")
        service = _unit_lines(root, name, instance, "service")
        called = _called(_last(service, "ExecStart").replace("%i", instance))
        if called:
            user = _last(service, "User") or "root"
            path = systemd.FOLDER / timer.name
            yield (
                Schedule("systemd", path, called.command, user, when, called.program),
                called.env_file,
            )


def _unit_lines(root: Path, name: str, instance: str, kind: str) -> list[str]:
    """Return the lines of a template and then of the instance's drop-ins, in their order."""
    folders = (f"{name}@.{kind}.d", f"{name}@{instance}.{kind}.d")
    drop_ins = [p for f in folders for p in _listed(root, systemd.FOLDER / f)]
    paths = [systemd.FOLDER / f"{name}@.{kind}", *drop_ins]
    return [line.strip() for path in paths for line in _read(root, path).splitlines()]


def _last(lines: Sequence[str], key: str) -> str:
    values = [line.partition("=")[2].strip() for line in lines if line.startswith(f"{key}=")]
    return values[-1] if values else ""


@dataclass(frozen=True, slots=True)
class _Called:
    before: tuple[str, ...]
    program: str
    command: str
    env_file: Path | None


def _called(command: str) -> _Called | None:
    """Return how a command line calls us, if it does; env file None: all networks."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    places = [i for i, word in enumerate(words) if Path(word).name == PROGRAM]
    if not places:
        return None
    before, program, rest = words[: places[0]], words[places[0]], words[places[0] + 1 :]
    env_file = next((word.partition("=")[2] for word in rest if word.startswith("--env-file=")), "")
    if "--env-file" in rest[:-1]:
        env_file = rest[rest.index("--env-file") + 1]
    verb = next((word for word in rest if word in ("run", "deliver")), "")
    if not verb and any(word.isalpha() for word in rest if word not in (env_file, ALL)):
        return None
    every = "--all" in rest
    together = " --together" if "--together" in rest else ""
    name = f"{verb or 'run'}{' --all' if every else ''}{together}"
    of = None if every else Path(env_file) if env_file else DEFAULT_ENV_FILE
    return _Called(tuple(before), program, name, of)


def _becomes(before: Sequence[str]) -> str:
    """Return the user that setpriv makes of root, if it does."""
    return next((w.partition("=")[2] for w in before if w.startswith("--reuid=")), "")


def _listed(root: Path, folder: Path) -> list[Path]:
    try:
        return sorted(folder / path.name for path in _below(root, folder).iterdir())
    except OSError:
        return []


def _read(root: Path, path: Path) -> str:
    try:
        return _below(root, path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
