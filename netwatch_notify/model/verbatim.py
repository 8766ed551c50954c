"""
A scan word for word: what ndiff's text and XML are made of.

Nothing here is cleaned, bounded or turned into a number, because ndiff's rows show each word as
it stands in the file. Whoever prints it makes it harmless; whoever decides by it uses `Host`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.model.port import ScriptOutput

ADDRESS_TYPES = ("ipv4", "ipv6", "mac")
"""In ndiff's order."""


@dataclass(frozen=True, slots=True, order=True)
class VerbatimAddress:
    """One `<address>`; IPv4 before IPv6 before MAC, then letter by letter."""

    rank: int
    """The place of its `addrtype` in `ADDRESS_TYPES`, behind them if it is another."""
    text: str
    type: str = "ipv4"


@dataclass(frozen=True, slots=True)
class VerbatimService:
    """One `<service>`; None where the attribute is missing."""

    name: str | None = None
    product: str | None = None
    version: str | None = None
    extra_info: str | None = None
    tunnel: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Its values, a missing one as an empty word."""
        fields = (self.name, self.product, self.version, self.extra_info, self.tunnel)
        return tuple(word or "" for word in fields)


@dataclass(frozen=True, slots=True)
class VerbatimPort:
    """One `<port>`; `state` is None where the scan does not list it."""

    number: int
    protocol: str
    state: str | None = None
    service: VerbatimService = VerbatimService()
    scripts: tuple[ScriptOutput, ...] = ()
    """Sorted by id, then output."""

    @property
    def key(self) -> tuple[int, str]:
        """What makes two observations the same port."""
        return self.number, self.protocol


@dataclass(frozen=True, slots=True)
class VerbatimHost:
    """One host, several `<host>` of the same address joined."""

    state: str | None = None
    """None where there is no `<status>` (masscan)."""
    addresses: tuple[VerbatimAddress, ...] = ()
    hostnames: tuple[str, ...] = ()
    ports: tuple[VerbatimPort, ...] = ()
    """Sorted by number, then protocol."""
    extra_ports: tuple[tuple[str, int], ...] = ()
    """State and count, in the file's order."""
    os_matches: tuple[str, ...] = ()
    """In nmap's order, the likeliest first."""
    scripts: tuple[ScriptOutput, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        """
        Its first address; without any, an empty one and its first hostname.

        In this order hosts stand in ndiff's output: letter by letter.
        """
        if self.addresses:
            return min(self.addresses).text, ""
        return "", min(self.hostnames, default="")


@dataclass(frozen=True, slots=True)
class VerbatimRun:
    """What the file says of the scan as a whole."""

    scanner: str | None = None
    version: str | None = None
    arguments: str | None = None
    started_at: datetime | None = None
    """In local time, as ndiff shows it."""
    ended_at: datetime | None = None
    pre_scripts: tuple[ScriptOutput, ...] = ()
    post_scripts: tuple[ScriptOutput, ...] = ()


def join_verbatim(hosts: Iterable[VerbatimHost]) -> VerbatimHost | None:
    """
    Return several `<host>` of one address as one; the order they come in makes no difference.

    masscan writes one for every port and every banner.
    """
    found = list(hosts)
    if len(found) <= 1:
        return found[0] if found else None
    states = [host.state for host in found if host.state is not None]
    extra: dict[str, int] = {}
    for host in found:
        for state, count in host.extra_ports:
            extra[state] = max(count, extra.get(state, 0))
    return VerbatimHost(
        state="up" if "up" in states else min(states, default=None),
        addresses=tuple(sorted({address for host in found for address in host.addresses})),
        hostnames=tuple(sorted({name for host in found for name in host.hostnames})),
        ports=join_ports(port for host in found for port in host.ports),
        extra_ports=tuple(sorted(extra.items())),
        os_matches=max((host.os_matches for host in found), key=lambda names: (len(names), names)),
        scripts=_scripts(script for host in found for script in host.scripts),
    )


def join_ports(ports: Iterable[VerbatimPort]) -> tuple[VerbatimPort, ...]:
    """Return each port once, sorted; of several sightings the one that says most."""
    found: dict[tuple[int, str], VerbatimPort] = {}
    for port in ports:
        before = found.get(port.key)
        if before is None:
            found[port.key] = port
            continue
        fuller = max(before, port, key=_fullness)
        scripts = _scripts((*before.scripts, *port.scripts))
        found[port.key] = VerbatimPort(*port.key, fuller.state, fuller.service, scripts)
    return tuple(found[key] for key in sorted(found))


def _fullness(port: VerbatimPort) -> tuple[bool, int, tuple[str, ...], str]:
    words = port.service.words
    return port.state == "open", sum(map(bool, words)), words, port.state or ""


def _scripts(scripts: Iterable[ScriptOutput]) -> tuple[ScriptOutput, ...]:
    return tuple(sorted(set(scripts), key=lambda script: (script.id, script.output)))
