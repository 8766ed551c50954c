"""What of the differences is told, and what is settled; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netwatch_notify.diff.breaker import Hold
from netwatch_notify.diff.compare import Differences, HostDifference, Presence, answer_of
from netwatch_notify.diff.moves import host_key_of
from netwatch_notify.diff.patience import MOST_RUNS_WAITED, Patience
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, Host, address_order
from netwatch_notify.model.inventory import (
    Displaced,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Settled,
    Subject,
)
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import Port, PortKey, PortState, Service
from netwatch_notify.model.scan import PartResult
from netwatch_notify.model.target import AddressSet

SEEN_ONCE = "seen once: the second look did not find it open"
NOT_LOOKED_AT = "not looked at closer: no time was left"


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy's numbers, from the settings."""

    gone_after: int = 2
    risky_ports: frozenset[PortKey] = frozenset()
    dynamic: AddressSet = field(default_factory=AddressSet)
    """Addresses that are handed out: there a host is its MAC."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told, and what the inventory is from now on."""

    changes: tuple[Change, ...] = ()
    settled: Settled = field(default_factory=Settled)
    moved: Mapping[Address, Address] = field(default_factory=dict)
    """From where to where, whether it is told or not."""
    learned_hosts: int = 0
    """Hosts that were never asked about before, taken as known."""
    learned_ports: int = 0


class _Judge:
    """Works through the differences of one run; its fields are what the verdict holds."""

    def __init__(
        self,
        differences: Differences,
        inventory: Inventory,
        results: Sequence[PartResult],
        look: SecondLook,
        rules: Rules,
        now: datetime,
        last: datetime,
    ) -> None:
        self.differences = differences
        self.inventory = inventory
        self.results = results
        self.look = look
        self.rules = rules
        self.now = now
        self.last = last
        self.patience = Patience(inventory, rules.gone_after, now, last)
        self.changes: list[Change] = []
        self.hosts: dict[Address, KnownHost] = {}
        self.cleared: set[Address] = set()
        self.displaced: dict[str, Displaced] = dict(inventory.displaced)
        self.moved: dict[Address, Address] = {}
        self.learned_hosts = 0
        self.learned_ports = 0
        self.fast_version = next((r.header.version for r in results if r.header.version), "")
        self.macs_here = {host.mac for host in differences.seen.values() if host.mac}

    def judge(self, difference: HostDifference) -> None:
        """Decide what is told of one host."""
        match difference.presence:
            case Presence.NEW:
                self._new(difference)
            case Presence.NEWLY_COVERED:
                self.learned_hosts += 1
                self._settle(self._first_sight(_host(difference)))
            case Presence.SILENT:
                self._silent(difference)
            case Presence.MOVED:
                self._moved(difference)
            case Presence.BACK | Presence.SAME:
                self._present(difference)

    def _new(self, difference: HostDifference) -> None:
        host = _host(difference)
        note = difference.note
        if difference.replaced:
            note = note or _former_tenant(difference.replaced)
            self._displace(difference.replaced)
            self._clear(host.address)
        ports = tuple(self._looked_at(host.address, port) for port in host.open_ports)
        confirmed, doubt = self._seen_again(host.address, [port.key for port in ports])
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
                note="; ".join(filter(None, (doubt, note))),
            )
        )
        self._settle(self._first_sight(replace(host, ports=ports)))

    def _silent(self, difference: HostDifference) -> None:
        known = _known(difference)
        subject: Subject = (known.address, None)
        if self.look.host_is_up(known.address):
            # It was only asleep or unlucky: what it shows now is what counts.
            if subject in self.patience.absences:
                self._came_back(known, None)
            host = self.look.hosts[known.address]
            asked = {k: host.state_of(k) for k in known.open_keys if self._was_asked(known, k)}
            self._close_ports(known, asked)
            return
        silence = self.patience.miss(subject)
        if self._keeps_quiet(known, None, told_present=True) or not silence.is_over:
            return
        self._gone(known)

    def _gone(self, known: KnownHost) -> None:
        absence = self._settle_gone(known)
        self.changes.append(
            self._about(
                known,
                ChangeKind.HOST_GONE,
                Severity.INFO,
                first_seen_at=known.first_seen_at,
                last_seen_at=absence,
                confirmed=self.look.host_is_up(known.address) is False,
            )
        )

    def _settle_gone(self, known: KnownHost) -> datetime:
        """Settle that a host is gone; return when it was last seen."""
        last_seen_at = self.patience.settle_gone((known.address, None)).last_seen_at
        for subject in [s for s in self.patience.absences if s[0] == known.address]:
            del self.patience.absences[subject]
        self._settle(replace(known, present=False, gone_at=self.now))
        return last_seen_at

    def _moved(self, difference: HostDifference) -> None:
        """Tell of a host that it is at another address, and what else differs about it."""
        known, host, before = _known(difference), _host(difference), difference.moved_from
        if before is None:
            raise ValueError(f"{host.address}: moved from nowhere")
        self._take_along(difference, before)
        subject: Subject = (host.address, None)
        away_since = self.patience.habit(subject).silent_since or known.gone_at
        if not known.present:
            self.patience.came_back(subject, was_told=True)
        dynamic = self.rules.dynamic
        is_handed_out = before in dynamic and host.address in dynamic
        is_news = not (is_handed_out and known.present)
        # That it comes and goes is known already; that it is at another place is not.
        told_present = known.present or not is_handed_out
        is_quiet = self._keeps_quiet(known, None, told_present=told_present)
        if is_news and not (is_quiet and is_handed_out):
            if is_quiet:
                self.patience.begin_flapping(subject, told_present=True)
            self.changes.append(
                self._about(
                    known,
                    ChangeKind.HOST_BACK if is_handed_out else ChangeKind.HOST_MOVED,
                    Severity.INFO,
                    was=str(before),
                    mac=host.mac or known.mac,
                    vendor=host.vendor or known.vendor,
                    first_seen_at=known.first_seen_at,
                    last_seen_at=None if known.present else away_since,
                    confirmed=self.look.host_is_up(before) is False,
                )
            )
        self._settle_present(replace(known, mac=host.mac or known.mac), difference)

    def _take_along(self, difference: HostDifference, before: Address) -> None:
        """Move all that is remembered of a host to its new address."""
        known, now = _known(difference), difference.address
        if difference.replaced:
            self._displace(difference.replaced)
        device = self.displaced.pop(known.mac, None)
        self._clear(now)
        if difference.was_displaced:
            if device and device.habit:
                self.patience.habits[now, None] = device.habit
            return
        for key in (None, *known.ports):
            self.patience.move((before, key), (now, key))
        self.cleared.add(before)
        self.moved[before] = now

    def _clear(self, address: Address) -> None:
        """Forget who was at an address: what is there now is another host."""
        self.cleared.add(address)
        remembered = (*self.patience.habits, *self.patience.absences)
        for subject in [s for s in remembered if s[0] == address]:
            self.patience.forget(subject)

    def _displace(self, tenant: KnownHost) -> None:
        """Keep a host whose address another one has now, unless it only moved."""
        if not tenant.mac or tenant.mac in self.macs_here:
            return
        missed = tenant.present and tenant.address in self.rules.dynamic
        subject: Subject = (tenant.address, None)
        absence = self.patience.absences.get(subject)
        if tenant.present and absence is None:
            self.patience.toggle(subject)
        habit = self.patience.habit(subject)
        last = habit.silent_since or tenant.gone_at or self.last
        if tenant.present:
            last = absence.last_seen_at if absence else self.last
        runs = absence.runs if absence else 0
        self.displaced[tenant.mac] = Displaced(
            replace(tenant, digest=None, present=missed),
            last,
            runs,
            is_told=not missed,
            habit=replace(habit, silent_since=last),
        )

    def _present(self, difference: HostDifference) -> None:
        known = _known(difference)
        address = known.address
        host = difference.host
        if difference.presence is Presence.BACK:
            silent_since = self.patience.habit((address, None)).silent_since
            self.patience.came_back((address, None), was_told=True)
            if not self._keeps_quiet(known, None, told_present=False):
                shown = [port.key for port in host.open_ports] if host else []
                keys = [key for key in shown if self._was_asked(known, key)]
                seen_again, note = self._seen_again(address, keys)
                self.changes.append(
                    self._about(
                        known,
                        ChangeKind.HOST_BACK,
                        Severity.INFO,
                        last_seen_at=silent_since or known.gone_at,
                        first_seen_at=known.first_seen_at,
                        confirmed=seen_again,
                        note=note,
                    )
                )
        if host is not None:
            known = self._identity(known, host, difference)
        self._settle_present(known, difference)

    def _settle_present(self, known: KnownHost, difference: HostDifference) -> None:
        """Settle a host that is here, and tell what differs about its ports."""
        address, host = known.address, difference.host
        self.learned_ports += len(difference.learned)
        ports = dict(known.ports)
        for port in (*difference.learned, *difference.learned_services):
            ports[port.key] = self._learned(ports.get(port.key), port)
        for port in difference.opened:
            self._opened(known, self._looked_at(address, port), ports)
        for before, port in difference.changed_services:
            self._service(known, before, port, self.fast_version)
            ports[port.key] = replace(before, service=port.service, looked_with=self.fast_version)
        if host is not None:
            known = self._with_key(known, host)
        known = replace(known, present=True, gone_at=None, ports=ports)
        self._settle(known)
        self._close_ports(known, difference.missing)

    def _learned(self, before: KnownPort | None, port: Port) -> KnownPort:
        opened_at = before.opened_at if before and before.is_open else self.now
        looked_at = before.looked_at if before else None
        return KnownPort(
            port.key, PortState.OPEN, opened_at, None, port.service, looked_at, self.fast_version
        )

    def _service(self, known: KnownHost, before: KnownPort, port: Port, version: str) -> None:
        """Tell that another version answers; another nmap may only name it otherwise."""
        if before.looked_with and version and before.looked_with != version:
            return
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

    def _identity(self, known: KnownHost, host: Host, difference: HostDifference) -> KnownHost:
        """A missing MAC is no change, and neither is the first one seen."""
        if difference.mac_changed:
            before = difference.moved_from
            note = f"was at {before} before" if before else ""
            if before and not difference.was_displaced:
                note = f"was at {before} until now"
                self.cleared.add(before)
                self.moved[before] = known.address
                remembered = (*self.inventory.habits, *self.inventory.absences)
                for subject in [s for s in remembered if s[0] == before]:
                    self.patience.leave(subject)
            self._displace(known)
            self.changes.append(
                replace(
                    self._about(
                        known,
                        ChangeKind.MAC_CHANGED,
                        Severity.WARNING,
                        was=known.mac,
                        confirmed=True,
                        note=note,
                    ),
                    mac=host.mac,
                    vendor=host.vendor,
                )
            )
        if host.mac:
            self.displaced.pop(host.mac, None)
        return replace(
            known,
            mac=host.mac or known.mac,
            vendor=host.vendor if host.mac else known.vendor,
            name=_name(host) or known.name,
        )

    def _with_key(self, known: KnownHost, host: Host) -> KnownHost:
        looked = self.look.hosts.get(known.address)
        host_key = host_key_of(looked) if looked else ""
        host_key = host_key or host_key_of(host)
        return replace(known, host_key=host_key) if host_key else known

    def _opened(self, known: KnownHost, port: Port, ports: dict[PortKey, KnownPort]) -> None:
        subject: Subject = (known.address, port.key)
        before = ports.get(port.key)
        if before:
            self.patience.came_back(subject, was_told=True)
        version = self.look.version or self.fast_version
        looked = self.look.port(known.address, port.key) if self.look.was_made else None
        ports[port.key] = KnownPort(
            port.key,
            PortState.OPEN,
            self.now,
            None,
            port.service,
            self.now if looked and looked.service else None,
            version,
        )
        if before and self._keeps_quiet(known, port.key, told_present=False):
            return
        confirmed, note = self._seen_again(known.address, [port.key])
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

    def _close_ports(self, known: KnownHost, missing: Mapping[PortKey, PortState | None]) -> None:
        address = known.address
        ports = dict(known.ports)
        for key, fast_state in missing.items():
            subject: Subject = (address, key)
            again = self.look.state_of(address, key)
            if again is PortState.OPEN:
                if subject in self.patience.absences:
                    self._came_back(known, key)
                continue
            asked = self._was_asked(known, key)
            state_now = again if asked else fast_state
            before = ports[key]
            # A refusal is proof, once it was asked for again; a file's own word has to do.
            if state_now is PortState.CLOSED and (asked or not self.look.was_made):
                absence = self.patience.settle_shut(subject)
                last_seen_at = absence.last_seen_at if absence else self.last
                is_quiet = self._keeps_quiet(known, key, told_present=True)
            else:
                silence = self.patience.miss(subject, is_doubtful=not asked)
                if self._keeps_quiet(known, key, told_present=True) or not silence.is_over:
                    continue
                last_seen_at = self.patience.settle_gone(subject).last_seen_at
                is_quiet = False
            closed = state_now is PortState.CLOSED
            state = PortState.CLOSED if closed else PortState.FILTERED
            ports[key] = replace(before, state=state, closed_at=self.now)
            if not is_quiet:
                self._closed(known, before, state, last_seen_at, confirmed=asked)
        if ports != known.ports:
            self._settle(replace(known, ports=ports))

    def _closed(
        self,
        known: KnownHost,
        before: KnownPort,
        state: PortState,
        last_seen_at: datetime,
        *,
        confirmed: bool,
    ) -> None:
        self.changes.append(
            self._about(
                known,
                ChangeKind.PORT_CLOSED,
                Severity.INFO,
                key=before.key,
                state=state,
                was=PortState.OPEN.value,
                service=before.service,
                confirmed=confirmed,
                first_seen_at=before.opened_at,
                last_seen_at=last_seen_at,
            )
        )

    def _came_back(self, known: KnownHost, key: PortKey | None) -> None:
        """End an absence that was not told: it was never gone, but it may be flapping."""
        self.patience.came_back((known.address, key))
        self._keeps_quiet(known, key, told_present=True)

    def _keeps_quiet(self, known: KnownHost, key: PortKey | None, *, told_present: bool) -> bool:
        """
        Whether nothing is told of something that comes and goes, but that it does.

        `told_present`: what was last told of it.
        """
        subject: Subject = (known.address, key)
        if self.patience.habit(subject).is_flapping:
            return True
        if not (self.patience.toggled_now(subject) and self.patience.flaps(subject)):
            return False
        self.patience.begin_flapping(subject, told_present=told_present)
        port = known.ports.get(key) if key else None
        self.changes.append(
            self._about(
                known,
                ChangeKind.FLAPPING,
                Severity.INFO,
                key=key,
                state=None,
                service=port.service if port else None,
                first_seen_at=port.opened_at if port else known.first_seen_at,
                toggles=len(self.patience.recent_toggles(subject)),
                confirmed=True,
            )
        )
        return True

    def end_absences(self, held: frozenset[Address]) -> None:
        """What answered again before it was told was never gone."""
        for address, key in sorted(self.inventory.absences, key=_subject_order):
            host = self.differences.seen.get(address)
            known = self.inventory.hosts.get(address)
            if host is None or known is None or address in held:
                continue
            difference = self.differences.hosts.get(address)
            if difference and difference.presence in (Presence.NEW, Presence.MOVED):
                continue
            if key is None or host.state_of(key) is PortState.OPEN:
                self._came_back(known, key)

    def end_flapping(self, held: frozenset[Address]) -> None:
        """Tell once how what flapped stands, when it has been steady long enough."""
        for subject, habit in sorted(self.patience.habits.items(), key=_item_order):
            address, key = subject
            known = self.hosts.get(address) or self.inventory.hosts.get(address)
            if habit.told_present is None or known is None or address in held:
                continue
            if not self._covers(address, key) or not self.patience.is_steady(subject):
                continue
            is_away = not known.present or (address, None) in self.patience.absences
            if key and is_away:
                continue
            self.patience.end_flapping(subject)
            if key is None:
                self._steady_host(known, was_told=habit.told_present)
            elif key in known.ports:
                self._steady_port(known, known.ports[key], was_told=habit.told_present)

    def _steady_host(self, known: KnownHost, *, was_told: bool) -> None:
        if (known.address, None) in self.patience.absences:
            if was_told:
                self._gone(known)
            else:
                self._settle_gone(known)
        elif known.present and not was_told:
            self.changes.append(
                self._about(
                    known,
                    ChangeKind.HOST_BACK,
                    Severity.INFO,
                    first_seen_at=known.first_seen_at,
                    confirmed=True,
                )
            )

    def _steady_port(self, known: KnownHost, port: KnownPort, *, was_told: bool) -> None:
        subject: Subject = (known.address, port.key)
        if subject in self.patience.absences:
            last_seen_at = self.patience.settle_gone(subject).last_seen_at
            shut = replace(port, state=PortState.FILTERED, closed_at=self.now)
            self._settle(replace(known, ports={**known.ports, port.key: shut}))
            if was_told:
                self._closed(known, port, PortState.FILTERED, last_seen_at, confirmed=True)
        elif was_told and not port.is_open:
            self._closed(known, port, port.state, port.closed_at or self.last, confirmed=True)
        elif port.is_open and not was_told:
            risky = port.key in self.rules.risky_ports
            self.changes.append(
                self._about(
                    known,
                    ChangeKind.PORT_OPENED,
                    Severity.CRITICAL if risky else Severity.WARNING,
                    key=port.key,
                    state=PortState.OPEN,
                    service=port.service,
                    confirmed=True,
                    first_seen_at=port.opened_at,
                )
            )

    def miss_displaced(self) -> None:
        """Where addresses are handed out, a device is gone when its MAC is not seen for long."""
        for mac, device in sorted(self.displaced.items()):
            address = device.known.address
            if device.is_told or mac in self.macs_here or not self._covers(address, None):
                continue
            runs = device.absent_runs + 1
            longest = device.habit.longest_absence if device.habit else 0
            longest = min(longest, MOST_RUNS_WAITED)
            missed = replace(device, absent_runs=runs)
            flaps = bool(device.habit and device.habit.is_flapping)
            if runs >= self.rules.gone_after and runs > longest and not flaps:
                known = device.known
                gone = self._about(
                    known,
                    ChangeKind.HOST_GONE,
                    Severity.INFO,
                    was=mac,
                    first_seen_at=known.first_seen_at,
                    last_seen_at=device.last_seen_at,
                )
                self.changes.append(
                    replace(gone, name=known.name, mac=known.mac, vendor=known.vendor)
                )
                missed = replace(
                    missed, is_told=True, known=replace(known, present=False, gone_at=self.now)
                )
            self.displaced[mac] = missed

    def refresh(self, held: frozenset[Address]) -> None:
        """Take in what the second look saw of known services."""
        for address, key in sorted(self.look.refreshed, key=_subject_order):
            known = self.hosts.get(address) or self.inventory.hosts.get(address)
            if known is None or address in held or key not in known.ports:
                continue
            before, port = known.ports[key], self.look.port(address, key)
            if not before.is_open:
                continue
            after = replace(before, looked_at=self.now)
            if port and port.is_open and port.service and port.service.was_seen:
                seen = before.service if before.service and before.service.was_seen else None
                if seen and _differs(seen, port):
                    self._service(known, before, port, self.look.version)
                after = replace(after, service=port.service, looked_with=self.look.version)
            host = self.look.hosts.get(address)
            if host:
                known = self._with_key(known, host)
            self._settle(replace(known, ports={**known.ports, key: after}))

    def note_nmap(self) -> None:
        """Remember with which nmap a service was seen again as it is known."""
        version = self.fast_version
        for address, host in self.differences.seen.items():
            known = self.hosts.get(address) or self.inventory.hosts.get(address)
            if known is None or not version:
                continue
            seen = {
                port.key: replace(known.ports[port.key], looked_with=version)
                for port in host.open_ports
                if port.service and port.service.was_seen and port.key in known.ports
            }
            seen = {
                k: port
                for k, port in seen.items()
                if known.ports[k].looked_with != version and port.service == known.ports[k].service
            }
            if seen:
                self._settle(replace(known, ports={**known.ports, **seen}))

    def _covers(self, address: Address, key: PortKey | None) -> bool:
        return any(
            r.coverage.covers(address, key) if key else address in r.coverage.addresses
            for r in self.results
            if r.ended_properly and r.coverage
        )

    def _was_asked(self, known: KnownHost, key: PortKey) -> bool:
        return (known.address, key) in self.look.asked

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

    def _first_sight(self, host: Host) -> KnownHost:
        known = _first_sight(host, self.now, self.fast_version)
        if self.look.was_made:
            looked = {
                key: replace(port, looked_at=self.now, looked_with=self.look.version)
                for key, port in known.ports.items()
                if (host.address, key) in self.look.asked
            }
            known = replace(known, ports={**known.ports, **looked})
        return self._with_key(known, host)

    def _settle(self, host: KnownHost) -> None:
        self.hosts[host.address] = host


def judge(
    differences: Differences,
    inventory: Inventory,
    results: Sequence[PartResult],
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
    differences = _without_false_moves(differences, look)
    work = _Judge(differences, inventory, results, look, rules, now, last_run_at or now)
    held = frozenset(address for hold in holds for address in hold.addresses)
    left = {old for old, new in differences.left.items() if new not in held}
    work.end_absences(held)
    for address in sorted(differences.hosts, key=address_order):
        difference = differences.hosts[address]
        is_silent = difference.presence is Presence.SILENT
        if address in held or (address in differences.left and address not in left):
            if is_silent and address not in left:
                work.patience.miss((address, None), is_held=True)
        elif not (is_silent and address in left):
            work.judge(difference)
    work.refresh(held)
    work.note_nmap()
    work.miss_displaced()
    work.end_flapping(held)
    return Verdict(
        changes=tuple(sorted(work.changes, key=_order)),
        settled=Settled(
            hosts=work.hosts,
            cleared=frozenset(work.cleared),
            absences=work.patience.absences,
            habits=work.patience.habits,
            displaced=work.displaced,
            held={hold.range: HeldRange(hold.range, hold.runs, hold.since) for hold in holds},
        ),
        moved=work.moved,
        learned_hosts=work.learned_hosts,
        learned_ports=work.learned_ports,
    )


def as_it_was(inventory: Inventory) -> Verdict:
    """Return the verdict that tells nothing and changes nothing."""
    return Verdict(
        settled=Settled(
            absences=inventory.absences,
            habits=inventory.habits,
            displaced=inventory.displaced,
            held=inventory.held,
        )
    )


def take_inventory(hosts: Iterable[Host], now: datetime, version: str = "") -> Verdict:
    """Return the verdict of a first run: everything that answered is known, nothing is told."""
    known = {host.address: _first_sight(host, now, version) for host in hosts if host.is_present}
    return Verdict(settled=Settled(hosts=known))


def _without_false_moves(differences: Differences, look: SecondLook) -> Differences:
    """Who still answers at the old place, asked again, has not moved."""
    hosts = dict(differences.hosts)
    for address, difference in differences.hosts.items():
        before = difference.moved_from
        old = differences.hosts.get(before) if before and not difference.was_displaced else None
        if old and old.presence is Presence.SILENT and look.host_is_up(old.address):
            hosts[address] = difference.unmoved or replace(difference, moved_from=None)
    return replace(differences, hosts=hosts)


def _former_tenant(known: KnownHost) -> str:
    who = known.name or known.vendor or known.mac
    return f"the address was {who}'s before" if who else ""


def _differs(before: Service, port: Port) -> bool:
    after = port.service
    return after is not None and answer_of(before) != answer_of(after)


def _first_sight(host: Host, now: datetime, version: str) -> KnownHost:
    return KnownHost(
        address=host.address,
        present=True,
        first_seen_at=now,
        mac=host.mac,
        vendor=host.vendor,
        name=_name(host),
        host_key=host_key_of(host),
        ports={
            port.key: KnownPort(
                port.key, PortState.OPEN, now, None, port.service, looked_with=version
            )
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


def _subject_order(subject: tuple[Address, PortKey | None]) -> tuple[tuple[int, int], PortKey]:
    return address_order(subject[0]), subject[1] or PortKey(0)


def _item_order(item: tuple[Subject, object]) -> tuple[tuple[int, int], PortKey]:
    return _subject_order(item[0])


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
