"""Hosts: where they are, whether they answer, and what they serve."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from operator import attrgetter

from netwatch_notify.model.port import Port, PortKey, PortProtocol, PortState, ScriptOutput
from netwatch_notify.model.ranges import Ranges

Address = IPv4Address | IPv6Address


def neighbourhood(address: Address) -> str:
    """Return the /24 (IPv6: /64) an address lies in, as text."""
    return neighbourhood_name(address.version, neighbourhood_number(address.version, int(address)))


def neighbourhood_number(version: int, address: int) -> int:
    """Return the bits that addresses of one /24 (IPv6: /64) share."""
    return address >> (8 if version == 4 else 64)


@lru_cache(maxsize=4096)
def neighbourhood_name(version: int, number: int) -> str:
    """Return the network that `neighbourhood_number` stands for, as text."""
    if version == 4:
        return str(ip_network((number << 8, 24)))
    return str(ip_network((number << 64, 64)))


def address_order(address: Address) -> tuple[int, int]:
    """Sort key that puts IPv4 before IPv6 and 10.0.0.9 before 10.0.0.10."""
    return address.version, int(address)


def is_private_mac(mac: str) -> bool:
    """
    Whether a host may have made up its MAC itself, which then proves no identity.

    Source: IEEE 802, the second bit of the first octet: locally administered.
    """
    return len(mac) > 1 and mac[1].lower() in "2367abef"


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
    asked_names: tuple[str, ...] = ()
    """The targets that resolved to it, in lower case; nmap lists them as type `user`."""
    ports: tuple[Port, ...] = ()
    """Sorted by number, then protocol."""
    extra_ports: tuple[ExtraPorts, ...] = ()
    os_matches: tuple[str, ...] = ()
    """What nmap takes its operating system for, the likeliest first."""
    scripts: tuple[ScriptOutput, ...] = ()
    """Results of scripts that run once per host, sorted by id."""
    timed_out: bool = False
    """nmap gave up on it (`--host-timeout`): what it did not show proves nothing."""
    digest: bytes = field(default=b"", compare=False)
    """Of the `<host>` slice it was read from; empty where there is no one such slice."""

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

    def port(self, key: PortKey) -> Port | None:
        """Return the port as it is listed; a host may list 65,535."""
        place = bisect_left(self.ports, key, key=attrgetter("key"))
        found = place < len(self.ports) and self.ports[place].key == key
        return self.ports[place] if found else None

    def state_of(self, key: PortKey) -> PortState | None:
        """
        Return the state this scan saw `key` in, None where it does not say.

        A port that is not listed is in one of the `extraports`: in the one that names it, or,
        where none names ports, in the only one there is.
        """
        listed = self.port(key)
        if listed is not None:
            return listed.state
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
        fuller = before is None or bool(port.service) or not before.service
        if before is None or not before.is_open or (port.is_open and fuller):
            ports[port.key] = port
    up = HostStatus.UP if HostStatus.UP in (first.status, second.status) else second.status
    newer = second if second.is_present or not first.is_present else first
    return replace(
        newer,
        status=up,
        mac=second.mac or first.mac,
        vendor=second.vendor or first.vendor,
        hostnames=second.hostnames or first.hostnames,
        asked_names=tuple(dict.fromkeys((*first.asked_names, *second.asked_names))),
        os_matches=second.os_matches or first.os_matches,
        scripts=second.scripts or first.scripts,
        ports=tuple(ports[key] for key in sorted(ports)),
        timed_out=first.timed_out and second.timed_out,
        digest=b"",
    )


def join_all(hosts: Iterable[Host]) -> dict[Address, Host]:
    """Index hosts by address, joining those that were reported more than once."""
    joined: dict[Address, Host] = {}
    for host in hosts:
        seen = joined.get(host.address)
        joined[host.address] = join_hosts(seen, host) if seen else host
    return joined
