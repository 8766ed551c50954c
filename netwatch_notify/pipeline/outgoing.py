"""A run's message for each destination: the part it hears of, as long as it takes, and when."""

from collections.abc import Sequence
from datetime import datetime

from netwatch_notify.deliver.due import next_time
from netwatch_notify.model.change import Problem
from netwatch_notify.model.message import Destination, View
from netwatch_notify.pipeline.plan import Outgoing, Plan
from netwatch_notify.report.route import Content, routed, says_something
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.view import build_view


def outgoing_messages(content: Content, plan: Plan) -> tuple[Outgoing, ...]:
    """Return the messages, none for whom there is nothing to hear."""
    if not plan.destinations:
        if not says_something(content, always=plan.always):
            return ()
        return (Outgoing(None, _whole_view(content, plan)),)
    found = (_message(content, destination, plan) for destination in plan.destinations)
    return tuple(message for message in found if message)


def is_heard(problem: Problem, destinations: Sequence[Destination]) -> bool:
    """Whether anybody is told of a problem."""
    return not problem.not_for or any(d.key != problem.not_for for d in destinations)


def _message(content: Content, destination: Destination, plan: Plan) -> Outgoing | None:
    heard = routed(content, destination.key, destination.tags)
    if not says_something(heard, always=plan.always, tags=destination.tags):
        return None
    return Outgoing(
        destination, fit(_whole_view(heard, plan), destination), _held_until(heard, plan)
    )


def fit(view: View, destination: Destination) -> View:
    """Return as much of the view as the destination takes."""
    attached = destination.takes_files
    return shorten(view, destination.budget, destination.format, attached=attached)


def _whole_view(content: Content, plan: Plan) -> View:
    return build_view(content.facts, content.changes, content.problems, plan.zone)


def _held_until(content: Content, plan: Plan) -> datetime | None:
    """
    Return when the message leaves, if not at once.

    Counted from the start of the run: a scan that ends after `SEND_AT` waits for no other day.
    """
    if plan.send_at is None or content.severities() & plan.urgent:
        return None
    at = next_time(content.facts.started_at, plan.send_at, plan.zone)
    return at if at > content.facts.ended_at else None
