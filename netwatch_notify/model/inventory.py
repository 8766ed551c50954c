"""The inventory: the last settled state of each host and port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey, PortState, Service
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet


@dataclass(frozen=True, slots=True)
class KnownPort:
    """A port we have seen open at some time."""

    key: PortKey
    state: PortState
    opened_at: datetime
    closed_at: datetime | None = None
    service: Service | None = None

    @property
    def is_open(self) -> bool:
        """Whether its last settled state is open."""
        return self.state is PortState.OPEN


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host we have seen at some time."""

    address: Address
    present: bool
    """False once it was told gone."""
    first_seen_at: datetime
    gone_at: datetime | None = None
    mac: str = ""
    vendor: str = ""
    name: str = ""
    ports: Mapping[PortKey, KnownPort] = field(default_factory=dict)
    digest: bytes | None = None
    """
    Of a `<host>` slice that shows exactly what is settled, so that it need not be parsed.

    None while there is none, or something about the host is pending.
    """

    @property
    def open_keys(self) -> frozenset[PortKey]:
        """The ports whose last settled state is open."""
        return frozenset(key for key, port in self.ports.items() if port.is_open)


Subject = tuple[Address, PortKey | None]
"""A host (no port), or one port of it."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Something known that has been silent since a covering run, but is not told yet."""

    subject: Subject
    runs: int
    """Covering runs that ended properly and did not see it, in a row."""
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class HeldRange:
    """A part or a network whose news the breaker holds back."""

    range: str
    runs: int
    """Runs held so far, in a row."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything comparing needs to know of the past."""

    hosts: Mapping[Address, KnownHost] = field(default_factory=dict)
    """Those that this run touches; `diff/compare.py` says which it needs."""
    coverages: tuple[Coverage, ...] = ()
    """What the inventory stands for, from all runs that ended properly."""
    absences: Mapping[Subject, Absence] = field(default_factory=dict)
    held: Mapping[str, HeldRange] = field(default_factory=dict)
    is_empty: bool = True
    """No inventory was taken yet: the next run is a first run."""
    present: AddressSet = field(default_factory=AddressSet)
    """Every host that is not told gone, whether in `hosts` or not."""
