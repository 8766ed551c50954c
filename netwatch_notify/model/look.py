"""The second look: what is asked, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.port import Port, PortKey, PortState, Service


class LookKind(StrEnum):
    """What a second look is for."""

    CONFIRM = "confirm"
    DETAIL = "details"
    REFRESH = "refresh"
    """Of a known service whose version was not looked at for some time."""


@dataclass(frozen=True, slots=True)
class Look:
    """One nmap of the second look: the same ports of several hosts of one family."""

    kind: LookKind
    ports: tuple[PortKey, ...]
    """Sorted, of one protocol; empty asks only whether the hosts are up."""
    addresses: tuple[Address, ...]
    known_up: bool
    """Whether the fast scan has just seen them, so that discovery is left out."""
    services: Mapping[tuple[Address, PortKey], Service] = field(default_factory=dict, hash=False)
    """What is known to answer there: something else is looked at twice."""

    @property
    def pairs(self) -> int:
        """How many host-port pairs it probes."""
        return max(1, len(self.ports)) * len(self.addresses)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """
    The answers, by host; what is in `asked` and not in the answer was asked and not seen.

    What is not in `asked` had no second look in time, or its nmap broke.
    """

    hosts: Mapping[Address, Host] = field(default_factory=dict)
    asked: frozenset[tuple[Address, PortKey]] = frozenset()
    asked_hosts: frozenset[Address] = frozenset()
    """Hosts that were asked whether they are up at all."""
    refreshed: frozenset[tuple[Address, PortKey]] = frozenset()
    """Known services that were looked at again."""
    version: str = ""
    """Of the nmap that looked; empty if none did."""
    was_made: bool = True
    """False for `ingest`: nothing is asked again."""

    def host_is_up(self, address: Address) -> bool | None:
        """Whether the host answered; None if it was not asked."""
        host = self.hosts.get(address)
        if host is not None and host.is_present:
            return True
        return False if address in self.asked_hosts else None

    def port(self, address: Address, key: PortKey) -> Port | None:
        """Return the port as the second look listed it, if it did."""
        host = self.hosts.get(address)
        return host.port(key) if host else None

    def state_of(self, address: Address, key: PortKey) -> PortState | None:
        """Return the state the second look saw, None if it was not asked or does not say."""
        if (address, key) not in self.asked:
            return None
        host = self.hosts.get(address)
        return host.state_of(key) if host else None
