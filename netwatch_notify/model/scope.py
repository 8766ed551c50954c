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
    runs_scripts: bool = False
    detects_os: bool = False

    def asked_about(self, host: Host) -> bool:
        """Whether a host that the other scan saw would have been listed here, had it answered."""
        if not self.is_known:
            return False
        return host.address in self.addresses or bool(self.names & set(host.asked_names))

    def asked_port(self, key: PortKey) -> bool:
        """Whether it asked every host about this port."""
        return key.number in self.ports.get(key.protocol, Ranges())

    def finds_hosts_like(self, other: "Scope") -> bool:
        """
        Whether silence means the same in both scans.

        Without privileges nmap makes a connect scan, and finds hosts by two ports instead of ARP
        and ICMP. A scan without ports says nothing of how it looked.
        """
        return not self.types or not other.types or bool(set(self.types) & set(other.types))

    def answers_like(self, other: "Scope", protocol: PortProtocol) -> bool:
        """Whether the states of this protocol's ports can be compared."""
        mine, theirs = dict(self.types).get(protocol), dict(other.types).get(protocol)
        return mine == theirs or {mine, theirs} <= _FULL
