"""Does it run by itself, and when next; will what starts it find what it needs?"""

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from netwatch_notify.cli.checks.crontab import why_unread
from netwatch_notify.cli.checks.files import user_of
from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.model.text import clean
from netwatch_notify.report.words import day
from netwatch_notify.schedule.alive import cron_is_running, timer_is_active
from netwatch_notify.schedule.found import Schedule, missing_env_files
from netwatch_notify.schedule.next import next_start
from netwatch_notify.schedule.systemd import STATE_FOLDER

CRON_PATH = "/usr/bin:/bin"
"""What cron gives a job whose file says nothing (crontab(5))."""
INSTALL = "netwatch-notify install"


def schedule(tonight: Tonight) -> list[Finding]:
    """What starts it, and what is in the way."""
    if not tonight.runs:
        is_systems = tonight.settings.state_dir.is_relative_to(STATE_FOLDER)
        return [nothing_starts(missing_env_files(), tonight.user if is_systems else "root")]
    paths = dict.fromkeys(one.path for one in tonight.schedules if one.kind == "cron")
    unread = {path: why for path in paths if (why := why_unread(path))}
    findings = [starts(one, tonight.now) for one in tonight.runs if one.path not in unread]
    findings += [bad("schedule", f"{clean(str(p))}: {w[0]}", w[1]) for p, w in unread.items()]
    findings += twice(tonight.runs, tonight.env_file)
    for one in tonight.schedules:
        findings += obstacles(one, finds_nmap=tonight.settings.nmap_path is None)
    findings += asleep(tonight.schedules)
    if all(one in tonight.runs for one in tonight.schedules):
        text = "nothing sends later what could not be sent at once"
        findings.append(warning("schedule", text, INSTALL))
    return list(dict.fromkeys(findings))


def twice(runs: Sequence[Schedule], env_file: Path) -> list[Finding]:
    """Return that cron and systemd, or a schedule of its own and that of all, start the same."""
    if len({(one.kind, one.command) for one in runs}) < 2:
        return []
    places = " and ".join(clean(str(one.path)) for one in runs)
    file = clean(str(env_file))
    remedy = f"netwatch-notify --env-file {file} uninstall, if the other is to stay"
    return [warning("schedule", f"both {places} start this network's run", remedy)]


def nothing_starts(missing: Sequence[tuple[Schedule, Path]], user: str) -> Finding:
    """
    Return that there is no schedule.

    `missing` has those of env files that are not there, `user` is to whom the state belongs.
    """
    for one, path in missing:
        text = f"{clean(str(one.path))} starts a run with {clean(str(path))}, which is not there"
        return bad("schedule", f"nothing starts this network's run; {text}", install_as(one.user))
    return warning("schedule", "nothing starts a run by itself", install_as(user))


def install_as(user: str) -> str:
    """Return the command that schedules it for a user."""
    return INSTALL if user == "root" else f"{INSTALL} --user {clean(user)}"


def starts(one: Schedule, now: datetime) -> Finding:
    """Return when it starts next."""
    where = f"{clean(str(one.path))}, as {clean(one.user)}"
    at = next_start(one, now.astimezone())
    if at is None:
        return warning("schedule", f"{where}: next at a time that is not known", INSTALL)
    return good("schedule", f"next {day(at, LocalZone(), now)} {at:%H:%M} ({where})")


def obstacles(one: Schedule, *, finds_nmap: bool) -> list[Finding]:
    """Return what keeps the command from starting; `finds_nmap`: nmap is looked for on PATH."""
    findings = []
    where, program = clean(str(one.path)), clean(one.program)
    searched = (one.searched or CRON_PATH) if one.kind == "cron" else os.defpath
    if user_of(one.user) is None:
        text = f"{where}: there is no user {clean(one.user)}"
        findings.append(bad("schedule", text, INSTALL))
    if shutil.which(one.program, path=searched) is None:
        text = f"{where}: {program} is not there, or cannot be executed"
        findings.append(bad("schedule", text, INSTALL))
    scans = one.kind == "cron" and one.command.startswith("run") and finds_nmap
    if scans and shutil.which("nmap", path=searched) is None:
        text = f"{where}: nmap is not on its PATH, {clean(searched)}"
        remedy = "set NETWATCH_NMAP_PATH, or PATH in this file"
        findings.append(bad("schedule", text, remedy))
    return findings


def asleep(schedules: Sequence[Schedule]) -> list[Finding]:
    """Return the schedules whose time nobody waits for."""
    findings = []
    if any(one.kind == "cron" for one in schedules) and not cron_is_running():
        text = "cron is not running, so nothing is started"
        findings.append(bad("schedule", text, "systemctl enable --now cron, or service cron start"))
    for one in schedules:
        if one.kind == "systemd" and not timer_is_active(one.path.name):
            name = clean(one.path.name)
            text = f"{name} is enabled, but not active"
            findings.append(bad("schedule", text, f"systemctl start {name}"))
    return findings
