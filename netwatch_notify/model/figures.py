"""A network's state in numbers: what the metrics file and `status` tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.model.change import Severity


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run that began last."""

    id: int
    status: str
    """`running`, `done`, `partial`, `failed`, `interrupted` or `skipped`."""
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    """How long it took; None while it goes on, and for a scan that was made elsewhere."""
    fast_seconds: float
    detail_seconds: float
    hosts_up: int | None
    problems: int
    changes: Mapping[str, int] = field(default_factory=dict)
    """What it told, by kind."""


@dataclass(frozen=True, slots=True)
class LastScan:
    """How the last scan that was compared went."""

    parts_good: int
    parts_total: int
    nmap_version: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has not arrived at one destination."""

    destination: str
    waiting: int = 0
    """Messages that are tried again, or are not due yet."""
    failed: int = 0
    """Messages that failed for good and wait for a person."""
    given_up: int = 0
    oldest_at: datetime | None = None
    """When the oldest that waits or failed was made."""
    failing: int = 0
    """Messages that could not be delivered since it last took one."""
    failing_since: datetime | None = None
    reason: str = ""
    """Why the latest attempt failed."""
    is_permanent: bool = False
    last_sent_at: datetime | None = None

    @property
    def undelivered(self) -> int:
        """Messages that may still arrive."""
        return self.waiting + self.failed


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is counted of one network at one moment."""

    network: str
    is_usable: bool = True
    """Whether the last run could use the state directory and its database."""
    is_known: bool = True
    """Whether the database could be read; without, nothing else is known."""
    last_run: LastRun | None = None
    last_good_at: datetime | None = None
    """When the last run ended that ended properly."""
    last_scan: LastScan | None = None
    hosts_up: int | None = None
    """Of the last run that compared anything."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Everything that was ever told, by kind."""
    destinations: tuple[Waiting, ...] = ()
    """Each that ever got a message which is still kept, in the order of their names."""
    held_ranges: int = 0
    still_open: Mapping[Severity, int] = field(default_factory=dict)
    """The ledger, by severity."""
    database_bytes: int = 0
