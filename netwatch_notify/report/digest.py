"""Several nights in one message: for a destination that could not be reached for some time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.report.words import counted, day

PROBLEM_RANK = -1
"""Problems come before the worst change."""


@dataclass(frozen=True, slots=True)
class Told:
    """One run's message."""

    run_id: int
    view: View
    made_at: datetime
    command: str = "netwatch-notify"
    """How the program is called about the run's network."""


def join_views(parts: Sequence[Told], given_up: Sequence[Told], zone: tzinfo) -> View:
    """
    Return one message that tells all of `parts`, oldest first, each under its day.

    What is still open is said once, as the last of them has it. `given_up`: messages that will
    not come any more; where to read them is said. The result is not shortened.
    """
    last = parts[-1]
    sections = [Section("", tuple(_opening(parts, given_up, zone, last.made_at)), stays=True)]
    for part in parts:
        at = day(part.made_at, zone, last.made_at).upper()
        sections.append(Section(f"{at}: {fact_of(part.view)}", stays=True))
        sections += [
            section for section in part.view.sections if part is last or not _is_ledger(section)
        ]
    return replace(
        last.view,
        subject=_subject(parts),
        sections=tuple(sections),
        rest=_where(parts) if any(part.view.rest for part in parts) else "",
    )


def _opening(
    parts: Sequence[Told], given_up: Sequence[Told], zone: tzinfo, run_at: datetime
) -> list[Item]:
    opening = []
    if len(parts) > 1:
        nights = f"{counted(len(parts), 'message')} in one, oldest first"
        opening.append(Item(f"{nights}: they could not be delivered before."))
    return [*opening, *lost_items(given_up, zone, run_at)]


def lost_items(given_up: Sequence[Told], zone: tzinfo, run_at: datetime) -> list[Item]:
    """Return a problem for each message that will not come any more."""
    return [
        Item(
            f"PROBLEM: the message of {day(told.made_at, zone, run_at)} was given up",
            details=("it could not be delivered for too long", f"Try: {_show(told)}"),
            kind="problem",
        )
        for told in given_up
    ]


def _subject(parts: Sequence[Told]) -> str:
    """Return the worst night's subject, with how many nights there are."""
    worst = min(parts, key=lambda part: badness(part.view))
    network, colon, _ = worst.view.subject.partition(": ")
    if len(parts) == 1 or not colon:
        return worst.view.subject
    _, dot, last_day = parts[-1].view.subject.rpartition(" · ")
    fact = f"{network}: {len(parts)} messages, {fact_of(worst.view)}"
    return f"{fact} · {last_day}" if dot else fact


def fact_of(view: View) -> str:
    """Return what a subject says between the network and the day."""
    fact = view.subject.partition(": ")[2] or view.subject
    return fact.rpartition(" · ")[0] or fact


def badness(view: View) -> int:
    """Return how bad the worst of it is; the lower, the worse."""
    if any(item.headline.startswith("PROBLEM") for s in view.sections for item in s.items):
        return PROBLEM_RANK
    return min((section.rank for section in view.sections if not section.stays), default=99)


def _is_ledger(section: Section) -> bool:
    return section.stays and section.title == "STILL OPEN"


def _where(parts: Sequence[Told]) -> str:
    return ", ".join(_show(part) for part in parts)


def _show(told: Told) -> str:
    return f"{told.command} show {told.run_id}"
