"""`check`: will tonight's run work?"""

import json
import os
import shlex
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from netwatch_notify.cli.checks import (
    clock,
    delivery,
    files,
    people,
    runs,
    scanner,
    schedule,
    state,
    targets,
)
from netwatch_notify.cli.checks.tonight import Tonight, read_recorded
from netwatch_notify.cli.finding import BAD, GOOD, Finding, bad, failures, good, summary, warning
from netwatch_notify.cli.options import Options
from netwatch_notify.errors import NetwatchError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.model.text import clean
from netwatch_notify.schedule.found import find_schedules
from netwatch_notify.settings.reading import load_settings, unknown_variables

SCHEMA = 1
"""Of what `--json` prints."""

CHECKS: dict[str, Callable[[Tonight], list[Finding]]] = {
    "env file": files.env_file,
    "names file": people.names_file,
    "nmap": scanner.nmap,
    "privileges": scanner.privileges,
    "targets": targets.targets,
    "state": state.state,
    "disk": state.disk,
    "metrics": files.metrics_file,
    "clock": clock.clock,
    "schedule": schedule.schedule,
    "last run": runs.last_run,
    "rules": people.rules,
    "outbox": delivery.outbox,
    "destinations": delivery.destinations,
    "heartbeat": delivery.heartbeat,
}
"""In the order of a run's path; the database is looked at where its state directory is."""


def run_checks(options: Options, *, send: bool = False) -> int:
    """
    Print every finding and return 0 if the run will work, else 2.

    `send`: each destination gets a test message, and how that went is a finding.
    """
    network, findings = find_out(options, send=send)
    works = all(finding.status != BAD for finding in findings)
    if options.as_json:
        click.echo(json.dumps(as_json(network, findings), indent=2))
    else:
        shown = [f for f in findings if f.status != GOOD] if options.quiet else findings
        for line in lines_of(shown):
            click.echo(line)
        if shown:
            click.echo(f"{network or 'netwatch-notify'}: {summary(findings)}")
    return 0 if works else 2


def find_out(options: Options, *, send: bool = False) -> tuple[str | None, list[Finding]]:
    """Return the network's name, as far as the settings say it, and everything there is to say."""
    path = (options.env_file or DEFAULT_ENV_FILE).absolute()
    findings: list[Finding] = []
    try:
        settings = load_settings(options.env_file)
    except (NetwatchError, OSError) as error:
        findings = failures("settings", error)
        if options.env_file is None and _is_closed(path):
            remedy = "run check as the user who runs netwatch-notify, or as root"
            findings.append(bad("env file", f"{path}: this user cannot read it", remedy))
        return None, [named(f, path) for f in (*findings, *_unknown(options.env_file))]
    findings = [good("settings", f"network {settings.network}"), *_unknown(options.env_file)]
    recorded, problem = None, None
    try:
        recorded = read_recorded(settings.state_dir, settings.network)
    except (NetwatchError, OSError) as error:
        problem = error
    # The schedules of a file that this user may not read are of other settings than these.
    is_ours = options.env_file is not None or not _is_closed(path)
    now, schedules = datetime.now(UTC), find_schedules(path) if is_ours else ()
    tonight = Tonight(settings, path, now, recorded, schedules, send, problem is None)
    for item, check in CHECKS.items():
        findings += _guarded(item, partial(check, tonight))
        if item == "state":
            findings += _guarded("database", partial(state.database, tonight, problem))
    return settings.network, [named(finding, path) for finding in findings]


def named(finding: Finding, env_file: Path) -> Finding:
    """Return a finding whose remedy, typed as it stands there, is about this network."""
    if env_file == DEFAULT_ENV_FILE or "--env-file" in finding.remedy:
        return finding
    file = clean(shlex.quote(str(env_file)))
    words = f"netwatch-notify --env-file {file} "
    return replace(finding, remedy=finding.remedy.replace("netwatch-notify ", words))


def as_json(network: str | None, findings: list[Finding]) -> dict[str, object]:
    """Return what `--json` prints of one network."""
    return {
        "schema": SCHEMA,
        "network": network,
        "ok": all(finding.status != BAD for finding in findings),
        "summary": summary(findings),
        "checks": [asdict(finding) for finding in findings],
    }


def lines_of(findings: list[Finding]) -> list[str]:
    """Return the findings for people; below each what to try."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.status:<8} {finding.item}: {finding.text}")
        if finding.remedy:
            lines.append(f"         Try: {finding.remedy}")
    return lines


def _guarded(item: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """One item that cannot be looked at is a finding, and costs no other."""
    try:
        return check()
    except (NetwatchError, OSError) as error:
        return failures(item, error)


def _is_closed(path: Path) -> bool:
    try:
        return path.exists() and not os.access(path, os.R_OK)
    except OSError:
        return True


def _unknown(env_file: Path | None) -> list[Finding]:
    """Return the variables that no setting has: mostly slips of the pen."""
    try:
        unknown = unknown_variables(env_file, os.environ)
    except (NetwatchError, OSError):
        return []  # Said of the settings already.
    if not unknown:
        return []
    text = f"no such setting: {', '.join(unknown)}"
    return [warning("settings", text, "see docs/configuration.md for the names there are")]
