"""Inventory and scan to differences, only inside the coverage both share; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from netwatch_notify.model.host import Address, Host, join_hosts
from netwatch_notify.model.inventory import Inventory, KnownHost, KnownPort
from netwatch_notify.model.port import Port, PortKey, PortState, Service
from netwatch_notify.model.scan import Coverage, PartResult, ScanTypes, covered_by
from netwatch_notify.model.target import AddressSet


class Presence(Enum):
    """How a host stands to the inventory."""

    NEW = auto()
    """Never seen, though asked about before."""
    BACK = auto()
    """Told gone, and here again."""
    SAME = auto()
    """Known, and here."""
    SILENT = auto()
    """Known, asked about, and no answer."""
    NEWLY_COVERED = auto()
    """Never asked about before: it may have been there for years."""
    MOVED = auto()
    """Known at another address, where it is no more."""


@dataclass(frozen=True, slots=True)
class HostDifference:
    """One host that is not as the inventory has it, or whose absence ended."""

    address: Address
    presence: Presence
    host: Host | None = None
    """As the scan saw it; None if silent."""
    known: KnownHost | None = None
    opened: tuple[Port, ...] = ()
    """Open now, and asked about before when they were not."""
    learned: tuple[Port, ...] = ()
    """Open now, and never asked about before: taken as known."""
    missing: Mapping[PortKey, PortState | None] = field(default_factory=dict)
    """Known open, not open now; None where the scan does not say what it is."""
    changed_services: tuple[tuple[KnownPort, Port], ...] = ()
    """Probed both times, and another product or version."""
    learned_services: tuple[Port, ...] = ()
    """Probed now for the first time."""
    mac_changed: bool = False
    moved_from: Address | None = None
    """Where the host was, by its MAC or SSH host key; `known` is that host, at its new place."""
    was_displaced: bool = False
    """Whether it had lost that place before, so that another host may stand there."""
    replaced: KnownHost | None = None
    """Who had this address before, and is another host."""
    unmoved: "HostDifference | None" = None
    """What differs if it turns out that the host did not move."""
    note: str = ""

    @property
    def sighting(self) -> Host:
        """Return the host as the scan saw it. ValueError where it did not."""
        if self.host is None:
            raise ValueError(f"{self.address}: a {self.presence} host without a sighting")
        return self.host

    @property
    def past(self) -> KnownHost:
        """Return the host as it is known. ValueError where it is not."""
        if self.known is None:
            raise ValueError(f"{self.address}: a {self.presence} host without a past")
        return self.known


@dataclass(frozen=True, slots=True)
class Differences:
    """What one scan says that the inventory does not."""

    hosts: Mapping[Address, HostDifference]
    seen: Mapping[Address, Host]
    """Every host that was parsed and answered, joined over the parts."""
    unchanged: AddressSet = field(default_factory=AddressSet)
    """Every host that answered with a slice its inventory was settled from."""
    seen_in: Mapping[Address, Sequence[PartResult]] = field(default_factory=dict)
    """The parts that each of `seen` was seen in."""
    timed_out: frozenset[Address] = frozenset()

    @property
    def left(self) -> dict[Address, Address]:
        """Map each address that a host has moved from to where it is now."""
        return {
            d.moved_from: d.address
            for d in self.hosts.values()
            if d.moved_from and not d.was_displaced
        }

    @property
    def hosts_up(self) -> int:
        """How many hosts answered, parsed or not."""
        return len(self.unchanged | AddressSet.of(self.seen))


def touched_hosts(inventory: Inventory, results: Sequence[PartResult]) -> set[Address]:
    """
    Return the hosts whose past this run needs, by what `inventory` says without its hosts.

    They are those that were parsed, those that were asked about and are in no part, and those
    of which something is pending.
    """
    parsed = {host.address for result in results for host in result.hosts}
    asked = AddressSet()
    for result in results:
        if result.ended_properly and result.coverage:
            asked |= result.coverage.addresses
    missing = (inventory.present & asked) - _unchanged(results) - AddressSet.of(parsed)
    return {*parsed, *missing, *(address for address, _ in inventory.absences)}


def compare(inventory: Inventory, results: Sequence[PartResult]) -> Differences:
    """
    Compare what the parts saw with the inventory.

    Hosts of a part that did not end properly are real; its absences prove nothing, and neither
    do those of hosts that timed out. `inventory.hosts` must hold the `touched_hosts`.
    """
    unchanged = _unchanged(results)
    parsed = AddressSet.of(h.address for r in results for h in r.hosts if h.is_present)
    seen: dict[Address, Host] = {}
    seen_in: dict[Address, list[PartResult]] = {}
    timed_out: set[Address] = set()
    for result in results:
        # Listed twice, once as it was settled: both sightings count.
        twice = [_as_settled(inventory.hosts[a]) for a in result.unchanged & parsed]
        for host in (*twice, *result.hosts):
            if host.timed_out:
                timed_out.add(host.address)
            if host.is_present:
                before = seen.get(host.address)
                seen[host.address] = join_hosts(before, host) if before else host
                seen_in.setdefault(host.address, []).append(result)
    differences: dict[Address, HostDifference] = {}
    for address, host in seen.items():
        known = inventory.hosts.get(address)
        difference = _present(inventory, known, host, seen_in[address], address in timed_out)
        if difference is not None:
            differences[address] = difference
    good = [(r.coverage, r.types) for r in results if r.ended_properly and r.coverage]
    for address, known in inventory.hosts.items():
        if not known.present or address in seen or address in unchanged or address in timed_out:
            continue
        difference = _silent(inventory, known, good)
        if difference is not None:
            differences[address] = difference
    return Differences(differences, seen, unchanged, seen_in, frozenset(timed_out))


def compare_with(
    inventory: Inventory, found: Differences, known: KnownHost, host: Host
) -> HostDifference:
    """Compare a host that the parts saw with another past than that of its address."""
    plain = HostDifference(host.address, Presence.SAME, host, known)
    seen_in, late = found.seen_in[host.address], host.address in found.timed_out
    return _present(inventory, known, host, seen_in, late) or plain


def _unchanged(results: Iterable[PartResult]) -> AddressSet:
    joined = AddressSet()
    for result in results:
        joined |= result.unchanged
    return joined


def _as_settled(known: KnownHost) -> Host:
    """The host as a slice shows it that needs no parsing."""
    return Host(
        known.address,
        mac=known.mac,
        vendor=known.vendor,
        hostnames=(known.name,) if known.name else (),
        ports=tuple(
            Port(key, PortState.OPEN, service=known.ports[key].service)
            for key in sorted(known.open_keys)
        ),
    )


def _present(
    inventory: Inventory,
    known: KnownHost | None,
    host: Host,
    results: Iterable[PartResult],
    timed_out: bool,
) -> HostDifference | None:
    address = host.address
    # A part that broke before its scaninfo says nothing of how it scanned; then any way will do.
    ways: list[ScanTypes] = [r.types for r in results if r.types]
    ways = ways or list({coverage.types for coverage in inventory.coverages})

    def was_covered(key: PortKey | None = None) -> bool:
        return any(covered_by(inventory.coverages, types, address, key) for types in ways)

    if known is None:
        presence = Presence.NEW if was_covered() else Presence.NEWLY_COVERED
        if presence is Presence.NEW:
            return HostDifference(address, presence, host, opened=host.open_ports)
        return HostDifference(address, presence, host, learned=host.open_ports)
    fresh = [port for port in host.open_ports if port.key not in known.open_keys]
    opened = tuple(port for port in fresh if was_covered(port.key))
    still_open = {port.key for port in host.open_ports}
    missing: dict[PortKey, PortState | None] = {}
    if not timed_out:
        missing = {
            key: host.state_of(key)
            for key in sorted(known.open_keys - still_open)
            if was_covered(key)
            and any(
                r.ended_properly and r.coverage and r.coverage.covers(address, key) for r in results
            )
        }
    changed, learned_services = compare_services(known, host)
    difference = HostDifference(
        address=address,
        presence=Presence.SAME if known.present else Presence.BACK,
        host=host,
        known=known,
        opened=opened,
        learned=tuple(port for port in fresh if port not in opened),
        missing=missing,
        changed_services=changed,
        learned_services=learned_services,
        mac_changed=bool(known.mac and host.mac and known.mac != host.mac),
    )
    unlearned = bool(host.mac and not known.mac)
    if difference.presence is Presence.SAME and not (
        opened
        or difference.learned
        or missing
        or changed
        or learned_services
        or difference.mac_changed
        or unlearned
    ):
        return None
    return difference


def compare_services(
    known: KnownHost, host: Host
) -> tuple[tuple[tuple[KnownPort, Port], ...], tuple[Port, ...]]:
    """A guess from the port number neither replaces nor differs from a probed service."""
    changed: list[tuple[KnownPort, Port]] = []
    learned: list[Port] = []
    for port in host.open_ports:
        before = known.ports.get(port.key)
        if before is None or not before.is_open or not (port.service and port.service.was_seen):
            continue
        if not (before.service and before.service.was_seen):
            learned.append(port)
        elif answer_of(before.service) != answer_of(port.service):
            changed.append((before, port))
    return tuple(changed), tuple(learned)


def answer_of(service: Service) -> tuple[str, str]:
    """Return what makes a service another one: product and version, and TLS around it."""
    return service.description, service.tunnel


def _silent(
    inventory: Inventory, known: KnownHost, good: Iterable[tuple[Coverage, ScanTypes]]
) -> HostDifference | None:
    address = known.address
    for coverage, types in good:
        if address not in coverage.addresses:
            continue
        if not covered_by(inventory.coverages, types, address):
            continue
        if coverage.open_only:
            missing: dict[PortKey, PortState | None] = {
                key: None for key in sorted(known.open_keys) if coverage.covers(address, key)
            }
            if missing:
                return HostDifference(address, Presence.SAME, known=known, missing=missing)
            continue
        return HostDifference(address, Presence.SILENT, known=known)
    return None
