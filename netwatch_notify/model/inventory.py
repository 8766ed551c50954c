"""The inventory: the last settled state of each host and port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.model.change import short_hash
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
    looked_at: datetime | None = None
    """When `-sV` last looked at it; None if it never did."""
    looked_with: str = ""
    """The version of the nmap that saw the service: another one may name it otherwise."""

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
    host_key: str = ""
    """Its SSH host keys, as `ssh-hostkey` prints their fingerprints; empty if never seen."""
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
    is_held: bool = False
    """It began while its range was held: all of it was silent, which is no habit of its own."""


@dataclass(frozen=True, slots=True)
class Toggle:
    """One change of state between two covering runs."""

    at: datetime
    """When the run started that saw it."""
    is_doubtful: bool = False
    """A port that one scan did not show, and nobody asked again: it may be a lost packet."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How something known comes and goes."""

    toggles: tuple[Toggle, ...] = ()
    """The latest, oldest first."""
    longest_absence: int = 0
    """Covering runs of its longest silence that ended."""
    silent_since: datetime | None = None
    """When what was told gone or silent was last seen."""
    told_present: bool | None = None
    """While it flaps: what was last told of it; None while it does not."""

    @property
    def is_flapping(self) -> bool:
        """Whether nothing is told of it, until it is steady."""
        return self.told_present is not None


@dataclass(frozen=True, slots=True)
class Displaced:
    """A device whose address another one has now, until its MAC is seen again."""

    known: KnownHost
    """As it was at its last address."""
    last_seen_at: datetime
    absent_runs: int = 0
    is_told: bool = True
    """False while it is not told gone yet: where addresses are handed out, its MAC is missed."""
    habit: Habit | None = None


@dataclass(frozen=True, slots=True)
class PastRun:
    """What one earlier run covered."""

    started_at: datetime
    coverages: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True)
class HeldRange:
    """A part or a network whose news the breaker holds back."""

    range: str
    runs: int
    """Runs held so far, in a row."""
    since: datetime


def held_id(name: str, since: datetime) -> str:
    """Return what `accept` takes for a range that is held since then."""
    return short_hash("held", name, since.isoformat())


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything comparing needs to know of the past."""

    hosts: Mapping[Address, KnownHost] = field(default_factory=dict)
    """Those that this run touches; `diff/compare.py` says which it needs."""
    coverages: tuple[Coverage, ...] = ()
    """What the inventory stands for, from all runs that ended properly."""
    absences: Mapping[Subject, Absence] = field(default_factory=dict)
    held: Mapping[str, HeldRange] = field(default_factory=dict)
    habits: Mapping[Subject, Habit] = field(default_factory=dict)
    """Of those in `hosts`, and of everything that flaps."""
    kin: tuple[KnownHost, ...] = ()
    """Known hosts, here or gone, that share a MAC or an SSH host key with what this run shows."""
    displaced: Mapping[str, Displaced] = field(default_factory=dict)
    """By MAC: those among `kin`'s marks, and all that are not told gone yet."""
    past: tuple[PastRun, ...] = ()
    """The latest runs, newest first, as far back as the habits need."""
    is_empty: bool = True
    """No inventory was taken yet: the next run is a first run."""
    present: AddressSet = field(default_factory=AddressSet)
    """Every host that is not told gone, whether in `hosts` or not."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a run leaves of the inventory: only what it touched, but all that is pending."""

    hosts: Mapping[Address, KnownHost] = field(default_factory=dict)
    """The hosts whose inventory differs now, whole."""
    cleared: frozenset[Address] = frozenset()
    """Addresses whose former host is there no more: its row goes before any new one is written."""
    absences: Mapping[Subject, Absence] = field(default_factory=dict)
    """All that is pending now."""
    habits: Mapping[Subject, Habit] = field(default_factory=dict)
    """All that were loaded, as they are now."""
    displaced: Mapping[str, Displaced] = field(default_factory=dict)
    """All that were loaded, as they are now."""
    held: Mapping[str, HeldRange] = field(default_factory=dict)
