"""What one of two scans asked about, so that a diff tells only what both could see."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from netwatch_notify.model.host import Host
from netwatch_notify.model.port import PortKey, PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import ScanTypes
from netwatch_notify.model.target import AddressSet

_FULL = frozenset({"syn", "connect"})
"""Two ways to the same answer about a TCP port; other scan types tell less, or other things."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scan asked for, and how; see `scan/asked.py` and `scan/ending.py`."""

    addresses: AddressSet = field(default_factory=AddressSet)
    names: frozenset[str] = frozenset()
    """Targets that are hostnames: the addresses they resolved to then were asked about."""
    ports: Mapping[PortProtocol, Ranges] = field(default_factory=dict)
    types: ScanTypes = ()
    is_known: bool = True
    """False where the scan does not say what it asked for, or did not end properly."""
    open_only: bool = False
    """`--open`: a host that is not listed proves only that it shows no open port."""
    scripts: frozenset[str] = frozenset()
    """Which scripts it ran."""
    detects_versions: bool = False
    detects_os: bool = False
    discovery: frozenset[str] = frozenset()
    """How it looked for hosts, where that is not nmap's default."""

    def asked_about(self, host: Host) -> bool:
        """Whether a host that the other scan saw would have been listed here, had it answered."""
        if not self.is_known:
            return False
        return host.address in self.addresses or bool(self.names & set(host.asked_names))

    def asked_port(self, key: PortKey) -> bool:
        """Whether it asked every host about this port."""
        return key.number in self.ports.get(key.protocol, Ranges())

    def would_see_hosts_of(self, other: "Scope") -> bool:
        """
        Whether a host that `other` saw and this scan did not list was silent in this one.

        Without privileges nmap makes a connect scan, and finds hosts by two ports instead of ARP
        and ICMP. A scan without ports says nothing of how it looked. Under `-Pn` only the ports
        themselves show that somebody is there.
        """
        if self.discovery != other.discovery:
            return False
        if "-Pn" in self.discovery and any(
            ports - self.ports.get(protocol, Ranges()) for protocol, ports in other.ports.items()
        ):
            return False
        return not self.types or not other.types or bool(set(self.types) & set(other.types))

    def runs_scripts_like(self, other: "Scope") -> bool:
        """
        Whether a script that only one scan lists had nothing to say in the other.

        Many run only where `-sV` has found their service.
        """
        return (
            bool(self.scripts)
            and self.scripts == other.scripts
            and self.detects_versions == other.detects_versions
        )

    def answers_like(self, other: "Scope", protocol: PortProtocol) -> bool:
        """Whether the states of this protocol's ports can be compared."""
        mine, theirs = dict(self.types).get(protocol), dict(other.types).get(protocol)
        return mine == theirs or {mine, theirs} <= _FULL
