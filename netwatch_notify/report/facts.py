"""What a message says about the run itself, besides its changes and problems."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import PortKey, PortProtocol


@dataclass(frozen=True, slots=True)
class FirstInventory:
    """What the first run found, summed up; it takes the place of changes."""

    hosts: int
    hosts_with_open_ports: int
    ports_open: int
    risky: tuple[tuple[str, PortKey, str], ...] = ()
    """Host as shown (`nas (192.168.1.10)`), port, and what answers there, if it was seen."""
    busiest: tuple[tuple[PortKey, int], ...] = ()
    """Ports with the number of hosts that have them open, most first."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run as its message tells it."""

    network: str
    run_id: int | None
    """None in a preview."""
    kind: str
    """`run` or `ingest`."""
    status: str
    started_at: datetime
    ended_at: datetime
    fast_seconds: float
    detail_seconds: float
    addresses: int | None
    """How many were asked for; None where that cannot be known."""
    ports: Mapping[PortProtocol, int] = field(default_factory=dict)
    """How many per protocol."""
    hosts_up: int = 0
    usual_hosts_up: int | None = None
    parts_total: int = 1
    parts_good: int = 1
    """Parts that ended properly."""
    whole_report: str = ""
    """Where the whole report lies; empty if nowhere."""
    first_run: bool = False
    inventory: FirstInventory | None = None
    notes: tuple[str, ...] = ()
    """Sentences such as `Newly covered, taken as known: 14 hosts in 192.168.2.0/24`."""
    still_open: tuple[OpenItem, ...] = ()
    """What the message reminds of."""
    last_good_at: datetime | None = None
    """When the last run that ended properly started, where this one did not."""
    all_well_since: datetime | None = None
    """When the last message was made, where this one says that nothing happened since."""
    taken_ids: frozenset[str] = frozenset()
    """Ids told before that are next to those shown: a shorter one must not be taken for them."""
