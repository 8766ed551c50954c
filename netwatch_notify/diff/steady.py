"""What ended of itself: silence that was not told, and flapping that is over; pure."""

from dataclasses import replace

from netwatch_notify.diff.compare import Presence
from netwatch_notify.diff.hosts import gone, settle_gone
from netwatch_notify.diff.night import Night, subject_order
from netwatch_notify.diff.ports import tell_closed
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import KnownHost, KnownPort, Subject
from netwatch_notify.model.port import PortState


def end_absences(night: Night, held: frozenset[Address]) -> None:
    """What answered again before it was told was never gone."""
    for address, key in sorted(night.inventory.absences, key=subject_order):
        host = night.differences.seen.get(address)
        known = night.inventory.hosts.get(address)
        if host is None or known is None or address in held:
            continue
        difference = night.differences.hosts.get(address)
        if difference and difference.presence in (Presence.NEW, Presence.MOVED):
            continue
        if key is None or host.state_of(key) is PortState.OPEN:
            night.came_back(known, key)


def end_flapping(night: Night, held: frozenset[Address]) -> None:
    """Tell once how what flapped stands, when it has been steady long enough."""
    for subject, habit in sorted(
        night.patience.habits.items(), key=lambda item: subject_order(item[0])
    ):
        address, key = subject
        known = night.known(address)
        if habit.told_present is None or known is None or address in held:
            continue
        if not night.covers(address, key) or not night.patience.is_steady(subject):
            continue
        is_away = not known.present or (address, None) in night.patience.absences
        if key and is_away:
            continue
        night.patience.end_flapping(subject)
        if key is None:
            _steady_host(night, known, was_told=habit.told_present)
        elif key in known.ports:
            _steady_port(night, known, known.ports[key], was_told=habit.told_present)


def _steady_host(night: Night, known: KnownHost, *, was_told: bool) -> None:
    if (known.address, None) in night.patience.absences:
        if was_told:
            gone(night, known)
        else:
            settle_gone(night, known)
    elif known.present and not was_told:
        night.tell(
            known,
            ChangeKind.HOST_BACK,
            Severity.INFO,
            first_seen_at=known.first_seen_at,
            confirmed=True,
        )


def _steady_port(night: Night, known: KnownHost, port: KnownPort, *, was_told: bool) -> None:
    subject: Subject = (known.address, port.key)
    if subject in night.patience.absences:
        last_seen_at = night.patience.settle_gone(subject).last_seen_at
        shut = replace(port, state=PortState.FILTERED, closed_at=night.now)
        night.settle(replace(known, ports={**known.ports, port.key: shut}))
        if was_told:
            tell_closed(night, known, port, PortState.FILTERED, last_seen_at, confirmed=True)
    elif was_told and not port.is_open:
        tell_closed(
            night,
            known,
            port,
            port.state,
            port.closed_at or night.patience.last_seen(subject),
            confirmed=True,
        )
    elif port.is_open and not was_told:
        night.tell(
            known,
            ChangeKind.PORT_OPENED,
            night.severity_of(port.key),
            key=port.key,
            state=PortState.OPEN,
            service=port.service,
            confirmed=True,
            first_seen_at=port.opened_at,
        )
