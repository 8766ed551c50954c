"""A night in which every word that can come from the network, or from people, is hostile."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from random import Random

from netwatch_notify.model.change import Change, ChangeKind, Problem, Severity
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.message import View
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)
from netwatch_notify.model.rule import Acceptance, Match, Rule, RuleKind
from netwatch_notify.model.text import clean
from netwatch_notify.report.facts import FirstInventory
from netwatch_notify.report.notes import expired_notes, over_notes
from netwatch_notify.report.view import build_view
from tests.report.stories import FACTS, RUN_AT

SURE = 24
"""Characters that every place shows of a text, the `…` of a cut one among them."""


@dataclass(frozen=True, slots=True)
class HostileNight:
    """What one night brought, and the texts that its message must show."""

    view: View
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    planted: tuple[str, ...]


@dataclass(slots=True)
class _Mouth:
    """Says each text once where it is shown, and any of them where it may not be."""

    texts: Iterator[str]
    random: Random
    said: list[str] = field(default_factory=list)

    def say(self) -> str:
        """Return the next text, for a place that shows it; nothing once all are said."""
        text = next(self.texts, "")
        self.said.append(text)
        return text

    def repeat(self) -> str:
        """Return one said before, for a place that shows it only at times."""
        return self.random.choice(self.said) if self.said else ""


def squash(text: str) -> str:
    """Return `text` without its spaces: all that making it harmless may add."""
    return "".join(text.split())


def shown(text: str) -> str:
    """Return what a message shows of a text at least, squashed."""
    return squash(clean(text, SURE))[: SURE // 2]


def hostile_night(texts: Iterable[str], seed: int = 0) -> HostileNight:
    """Return a night that says each text in a place that the message shows."""
    texts = list(texts)
    mouth = _Mouth(iter(texts), Random(seed))
    problems = tuple(_problem(mouth, number) for number in range(2))
    facts = replace(
        FACTS,
        network=mouth.repeat(),
        notes=(mouth.say(), *_rule_notes(mouth)),
        still_open=tuple(_open_item(mouth, number) for number in range(4)),
        whole_report=mouth.repeat(),
        first_run=True,
        inventory=FirstInventory(
            3, 2, 9, tuple((mouth.say(), PortKey(23), mouth.say()) for _ in range(3))
        ),
    )
    kinds = list(ChangeKind)
    changes: list[Change] = []
    while len(mouth.said) < len(texts):
        kind = kinds[len(changes) % len(kinds)]
        changes.append(_change(kind, mouth, len(changes)))
    changes += _groups(mouth, len(changes))
    view = build_view(facts, changes, problems, UTC)
    return HostileNight(view, tuple(changes), problems, tuple(mouth.said))


def _problem(mouth: _Mouth, number: int) -> Problem:
    details = tuple(mouth.say() for _ in range(3))
    return Problem(f"part {number}", mouth.say(), details, 2, RUN_AT, RUN_AT, mouth.repeat())


def _rule_notes(mouth: _Mouth) -> list[str]:
    over = RUN_AT - timedelta(days=1)
    match = Match("192.0.2.1", pattern="x")
    rules = [
        Rule(1, RuleKind.IGNORE, replace(match, written=mouth.say()), None, "", over, "", over),
        Rule(2, RuleKind.EXPECT, match, PortKey(80), mouth.repeat(), over, mouth.say(), over),
    ]
    word = Acceptance("abc", mouth.repeat(), over, mouth.repeat(), over)
    return [*over_notes(rules, RUN_AT, UTC), *expired_notes([(word, mouth.say())], RUN_AT, UTC)]


def _open_item(mouth: _Mouth, number: int) -> OpenItem:
    kind = (ChangeKind.HOST_NEW, ChangeKind.MAC_CHANGED, ChangeKind.PORT_OPENED)[number % 3]
    address = ip_address(f"192.0.2.{number}")
    change_id = f"{number}{mouth.repeat()}"
    return OpenItem(
        change_id, kind, Severity.WARNING, address, PortKey(80), mouth.say(), _before(number)
    )


def _service(mouth: _Mouth, name: str | None = None) -> Service:
    """A service that answered, whose product the message shows."""
    return Service(
        name=mouth.repeat() if name is None else name,
        product=mouth.say(),
        version=mouth.repeat(),
        extra_info=mouth.repeat(),
        tunnel=mouth.random.choice(("", "ssl", mouth.repeat())),
        method=ServiceMethod.PROBED,
        cpes=(mouth.repeat(),),
    )


def _scripts(mouth: _Mouth) -> tuple[ScriptOutput, ...]:
    said = f"\n  OS: {mouth.repeat()}"
    outputs = {
        "http-title": mouth.repeat(),
        "ssl-cert": f"Subject: commonName={mouth.repeat()}",
        "smb-os-discovery": said,
        "ftp-anon": f"login allowed {mouth.repeat()}",
    }
    names = mouth.random.sample(list(outputs), 2)
    return tuple(ScriptOutput(name, outputs[name]) for name in names)


def _port(mouth: _Mouth, number: int) -> Port:
    return Port(PortKey(number), PortState.OPEN, service=_service(mouth), scripts=_scripts(mouth))


def _change(kind: ChangeKind, mouth: _Mouth, number: int) -> Change:
    """Return a change of this kind, every text of which is hostile."""
    severity = list(Severity)[number % 3]
    change = Change(
        kind,
        severity,
        ip_address(f"10.0.{number // 250}.{number % 250}"),
        owner=mouth.say(),
        site=mouth.say(),
        planned=mouth.say(),
        note=mouth.say(),
        vendor=mouth.repeat(),
        mac=mouth.repeat(),
        key=PortKey(1 + number),
        state=list(PortState)[number % len(PortState)],
        was=mouth.say() if kind in _SHOW_WAS else mouth.repeat(),
        confirmed=bool(number % 2),
        first_seen_at=_before(number),
        last_seen_at=_before(number // 2),
        times=1 + number % 3,
        toggles=4,
    )
    name = mouth.say()
    # Where people call it something, the network's own name shows nowhere else.
    called_by_people = number % 2 and kind is not ChangeKind.HOSTNAME_CHANGED
    change = replace(change, label=name) if called_by_people else replace(change, name=name)
    match kind:
        case ChangeKind.HOST_NEW:
            return replace(change, ports=(_port(mouth, 22), _port(mouth, 80)))
        case ChangeKind.PORT_OPENED:
            return replace(change, service=_service(mouth), scripts=_scripts(mouth))
        case ChangeKind.SERVICE_CHANGED:
            before = Service(product=mouth.repeat()) if number % 2 else None
            return replace(change, service=_service(mouth), was_service=before)
        case ChangeKind.OS_CHANGED:
            return replace(change, os_matches=(mouth.say(), mouth.repeat()))
        case ChangeKind.SCRIPT_CHANGED:
            return replace(change, scripts=(ScriptOutput(mouth.say(), mouth.repeat()),))
    return change


_SHOW_WAS = (
    ChangeKind.HOST_BACK,
    ChangeKind.HOST_MOVED,
    ChangeKind.MAC_CHANGED,
    ChangeKind.OS_CHANGED,
)


def _groups(mouth: _Mouth, number: int) -> Iterator[Change]:
    """Yield changes that are told together, each group under a hostile id."""
    for kind in (ChangeKind.HOST_NEW, ChangeKind.PORT_OPENED, ChangeKind.SERVICE_CHANGED):
        group = f"{kind} {mouth.repeat()}"
        for member in range(3):
            change = _change(kind, mouth, number + member)
            service = replace(_service(mouth), product=mouth.repeat())
            was, name = mouth.repeat(), mouth.repeat()
            yield replace(change, group=group, name=name, label="", was=was, service=service)


def _before(number: int) -> datetime:
    return RUN_AT - timedelta(days=1 + number % 400)
