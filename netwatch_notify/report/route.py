"""Who hears of what: a destination with tags gets the part of a message that they name; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netwatch_notify.model.change import Change, Problem, Severity
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.view import in_order

PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Content:
    """What one message tells."""

    facts: RunFacts
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]

    def severities(self) -> frozenset[Severity]:
        """Return how bad what it tells is; a problem is a warning, all else for information."""
        found = {change.severity for change in self.changes}
        found |= {Severity.WARNING} if self.problems else set()
        return frozenset(found or {Severity.INFO})


def routed(content: Content, key: str, tags: frozenset[str]) -> Content:
    """
    Return what the destination `key` is to hear of; without tags that is everything.

    A line that tells several changes goes whole, by its worst. What a first scan found, notes
    and that all is well are for information.
    """
    facts, problems = content.facts, content.problems
    changes: Sequence[Change] = content.changes
    if tags:
        worst: dict[str, str] = {}
        for change in in_order(changes):
            worst.setdefault(change.group or change.id, change.severity.value)
        changes = [change for change in changes if worst[change.group or change.id] in tags]
        problems = problems if PROBLEM in tags else ()
        facts = replace(
            facts, still_open=tuple(i for i in facts.still_open if i.severity.value in tags)
        )
        if Severity.INFO.value not in tags:
            facts = replace(facts, notes=(), first_run=False, inventory=None, all_well_since=None)
    heard = tuple(problem for problem in problems if problem.not_for != key or not key)
    return Content(facts, tuple(changes), heard)


def says_something(content: Content, *, always: bool, tags: frozenset[str] = frozenset()) -> bool:
    """Whether there is anything to tell; `always`: that nothing changed, too."""
    facts = content.facts
    for_information = not tags or Severity.INFO.value in tags
    return bool(
        content.changes
        or content.problems
        or facts.first_run
        or facts.notes
        or facts.all_well_since
        or (always and for_information)
    )
