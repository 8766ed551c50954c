"""Whether the kernel knows a way to an address; it is asked, and no packet leaves."""

import errno
import json
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Any

from netwatch_notify.model.host import Address
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet

DISCARD_PORT = 9
SEARCHED = "/usr/sbin:/sbin:/usr/bin:/bin"
"""For `ip`, which is not on everybody's PATH."""
MOST_SPANS = 16
"""Of one target; an octet pattern can have thousands, which all go the same way."""

_NO_WAY = {
    errno.ENETUNREACH: "no route",
    errno.EHOSTUNREACH: "no route",
    errno.EADDRNOTAVAIL: "this machine has no address to ask from",
    errno.EAFNOSUPPORT: "this machine has no such addresses",
    errno.EINVAL: "the route drops everything",
    errno.EACCES: "the route forbids it",
}


def no_way_to(addresses: AddressSet) -> tuple[Address, str] | None:
    """
    Return the first address, of a sample, to which there is no way, and why; None if all is well.

    The sample is the first and last address of each block.
    """
    for version in (4, 6):
        for first, last in addresses.family(version).spans[:MOST_SPANS]:
            for number in dict.fromkeys((first, last)):
                address: Address = IPv4Address(number) if version == 4 else IPv6Address(number)
                if reason := _why_not(address):
                    return address, reason
    return None


def _why_not(address: Address) -> str:
    """Connect a UDP socket, for which the kernel looks up the route and sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            # The last address of a block is often its broadcast address.
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            asked.connect((str(address), DISCARD_PORT))
    except OSError as error:
        return _NO_WAY.get(error.errno or 0, "")
    return ""


@dataclass(frozen=True, slots=True)
class DownLink:
    """An interface that is down, and the networks it would be on."""

    name: str
    networks: AddressSet


def down_links() -> tuple[DownLink, ...]:
    """
    Return the interfaces that have addresses and are down; none where `ip` is not installed.

    Their routes are gone, so what is asked for there goes to the default route and is lost.
    """
    program = shutil.which("ip", path=SEARCHED)
    if program is None:
        return ()
    try:
        command = [program, "-json", "address", "show"]
        links = json.loads(subprocess.run(command, capture_output=True, timeout=10).stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()
    return lost_links(links)


def lost_links(links: Sequence[Mapping[str, Any]]) -> tuple[DownLink, ...]:
    """Return those of `ip -json address` that are down and have networks of their own; pure."""
    up = AddressSet()
    for entry in links:
        if not _is_down(entry):
            up |= _networks(entry)
    found = []
    for entry in filter(_is_down, links):
        # Without a cable its route stays and hides another interface's; switched off it is gone.
        networks = _networks(entry) - (AddressSet() if "UP" in entry.get("flags", ()) else up)
        if networks:
            found.append(DownLink(str(entry.get("ifname", "")), networks))
    return tuple(found)


def _is_down(entry: Mapping[str, Any]) -> bool:
    # NO-CARRIER is a cable that is out; an interface that knows nothing of cables says UNKNOWN.
    return entry.get("operstate") in ("DOWN", "LOWERLAYERDOWN")


def _networks(entry: Mapping[str, Any]) -> AddressSet:
    networks = AddressSet()
    for info in entry.get("addr_info", ()):
        network = ip_interface(f"{info['local']}/{info['prefixlen']}").network
        if network.is_link_local:
            continue
        span = (int(network.network_address), int(network.broadcast_address))
        networks |= AddressSet.of_family(network.version, Ranges((span,)))
    return networks
