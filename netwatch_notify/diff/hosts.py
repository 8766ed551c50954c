"""What is told of one host, by how it stands to the inventory; pure."""

from dataclasses import replace
from datetime import datetime

from netwatch_notify.diff.compare import HostDifference, Presence
from netwatch_notify.diff.devices import clear, displace, take_along
from netwatch_notify.diff.moves import host_key_of
from netwatch_notify.diff.night import Night
from netwatch_notify.diff.ports import close_ports, learned, opened, version_changed, with_key
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import KnownHost, KnownPort, Subject
from netwatch_notify.model.port import PortState


def judge_host(night: Night, difference: HostDifference) -> None:
    """Decide what is told of one host."""
    match difference.presence:
        case Presence.NEW:
            _new(night, difference)
        case Presence.NEWLY_COVERED:
            night.learned_hosts += 1
            night.settle(_first_sight_of(night, difference.sighting))
        case Presence.SILENT:
            _silent(night, difference)
        case Presence.MOVED:
            _moved(night, difference)
        case Presence.BACK | Presence.SAME:
            _present(night, difference)


def _new(night: Night, difference: HostDifference) -> None:
    host = difference.sighting
    note = difference.note
    if difference.replaced:
        note = note or _former_tenant(difference.replaced)
        displace(night, difference.replaced)
        clear(night, host.address)
    ports = tuple(night.looked_at(host.address, port) for port in host.open_ports)
    confirmed, doubt = night.seen_again(host.address, [port.key for port in ports])
    night.changes.append(
        Change(
            kind=ChangeKind.HOST_NEW,
            severity=night.severity_of(*(port.key for port in ports)),
            address=host.address,
            name=_name(host),
            mac=host.mac,
            vendor=host.vendor,
            ports=ports,
            confirmed=confirmed,
            first_seen_at=night.now,
            note="; ".join(filter(None, (doubt, note))),
        )
    )
    night.settle(_first_sight_of(night, replace(host, ports=ports)))


def _silent(night: Night, difference: HostDifference) -> None:
    known = difference.past
    subject: Subject = (known.address, None)
    if night.look.host_is_up(known.address):
        # It was only asleep or unlucky: what it shows now is what counts.
        if subject in night.patience.absences:
            night.came_back(known, None)
        host = night.look.hosts[known.address]
        asked = {k: host.state_of(k) for k in known.open_keys if night.was_asked(known, k)}
        close_ports(night, known, asked)
        return
    silence = night.patience.miss(subject)
    if night.keeps_quiet(known, None, told_present=True) or not silence.is_over:
        return
    gone(night, known)


def gone(night: Night, known: KnownHost) -> None:
    """Settle and tell that a host is gone."""
    absence = settle_gone(night, known)
    night.tell(
        known,
        ChangeKind.HOST_GONE,
        Severity.INFO,
        first_seen_at=known.first_seen_at,
        last_seen_at=absence,
        confirmed=night.look.host_is_up(known.address) is False,
    )


def settle_gone(night: Night, known: KnownHost) -> datetime:
    """Settle that a host is gone; return when it was last seen."""
    last_seen_at = night.patience.settle_gone((known.address, None)).last_seen_at
    for subject in [s for s in night.patience.absences if s[0] == known.address]:
        del night.patience.absences[subject]
    night.settle(replace(known, present=False, gone_at=night.now))
    return last_seen_at


def _moved(night: Night, difference: HostDifference) -> None:
    """Tell of a host that it is at another address, and what else differs about it."""
    known, host, before = difference.past, difference.sighting, difference.moved_from
    if before is None:
        raise ValueError(f"{host.address}: moved from nowhere")
    take_along(night, difference, before)
    subject: Subject = (host.address, None)
    away_since = night.patience.habit(subject).silent_since or known.gone_at
    if not known.present:
        night.patience.came_back(subject, was_told=True)
    dynamic = night.rules.dynamic
    is_handed_out = before in dynamic and host.address in dynamic
    is_news = not (is_handed_out and known.present)
    # That it comes and goes is known already; that it is at another place is not.
    told_present = known.present or not is_handed_out
    is_quiet = night.keeps_quiet(known, None, told_present=told_present)
    if is_news and not (is_quiet and is_handed_out):
        if is_quiet:
            night.patience.begin_flapping(subject, told_present=True)
        night.tell(
            known,
            ChangeKind.HOST_BACK if is_handed_out else ChangeKind.HOST_MOVED,
            Severity.INFO,
            was=str(before),
            mac=host.mac or known.mac,
            vendor=host.vendor or known.vendor,
            first_seen_at=known.first_seen_at,
            last_seen_at=None if known.present else away_since,
            confirmed=night.look.host_is_up(before) is False,
        )
    _settle_present(night, replace(known, mac=host.mac or known.mac), difference)


def _present(night: Night, difference: HostDifference) -> None:
    known = difference.past
    address = known.address
    host = difference.host
    if difference.presence is Presence.BACK:
        silent_since = night.patience.habit((address, None)).silent_since
        night.patience.came_back((address, None), was_told=True)
        if not night.keeps_quiet(known, None, told_present=False):
            shown = [port.key for port in host.open_ports] if host else []
            keys = [key for key in shown if night.was_asked(known, key)]
            seen_again, note = night.seen_again(address, keys)
            night.tell(
                known,
                ChangeKind.HOST_BACK,
                Severity.INFO,
                last_seen_at=silent_since or known.gone_at,
                first_seen_at=known.first_seen_at,
                confirmed=seen_again,
                note=note,
            )
    if host is not None:
        known = _identity(night, known, host, difference)
    _settle_present(night, known, difference)


def _settle_present(night: Night, known: KnownHost, difference: HostDifference) -> None:
    """Settle a host that is here, and tell what differs about its ports."""
    address, host = known.address, difference.host
    night.learned_ports += len(difference.learned)
    ports = dict(known.ports)
    for port in (*difference.learned, *difference.learned_services):
        ports[port.key] = learned(night, ports.get(port.key), port)
    for port in difference.opened:
        opened(night, known, night.looked_at(address, port), ports)
    for before, port in difference.changed_services:
        version_changed(night, known, before, port, night.fast_version)
        ports[port.key] = replace(before, service=port.service, looked_with=night.fast_version)
    if host is not None:
        known = with_key(night, known, host)
    known = replace(known, present=True, gone_at=None, ports=ports)
    night.settle(known)
    close_ports(night, known, difference.missing)


def _identity(night: Night, known: KnownHost, host: Host, difference: HostDifference) -> KnownHost:
    """A missing MAC is no change, and neither is the first one seen."""
    if difference.mac_changed:
        before = difference.moved_from
        note = f"was at {before} before" if before else ""
        if before and not difference.was_displaced:
            note = f"was at {before} until now"
            night.cleared.add(before)
            night.moved[before] = known.address
            remembered = (*night.inventory.habits, *night.inventory.absences)
            for subject in [s for s in remembered if s[0] == before]:
                night.patience.leave(subject)
        displace(night, known)
        night.changes.append(
            replace(
                night.about(
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
        night.displaced.pop(host.mac, None)
    return replace(
        known,
        mac=host.mac or known.mac,
        vendor=host.vendor if host.mac else known.vendor,
        name=_name(host) or known.name,
    )


def _first_sight_of(night: Night, host: Host) -> KnownHost:
    known = first_sight(host, night.now, night.fast_version)
    if night.look.was_made:
        looked = {
            key: replace(port, looked_at=night.now, looked_with=night.look.version)
            for key, port in known.ports.items()
            if (host.address, key) in night.look.asked
        }
        known = replace(known, ports={**known.ports, **looked})
    return with_key(night, known, host)


def first_sight(host: Host, now: datetime, version: str) -> KnownHost:
    """Return a host as the inventory takes it: `version` is that of the nmap that saw it."""
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


def _former_tenant(known: KnownHost) -> str:
    who = known.name or known.vendor or known.mac
    return f"the address was {who}'s before" if who else ""


def _name(host: Host) -> str:
    return host.hostnames[0] if host.hostnames else ""
