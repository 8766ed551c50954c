"""What people said about changes: ignore this, expect that, this one is known."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import ip_network

from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet, parse_target
from netwatch_notify.model.text import clean

PATTERN_LIMIT = 100

_NETWORK = re.compile(r"[0-9.]+/[0-9]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(/[0-9]+)?")
_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")


@dataclass(frozen=True, slots=True)
class Match:
    """Which hosts a rule is about: an address, a CIDR block, a MAC, or a pattern."""

    written: str
    addresses: AddressSet = field(default_factory=AddressSet)
    mac: str = ""
    pattern: str = ""
    """In lower case, with `*` and `?`: of a name, a vendor, or a MAC."""

    @classmethod
    def parse(cls, written: str) -> "Match":
        """
        Read what a person wrote; ValueError where it can match nothing.

        What is no address, range or MAC is a pattern of names, vendors and MACs.
        """
        text = clean(written.strip(), PATTERN_LIMIT + 1)
        if not text or len(text) > PATTERN_LIMIT:
            raise ValueError(f"a match has 1 to {PATTERN_LIMIT} characters")
        mac = text.upper().replace("-", ":")
        if _MAC.fullmatch(mac):
            return cls(text, mac=mac)
        if _NETWORK.fullmatch(text):
            return cls(text, addresses=_network(text))
        if re.fullmatch(r"[0-9.,*-]+", text) and text.strip("*"):
            return cls(text, addresses=parse_target(text).addresses)
        return cls(text, pattern=text.lower())

    def fits(self, address: Address, mac: str, vendor: str, names: Iterable[str]) -> bool:
        """Whether a host is meant. A name fits with or without its domain."""
        if self.addresses:
            return address in self.addresses
        if self.mac:
            return mac.upper() == self.mac
        called = [name.lower() for name in names if name]
        called += [name.partition(".")[0] for name in called]
        texts = (*called, vendor.lower(), mac.lower())
        # Only `*` and `?` are special: `tv [hall]` is a name.
        pattern = self.pattern.replace("[", "[[]")
        return any(fnmatchcase(text, pattern) for text in texts if text)


def _network(text: str) -> AddressSet:
    """Read an address or CIDR block of any size: a rule sweeps nothing."""
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address or CIDR block") from error
    span = (int(network.network_address), int(network.broadcast_address))
    return AddressSet.of_family(network.version, Ranges((span,)))


class RuleKind(StrEnum):
    """What a rule does."""

    IGNORE = "ignore"
    EXPECT = "expect"


@dataclass(frozen=True, slots=True)
class Rule:
    """One standing word of a person's; who said it, when, why, and until when."""

    id: int
    kind: RuleKind
    match: Match
    key: PortKey | None
    """None: everything about the host."""
    author: str
    created_at: datetime
    reason: str = ""
    until: datetime | None = None
    gone_only: bool = False
    """Only its going and coming back is not told."""
    used_at: datetime | None = None
    """When it last fitted a change."""
    hidden: int = 0
    """How many changes it has kept quiet."""

    def is_over(self, now: datetime) -> bool:
        """Whether its time is up."""
        return self.until is not None and self.until <= now

    @property
    def written(self) -> str:
        """What it is about, as the command takes it."""
        return f"{self.match.written} {self.key}" if self.key else self.match.written

    @property
    def said(self) -> str:
        """Why, and who said so: `CHG123, alice`."""
        return ", ".join(filter(None, (self.reason, self.author)))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A change that somebody called known."""

    change_id: str
    """Of a change, or of a held range."""
    author: str
    accepted_at: datetime
    reason: str = ""
    until: datetime | None = None
    """When it is to be looked at again; None: never."""

    @property
    def said(self) -> str:
        """Why, and who said so."""
        return ", ".join(filter(None, (self.reason, self.author)))
