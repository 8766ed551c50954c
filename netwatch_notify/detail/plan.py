"""Differences to second looks: what to ask again, and what to look at closer; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.look import Look, LookKind
from netwatch_notify.model.port import PortKey, PortProtocol

PRINTER_PORTS = range(9100, 9108)
"""A printer prints what is sent there; nmap's own -sV leaves them out, its scripts do not."""
MOST_PORTS_LOOKED_AT = 20
"""New ports of one host that get a detail scan; a host with more is one fact, not a thousand."""
MOST_PORTS_ASKED = 50
"""Known ports that discovery of a silent host tries."""
MOST_HOSTS_TOGETHER = 64
"""Hosts that share a second look, so that one slow host holds up few."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What the second look is to answer, by host."""

    silent: Mapping[Address, frozenset[PortKey]]
    """Silent hosts, with the ports we know of them."""
    missing: Mapping[Address, frozenset[PortKey]]
    """Hosts that are here, with known ports that are not open."""
    opened: Mapping[Address, frozenset[PortKey]]
    """Hosts with new ports."""
    bare: frozenset[Address]
    """New hosts without any open port."""


def plan_looks(questions: Questions, risky: frozenset[PortKey]) -> tuple[Look, ...]:
    """
    Return the nmaps to run, the most telling first.

    Each host is asked about its own ports only; hosts with equal port sets share an nmap.
    """
    confirm: dict[tuple[tuple[PortKey, ...], bool], list[Address]] = {}
    detail: dict[tuple[PortKey, ...], list[Address]] = {}
    for address, keys in questions.silent.items():
        groups = list(_by_protocol(sorted(keys)[:MOST_PORTS_ASKED]))
        for group in groups or [()]:
            confirm.setdefault((group, False), []).append(address)
    for address in questions.bare:
        confirm.setdefault(((), False), []).append(address)
    for address, keys in questions.missing.items():
        for group in _by_protocol(keys):
            confirm.setdefault((group, True), []).append(address)
    for address, keys in questions.opened.items():
        worst_first = sorted(keys, key=lambda key: (key not in risky, key))
        probed = [key for key in worst_first if key.number not in PRINTER_PORTS]
        looked_at = frozenset(probed[:MOST_PORTS_LOOKED_AT])
        for group in _by_protocol(looked_at):
            detail.setdefault(group, []).append(address)
        for group in _by_protocol(keys - looked_at):
            confirm.setdefault((group, True), []).append(address)
    looks = [
        Look(LookKind.DETAIL, ports, chunk, known_up=True)
        for ports, addresses in detail.items()
        for chunk in chunks(addresses)
    ]
    looks += [
        Look(LookKind.CONFIRM, ports, chunk, known_up=known_up)
        for (ports, known_up), addresses in confirm.items()
        for chunk in chunks(addresses)
    ]

    def order(look: Look) -> tuple[bool, bool, int, list[tuple[int, int]]]:
        is_risky = bool(risky & frozenset(look.ports))
        hosts = [address_order(address) for address in look.addresses]
        return not is_risky, look.kind is LookKind.CONFIRM, len(look.ports), hosts

    return tuple(sorted(looks, key=order))


def _by_protocol(keys: Iterable[PortKey]) -> Iterator[tuple[PortKey, ...]]:
    """nmap scans each protocol in its own way, so an nmap gets ports of one."""
    for protocol in PortProtocol:
        group = tuple(sorted(key for key in keys if key.protocol is protocol))
        if group:
            yield group


def chunks(addresses: list[Address]) -> Iterator[tuple[Address, ...]]:
    """Divide hosts: families apart (nmap takes one at a time), and not too many together."""
    for version in (4, 6):
        family = sorted((a for a in addresses if a.version == version), key=address_order)
        for start in range(0, len(family), MOST_HOSTS_TOGETHER):
            yield tuple(family[start : start + MOST_HOSTS_TOGETHER])
