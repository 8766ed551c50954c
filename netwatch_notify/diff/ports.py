"""What is told of one host's ports, and how they are settled; pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from netwatch_notify.diff.moves import host_key_of
from netwatch_notify.diff.night import Night
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import Host
from netwatch_notify.model.inventory import KnownHost, KnownPort, Subject
from netwatch_notify.model.port import Port, PortKey, PortState


def learned(night: Night, before: KnownPort | None, port: Port) -> KnownPort:
    """Return a port, or its service, that is known from now on and was no news."""
    opened_at = before.opened_at if before and before.is_open else night.now
    looked_at = before.looked_at if before else None
    return KnownPort(
        port.key, PortState.OPEN, opened_at, None, port.service, looked_at, night.fast_version
    )


def opened(night: Night, known: KnownHost, port: Port, ports: dict[PortKey, KnownPort]) -> None:
    """Settle in `ports` that one is open, and tell it unless it comes and goes."""
    subject: Subject = (known.address, port.key)
    before = ports.get(port.key)
    if before:
        night.patience.came_back(subject, was_told=True)
    version = night.look.version or night.fast_version
    looked = night.look.port(known.address, port.key) if night.look.was_made else None
    ports[port.key] = KnownPort(
        port.key,
        PortState.OPEN,
        night.now,
        None,
        port.service,
        night.now if looked and looked.service else None,
        version,
    )
    if before and night.keeps_quiet(known, port.key, told_present=False):
        return
    confirmed, note = night.seen_again(known.address, [port.key])
    night.tell(
        known,
        ChangeKind.PORT_OPENED,
        night.severity_of(port.key),
        key=port.key,
        state=PortState.OPEN,
        was=before.state.value if before else "",
        service=port.service,
        scripts=port.scripts,
        confirmed=confirmed,
        first_seen_at=before.opened_at if before else night.now,
        last_seen_at=before.closed_at if before else None,
        note=note,
    )


def close_ports(
    night: Night, known: KnownHost, missing: Mapping[PortKey, PortState | None]
) -> None:
    """Wait for known ports that are not open, and tell those that are shut, or silent for long."""
    address = known.address
    ports = dict(known.ports)
    for key, fast_state in missing.items():
        subject: Subject = (address, key)
        again = night.look.state_of(address, key)
        if again is PortState.OPEN:
            if subject in night.patience.absences:
                night.came_back(known, key)
            continue
        asked = night.was_asked(known, key)
        state_now = again if asked else fast_state
        before = ports[key]
        # A refusal is proof, once it was asked for again; a file's own word has to do.
        if state_now is PortState.CLOSED and (asked or not night.look.was_made):
            absence = night.patience.settle_shut(subject)
            last_seen_at = absence.last_seen_at if absence else night.patience.last_seen(subject)
            is_quiet = night.keeps_quiet(known, key, told_present=True)
        else:
            silence = night.patience.miss(subject, is_doubtful=not asked)
            if night.keeps_quiet(known, key, told_present=True) or not silence.is_over:
                continue
            last_seen_at = night.patience.settle_gone(subject).last_seen_at
            is_quiet = False
        closed = state_now is PortState.CLOSED
        state = PortState.CLOSED if closed else PortState.FILTERED
        ports[key] = replace(before, state=state, closed_at=night.now)
        if not is_quiet:
            tell_closed(night, known, before, state, last_seen_at, confirmed=asked)
    if ports != known.ports:
        night.settle(replace(known, ports=ports))


def tell_closed(
    night: Night,
    known: KnownHost,
    before: KnownPort,
    state: PortState,
    last_seen_at: datetime,
    *,
    confirmed: bool,
) -> None:
    """Tell that a port is not open any more; `before` is as it was."""
    night.tell(
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


def version_changed(
    night: Night, known: KnownHost, before: KnownPort, port: Port, version: str
) -> None:
    """Tell that another version answers; another nmap may only name it otherwise."""
    if before.looked_with and version and before.looked_with != version:
        return
    night.tell(
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


def with_key(night: Night, known: KnownHost, host: Host) -> KnownHost:
    """Return the host with its SSH host key, if a scan or the second look has shown it."""
    looked = night.look.hosts.get(known.address)
    host_key = host_key_of(looked) if looked else ""
    host_key = host_key or host_key_of(host)
    return replace(known, host_key=host_key) if host_key else known
