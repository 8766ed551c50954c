"""Send what waits, or past the outbox where there is none."""

import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.errors import (
    StateError,
)
from netwatch_notify.model.change import Problem
from netwatch_notify.model.message import Delivery, Destination, OutboxEntry, Parcel
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.render import render
from netwatch_notify.report.serial import view_from_json
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.view import build_view
from netwatch_notify.store import outbox
from netwatch_notify.store.database import Database

log = logging.getLogger(__name__)

SEND_SECONDS = 60.0
"""One message to one destination; a slow mail server greets within 30 s."""


def deliver_due(database: Database, destinations: Sequence[Destination], network: str) -> list[str]:
    """Send what waits, each destination by itself, and return a line for each that failed."""
    entries = outbox.claim(database, view_from_json, datetime.now(UTC))
    if not entries:
        return []
    from netwatch_notify.deliver import apprise_sender

    known = {destination.key: destination for destination in destinations}
    jobs: dict[str, list[OutboxEntry]] = {}
    failures: list[str] = []
    for entry in entries:
        if entry.destination in known:
            jobs.setdefault(entry.destination, []).append(entry)
        else:
            reason = "is not configured any more; its message was given up"
            outbox.give_up(database, entry, reason)
            failures.append(f"{entry.destination}: {reason}")

    def send(entry: OutboxEntry) -> Delivery:
        destination = known[entry.destination]
        message = render(entry.view, destination.format)
        parcel = Parcel(message, entry.id, entry.run_id, network)
        return apprise_sender.send(destination, parcel)

    def record(entry: OutboxEntry, delivery: Delivery) -> None:
        outbox.record(database, entry, delivery, datetime.now(UTC))
        if not delivery.delivered:
            failures.append(f"{entry.destination}: not delivered: {delivery.reason}")

    deliver_side_by_side(jobs, send, record, deadline_seconds=SEND_SECONDS)
    return failures


def tell_without_state(plan: Plan, error: StateError) -> None:
    """The state cannot be used: tell each destination at once, past the outbox."""
    now = datetime.now(UTC)
    problem = Problem("state", "the state directory cannot be used", (str(error),))
    facts = RunFacts(plan.network, None, "run", "failed", now, now, 0.0, 0.0, None, parts_good=0)
    view = build_view(facts, (), (problem,), plan.zone)
    from netwatch_notify.deliver import apprise_sender

    known = {d.key: d for d in plan.destinations}
    jobs = {
        key: [OutboxEntry(number, 0, key, shorten(view, d.budget, d.format), 0, now)]
        for number, (key, d) in enumerate(known.items(), int(time.time()))
    }

    def send(entry: OutboxEntry) -> Delivery:
        destination = known[entry.destination]
        message = render(entry.view, destination.format)
        parcel = Parcel(message, entry.id, os.getpid(), plan.network)
        return apprise_sender.send(destination, parcel)

    def record(entry: OutboxEntry, delivery: Delivery) -> None:
        if not delivery.delivered:
            log.error("%s: not delivered: %s", entry.destination, delivery.reason)

    deliver_side_by_side(jobs, send, record, deadline_seconds=SEND_SECONDS)
