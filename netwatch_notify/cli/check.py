"""`check`: will tonight's run work?"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from netwatch_notify.cli.check_delivery import destination_findings, outbox_findings
from netwatch_notify.cli.finding import BAD, GOOD, WARNING, Finding
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.plan import exposed_words, may_open_raw_sockets
from netwatch_notify.errors import NetwatchError, StateError
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.model.rule import RuleKind
from netwatch_notify.pipeline.names import read_names
from netwatch_notify.scan.names import resolve_targets
from netwatch_notify.scan.runner import find_nmap, nmap_version
from netwatch_notify.settings.reading import env_file_is_exposed, load_settings, unknown_variables
from netwatch_notify.settings.settings import Settings
from netwatch_notify.store.database import Database
from netwatch_notify.store.rules import standing_rules

SOON_UNUSED = timedelta(days=30)
"""A rule is given so long to fit something for the first time."""
LONG_UNUSED = timedelta(days=90)


def run_checks(options: Options, *, send: bool = False) -> int:
    """
    Print every finding and return 0 if the run will work, else 2.

    `send`: each destination gets a test message, and how that went is a finding.
    """
    findings: list[Finding] = []
    try:
        settings = load_settings(options.env_file)
    except NetwatchError as error:
        findings += [Finding("settings", BAD, line) for line in str(error).splitlines()]
    else:
        findings.append(Finding("settings", GOOD, f"network {settings.network}"))
        last: dict[str, Callable[[Settings], list[Finding]]] = {
            "destinations": partial(destination_findings, send=send)
        }
        for item, check in {**_CHECKS, **last}.items():
            try:
                findings += check(settings)
            except NetwatchError as error:
                findings.append(Finding(item, BAD, str(error)))
    findings += _environment(options.env_file)
    works = all(finding.status != BAD for finding in findings)
    if options.as_json:
        click.echo(json.dumps({"ok": works, "checks": [asdict(f) for f in findings]}, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.status:<8} {finding.item}: {finding.text}")
    return 0 if works else 2


def _environment(env_file: Path | None) -> list[Finding]:
    findings = []
    path = env_file or DEFAULT_ENV_FILE
    if path.exists() and env_file_is_exposed(path):
        findings.append(Finding("env file", WARNING, exposed_words(path)))
    try:
        unknown = unknown_variables(env_file, os.environ)
    except NetwatchError:
        unknown = []
    if unknown:
        text = f"no such setting: {', '.join(unknown)}"
        findings.append(Finding("env file", WARNING, text))
    return findings


def _nmap(settings: Settings) -> list[Finding]:
    nmap = find_nmap(settings.nmap_path)
    found = Finding("nmap", GOOD, f"{nmap}, {nmap_version(nmap)}")
    if may_open_raw_sockets():
        return [found, Finding("privileges", GOOD, "root: SYN scan, MAC addresses are seen")]
    text = "not root: a connect scan, slower and without MAC addresses"
    return [found, Finding("privileges", WARNING, text)]


def _targets(settings: Settings) -> list[Finding]:
    resolved = resolve_targets(settings.targets)
    if resolved.unresolved:
        names = ", ".join(resolved.unresolved)
        return [Finding("targets", BAD, f"{names} does not resolve")]
    count = sum(len(target.addresses) for target in resolved.targets)
    return [Finding("targets", GOOD, f"{count} addresses")]


def _state(settings: Settings) -> list[Finding]:
    path = settings.state_dir / "netwatch.db"
    if not path.exists():
        parent = next(p for p in (settings.state_dir, *settings.state_dir.parents) if p.exists())
        if not os.access(parent, os.W_OK):
            raise StateError(f"{settings.state_dir}: cannot be made, {parent} is not writable")
        return [Finding("state", GOOD, f"{settings.state_dir}: will be made by the first run")]
    database = Database.open(settings.state_dir, settings.network)
    try:
        state = database.integrity()
    finally:
        database.close()
    if state != "ok":
        raise StateError(f"{path}: {state}; restore a backup, or move it away to begin anew")
    return [Finding("state", GOOD, f"{path} is sound")]


def _people(settings: Settings) -> list[Finding]:
    """Names and rules: what people said, and whether it still means anything."""
    findings = []
    if settings.names_file:
        try:
            book = read_names(settings.names_file)
            findings.append(Finding("names file", GOOD, f"{len(book)} entries"))
        except ValueError as error:
            findings += [Finding("names file", BAD, line) for line in str(error).splitlines()]
    if not (settings.state_dir / "netwatch.db").exists():
        return findings
    database = Database.open(settings.state_dir, settings.network)
    try:
        standing = standing_rules(database)
    finally:
        database.close()
    now = datetime.now(UTC)
    for rule in standing:
        idle = now - (rule.used_at or rule.created_at)
        if rule.used_at is None or idle > LONG_UNUSED:
            status = WARNING if idle > SOON_UNUSED else GOOD
            how = "has not fitted anything yet" if rule.used_at is None else "is unused"
            how_to_remove = "ignore remove" if rule.kind is RuleKind.IGNORE else "expect --remove"
            remedy = f"; netwatch-notify {how_to_remove} {rule.id}"
            text = f"{rule.written} ({rule.said}) {how}, for {idle.days} days{remedy}"
            findings.append(Finding(f"{rule.kind.value} {rule.id}", status, text))
    return findings


_CHECKS: dict[str, Callable[[Settings], list[Finding]]] = {
    "nmap": _nmap,
    "targets": _targets,
    "state": _state,
    "rules": _people,
    "outbox": outbox_findings,
}
