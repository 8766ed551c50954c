"""What the inventory commands show: hosts, runs and told changes, put together from the state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from netwatch_notify.model.change import Change
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Absence, KnownHost
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.names import Naming
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Acceptance, Rule
from netwatch_notify.model.scan import Coverage


@dataclass(frozen=True, slots=True)
class Standing:
    """How something known stands between two runs."""

    present: bool
    gone_at: datetime | None = None
    """When it was last seen, or else told gone or closed."""
    absence: Absence | None = None
    """While it is silent and not told gone."""
    is_flapping: bool = False
    is_displaced: bool = False
    """Another host has its address now."""

    @property
    def is_gone(self) -> bool:
        """Whether it was told gone; what comes and goes is neither."""
        return not self.present and not self.is_flapping


@dataclass(frozen=True, slots=True)
class ListedHost:
    """One known host as a list shows it."""

    address: Address
    mac: str
    vendor: str
    name: str
    """What DNS calls it."""
    first_seen_at: datetime
    standing: Standing
    open_ports: tuple[PortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """One change of the history, with what became of it."""

    run_id: int
    told_at: datetime
    """When its run started."""
    id: str
    group: str
    change: Change
    body: Mapping[str, Any]
    """As `--json` shows it."""
    hidden_by: Rule | None = None
    accepted: Acceptance | None = None
    """The last word on it, before it was told again."""
    open_since: datetime | None = None
    """Set while it is on the ledger."""

    def is_about(self, key: PortKey) -> bool:
        """Whether the port opened, closed or changed, alone or with a new host."""
        return self.change.key == key or any(port.key == key for port in self.change.ports)


@dataclass(frozen=True, slots=True)
class HostPicture:
    """All that is known of one host."""

    known: KnownHost
    naming: Naming
    standing: Standing
    ports: Mapping[PortKey, Standing] = field(default_factory=dict)
    """Of each port in `known`."""
    others: tuple[KnownHost, ...] = ()
    """Known hosts with the same MAC."""
    rules: tuple[Rule, ...] = ()
    """Those that fit it, or one of its ports."""
    still_open: tuple[OpenItem, ...] = ()
    told: tuple[Told, ...] = ()
    """Its last changes, the latest first."""


@dataclass(frozen=True, slots=True)
class RunPicture:
    """One run as the history keeps it, with all it told or kept quiet."""

    id: int
    kind: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    fast_seconds: float
    detail_seconds: float
    hosts_up: int | None
    coverages: tuple[Coverage, ...] = ()
    problems: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    took_inventory: bool = False
    """It was the first: all it saw was taken as known."""
    is_forgotten: bool = False
    """It is so old that what it told is not kept any more, but for what is still needed."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to print: columns are aligned on a terminal and in a pipe."""

    columns: tuple[str, ...]
    """Their headings; none where each row speaks for itself."""
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
