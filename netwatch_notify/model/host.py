"""Hosts: where they are, whether they answer, and what they serve."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network

from netwatch_notify.model.port import Port, PortKey, PortProtocol, PortState
from netwatch_notify.model.ranges import Ranges

Address = IPv4Address | IPv6Address


def neighbourhood(address: Address) -> str:
    """Return the /24 (IPv6: /64) an address lies in, as text."""
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))


def address_order(address: Address) -> tuple[int, int]:
    """Sort key that puts IPv4 before IPv6 and 10.0.0.9 before 10.0.0.10."""
    return address.version, int(address)


class HostStatus(StrEnum):
    """nmap's host states."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExtraPorts:
    """Ports that nmap summed up instead of listing (`<extraports>`)."""

    state: PortState
    count: int
    listed: tuple[tuple[PortProtocol, Ranges], ...] = ()
    """Which ones, where nmap (7.90 and later, `extrareasons`) says so."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host as one scan saw it; its identity is its address."""

    address: Address
    status: HostStatus = HostStatus.UP
    reason: str = ""
    mac: str = ""
    vendor: str = ""
    hostnames: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    """Sorted by number, then protocol."""
    extra_ports: tuple[ExtraPorts, ...] = ()
    timed_out: bool = False
    """nmap gave up on it (`--host-timeout`): what it did not show proves nothing."""

    @property
    def open_ports(self) -> tuple[Port, ...]:
        """The ports that are open for certain."""
        return tuple(port for port in self.ports if port.is_open)

    @property
    def is_present(self) -> bool:
        """
        Whether something answered at the address.

        Under `-Pn` nmap calls every address up with the reason `user-set`; then only a port
        that answered (open, or refused) shows that somebody is there.
        """
        if self.status is not HostStatus.UP:
            return False
        if self.reason != "user-set" or self.mac:
            return True
        answered = (PortState.OPEN, PortState.CLOSED, PortState.UNFILTERED)
        return any(port.state in answered for port in self.ports) or any(
            extra.state in answered for extra in self.extra_ports
        )

    def state_of(self, key: PortKey) -> PortState | None:
        """
        Return the state this scan saw `key` in, None where it does not say.

        A port that is not listed is in one of the `extraports`: in the one that names it, or,
        where none names ports, in the only one there is.
        """
        for port in self.ports:
            if port.key == key:
                return port.state
        for extra in self.extra_ports:
            for protocol, numbers in extra.listed:
                if protocol is key.protocol and key.number in numbers:
                    return extra.state
        unnamed = [extra for extra in self.extra_ports if not extra.listed]
        if len(unnamed) == 1 and len(self.extra_ports) == 1:
            return unnamed[0].state
        return None


def join_hosts(first: Host, second: Host) -> Host:
    """
    Join two sightings of one host: what one scan lost, the other has.

    An open port wins over any other state; identity facts come from `second` where it has them.
    """
    ports = {port.key: port for port in first.ports}
    for port in second.ports:
        before = ports.get(port.key)
        if before is None or port.is_open or not before.is_open:
            ports[port.key] = port
    up = HostStatus.UP if HostStatus.UP in (first.status, second.status) else second.status
    newer = second if second.is_present or not first.is_present else first
    return replace(
        newer,
        status=up,
        mac=second.mac or first.mac,
        vendor=second.vendor or first.vendor,
        hostnames=second.hostnames or first.hostnames,
        ports=tuple(ports[key] for key in sorted(ports)),
        timed_out=first.timed_out and second.timed_out,
    )


def join_all(hosts: Iterable[Host]) -> dict[Address, Host]:
    """Index hosts by address, joining those that were reported more than once."""
    joined: dict[Address, Host] = {}
    for host in hosts:
        seen = joined.get(host.address)
        joined[host.address] = join_hosts(seen, host) if seen else host
    return joined
