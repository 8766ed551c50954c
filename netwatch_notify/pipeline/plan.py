"""What a run needs to know, and how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from netwatch_notify.diff.night import Rules
from netwatch_notify.model.change import Problem, Severity
from netwatch_notify.model.host import Address
from netwatch_notify.model.message import Destination, View
from netwatch_notify.model.scan import PartResult, ScanProfile


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run needs of the settings."""

    network: str
    state: Path
    profile: ScanProfile
    """Its targets not resolved yet."""
    rules: Rules
    destinations: tuple[Destination, ...] = ()
    send_at: time | None = None
    """The time of day at which messages leave; None: at once."""
    urgent: frozenset[Severity] = frozenset({Severity.CRITICAL})
    """What does not wait for it."""
    outbox_time: timedelta = timedelta(days=3)
    """How long delivery is tried."""
    nmap: Path | None = None
    detail_arguments: tuple[str, ...] = ("-sV", "-sC")
    scan_seconds: float = 14400.0
    second_look_seconds: float = 1800.0
    scan_parallel: int = 2
    detail_parallel: int = 4
    suspicious_share: float = 0.3
    always: bool = False
    """`NOTIFY_ON=always`: a message even where nothing changed."""
    says_all_well: bool = True
    """`ALL_WELL=weekly`: a message after seven days without one."""
    names_file: Path | None = None
    version_refresh_days: int = 7
    """0: known services are not looked at again."""
    heartbeat_url: str | None = field(default=None, repr=False)
    keep_days: int = 90
    volatile_scripts: frozenset[str] = frozenset()
    metrics_file: Path | None = None
    together: Path | None = None
    """Where its messages are made into one with other networks'; None: they are sent as they are.
    """
    dry_run: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for one destination."""

    destination: Destination | None
    """None: standard output."""
    view: View
    held_until: datetime | None = None
    """When it leaves, if not at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went."""

    exit_code: int
    report: Mapping[str, Any]
    """What `--json` prints."""
    messages: tuple[Outgoing, ...] = ()
    """The message for each destination."""
    commands: tuple[tuple[str, ...], ...] = ()
    """The nmaps that ran, or for `ingest` would run."""
    failures: tuple[str, ...] = ()
    """Why the exit code is not 0, a line each."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scanning stage hands on."""

    results: tuple[PartResult, ...]
    again: tuple[PartResult, ...] = ()
    """The second scan of a first run."""
    names: Mapping[Address, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """The XML of each part, by its label, relative to the run's folder."""
    commands: tuple[tuple[str, ...], ...] = ()
    seconds: float = 0.0
    content: str = ""
    resolved_names: bool = False
    """Whether nmap looked up names itself, so that a host without one has none."""

    @property
    def everything(self) -> tuple[PartResult, ...]:
        """Both scans' parts."""
        return self.results + self.again
