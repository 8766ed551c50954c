"""Targets as nmap takes them, read into the addresses they stand for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from netwatch_notify.model.host import Address
from netwatch_notify.model.ranges import Ranges

MAX_IPV6_ADDRESSES = 1 << 16
"""More would not end in a night: a /64 at a million probes a second takes 584,000 years."""
MAX_BLOCKS = 1 << 16
"""Separate address blocks of one octet pattern, such as `10.*.*.1`."""

_OCTETS = re.compile(r"[0-9*,-]+(\.[0-9*,-]+){3}")
_HOSTNAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")


@dataclass(frozen=True, slots=True)
class AddressSet:
    """A set of addresses of both families."""

    ipv4: Ranges = field(default_factory=Ranges)
    ipv6: Ranges = field(default_factory=Ranges)

    def family(self, version: int) -> Ranges:
        """Return the addresses of one family (4 or 6) as numbers."""
        return self.ipv4 if version == 4 else self.ipv6

    def __contains__(self, address: object) -> bool:
        version = getattr(address, "version", 0)
        return version in (4, 6) and int(address) in self.family(version)  # type: ignore[call-overload]

    def __len__(self) -> int:
        return len(self.ipv4) + len(self.ipv6)

    def __bool__(self) -> bool:
        return bool(self.ipv4) or bool(self.ipv6)

    def __or__(self, other: "AddressSet") -> "AddressSet":
        return AddressSet(self.ipv4 | other.ipv4, self.ipv6 | other.ipv6)

    def __sub__(self, other: "AddressSet") -> "AddressSet":
        return AddressSet(self.ipv4 - other.ipv4, self.ipv6 - other.ipv6)

    def __and__(self, other: "AddressSet") -> "AddressSet":
        return AddressSet(self.ipv4 & other.ipv4, self.ipv6 & other.ipv6)

    @classmethod
    def of(cls, addresses: Iterable[Address]) -> "AddressSet":
        """Return the set holding `addresses`."""
        numbers: dict[int, list[int]] = {4: [], 6: []}
        for address in addresses:
            numbers[address.version].append(int(address))
        return cls(Ranges.of_numbers(numbers[4]), Ranges.of_numbers(numbers[6]))

    @classmethod
    def of_packed(cls, addresses: Iterable[bytes]) -> "AddressSet":
        """Return the set holding `addresses`, each as 4 or 16 bytes in network order."""
        numbers: dict[int, list[int]] = {4: [], 16: []}
        for address in addresses:
            numbers[len(address)].append(int.from_bytes(address, "big"))
        return cls(Ranges.of_numbers(numbers[4]), Ranges.of_numbers(numbers[16]))

    def __iter__(self) -> Iterator[Address]:
        yield from map(IPv4Address, self.ipv4)
        yield from map(IPv6Address, self.ipv6)

    @classmethod
    def of_family(cls, version: int, numbers: Ranges) -> "AddressSet":
        """Return the set holding `numbers` as addresses of one family."""
        return cls(ipv4=numbers) if version == 4 else cls(ipv6=numbers)


@dataclass(frozen=True, slots=True)
class Target:
    """One target as written, with the addresses it stands for, or a name that DNS must answer."""

    written: str
    addresses: AddressSet = field(default_factory=AddressSet)
    hostname: str = ""
    """Set where `written` is a name; its addresses are then what it resolved to."""

    @property
    def needs_resolving(self) -> bool:
        """Whether it is a name whose addresses are not known yet."""
        return bool(self.hostname) and not self.addresses


def split_targets(text: str) -> list[str]:
    """
    Split at white space and commas, but not at the commas inside an octet list.

    `10.0.0.1,5,9` is one target of nmap's, `10.0.0.1,10.0.0.5` are two.
    """
    pieces: list[str] = []
    for word in text.split():
        pieces += [word] if _OCTETS.fullmatch(word) else filter(None, word.split(","))
    return pieces


def parse_target(written: str) -> Target:
    """
    Read one target: an address, a CIDR block, an octet pattern, or a hostname.

    ValueError says in one line what is wrong with it. Nothing that could be taken for an
    option of nmap's passes.
    Source: nmap manual, "Target Specification".
    """
    if written.startswith("-"):
        raise ValueError(f"{written!r} is no target: it would be an option of nmap")
    if "%" in written:
        raise ValueError(f"{written!r}: link-local addresses with a zone are not supported")
    if ":" in written or re.fullmatch(r"[0-9.]+/[0-9]+", written):
        return Target(written, _network(written))
    if _OCTETS.fullmatch(written):
        return Target(written, AddressSet(ipv4=_octet_pattern(written)))
    if re.fullmatch(r"[0-9.*,/-]+", written) or not _HOSTNAME.fullmatch(written):
        raise ValueError(f"{written!r} is neither an address, a range nor a hostname")
    return Target(written, hostname=written)


def _network(written: str) -> AddressSet:
    try:
        network: IPv4Network | IPv6Network = ip_network(written, strict=False)
    except ValueError as error:
        raise ValueError(f"{written!r} is not an address or CIDR block") from error
    if network.version == 6 and network.num_addresses > MAX_IPV6_ADDRESSES:
        raise ValueError(
            f"{written!r} holds {network.num_addresses:.1e} addresses, a sweep that never ends; "
            "name the IPv6 hosts, or a /112 or smaller"
        )
    span = (int(network.network_address), int(network.broadcast_address))
    return AddressSet.of_family(network.version, Ranges((span,)))


def _octet_pattern(written: str) -> Ranges:
    blocks: list[tuple[int, int]] = [(0, 0)]
    for octet in written.split("."):
        spans = _octet(octet, written).spans
        if spans == ((0, 255),):
            # A free octet widens what stands before it, if that is one block so far.
            grown = [(a << 8, (b << 8) + 255) for a, b in blocks]
        else:
            if len(spans) * sum(b - a + 1 for a, b in blocks) > MAX_BLOCKS:
                raise ValueError(f"{written!r} is more than {MAX_BLOCKS} separate ranges")
            grown = [
                ((prefix << 8) + first, (prefix << 8) + last)
                for a, b in blocks
                for prefix in range(a, b + 1)
                for first, last in spans
            ]
        blocks = grown
    return Ranges.of(blocks)


def _octet(text: str, written: str) -> Ranges:
    spans = []
    for piece in text.split(","):
        first, dash, last = piece.partition("-")
        if piece == "*":
            spans.append((0, 255))
            continue
        low = first or ("0" if dash else "")
        high = last or ("255" if dash else first)
        if not (low.isdecimal() and high.isdecimal()) or not int(low) <= int(high) <= 255:
            raise ValueError(f"{written!r}: {piece!r} is no octet range between 0 and 255")
        spans.append((int(low), int(high)))
    return Ranges.of(spans)
