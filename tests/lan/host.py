"""What a host of the LAN is, and what nmap will find there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from tests.lan.banner_server import SERVICES

ROUTED = IPv4Network("10.77.0.0/16")
"""Hosts behind a router: nmap pings them by ICMP and TCP, and sees no MAC address."""

ROUTED_IPV6 = IPv6Network("fd77::/64")

ON_LINK = IPv4Network("10.78.0.0/24")
"""Hosts on the scanner's own segment: nmap finds them by ARP and reports their MAC address."""

ON_LINK_SCANNER = ON_LINK[1]

DOOMED_GROUP = 78
"""Interfaces of this group go at once: a group of 200 takes 0.1 s, one by one they take 4 s."""


@dataclass(frozen=True, slots=True)
class LanHost:
    """
    A host that is up: it answers pings, and a port without a service answers RST.

    Its address says where it stands: `ROUTED`, `ROUTED_IPV6` or `ON_LINK`.
    """

    address: str
    services: Mapping[int, str] = field(default_factory=dict)
    """TCP port to a name in `banner_server.SERVICES`."""
    mac: str | None = None
    """On-link only; the first three bytes choose the vendor nmap names. None: one nobody owns."""
    filtered: frozenset[int] = frozenset()
    """TCP ports whose packets are dropped, so nmap waits and says `filtered`."""
    silent_ping: bool = False
    """ICMP echo and timestamp requests get no answer; ARP, and TCP probes as nmap's, still do."""

    def __post_init__(self) -> None:
        address = ip_address(self.address)
        if str(address) != self.address:
            raise ValueError(f"{self.address}: write it as {address}")
        if not any(address in network for network in (ROUTED, ROUTED_IPV6, ON_LINK)):
            raise ValueError(f"{address}: outside {ROUTED}, {ROUTED_IPV6} and {ON_LINK}")
        if address == ON_LINK_SCANNER:
            raise ValueError(f"{address}: is the scanner itself")
        if self.mac is not None and not self.is_on_link:
            raise ValueError(f"{address}: only hosts of {ON_LINK} have a MAC address")
        for port, service in self.services.items():
            if service not in SERVICES:
                raise ValueError(f"{address}:{port}: no service {service!r}; have {list(SERVICES)}")

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    @property
    def is_on_link(self) -> bool:
        return ip_address(self.address) in ON_LINK

    @property
    def interface(self) -> str:
        """Name of an on-link host's own interface."""
        return "host" + self.address.rpartition(".")[2]

    @property
    def link_address(self) -> str:
        """The MAC address an on-link host answers ARP with."""
        return (self.mac or f"02:00:00:4e:00:{ip_address(self.address).packed[-1]:02x}").lower()

    def added(self) -> list[str]:
        """Return the `ip -batch` lines, for the LAN's namespace, that bring the host up."""
        if self.is_on_link:
            # A macvlan each, because one interface answers ARP with one MAC only.
            macvlan = f"address {self.link_address} type macvlan mode bridge"
            return [
                f"link add link onlink name {self.interface} {macvlan}",
                f"address add {self.address}/32 dev {self.interface}",
                f"link set {self.interface} up",
            ]
        if self.is_ipv6:
            # A bind() to an IPv6 address wants it on an interface; a local route is not enough.
            return [f"address add {self.address}/128 dev lo nodad"]
        return [f"route add local {self.address}/32 dev lo"]

    def removed(self) -> list[str]:
        """Return the `ip -batch` lines that take the host away; on-link, they only doom it."""
        if self.is_on_link:
            return [f"link set {self.interface} group {DOOMED_GROUP}"]
        if self.is_ipv6:
            return [f"address delete {self.address}/128 dev lo"]
        return [f"route delete local {self.address}/32 dev lo"]
