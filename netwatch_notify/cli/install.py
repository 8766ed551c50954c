"""`install`: schedule the nightly run so that nothing cron or systemd does can break it."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path

import click

from netwatch_notify.cli.install_place import (
    Changes,
    done,
    give_gathered,
    prepare,
    say,
    warn_of_metrics,
)
from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.errors import UsageError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE, ENV_DIRECTORY
from netwatch_notify.report.words import day
from netwatch_notify.schedule import systemd
from netwatch_notify.schedule.cron import cron_path, cron_text
from netwatch_notify.schedule.files import (
    current_text,
    difference,
    keep_edited,
    ownership,
    write_file,
)
from netwatch_notify.schedule.found import Schedule, find_schedules
from netwatch_notify.schedule.job import (
    DEFAULT_COMMAND,
    SPREAD_MINUTES,
    Job,
    check_job,
)
from netwatch_notify.schedule.manifest import (
    NAME,
    Deed,
    digest_of,
    joined,
    manifest_text,
    read_manifest,
)
from netwatch_notify.schedule.next import daily_time, next_start
from netwatch_notify.schedule.system import (
    cron_is_there,
    disable_timers,
    enable_timers,
    systemd_runs,
)
from netwatch_notify.settings.reading import load_settings
from netwatch_notify.settings.settings import Settings
from netwatch_notify.store.handover import NETWORK as GATHERED

MANIFEST = ENV_DIRECTORY / NAME
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""What useradd takes by default (NAME_REGEX of Debian's adduser is the same)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None: as it is installed, or the default."""

    kind: str | None = None
    at: str | None = None
    user: str | None = None
    everything: bool = False
    together: bool = False
    print_only: bool = False


def install_schedule(options: Options, wish: Wish) -> int:
    """Install, or with `print_only` show what would be; return the exit code."""
    if wish.everything and options.env_file:
        raise UsageError("--env-file names one network, --all means every one; drop one")
    if wish.together and not wish.everything:
        raise UsageError("--together means nothing without --all")
    if os.geteuid() != 0 and not wish.print_only:
        raise UsageError(f"only root may install; call sudo {shlex.join(sys.argv)}")
    env_file = None if wish.everything else (options.env_file or DEFAULT_ENV_FILE).absolute()
    settings = _settings(env_file, must_be_there=not wish.print_only)
    installed = _own_schedules(env_file)
    kind = wish.kind or _kind(installed)
    job = _job(wish, env_file, settings, installed)
    check_job(job)
    files = systemd.unit_files(job) if kind == "systemd" else {cron_path(job): cron_text(job)}
    if wish.print_only:
        for path, text in files.items():
            click.echo(f"# {path}\n{text}")
        return 0
    _warn(job, kind, settings)
    before = read_manifest(MANIFEST)
    old = before.get(job.instance, [])
    changes = Changes()
    gone: list[Deed] = []
    try:
        prepare(job, settings, changes)
        if settings:
            warn_of_metrics(job.user, settings)
        if env_file is None and wish.user:
            _prepare_all(job, wish.user, changes)
        _write(files, old, changes)
        gone = _take_away(old, files, before, job.instance)
        _start(job, kind, old, changes)
    finally:
        # Also of half an installation, or uninstall would leave that half.
        deeds = joined([deed for deed in old if deed not in gone], changes.deeds)
        if deeds:
            write_file(MANIFEST, manifest_text({**before, job.instance: deeds}), 0o600)
    if not (changes.said or gone):
        click.echo("Nothing to change.")
    _say_when(job, env_file, kind)
    return 0


def _prepare_all(job: Job, user: str, changes: Changes) -> None:
    """
    Give each network, and what is gathered of several, to `user`.

    The schedule stays root's: each network goes on as the user to whom its state belongs.
    """
    states = []
    for path in sorted(ENV_DIRECTORY.glob("*.env")):
        settings = load_settings(path, {})
        states.append(settings.state_dir)
        prepare(replace(job, env_file=path, user=user), settings, changes)
        warn_of_metrics(user, settings)
    give_gathered(states[0].parent / GATHERED, user, changes)


def _settings(env_file: Path | None, *, must_be_there: bool) -> Settings | None:
    """
    Read the settings as cron will: without anything of this shell's environment.

    None for all networks, and where a preview finds no env file, or one that it may not read.
    """
    if env_file is None:
        if must_be_there and not sorted(ENV_DIRECTORY.glob("*.env")):
            raise UsageError(f"{ENV_DIRECTORY}: has no env file (*.env); write one a network")
        return None
    if not os.access(env_file, os.R_OK):
        if must_be_there:
            raise UsageError(
                f"{env_file}: no such file; write it first, with NETWATCH_TARGETS in it"
            )
        return None
    return load_settings(env_file, {})


def _own_schedules(env_file: Path | None) -> list[Schedule]:
    """Return what `install` scheduled for this env file, or for all, however it was edited."""
    own = _places(Job(env_file))
    return [schedule for schedule in _all_schedules(env_file) if schedule.path in own]


def _all_schedules(env_file: Path | None) -> tuple[Schedule, ...]:
    # For all networks: whatever is found for any of the folder's files.
    return find_schedules(env_file or ENV_DIRECTORY / "all.env")


def _places(job: Job) -> set[Path]:
    """Return the files by which a job is known: cron's, and systemd's timers."""
    return {cron_path(job), *(systemd.FOLDER / timer for timer in systemd.timers(job))}


def _kind(installed: Sequence[Schedule]) -> str:
    for schedule in installed:
        return schedule.kind
    if systemd_runs():
        return "systemd"
    if cron_is_there():
        return "cron"
    raise UsageError(
        "neither systemd nor cron is here to start a run; install one (apt-get install cron), or "
        "say which files you want: netwatch-notify install cron"
    )


def _job(
    wish: Wish, env_file: Path | None, settings: Settings | None, installed: Sequence[Schedule]
) -> Job:
    runs = [schedule for schedule in installed if schedule.command.startswith("run")]
    at = _time_of_day(wish.at) if wish.at else None
    at = at or next((found for run in runs if (found := daily_time(run))), time(3))
    user = wish.user or next((run.user for run in runs), "root")
    if env_file is None:
        user = "root"
    if not _USER.fullmatch(wish.user or user):
        raise UsageError(f"{wish.user!r} is no user name; it takes small letters, digits, - and _")
    writes: list[Path] = []
    if settings:
        folders = [settings.state_dir]
        folders += [settings.metrics_file.parent] if settings.metrics_file else []
        writes = [f for f in folders if not f.is_relative_to(systemd.STATE_FOLDER)]
    together = wish.together or any("--together" in run.command for run in runs)
    return Job(env_file, installed_command(), at, user, tuple(writes), together)


def _time_of_day(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise UsageError(f"--at: {text!r} is no time of day; example: 03:00")
    return time(int(found[1]), int(found[2]))


def installed_command() -> Path:
    """Return the absolute path by which the schedule is to call this very program."""
    called = Path(sys.argv[0]).absolute()
    if called.name != DEFAULT_COMMAND.name:
        # `python -m netwatch_notify`: the script lies beside the interpreter.
        called = Path(sys.executable).parent / DEFAULT_COMMAND.name
    if not called.exists():
        found = shutil.which(DEFAULT_COMMAND.name)
        if found is None:
            raise UsageError(
                f"{called}: not found; install netwatch-notify for the whole machine (make install)"
            )
        called = Path(found)
    if DEFAULT_COMMAND.exists() and DEFAULT_COMMAND.samefile(called):
        return DEFAULT_COMMAND
    return called


def _warn(job: Job, kind: str, settings: Settings | None) -> None:
    """Say what would not work, or not well, with what is installed."""
    program = job.command.resolve()
    others = next((p for p in (program, *program.parents) if _others_may_write(p)), None)
    if others:
        say(f"others than root may change {others}, which root will run; install it in /opt")
    if settings is None:
        return
    has_none = not (settings.notify or settings.apprise_config or settings.hook)
    if kind == "systemd" and has_none:
        say("no destination is set, and systemd mails nobody: messages go to the journal only")


def _others_may_write(path: Path) -> bool:
    found = path.stat()
    return found.st_uid != 0 or bool(found.st_mode & 0o022 and not found.st_mode & 0o1000)


def _write(files: dict[Path, str], old: Sequence[Deed], changes: Changes) -> None:
    written = {deed.name: deed.digest for deed in old if deed.kind == "file"}
    for path, text in files.items():
        now = current_text(path)
        changes.deeds.append(Deed("file", str(path), digest_of(text)))
        if now == text and ownership(path) == (0, 0, 0o644):
            continue
        if now is not None and now != text and digest_of(now) != written.get(str(path)):
            kept = keep_edited(path)
            say(f"{path} was not as install wrote it; kept as {kept}")
        write_file(path, text)
        changed = difference(path, now, text).rstrip("\n") or f"{path}: now root:root 0644"
        done(changes, f"wrote {path}" if now is None else changed)


def _take_away(
    old: Sequence[Deed], files: dict[Path, str], instances: dict[str, list[Deed]], instance: str
) -> list[Deed]:
    """Remove what an earlier install wrote and this one does not: the other kind, a drop-in."""
    from netwatch_notify.cli.uninstall import remove_file

    shared = {deed.name for key, deeds in instances.items() if key != instance for deed in deeds}
    gone = []
    for deed in old:
        if deed.kind == "file" and Path(deed.name) not in files:
            gone.append(deed)
            if deed.name not in shared:
                remove_file(deed)
    timers = [deed for deed in old if deed.kind == "timer"]
    if timers and not any(path.suffix == ".timer" for path in files):
        gone += timers
        if systemd_runs():
            disable_timers([deed.name for deed in timers])
    return gone


def _start(job: Job, kind: str, old: Sequence[Deed], changes: Changes) -> None:
    """Have systemd start its timers; cron reads its files each minute by itself."""
    if kind != "systemd":
        return
    timers = systemd.timers(job)
    if not systemd_runs():
        say("systemd does not run here: its files are written, and nothing is started")
        return
    known = {deed.name for deed in old if deed.kind == "timer"}
    if changes.said or not known.issuperset(timers):
        changes.deeds += [Deed("timer", timer) for timer in timers]
        enable_timers(timers)
        done(changes, f"enabled {', '.join(timers)}")


def _say_when(job: Job, env_file: Path | None, kind: str) -> None:
    now = datetime.now(LocalZone())
    runs = [s for s in _all_schedules(env_file) if s.command.startswith("run")]
    for schedule in runs:
        starts = next_start(schedule, now)
        if schedule.kind == kind and schedule.path in _places(job) and starts:
            click.echo(
                f"Next run: {day(starts, LocalZone(), now)} {starts:%H:%M}, or up to "
                f"{SPREAD_MINUTES} minutes later, as {schedule.user}."
            )
    own = {schedule.path for schedule in runs if schedule.kind == kind} & _places(job)
    for path in sorted({schedule.path for schedule in runs} - own):
        say(f"{path} starts a run, too; remove it, or there are two each night")
    env = f" --env-file {job.env_file}" if job.env_file not in (None, DEFAULT_ENV_FILE) else ""
    word = "check --all" if job.env_file is None else "check"
    click.echo(f"Will it work? netwatch-notify{env} {word}")
