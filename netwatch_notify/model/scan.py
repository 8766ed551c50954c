"""Scans: what was asked, what that covered, and how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.port import PortKey, PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet, Target


@dataclass(frozen=True, slots=True)
class ScanProfile:
    """What the fast scan asks for, each value already checked."""

    targets: tuple[Target, ...]
    exclude: tuple[Target, ...] = ()
    port_arguments: tuple[str, ...] = ()
    """nmap's own words: `-p1-1024`, or `--top-ports 100`; empty is nmap's top 1000."""
    arguments: tuple[str, ...] = ("-T4",)
    privileged: bool = True
    """Whether nmap may open raw sockets; without, it silently makes a connect scan."""
    must_be_told: bool = False
    """Whether nmap has to be told that it may: of itself it believes only root."""

    @property
    def privilege_arguments(self) -> tuple[str, ...]:
        """
        What tells nmap whether it may open raw sockets; nothing where it knows.

        On the command line and not in its environment, so that a printed command makes the
        same kind of scan when it is called again, or says that it cannot.
        """
        if not self.privileged:
            return ("--unprivileged",)
        return ("--privileged",) if self.must_be_told else ()


@dataclass(frozen=True, slots=True)
class Part:
    """One nmap of the fast scan: targets of one address family."""

    number: int
    """From 1, in the order written."""
    version: int
    """4 or 6."""
    targets: tuple[str, ...]
    """What nmap is given: addresses, ranges."""
    label: str
    """What the user wrote."""
    addresses: AddressSet
    """What is asked for, excludes taken off."""


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """One `<scaninfo>`: which ports of one protocol were scanned, and how."""

    type: str
    """`syn`, `connect`, `udp`…"""
    protocol: PortProtocol
    ports: Ranges


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    What a scan really covered: addresses times ports, by one way of scanning.

    Two coverages share an observation only where the way agrees: a connect scan without
    privileges finds hosts by two ports instead of ARP and ICMP, so its silence means less.
    """

    addresses: AddressSet
    ports: Mapping[PortProtocol, Ranges] = field(default_factory=dict)
    types: "ScanTypes" = ()
    """The scan type per protocol, sorted: `((tcp, syn), (udp, udp))`."""
    open_only: bool = False
    """Scanned with `--open`: a host that is not listed proves only that it shows no open port."""

    def covers(self, address: Address, key: PortKey) -> bool:
        """Whether this port of this address was asked about."""
        return address in self.addresses and key.number in self.ports.get(key.protocol, Ranges())


ScanTypes = tuple[tuple[PortProtocol, str], ...]


def covered_by(
    coverages: Iterable[Coverage], types: ScanTypes, address: Address, key: PortKey | None = None
) -> bool:
    """
    Whether any of `coverages` asked about the address, or its port, in the way `types` says.

    For a port the scan type of its protocol must agree; for a host, that of any protocol, so
    that adding UDP to a TCP scan does not make every host newly covered.
    """
    for coverage in coverages:
        if address not in coverage.addresses:
            continue
        if key is None:
            if coverage.types == types or set(coverage.types) & set(types):
                return True
        elif coverage.covers(address, key):
            wanted = dict(types).get(key.protocol)
            if dict(coverage.types).get(key.protocol) == wanted:
                return True
    return False


@dataclass(frozen=True, slots=True)
class ScanEnding:
    """How an nmap ended, as far as its XML and its process tell."""

    finished: bool = False
    """`runstats/finished` was there."""
    exit: str = ""
    """Its `exit`: `success`, `error`, or empty (old versions)."""
    error_message: str = ""
    """Its `errormsg`, nmap's own words."""
    hosts_up: int | None = None
    hosts_total: int | None = None
    skipped_targets: tuple[str, ...] = ()
    """`<target status="skipped">`."""
    ended_at: datetime | None = None
    elapsed_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ScanHeader:
    """What an nmap XML says about itself before the first host."""

    scanner: str = "nmap"
    arguments: str = ""
    version: str = ""
    started_at: datetime | None = None
    scan_infos: tuple[ScanInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part of the fast scan as it came out; `problem` is empty if it ended properly."""

    part: Part
    header: ScanHeader
    hosts: tuple[Host, ...]
    """Those that were parsed."""
    coverage: Coverage | None
    """None where it cannot be known: absences then prove nothing."""
    problem: str = ""
    """What went wrong, in a sentence; nmap's own words quoted."""
    remedy: str = ""
    """What to try."""
    seconds: float = 0.0
    unchanged: AddressSet = field(default_factory=AddressSet)
    """Hosts that answered with a slice their inventory was settled from, and were not parsed."""

    @property
    def types(self) -> ScanTypes:
        """How each protocol was scanned."""
        return tuple(sorted({(info.protocol, info.type) for info in self.header.scan_infos}))

    @property
    def ended_properly(self) -> bool:
        """Whether absences in it count."""
        return not self.problem
