"""Whether what stands at an address is who stood there before: hosts that moved; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from netwatch_notify.diff.compare import Differences, HostDifference, Presence, compare_with
from netwatch_notify.model.host import Address, Host, address_order, is_private_mac
from netwatch_notify.model.inventory import Inventory, KnownHost
from netwatch_notify.model.target import AddressSet


def marks_of(differences: Differences) -> frozenset[str]:
    """Return the MACs whose former places have to be known before `identify`."""
    return frozenset(host.mac for host in _strangers(differences).values() if host.mac)


def identify(
    differences: Differences,
    inventory: Inventory,
    dynamic: AddressSet,
    host_keys: Mapping[Address, str] | None = None,
) -> Differences:
    """
    Return the differences with each host that moved as one, in its new place.

    Proof is its MAC (not one it made up itself, except from one `dynamic` address to another), or
    with `host_keys` (of hosts by their address) its SSH host key. It must be proven absent from
    its old place, and the mark must be no other's. Where addresses are handed out a host is its
    MAC: another MAC there is another host, as it is where the former host was gone.
    """
    work = _Identification(differences, inventory, dynamic)
    hosts = dict(differences.hosts)
    bearers = Counter((host_keys or {}).values())
    for address, host in _strangers(differences).items():
        if host_keys is None:
            if work.may_have_moved(host):
                # It is told, or known not to be news, when a scan has covered its old place.
                del hosts[address]
            else:
                hosts[address] = work.by_mac(hosts[address], host)
        elif bearers[host_keys.get(address, "")] == 1 and hosts[address].presence is Presence.NEW:
            hosts[address] = work.by_key(hosts[address], host, host_keys[address])
    return replace(differences, hosts=hosts)


def _strangers(differences: Differences) -> dict[Address, Host]:
    """Return the hosts that are not, by their MAC, who the inventory has at their address."""
    found = {}
    for address, difference in differences.hosts.items():
        host, known = difference.host, difference.known
        if host is None or difference.moved_from:
            continue
        if known is None or difference.mac_changed:
            found[address] = host
    return found


class _Identification:
    """Looks for the former places of the hosts of one run."""

    def __init__(
        self,
        differences: Differences,
        inventory: Inventory,
        dynamic: AddressSet,
    ) -> None:
        self.differences = differences
        self.inventory = inventory
        self.dynamic = dynamic
        self.seen_macs = Counter(host.mac for host in differences.seen.values() if host.mac)
        self.kin_by_mac: dict[str, list[KnownHost]] = defaultdict(list)
        for known in inventory.kin:
            self.kin_by_mac[known.mac].append(known)

    def _kin(self, host: Host) -> list[KnownHost]:
        """Return the known hosts at other addresses that have this one's MAC."""
        known = self.kin_by_mac[host.mac] if host.mac else []
        return [one for one in known if one.address != host.address]

    def by_mac(self, difference: HostDifference, host: Host) -> HostDifference:
        former = self._former_by_mac(host)
        tenant = difference.known
        if tenant is None:
            if former:
                return self._moved(difference, host, former)
            return replace(difference, note=self._same_mac_elsewhere(host))
        is_another = not tenant.present or host.address in self.dynamic
        elsewhere = self.seen_macs[tenant.mac] > 0
        difference = replace(difference, replaced=tenant)
        if is_another:
            difference = HostDifference(
                host.address, Presence.NEW, host, opened=host.open_ports, replaced=tenant
            )
        if former is None:
            return difference
        if is_another or elsewhere:
            return self._moved(difference, host, former)
        # Somebody else answers at a fixed address: that is told as such, wherever it came from.
        return replace(
            difference, moved_from=former.address, was_displaced=self._was_displaced(former)
        )

    def may_have_moved(self, host: Host) -> bool:
        """Whether a scan that broke shows a known host here, and did not get to its old place."""
        seen_in = self.differences.seen_in[host.address]
        if not host.mac or any(result.ended_properly for result in seen_in):
            return False
        others = [known for known in self._kin(host) if known.present]
        return any(
            self._proves(host.mac, known.address, host.address)
            and known.address not in self.differences.unchanged
            and known.address not in self.differences.seen
            and known.address not in self.differences.hosts
            for known in others
        )

    def by_key(self, difference: HostDifference, host: Host, host_key: str) -> HostDifference:
        candidates = [
            known
            for known in self.inventory.kin
            if known.host_key == host_key and known.address != host.address
        ]
        former = self._only_absent(candidates) if candidates else None
        if former and former.address in self.differences.left:
            return difference  # It is elsewhere already, by its MAC.
        displaced = [d for d in self.inventory.displaced.values() if d.known.host_key == host_key]
        if former is None and not candidates and len(displaced) == 1:
            former = displaced[0].known
        return self._moved(difference, host, former) if former else difference

    def _former_by_mac(self, host: Host) -> KnownHost | None:
        if not host.mac or self.seen_macs[host.mac] > 1:
            return None
        candidates = self._kin(host)
        former = self._only_absent(candidates)
        if former is None and not candidates and host.mac in self.inventory.displaced:
            former = self.inventory.displaced[host.mac].known
        if former is None or not self._proves(host.mac, former.address, host.address):
            return None
        return former

    def _proves(self, mac: str, old: Address, new: Address) -> bool:
        return not is_private_mac(mac) or (old in self.dynamic and new in self.dynamic)

    def _only_absent(self, candidates: Sequence[KnownHost]) -> KnownHost | None:
        """Return the host that left, if all who bear the mark did: the last of them to be here."""
        if not all(map(self._has_left, candidates)):
            return None
        present = [known for known in candidates if known.present]
        if len(present) > 1:
            return None
        gone = sorted(
            candidates,
            key=lambda known: (known.gone_at or known.first_seen_at, address_order(known.address)),
        )
        return next(iter((*present, *reversed(gone))), None)

    def _has_left(self, known: KnownHost) -> bool:
        if known.address in self.differences.unchanged:
            return False
        seen = self.differences.seen.get(known.address)
        if seen is not None:
            return bool(seen.mac) and seen.mac != known.mac
        if not known.present:
            return True
        difference = self.differences.hosts.get(known.address)
        return difference is not None and difference.presence is Presence.SILENT

    def _moved(self, difference: HostDifference, host: Host, former: KnownHost) -> HostDifference:
        here = replace(former, address=host.address, digest=None)
        return replace(
            compare_with(self.inventory, self.differences, here, host),
            presence=Presence.MOVED,
            mac_changed=False,
            moved_from=former.address,
            was_displaced=self._was_displaced(former),
            replaced=difference.replaced,
            unmoved=replace(difference, note=self._same_mac_elsewhere(host)),
        )

    def _was_displaced(self, former: KnownHost) -> bool:
        return not any(former is known for known in self.inventory.kin)

    def _same_mac_elsewhere(self, host: Host) -> str:
        """A line for who has the same MAC and is, or may be, still there."""
        others = sorted(self._others(host), key=lambda address: (address.version, int(address)))
        return f"same MAC address as {others[0]}" if others else ""

    def _others(self, host: Host) -> Iterator[Address]:
        yield from (known.address for known in self._kin(host) if known.present)
        if self.seen_macs[host.mac] > 1:
            for address, seen in self.differences.seen.items():
                if seen.mac == host.mac and address != host.address:
                    yield address
