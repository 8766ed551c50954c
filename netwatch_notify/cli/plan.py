"""Settings to the plan a run needs; logging set up with its secrets."""

import os
import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from netwatch_notify.cli.options import Options
from netwatch_notify.diff.policy import Rules
from netwatch_notify.log import setup_logging
from netwatch_notify.model.message import Destination
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.settings import NotifyOn, Settings, load_settings


def may_open_raw_sockets() -> bool:
    """Whether nmap gets to send its own packets: as root."""
    return os.geteuid() == 0


def load(options: Options) -> tuple[Settings, Plan]:
    """
    Read the settings, set up logging, and return both. Raises UsageError.

    Destinations are read here, before any scan: a broken URL is named now, not at seven.
    """
    settings = load_settings(options.env_file)
    secrets = settings.notify_urls()
    heartbeat = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None
    level = "debug" if options.verbose else "error" if options.quiet else settings.log_level.value
    setup_logging(level.upper(), sys.stderr, [*secrets, *([heartbeat] if heartbeat else [])])
    plan = Plan(
        network=settings.network,
        state=settings.state_dir,
        profile=settings.to_profile(may_open_raw_sockets()),
        rules=Rules(settings.gone_after, settings.risky_ports),
        destinations=_destinations(secrets, settings.apprise_config),
        nmap=settings.nmap_path,
        detail_arguments=settings.detail_args,
        scan_seconds=settings.scan_timeout_seconds,
        second_look_seconds=settings.second_look_timeout_seconds,
        scan_parallel=settings.scan_parallel,
        detail_parallel=settings.detail_parallel,
        suspicious_share=settings.suspicious_share,
        always=settings.notify_on is NotifyOn.ALWAYS,
        heartbeat_url=heartbeat,
        keep_days=settings.keep_days,
        volatile_scripts=settings.volatile_scripts,
        dry_run=options.dry_run,
        zone=_local_zone(),
    )
    return settings, plan


def _destinations(urls: list[str], config: Path | None) -> tuple[Destination, ...]:
    """Read the destinations, if there are any: apprise takes 0.3 s to import."""
    if not urls and config is None:
        return ()
    from netwatch_notify.deliver.apprise_sender import read_destinations

    return read_destinations(urls, config)


def _local_zone() -> tzinfo:
    """Return this machine's zone as it is today; the message speaks of days, not of seconds."""
    return datetime.now(UTC).astimezone().tzinfo or UTC
