"""The subject: the worst fact, within what a phone shows of it."""

from collections.abc import Sequence
from datetime import tzinfo

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.port import PortState
from netwatch_notify.model.text import clean
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.group_items import group_fact
from netwatch_notify.report.items import host_maker, service_label, version_verb
from netwatch_notify.report.words import counted, day

FACT_LIMIT = 40
"""Characters of network and worst fact; a phone's lock screen shows about as many."""
NETWORK_LIMIT = 20
FEWEST_OF_LABEL = 4
"""Characters of a part's name below which it says nothing."""


def subject_of(
    facts: RunFacts, changes: Sequence[Change], problems: Sequence[Problem], zone: tzinfo
) -> str:
    """Return the subject; `changes` come worst first. Problems are in it, and in capitals."""
    network = clean(facts.network, NETWORK_LIMIT)
    room = FACT_LIMIT - len(network) - len(": ")
    told: list[str] = []
    if problems:
        told.append(_short_problem(problems[0].headline, room))
        if len(problems) > 1:
            told.append(f"{len(problems)} PROBLEMS")
    if facts.first_run:
        hosts = facts.inventory.hosts if facts.inventory else facts.hosts_up
        told.append(f"first scan, {counted(hosts, 'host')} known")
    elif problems:
        critical = sum(change.severity is Severity.CRITICAL for change in changes)
        told += [f"{critical:,} critical"] if critical else []
        told += [counted(len(changes), "change")] if changes else []
    elif changes:
        together = [c for c in changes if c.group and c.group == changes[0].group]
        told.append(_together(together, room) if together else _within(changes[0], room))
        others = len(changes) - max(len(together), 1)
        told += [f"+{others:,}"] if others else []
    elif facts.all_well_since:
        told.append("all well")
    else:
        told.append("no changes")
        told += [counted(len(facts.notes), "note")] if facts.notes else []
    return f"{network}: {', '.join(told)} · {day(facts.started_at, zone)}"


def _short_problem(headline: str, room: int) -> str:
    """Say what happened whole, and of where it did as much as there is room for."""
    where, verb, what = headline.partition(" was ")
    if not verb:
        where, verb, what = headline.partition(": ")
    left = room - len(verb) - len(what)
    if len(headline) > room and verb and left >= FEWEST_OF_LABEL:
        headline = f"{clean(where, left)}{verb}{what}"
    return clean(headline.upper(), room)


def _together(changes: Sequence[Change], room: int) -> str:
    """Say what several changes have in common; of one host, which one it is."""
    fact = group_fact(changes)
    if len({change.address for change in changes}) == 1:
        who = clean(changes[0].called, 200).partition(".")[0] or str(changes[0].address)
        fact = f"{fact} on {who}"
    return clean(fact, room)


def _within(change: Change, room: int) -> str:
    """Say the change with the host's whole name if that fits, else with its first label."""
    name = clean(change.called, 200) or str(change.address)
    for who in (name, name.partition(".")[0] if change.called else name):
        fact = _fact(change, who)
        if len(fact) > room and change.kind is ChangeKind.SERVICE_CHANGED:
            fact = f"new version on {who}"
        if len(fact) <= room:
            break
    maker = host_maker(change)
    if change.kind is ChangeKind.HOST_NEW and not change.called and maker:
        longer = f"{fact}, {maker}"
        fact = longer if len(longer) <= room else fact
    return clean(fact, room)


def _fact(change: Change, who: str) -> str:
    match change.kind:
        case ChangeKind.HOST_NEW:
            return f"new device {who}"
        case ChangeKind.HOST_GONE:
            return f"{who} gone"
        case ChangeKind.HOST_BACK:
            return f"{who} back"
        case ChangeKind.PORT_OPENED:
            name = clean(change.service.probed_name, 24) if change.service else ""
            return f"{name or change.key} open on {who}"
        case ChangeKind.PORT_CLOSED:
            said = {PortState.CLOSED: "closed", None: "not open"}
            return f"{change.key} {said.get(change.state, 'silent')} on {who}"
        case ChangeKind.SERVICE_CHANGED:
            return f"{service_label(change)} {version_verb(change)} on {who}"
        case ChangeKind.MAC_CHANGED:
            return f"MAC changed on {who}"
        case ChangeKind.HOST_MOVED:
            return f"{who} moved"
        case ChangeKind.HOSTNAME_CHANGED:
            return f"{change.address} is now {who}"
        case ChangeKind.OS_CHANGED:
            return f"other system on {who}"
        case ChangeKind.SCRIPT_CHANGED:
            return f"{change.scripts[0].id if change.scripts else 'script'} differs on {who}"
        case ChangeKind.FLAPPING:
            return f"{change.key} flaps on {who}" if change.key else f"{who} comes and goes"
