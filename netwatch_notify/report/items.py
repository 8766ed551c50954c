"""One change or problem put into words: a headline, and details of one fact each."""

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.host import is_private_mac
from netwatch_notify.model.message import Item
from netwatch_notify.model.port import Port, PortState, Service
from netwatch_notify.model.text import clean
from netwatch_notify.report.kinds import PROBLEM
from netwatch_notify.report.scripts import LINES, telling_lines
from netwatch_notify.report.words import counted, day, days_between, ordinal

PORTS_SHOWN = 6
"""Open ports of a new host that get a line each."""
NAME_LIMIT = 48
TEXT_LIMIT = 80
"""Characters of a product, vendor or old version that a message shows."""
HEADLINE_LIMIT = 120
WINDOW_RUNS = 14
"""Runs in which something must not come or go to be steady again; the policy's window."""
DETAIL_LIMIT = 300
"""nmap's own words about a problem are quoted whole up to here."""

_MARKS = {
    ChangeKind.HOST_NEW: "+",
    ChangeKind.HOST_BACK: "+",
    ChangeKind.PORT_OPENED: "+",
    ChangeKind.HOST_GONE: "-",
    ChangeKind.PORT_CLOSED: "-",
}
_USUAL_PORTS = {"ssh": 22, "http": 80, "https": 443, "domain": 53, "smtp": 25, "ftp": 21}
"""Where a service is so much at home that its name says the port."""


def change_item(change: Change, short_id: str, run_at: datetime, zone: tzinfo) -> Item:
    """Put one change into words; `short_id` is what commands take for it."""
    mark = "!" if change.severity is Severity.CRITICAL else mark_of(change.kind)
    details = [
        *_details(change, run_at, zone),
        *_caveat(change),
        *_memory(change),
        *_people(change),
    ]
    return Item(_headline(change), mark, tuple(details), short_id, kind=change.kind.value)


def mark_of(kind: ChangeKind) -> str:
    """Return `+`, `-` or `~`."""
    return _MARKS.get(kind, "~")


def problem_item(problem: Problem, run_at: datetime, zone: tzinfo, short_id: str = "") -> Item:
    """Put one problem into words, with how long it has lasted after its first detail."""
    details = [clean(detail, DETAIL_LIMIT) for detail in problem.details]
    if problem.nights > 1:
        details.insert(1, lasting(problem, lambda at: day(at, zone, run_at)))
    headline = f"PROBLEM: {clean(problem.headline, HEADLINE_LIMIT)}"
    return Item(headline, details=tuple(details), id=short_id, kind=PROBLEM)


def lasting(problem: Problem, written: Callable[[datetime], str]) -> str:
    """Return `3rd night, last good Sat 21 Nov`; `written` puts an instant into words."""
    text = f"{ordinal(problem.nights)} night"
    if problem.last_good_at:
        return f"{text}, last good {written(problem.last_good_at)}"
    return f"{text}, since {written(problem.since)}" if problem.since else text


def host_maker(change: Change) -> str:
    """Return the vendor, or `private address` for a MAC the host made up itself."""
    if is_private_mac(change.mac):
        return "private address"
    return clean(change.vendor, TEXT_LIMIT)


def service_label(change: Change) -> str:
    """Return `SSH`, or `2222/tcp SSH` where it is not at home, or the port alone."""
    name = clean(change.service.probed_name, 24) if change.service else ""
    if change.service and name == "http" and change.service.tunnel == "ssl":
        name = "https"
    if change.key is None:
        return name.upper() or "service"
    if not name:
        return str(change.key)
    at_home = _USUAL_PORTS.get(name) == change.key.number
    return name.upper() if at_home else f"{change.key} {name.upper()}"


def version_verb(change: Change) -> str:
    """Return `updated`, or `changed` where another product answers now."""
    product = clean(change.service.product, TEXT_LIMIT) if change.service else ""
    return "updated" if product and f"{change.was} ".startswith(f"{product} ") else "changed"


def where(change: Change) -> str:
    """Return `nas (192.168.1.10)`, or the address with its maker where nobody has named it."""
    name, maker = clean(change.called, NAME_LIMIT), host_maker(change)
    if name:
        return f"{name} ({change.address})"
    return f"{change.address} ({maker})" if maker else str(change.address)


def _headline(change: Change) -> str:
    match change.kind:
        case ChangeKind.HOST_NEW:
            name, maker = clean(change.called, NAME_LIMIT), host_maker(change)
            device = f"{name} ({change.address})" if name else str(change.address)
            return f"new device {device}" + (f", {maker}" if maker else "")
        case ChangeKind.HOST_GONE:
            return f"{where(change)}: gone"
        case ChangeKind.HOST_BACK:
            return f"{where(change)}: back"
        case ChangeKind.PORT_OPENED:
            # The product says more than the service's name, except where the name is the alarm.
            service = change.service or Service()
            told_below = service.description and change.severity is not Severity.CRITICAL
            name = "" if told_below else clean(service.probed_name, TEXT_LIMIT)
            return f"{where(change)}: {change.key} " + (f"{name} opened" if name else "opened")
        case ChangeKind.PORT_CLOSED:
            said = {PortState.CLOSED: "closed", None: "no longer open"}
            return f"{where(change)}: {change.key} {said.get(change.state, 'no longer answers')}"
        case ChangeKind.SERVICE_CHANGED:
            return f"{where(change)}: {service_label(change)} {version_verb(change)}"
        case ChangeKind.MAC_CHANGED:
            return f"{where(change)}: MAC address changed"
        case ChangeKind.HOST_MOVED:
            return f"{where(change)}: moved here"
        case ChangeKind.HOSTNAME_CHANGED:
            return f"{change.address}: name changed"
        case ChangeKind.OS_CHANGED:
            return f"{where(change)}: operating system changed"
        case ChangeKind.SCRIPT_CHANGED:
            key = f"{change.key} " if change.key else ""
            return f"{where(change)}: {key}{_script_name(change)} says something else"
        case ChangeKind.FLAPPING:
            return (
                f"{where(change)}: " + (f"{change.key} " if change.key else "") + "comes and goes"
            )


def _details(change: Change, run_at: datetime, zone: tzinfo) -> Iterable[str]:
    match change.kind:
        case ChangeKind.HOST_NEW:
            yield from _port_lines(change.ports)
        case ChangeKind.PORT_OPENED:
            if change.service and change.service.description:
                yield clean(change.service.description, TEXT_LIMIT)
            yield from telling_lines(change.scripts)
            first = change.first_seen_at
            if first and first < run_at:
                yield f"was open before, first seen {day(first, zone, run_at)}"
            elif first and not (change.service and change.service.description):
                yield "never seen before"
        case ChangeKind.PORT_CLOSED:
            if change.first_seen_at:
                yield f"was open {days_between(change.first_seen_at, run_at)}"
            if change.last_seen_at and change.state not in (PortState.CLOSED, None):
                yield f"last seen open {day(change.last_seen_at, zone, run_at)}"
        case ChangeKind.HOST_GONE:
            last = change.last_seen_at
            found = "host down" if change.confirmed else "no answer"
            yield found + (f", last seen {day(last, zone, run_at)}" if last else "")
            if change.first_seen_at:
                yield f"first seen {day(change.first_seen_at, zone, run_at)}"
        case ChangeKind.HOST_BACK:
            yield from _back_after(change, run_at)
            if change.was:
                yield f"was at {clean(change.was, TEXT_LIMIT)} before"
            if change.first_seen_at:
                yield f"first seen {day(change.first_seen_at, zone, run_at)}"
        case ChangeKind.SERVICE_CHANGED:
            yield _versions(change)
        case ChangeKind.MAC_CHANGED:
            yield f"{clean(change.was, TEXT_LIMIT)} → {clean(change.mac, TEXT_LIMIT)}".strip()
            if change.called and host_maker(change):
                yield f"now {host_maker(change)}"
        case ChangeKind.HOST_MOVED:
            yield f"from {clean(change.was, TEXT_LIMIT)}"
            yield from _back_after(change, run_at)
            if change.ports or not change.first_seen_at:
                yield from _port_lines(change.ports)
            elif change.first_seen_at:
                yield f"first seen {day(change.first_seen_at, zone, run_at)}"
        case ChangeKind.HOSTNAME_CHANGED:
            yield f"{clean(change.was, TEXT_LIMIT)} → {clean(change.name, TEXT_LIMIT)}"
        case ChangeKind.OS_CHANGED:
            now = ", ".join(change.os_matches)
            yield f"{clean(change.was, TEXT_LIMIT) or 'none'} → {clean(now, TEXT_LIMIT) or 'none'}"
        case ChangeKind.SCRIPT_CHANGED:
            yield from _script_difference(change)
        case ChangeKind.FLAPPING:
            yield f"changed {change.toggles} times in its last {WINDOW_RUNS} runs"
            yield f"no more about it until {WINDOW_RUNS} steady runs"


def _back_after(change: Change, run_at: datetime) -> Iterable[str]:
    if change.last_seen_at:
        yield f"back after {days_between(change.last_seen_at, run_at)}"


def _memory(change: Change) -> Iterable[str]:
    if change.times > 1:
        yield f"{ordinal(change.times)} time in 30 days"


def _people(change: Change) -> Iterable[str]:
    """Who announced it, and whose it is."""
    if change.planned:
        yield f"as planned: {clean(change.planned, TEXT_LIMIT * 2)}"
    owner, site = clean(change.owner, TEXT_LIMIT), clean(change.site, TEXT_LIMIT)
    if owner or site:
        yield ", ".join(filter(None, (f"owner {owner}" if owner else "", site)))


def _caveat(change: Change) -> Iterable[str]:
    note = clean(change.note, TEXT_LIMIT * 2)
    once = change.kind in (ChangeKind.HOST_NEW, ChangeKind.PORT_OPENED) and not change.confirmed
    if once and not note.startswith("seen once"):
        note = f"seen once: {note}" if note else "seen once"
    if note:
        yield note


def _versions(change: Change) -> str:
    """`OpenSSH 9.2p1 → 9.6p1`: a product that stayed is said once."""
    service, before = change.service or Service(), change.was_service
    if before and before.description == service.description:
        was, now = (clean(one.full_description, TEXT_LIMIT) for one in (before, service))
        return f"{was or 'no TLS'} → {now or 'no TLS'}"
    product, version = clean(service.product, TEXT_LIMIT), clean(service.version, TEXT_LIMIT)
    stayed = version and version_verb(change) == "updated"
    now = version if stayed else f"{product} {version}".strip()
    return f"{clean(change.was, TEXT_LIMIT)} → {now}".strip()


def _script_name(change: Change) -> str:
    return clean(change.scripts[0].id, 40) if change.scripts else "a script"


def _script_difference(change: Change) -> Iterable[str]:
    """The first lines that only one side has."""
    was = change.was.splitlines()
    now = [line for script in change.scripts for line in script.output.splitlines()]
    for mark, lines, others in (("was", was, set(now)), ("now", now, set(was))):
        only = [clean(line, TEXT_LIMIT) for line in lines if line not in others and line.strip()]
        if only:
            more = f" (and {counted(len(only) - 1, 'more line')})" if len(only) > 1 else ""
            yield f"{mark}: {only[0]}{more}"


def _port_lines(ports: tuple[Port, ...]) -> Iterable[str]:
    if not ports:
        yield "no open ports"
    scripts_left = LINES
    for port in ports[:PORTS_SHOWN]:
        service = port.service or Service()
        yield f"{port.key} {clean(service.description or service.probed_name, TEXT_LIMIT)}".strip()
        lines = telling_lines(port.scripts)[:scripts_left]
        scripts_left -= len(lines)
        yield from lines
    if len(ports) > PORTS_SHOWN:
        yield f"and {counted(len(ports) - PORTS_SHOWN, 'more port')}"
