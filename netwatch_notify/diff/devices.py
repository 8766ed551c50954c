"""Hosts whose address another one has now, and those that took their history along; pure."""

from dataclasses import replace

from netwatch_notify.diff.compare import HostDifference
from netwatch_notify.diff.night import Night
from netwatch_notify.diff.patience import MOST_RUNS_WAITED, WINDOW_RUNS
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Displaced, KnownHost, Subject


def take_along(night: Night, difference: HostDifference, before: Address) -> None:
    """Move all that is remembered of a host to its new address."""
    known, now = difference.past, difference.address
    if difference.replaced:
        displace(night, difference.replaced)
    device = night.displaced.pop(known.mac, None)
    clear(night, now)
    if difference.was_displaced:
        if device and device.habit:
            night.patience.habits[now, None] = device.habit
        return
    for key in (None, *known.ports):
        night.patience.move((before, key), (now, key))
    night.cleared.add(before)
    night.moved[before] = now


def clear(night: Night, address: Address) -> None:
    """Forget who was at an address: what is there now is another host."""
    night.cleared.add(address)
    remembered = (*night.patience.habits, *night.patience.absences)
    for subject in [s for s in remembered if s[0] == address]:
        night.patience.forget(subject)


def displace(night: Night, tenant: KnownHost) -> None:
    """Keep a host whose address another one has now, unless it only moved."""
    if not tenant.mac or tenant.mac in night.macs_here:
        return
    missed = tenant.present and tenant.address in night.rules.dynamic
    subject: Subject = (tenant.address, None)
    absence = night.patience.absences.get(subject)
    if tenant.present and absence is None:
        night.patience.toggle(subject)
    habit = night.patience.habit(subject)
    last = habit.silent_since or tenant.gone_at or night.patience.last_seen(subject)
    if tenant.present:
        last = absence.last_seen_at if absence else night.patience.last_seen(subject)
    runs = absence.runs if absence else 0
    night.displaced[tenant.mac] = Displaced(
        replace(tenant, digest=None, present=missed),
        last,
        runs,
        is_told=not missed,
        habit=replace(habit, silent_since=last),
    )


def miss_displaced(night: Night) -> None:
    """Where addresses are handed out, a device is gone when its MAC is not seen for long."""
    for mac, device in sorted(night.displaced.items()):
        address = device.known.address
        if device.is_told or mac in night.macs_here or not night.covers(address, None):
            continue
        runs = device.absent_runs + 1
        longest = device.habit.longest_absence if device.habit else 0
        longest = min(longest, MOST_RUNS_WAITED)
        missed = replace(device, absent_runs=runs)
        flaps = bool(device.habit and device.habit.is_flapping) and runs < WINDOW_RUNS
        if runs >= night.rules.gone_after and runs > longest and not flaps:
            known = device.known
            gone = night.about(
                known,
                ChangeKind.HOST_GONE,
                Severity.INFO,
                was=mac,
                first_seen_at=known.first_seen_at,
                last_seen_at=device.last_seen_at,
            )
            night.changes.append(replace(gone, name=known.name, mac=known.mac, vendor=known.vendor))
            missed = replace(
                missed, is_told=True, known=replace(known, present=False, gone_at=night.now)
            )
        night.displaced[mac] = missed
