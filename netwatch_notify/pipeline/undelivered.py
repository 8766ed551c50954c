"""What other destinations are told of one that does not work."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from netwatch_notify.model.change import Problem
from netwatch_notify.report.words import counted, day
from netwatch_notify.store.database import Database
from netwatch_notify.store.failing import Failing, GivenUp, failing, untold_given_up

LATE = timedelta(hours=20)
"""A message that is this late has missed its morning."""
LASTING = ("delivery", "given-up")
"""Keys of these problems begin so; they are no fault of the scan."""


def show_commands(found: GivenUp) -> str:
    """Return how to read what a message of one network told."""
    return ", ".join(f"netwatch-notify show {run}" for run in found.runs)


def delivery_problems(
    database: Database,
    now: datetime,
    zone: tzinfo,
    *,
    outbox: str = "netwatch-notify outbox",
    check: str = "netwatch-notify check --send",
    show: Callable[[GivenUp], str] = show_commands,
) -> tuple[tuple[Problem, ...], list[GivenUp]]:
    """
    Return a problem for each destination that does not work and each message given up.

    Also the messages given up, to be recorded as told with the run that tells of them. `outbox`,
    `check` and `show` are the commands that lead to the outbox, try the destinations, and show
    what a message told.
    """
    given_up = untold_given_up(database)
    late = [f for f in failing(database) if f.is_permanent or now - f.since >= LATE]
    problems = [_not_working(found, now, zone, outbox, check) for found in late]
    problems += [_given_up(found, now, zone, show(found)) for found in given_up]
    return tuple(problems), given_up


def _not_working(found: Failing, now: datetime, zone: tzinfo, outbox: str, check: str) -> Problem:
    since = f"{counted(found.messages, 'message')} not delivered, oldest "
    since += day(found.since, zone, now)
    remedy = f"Try: {check}"
    if found.is_permanent:
        remedy = f"Try: mend it, then {outbox} retry --all"
    details = (found.reason, since, remedy) if found.reason else (since, remedy)
    return Problem(
        f"delivery:{found.destination}",
        f"{found.destination}: messages do not arrive",
        details,
        not_for=found.destination,
    )


def _given_up(found: GivenUp, now: datetime, zone: tzinfo, shown: str) -> Problem:
    made = day(found.made_at, zone, now)
    return Problem(
        f"given-up:{found.id}",
        f"the message of {made} to {found.destination} was given up",
        (found.reason, f"Read it: {shown}"),
        not_for=found.destination if found.is_told_there else "",
    )
