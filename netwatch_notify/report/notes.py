"""What a run says of the rules people made: what is over, and what did not come."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from netwatch_notify.model.rule import Acceptance, Rule, RuleKind
from netwatch_notify.model.text import clean
from netwatch_notify.report.words import counted, day

TEXT_LIMIT = 100
LISTED = 4
"""Acceptances that are named when their time is up; a whole run's may end in one night."""


def over_notes(rules: Iterable[Rule], run_at: datetime, zone: tzinfo) -> list[str]:
    """Return a line for each rule whose time is up; an expectation that was met ends silently."""
    notes = []
    for rule in rules:
        what, said = clean(rule.written, TEXT_LIMIT), clean(rule.said, TEXT_LIMIT)
        until = _last_day(rule.until or run_at, zone, run_at)
        if rule.kind is RuleKind.IGNORE:
            quiet = f"it kept {counted(rule.hidden, 'change')} quiet"
            notes.append(f"Ignored until {until}, and no longer: {what} ({said}); {quiet}")
        elif rule.used_at is None:
            notes.append(f"Planned but missing: {what} was to come by {until} ({said})")
    return notes


def expired_notes(
    acceptances: Iterable[tuple[Acceptance, str]], run_at: datetime, zone: tzinfo
) -> list[str]:
    """Return a line for a few acceptances whose time is up, with what was accepted."""
    notes = [
        f"Accepted until {_last_day(acceptance.until or run_at, zone, run_at)}, still so: "
        f"{clean(what, TEXT_LIMIT)} ({clean(acceptance.said, TEXT_LIMIT)})"
        for acceptance, what in acceptances
    ]
    if len(notes) <= LISTED + 1:
        return notes
    return [*notes[:LISTED], f"And {len(notes) - LISTED:,} more were accepted until then."]


def _last_day(until: datetime, zone: tzinfo, run_at: datetime) -> str:
    """Return the day that `--until` named, which ended at `until`."""
    return day(until - timedelta(seconds=1), zone, run_at)
