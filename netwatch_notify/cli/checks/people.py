"""Names and rules: what people said, and whether it still means anything."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.model.rule import Rule, RuleKind
from netwatch_notify.pipeline.names import read_names

SOON_UNUSED = timedelta(days=30)
"""A rule is given so long to fit something for the first time."""
LONG_UNUSED = timedelta(days=90)


def names_file(tonight: Tonight) -> list[Finding]:
    """Whether each line of the names file can be read."""
    path = tonight.settings.names_file
    if path is None:
        return []
    try:
        book = read_names(path)
    except ValueError as error:
        is_read = not isinstance(error.__cause__, OSError)
        remedy = "mend the line" if is_read else "set NETWATCH_NAMES_FILE to one that can be read"
        return [bad("names file", line, remedy) for line in str(error).splitlines()]
    return [good("names file", f"{len(book)} entries")]


def rules(tonight: Tonight) -> list[Finding]:
    """The rules that fit nothing."""
    return idle_rules(tonight.recorded.rules if tonight.recorded else (), tonight.now)


def idle_rules(standing: Sequence[Rule], now: datetime) -> list[Finding]:
    """Return the rules that never fitted anything, or not for long; pure."""
    findings = []
    for rule in standing:
        idle = now - (rule.used_at or rule.created_at)
        if rule.used_at is None or idle > LONG_UNUSED:
            report = warning if idle > SOON_UNUSED else good
            how = "has not fitted anything yet" if rule.used_at is None else "is unused"
            how_to_remove = "ignore remove" if rule.kind is RuleKind.IGNORE else "expect --remove"
            text = f"{rule.written} ({rule.said}) {how}, for {max(idle.days, 0)} days"
            remedy = f"netwatch-notify {how_to_remove} {rule.id}"
            findings.append(report(f"{rule.kind.value} {rule.id}", text, remedy))
    return findings
