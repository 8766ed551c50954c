"""Settings to the plan a run needs; logging set up with its secrets."""

import os
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.diff.night import Rules
from netwatch_notify.log.setup import setup_logging
from netwatch_notify.log.sinks import choose_sink, level_for
from netwatch_notify.model.change import Severity
from netwatch_notify.model.message import Destination
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.model.text import clean
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.scan.privilege import privilege_of
from netwatch_notify.settings.fields import AllWell, LogFormat, LogLevel, NotifyOn, Urgent
from netwatch_notify.settings.reading import env_file_is_exposed, load_settings
from netwatch_notify.settings.settings import Settings


def load(options: Options) -> tuple[Settings, Plan]:
    """
    Read the settings, set up logging, and return both. Raises UsageError.

    Destinations are read here, before any scan: a broken URL is named now, not at seven.
    """
    settings = load_settings(options.env_file)
    heartbeat = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None
    secrets = settings.secrets()
    logged = (settings.network, settings.log_level, settings.log_format)
    start_logging(options, *logged, secrets=secrets)
    if options.verbose or sys.stderr.isatty():
        # Not under cron, which would mail it each night beside the message; `check` says it too.
        for path in exposed_files(settings, options.env_file):
            click.echo(f"netwatch-notify: {exposed_words(path)}", err=True)
    destinations = destinations_of(settings)
    # Those of an apprise file are known only now.
    start_logging(options, *logged, secrets={*secrets, *(d.url for d in destinations)})
    privilege = privilege_of(str(settings.nmap_path or "nmap"))
    profile = settings.to_profile(privilege.is_enough)
    plan = Plan(
        network=settings.network,
        state=settings.state_dir,
        profile=replace(profile, must_be_told=privilege.must_be_told),
        rules=Rules(settings.gone_after, settings.risky_ports, settings.dynamic_addresses),
        destinations=destinations,
        send_at=settings.send_at,
        urgent=urgent_of(settings.urgent),
        outbox_time=timedelta(days=settings.outbox_days),
        nmap=settings.nmap_path,
        detail_arguments=settings.detail_args,
        scan_seconds=settings.scan_timeout_seconds,
        second_look_seconds=settings.second_look_timeout_seconds,
        scan_parallel=settings.scan_parallel,
        detail_parallel=settings.detail_parallel,
        suspicious_share=settings.suspicious_share,
        always=settings.notify_on is NotifyOn.ALWAYS,
        says_all_well=settings.all_well is AllWell.WEEKLY,
        names_file=settings.names_file,
        version_refresh_days=settings.version_refresh_days,
        heartbeat_url=heartbeat,
        keep_days=settings.keep_days,
        volatile_scripts=settings.volatile_scripts,
        metrics_file=settings.metrics_file,
        together=options.keep_for,
        dry_run=options.dry_run,
        zone=LocalZone(),
    )
    return settings, plan


def start_logging(
    options: Options,
    network: str,
    level: LogLevel | None,
    form: LogFormat,
    *,
    secrets: Collection[str] = (),
) -> None:
    """Log where this process's log belongs: stderr, the journal or syslog."""
    sink = choose_sink(sys.stderr, os.environ, verbose=options.verbose)
    configured = level.value if level else None
    least = level_for(sink, configured, verbose=options.verbose, quiet=options.quiet)
    setup_logging(least, sys.stderr, secrets, network=network, sink=sink, form=form.value)


def exposed_files(settings: Settings, env_file: Path | None) -> list[Path]:
    """Return the files with secrets in them that every user of the machine may read."""
    files = [env_file or DEFAULT_ENV_FILE, settings.apprise_config]
    return [path for path in files if path and path.exists() and env_file_is_exposed(path)]


def exposed_words(path: Path) -> str:
    """Return what is to be done about such a file."""
    name = clean(str(path))
    return f"others can read {name}, which holds secrets; chmod 600 {name}"


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Read the destinations, if there are any: apprise takes 0.3 s to import. Raises UsageError."""
    found: tuple[Destination, ...] = ()
    if settings.notify or settings.apprise_config is not None:
        from netwatch_notify.deliver.destinations import read_destinations

        found = read_destinations(settings.notify_urls(), settings.apprise_config, settings.network)
    if settings.hook:
        from netwatch_notify.deliver.hook import hook_destination

        found += (hook_destination(settings.hook.get_secret_value()),)
    return found


def urgent_of(urgent: Urgent) -> frozenset[Severity]:
    """Return the severities that do not wait for `SEND_AT`."""
    if urgent is Urgent.NEVER:
        return frozenset()
    least = Severity(urgent.value).rank
    return frozenset(severity for severity in Severity if severity.rank <= least)
