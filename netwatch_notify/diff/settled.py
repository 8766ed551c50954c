"""Which hosts need not be parsed, as long as they show the same slice again; pure."""

from collections.abc import Sequence
from dataclasses import replace

from netwatch_notify.diff.compare import compare_services
from netwatch_notify.diff.policy import Verdict
from netwatch_notify.model.host import Address, Host
from netwatch_notify.model.inventory import Inventory, KnownHost
from netwatch_notify.model.scan import PartResult


def with_digests(verdict: Verdict, inventory: Inventory, results: Sequence[PartResult]) -> Verdict:
    """
    Return the verdict with each host's digest as it is from now on.

    A host keeps its digest while nothing about it changes or is pending: the slice it belongs to
    still shows what is settled. Another slice that shows it takes its place, unless the old one
    was there too.
    """
    sightings: dict[Address, list[Host]] = {}
    matched: set[Address] = set()
    for result in results:
        for host in result.hosts:
            if host.digest:
                sightings.setdefault(host.address, []).append(host)
    for result in results:
        if result.unchanged:
            matched.update(address for address in sightings if address in result.unchanged)
    pending = {address for address, _ in verdict.settled.absences}
    cleared = verdict.settled.cleared
    hosts = dict(verdict.settled.hosts)
    for address in (inventory.hosts.keys() - cleared) | hosts.keys():
        before = None if address in cleared else inventory.hosts.get(address)
        known = hosts.get(address) or inventory.hosts[address]
        digest = None
        if known.present and address not in pending:
            if before and _unlooked(known) == _unlooked(before):
                digest = before.digest
            if digest is None or address not in matched:
                fitting = [h for h in sightings.get(address, ()) if shows_what_is_settled(known, h)]
                digest = fitting[-1].digest if fitting else digest
        if digest != known.digest:
            hosts[address] = replace(known, digest=digest)
    return replace(verdict, settled=replace(verdict.settled, hosts=hosts))


def _unlooked(known: KnownHost) -> KnownHost:
    """Return the host without what no slice shows: when, and with what, it was looked at."""
    ports = {
        key: replace(port, looked_at=None, looked_with="") for key, port in known.ports.items()
    }
    return replace(known, digest=None, ports=ports)


def shows_what_is_settled(known: KnownHost, host: Host) -> bool:
    """
    Whether comparing this sighting with `known` finds nothing, on any night.

    A host that timed out was not covered, which somebody has to see. A MAC that is not shown hides
    nothing by itself, but would where the address is listed twice.
    """
    return (
        known.present
        and not host.timed_out
        and host.is_present
        and host.mac == known.mac
        and frozenset(port.key for port in host.open_ports) == known.open_keys
        and not any(compare_services(known, host))
    )
