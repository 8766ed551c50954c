"""What people said beforehand, applied to what would be told; pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Rule, RuleKind


@dataclass(frozen=True, slots=True)
class Applied:
    """The changes of one run after the rules."""

    told: tuple[Change, ...]
    hidden: tuple[tuple[Change, Rule], ...] = ()
    """What a rule keeps quiet; it is settled and kept in the history like the rest."""
    used: tuple[Rule, ...] = ()
    """The rules that fitted something, as they are now."""
    over: tuple[Rule, ...] = ()
    """The rules whose time is up."""


def apply_rules(changes: Iterable[Change], rules: Sequence[Rule], now: datetime) -> Applied:
    """
    Sort out what is told, what was announced, and what is kept quiet.

    An announced change is told for information. A critical one is so, or kept quiet, only by a
    rule that names its port: who ignores a host has not thought of telnet opening there.
    """
    standing = {rule.id: rule for rule in rules if not rule.is_over(now)}
    told: list[Change] = []
    hidden: list[tuple[Change, Rule]] = []
    used: dict[int, Rule] = {}
    for change in changes:
        fitting = [rule for rule in standing.values() if fits(rule, change)]
        expected = [rule for rule in fitting if rule.kind is RuleKind.EXPECT]
        ignoring = [
            rule
            for rule in fitting
            if rule.kind is RuleKind.IGNORE and (rule.key or change.severity != Severity.CRITICAL)
        ]
        rule = next(iter((*expected, *ignoring)), None)
        if rule is None:
            told.append(change)
            continue
        kept = used.get(rule.id, rule)
        if rule.kind is RuleKind.EXPECT:
            announced = {one.key for one in expected}
            told.append(_as_planned(change, rule, announced))
        else:
            hidden.append((change, rule))
            kept = replace(kept, hidden=kept.hidden + 1)
        used[rule.id] = replace(kept, used_at=now)
    over = tuple(rule for rule in rules if rule.is_over(now))
    return Applied(tuple(told), tuple(hidden), tuple(used.values()), over)


def _as_planned(change: Change, rule: Rule, announced: Collection[PortKey | None]) -> Change:
    """Tell it for information; what is critical only where all of its ports were announced."""
    ports: set[PortKey | None] = {port.key for port in change.ports} or {change.key}
    quiet = change.severity is not Severity.CRITICAL or ports <= set(announced) - {None}
    severity = Severity.INFO if quiet else change.severity
    return replace(change, severity=severity, planned=rule.said)


def fits(rule: Rule, change: Change) -> bool:
    """Whether a rule is about this change."""
    names = (change.label, change.name)
    if not rule.match.fits(change.address, change.mac, change.vendor, names):
        return False
    if rule.gone_only:
        return rule.key == change.key and _is_going_or_coming(change)
    if rule.key is None or rule.key == change.key:
        return True
    announced = rule.kind is RuleKind.EXPECT and change.kind is ChangeKind.HOST_NEW
    return announced and any(port.key == rule.key for port in change.ports)


def _is_going_or_coming(change: Change) -> bool:
    if change.kind is ChangeKind.PORT_OPENED:
        return bool(change.was)
    return change.kind in (
        ChangeKind.HOST_GONE,
        ChangeKind.HOST_BACK,
        ChangeKind.PORT_CLOSED,
        ChangeKind.FLAPPING,
    )
