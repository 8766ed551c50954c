"""What of the differences is told, and what is settled; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netwatch_notify.diff.breaker import Hold
from netwatch_notify.diff.compare import Differences, HostDifference, Presence
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, Host, address_order
from netwatch_notify.model.inventory import (
    Absence,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Subject,
)
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import Port, PortKey, PortState

SEEN_ONCE = "seen once: the second look did not find it open"
NOT_LOOKED_AT = "not looked at closer: no time was left"


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy's numbers, from the settings."""

    gone_after: int = 2
    risky_ports: frozenset[PortKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told, and what the inventory is from now on."""

    changes: tuple[Change, ...] = ()
    hosts: Mapping[Address, KnownHost] = field(default_factory=dict)
    """The hosts whose inventory differs now, whole."""
    absences: Mapping[Subject, Absence] = field(default_factory=dict)
    """All that is pending now."""
    held: Mapping[str, HeldRange] = field(default_factory=dict)
    learned_hosts: int = 0
    """Hosts that were never asked about before, taken as known."""
    learned_ports: int = 0


class _Judge:
    """Works through the differences of one run; its fields are what the verdict holds."""

    def __init__(
        self, inventory: Inventory, look: SecondLook, rules: Rules, now: datetime, last: datetime
    ) -> None:
        self.inventory = inventory
        self.look = look
        self.rules = rules
        self.now = now
        self.last = last
        self.changes: list[Change] = []
        self.hosts: dict[Address, KnownHost] = {}
        self.absences: dict[Subject, Absence] = dict(inventory.absences)
        self.learned_hosts = 0
        self.learned_ports = 0

    def judge(self, difference: HostDifference) -> None:
        """Decide what is told of one host."""
        match difference.presence:
            case Presence.NEW:
                self._new(difference)
            case Presence.NEWLY_COVERED:
                self.learned_hosts += 1
                self._settle(_first_sight(_host(difference), self.now))
            case Presence.SILENT:
                self._silent(difference)
            case Presence.BACK | Presence.SAME:
                self._present(difference)

    def miss(self, address: Address, key: PortKey | None) -> int:
        """Count one more run without an answer, and return how many there are in a row."""
        before = self.absences.get((address, key))
        runs = before.runs + 1 if before else 1
        last_seen_at = before.last_seen_at if before else self.last
        self.absences[address, key] = Absence((address, key), runs, last_seen_at)
        return runs

    def _new(self, difference: HostDifference) -> None:
        host = _host(difference)
        ports = tuple(self._looked_at(host.address, port) for port in host.open_ports)
        confirmed, note = self._seen_again(host.address, [port.key for port in ports])
        risky = any(port.key in self.rules.risky_ports for port in ports)
        self.changes.append(
            Change(
                kind=ChangeKind.HOST_NEW,
                severity=Severity.CRITICAL if risky else Severity.WARNING,
                address=host.address,
                name=_name(host),
                mac=host.mac,
                vendor=host.vendor,
                ports=ports,
                confirmed=confirmed,
                first_seen_at=self.now,
                note=note,
            )
        )
        self._settle(_first_sight(replace(host, ports=ports), self.now))

    def _silent(self, difference: HostDifference) -> None:
        known = _known(difference)
        if self.look.host_is_up(known.address):
            # It was only asleep or unlucky: what it shows now is what counts.
            self.absences.pop((known.address, None), None)
            host = self.look.hosts[known.address]
            missing = {key: host.state_of(key) for key in known.open_keys}
            gone = {key: state for key, state in missing.items() if state is PortState.CLOSED}
            self._close_ports(known, gone)
            return
        runs = self.miss(known.address, None)
        if runs < self.rules.gone_after:
            return
        absence = self.absences.pop((known.address, None))
        for subject in [s for s in self.absences if s[0] == known.address]:
            del self.absences[subject]
        self.changes.append(
            self._about(
                known,
                ChangeKind.HOST_GONE,
                Severity.INFO,
                first_seen_at=known.first_seen_at,
                last_seen_at=absence.last_seen_at,
                confirmed=self.look.host_is_up(known.address) is False,
            )
        )
        self._settle(replace(known, present=False, gone_at=self.now))

    def _present(self, difference: HostDifference) -> None:
        known = _known(difference)
        address = known.address
        host = difference.host
        if host is not None:
            self.absences.pop((address, None), None)
            if difference.presence is Presence.BACK:
                seen_again, note = self._seen_again(address, [p.key for p in host.open_ports])
                self.changes.append(
                    self._about(
                        known,
                        ChangeKind.HOST_BACK,
                        Severity.INFO,
                        last_seen_at=known.gone_at,
                        first_seen_at=known.first_seen_at,
                        confirmed=seen_again,
                        note=note,
                    )
                )
            known = self._identity(known, host, difference.mac_changed)
        self.learned_ports += len(difference.learned)
        ports = dict(known.ports)
        for port in (*difference.learned, *difference.learned_services):
            before = ports.get(port.key)
            opened_at = before.opened_at if before and before.is_open else self.now
            ports[port.key] = KnownPort(port.key, PortState.OPEN, opened_at, None, port.service)
        for port in difference.opened:
            self._opened(known, self._looked_at(address, port), ports)
        for before, port in difference.changed_services:
            self.changes.append(
                self._about(
                    known,
                    ChangeKind.SERVICE_CHANGED,
                    Severity.INFO,
                    key=port.key,
                    state=PortState.OPEN,
                    was=before.service.description if before.service else "",
                    service=port.service,
                    was_service=before.service,
                    scripts=port.scripts,
                    confirmed=True,
                )
            )
            ports[port.key] = replace(before, service=port.service)
        known = replace(known, present=True, gone_at=None, ports=ports)
        self._settle(known)
        self._close_ports(known, difference.missing)

    def _identity(self, known: KnownHost, host: Host, mac_changed: bool) -> KnownHost:
        """A missing MAC is no change, and neither is the first one seen."""
        if mac_changed:
            self.changes.append(
                replace(
                    self._about(
                        known,
                        ChangeKind.MAC_CHANGED,
                        Severity.WARNING,
                        was=known.mac,
                        confirmed=True,
                    ),
                    mac=host.mac,
                    vendor=host.vendor,
                )
            )
        return replace(
            known,
            mac=host.mac or known.mac,
            vendor=host.vendor if host.mac else known.vendor,
            name=_name(host) or known.name,
        )

    def _opened(self, known: KnownHost, port: Port, ports: dict[PortKey, KnownPort]) -> None:
        confirmed, note = self._seen_again(known.address, [port.key])
        before = ports.get(port.key)
        risky = port.key in self.rules.risky_ports
        self.changes.append(
            self._about(
                known,
                ChangeKind.PORT_OPENED,
                Severity.CRITICAL if risky else Severity.WARNING,
                key=port.key,
                state=PortState.OPEN,
                was=before.state.value if before else "",
                service=port.service,
                scripts=port.scripts,
                confirmed=confirmed,
                first_seen_at=before.opened_at if before else self.now,
                last_seen_at=before.closed_at if before else None,
                note=note,
            )
        )
        ports[port.key] = KnownPort(port.key, PortState.OPEN, self.now, None, port.service)

    def _close_ports(self, known: KnownHost, missing: Mapping[PortKey, PortState | None]) -> None:
        address = known.address
        ports = dict(known.ports)
        for key, fast_state in missing.items():
            again = self.look.state_of(address, key)
            if again is PortState.OPEN:
                self.absences.pop((address, key), None)
                continue
            asked = (address, key) in self.look.asked
            state_now = again if asked else fast_state
            # A refusal is proof, once it was asked for again; a file's own word has to do.
            proven = state_now is PortState.CLOSED and (asked or not self.look.was_made)
            runs = self.miss(address, key)
            if not proven and runs < self.rules.gone_after:
                continue
            absence = self.absences.pop((address, key))
            before = ports[key]
            closed = state_now is PortState.CLOSED
            state = PortState.CLOSED if closed else PortState.FILTERED
            self.changes.append(
                self._about(
                    known,
                    ChangeKind.PORT_CLOSED,
                    Severity.INFO,
                    key=key,
                    state=state,
                    was=PortState.OPEN.value,
                    service=before.service,
                    confirmed=asked,
                    first_seen_at=before.opened_at,
                    last_seen_at=absence.last_seen_at,
                )
            )
            ports[key] = replace(before, state=state, closed_at=self.now)
        if ports != known.ports:
            self._settle(replace(known, ports=ports))

    def _seen_again(self, address: Address, keys: Sequence[PortKey]) -> tuple[bool, str]:
        """Return whether a second look saw it too, and what the line says if not."""
        not_asked = NOT_LOOKED_AT if self.look.was_made else ""
        if not keys:
            up = self.look.host_is_up(address)
            if up is None:
                return False, not_asked
            return up, "" if up else "seen once: it did not answer the second look"
        asked = [key for key in keys if (address, key) in self.look.asked]
        if not asked:
            return False, not_asked
        if all(self.look.state_of(address, key) is PortState.OPEN for key in asked):
            return True, ""
        return False, SEEN_ONCE

    def _looked_at(self, address: Address, port: Port) -> Port:
        """The port with what the detail scan found on it, if that is more than a guess."""
        closer = self.look.port(address, port.key)
        if closer is None or not closer.is_open:
            return port
        return replace(port, service=closer.service or port.service, scripts=closer.scripts)

    def _about(
        self, known: KnownHost, kind: ChangeKind, severity: Severity, **facts: object
    ) -> Change:
        current = self.hosts.get(known.address, known)
        change = Change(
            kind=kind,
            severity=severity,
            address=known.address,
            name=current.name,
            mac=current.mac,
            vendor=current.vendor,
        )
        return replace(change, **facts)  # type: ignore[arg-type]

    def _settle(self, host: KnownHost) -> None:
        self.hosts[host.address] = host


def judge(
    differences: Differences,
    inventory: Inventory,
    holds: Sequence[Hold],
    look: SecondLook,
    rules: Rules,
    now: datetime,
    last_run_at: datetime | None,
) -> Verdict:
    """
    Decide what is told this night and what the inventory becomes.

    `last_run_at` is when the run before started: what fell silent now was last seen then.
    """
    work = _Judge(inventory, look, rules, now, last_run_at or now)
    held = frozenset(address for hold in holds for address in hold.addresses)
    for address in sorted(differences.hosts, key=address_order):
        difference = differences.hosts[address]
        if address not in held:
            work.judge(difference)
        elif difference.presence is Presence.SILENT:
            work.miss(address, None)
    _forget_ended_absences(work.absences, differences)
    return Verdict(
        changes=tuple(sorted(work.changes, key=_order)),
        hosts=work.hosts,
        absences=work.absences,
        held={hold.range: HeldRange(hold.range, hold.runs, hold.since) for hold in holds},
        learned_hosts=work.learned_hosts,
        learned_ports=work.learned_ports,
    )


def take_inventory(hosts: Iterable[Host], now: datetime) -> Verdict:
    """Return the verdict of a first run: everything that answered is known, nothing is told."""
    return Verdict(
        hosts={host.address: _first_sight(host, now) for host in hosts if host.is_present}
    )


def _forget_ended_absences(absences: dict[Subject, Absence], differences: Differences) -> None:
    """What answered again before it was told was never gone."""
    for address, key in list(absences):
        host = differences.seen.get(address)
        if host is None:
            continue
        if key is None or host.state_of(key) is PortState.OPEN:
            del absences[address, key]


def _first_sight(host: Host, now: datetime) -> KnownHost:
    return KnownHost(
        address=host.address,
        present=True,
        first_seen_at=now,
        mac=host.mac,
        vendor=host.vendor,
        name=_name(host),
        ports={
            port.key: KnownPort(port.key, PortState.OPEN, now, None, port.service)
            for port in host.open_ports
        },
    )


def _order(change: Change) -> tuple[int, tuple[int, int], PortKey, str]:
    return (
        change.severity.rank,
        address_order(change.address),
        change.key or PortKey(0),
        change.kind.value,
    )


def _name(host: Host) -> str:
    return host.hostnames[0] if host.hostnames else ""


def _host(difference: HostDifference) -> Host:
    if difference.host is None:
        raise ValueError(f"{difference.address}: a {difference.presence} host without a sighting")
    return difference.host


def _known(difference: HostDifference) -> KnownHost:
    if difference.known is None:
        raise ValueError(f"{difference.address}: a {difference.presence} host without a past")
    return difference.known
