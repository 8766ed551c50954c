"""Send what waits, or past the outbox where there is none."""

import logging
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from netwatch_notify.deliver.backoff import next_attempt_at
from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.deliver.due import Due, due_rows, removed_rows
from netwatch_notify.deliver.fingerprint import fingerprint
from netwatch_notify.deliver.hook import run_hook
from netwatch_notify.errors import StateError
from netwatch_notify.model.change import Problem
from netwatch_notify.model.message import (
    Delivery,
    Destination,
    Format,
    Message,
    OutboxEntry,
    Parcel,
)
from netwatch_notify.pipeline.outgoing import fit
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.report.digest import Told, join_views
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.json_report import json_report, report_text
from netwatch_notify.report.render import render
from netwatch_notify.report.route import Content, routed, says_something
from netwatch_notify.report.serial import view_from_json, view_to_json
from netwatch_notify.report.view import build_view
from netwatch_notify.store import folders, outbox
from netwatch_notify.store.database import Database

log = logging.getLogger(__name__)

SEND_SECONDS = 60.0
"""One message to one destination; a slow mail server greets within 30 s."""
STDOUT = "standard output"
"""The destination where none is set; what goes there waits like anything else."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one message that was tried, or given up untried."""

    destination: str
    state: str
    """As store/outbox.py has it."""
    reason: str
    is_first: bool
    """Whether it failed for the first time."""

    @property
    def is_news(self) -> bool:
        """Whether it is more than one more failure of the same message."""
        return self.is_first or self.state in ("failed", "given-up")

    def __str__(self) -> str:
        told = {"failed": "not delivered, and not tried again", "given-up": "given up"}
        return f"{self.destination}: {told.get(self.state, 'not delivered')}: {self.reason}"


def deliver_due(database: Database, plan: Plan) -> list[Attempt]:
    """
    Send what is due, each destination by itself, and return what failed.

    What is for standard output is left to `print_due`.
    """
    if not outbox.has_work(database):
        return []
    known = {destination.key: destination for destination in plan.destinations}
    failed: list[Attempt] = []
    oldest = datetime.now(UTC) - plan.outbox_time
    outbox.revive(database, {k: fingerprint(d.url) for k, d in known.items()}, oldest, set())
    jobs = _claim(database, plan, known, failed)
    failures = {key: max(e.attempts for e in entries) + 1 for key, entries in jobs.items()}
    got_through: set[str] = set()

    def send(entry: OutboxEntry) -> Delivery:
        return _send(known[entry.destination], entry, plan.network, plan.state)

    def record(entry: OutboxEntry, delivery: Delivery) -> None:
        now = datetime.now(UTC)
        asked = delivery.retry_after_seconds
        jitter = random.random()  # noqa: S311  # spreads attempts, hides nothing
        state = outbox.record(
            database,
            entry,
            delivery,
            now,
            next_at=next_attempt_at(failures[entry.destination], now, jitter, asked),
            given_up_before=now - plan.outbox_time,
            fingerprint=fingerprint(known[entry.destination].url),
        )
        if delivery.delivered:
            got_through.add(entry.destination)
        elif delivery.tried:
            first = entry.attempts == 0
            failed.append(Attempt(entry.destination, state, delivery.reason, first))

    deliver_side_by_side(jobs, send, record, deadline_seconds=SEND_SECONDS)
    if got_through:
        outbox.revive(database, {}, oldest, got_through)
    return failed


def _claim(
    database: Database, plan: Plan, known: Mapping[str, Destination], failed: list[Attempt]
) -> dict[str, list[OutboxEntry]]:
    """Take what is due, several nights as one message, and give up what has nowhere to go."""
    with database.atomic():
        # Not before: while this waited for the database, another may have claimed with a later
        # clock, and a claim from the future counts as none.
        now = datetime.now(UTC)
        rows = outbox.waiting_rows(database, now)
        keys = known.keys() if known else {STDOUT}
        for row in removed_rows(rows, keys):
            outbox.give_up(database, row.id, outbox.REMOVED, now)
            failed.append(Attempt(row.destination, "given-up", outbox.REMOVED, is_first=False))
        failed += [
            Attempt(key, "given-up", outbox.REMOVED, is_first=False)
            for key in outbox.give_up_removed(database, keys)
        ]
        outdated = outbox.digests_with_given_up(database)
        jobs = {}
        for due in due_rows(rows, known, now):
            ids = [*due.alone, *_together(database, due, known, plan, outdated)]
            jobs[due.destination] = outbox.take(database, ids, view_from_json, now)
    return jobs


def _together(
    database: Database,
    due: Due,
    known: Mapping[str, Destination],
    plan: Plan,
    outdated: set[int],
) -> Sequence[int]:
    """Return the row that tells all of them, made now where there is more than one."""
    ids = due.together
    if len(ids) < 2 and not outdated.intersection(ids):
        return ids
    destination = known[due.destination]
    parts = outbox.originals(database, ids, view_from_json)
    told = [Told(p.run_id, p.view, p.created_at) for p in parts if not p.is_given_up]
    lost = [Told(p.run_id, p.view, p.created_at) for p in parts if p.is_given_up]
    view = fit(join_views(told, lost, plan.zone), destination)
    alive = [part for part in parts if not part.is_given_up]
    return [outbox.join(database, ids, alive, view_to_json(view))]


def _send(destination: Destination, entry: OutboxEntry, network: str, state: Path) -> Delivery:
    """Send one message; runs in a process of its own."""
    if destination.command:
        return run_hook(destination, entry, network)
    from netwatch_notify.deliver import apprise_sender

    message = render(entry.view, destination.format)
    files: tuple[Path, ...] = ()
    if destination.takes_files and any(section.left_out for section in entry.view.sections):
        reports = [folders.report_path(state, run) for run in entry.runs]
        files = tuple(path for path in reports if path.exists())
    parcel = Parcel(message, entry.id, entry.run_id, network, files)
    return apprise_sender.send(destination, parcel, folders.service_folder(state))


def print_due(
    database: Database, say: Callable[[Message], None], run_id: int | None = None
) -> None:
    """
    Hand what waits for standard output to `say`, oldest first: of all runs, or of one.

    A row counts as printed when `say` returns; what it raises leaves the row to the next process.
    """
    with database.atomic():
        now = datetime.now(UTC)
        rows = outbox.waiting_rows(database, now)
        ids = [row.id for row in rows if row.destination == STDOUT and not row.is_claimed]
        if run_id is not None:
            ids = [i for i in ids if outbox.run_of(database, i) == run_id]
        entries = outbox.take(database, ids, view_from_json, now)
    for entry in entries:
        say(render(entry.view, Format.TEXT))
        outbox.record(
            database, entry, Delivery(True), datetime.now(UTC), next_at=now, given_up_before=now
        )


def tell_without_state(plan: Plan, error: StateError) -> None:
    """The state cannot be used: tell each destination at once, past the outbox."""
    now = datetime.now(UTC)
    problem = Problem("state", "the state directory cannot be used", (str(error),))
    facts = RunFacts(plan.network, None, "run", "failed", now, now, 0.0, 0.0, None, parts_good=0)
    body = report_text(json_report(facts, (), (problem,)))
    known = {d.key: d for d in plan.destinations}
    jobs: dict[str, list[OutboxEntry]] = {}
    for number, (key, d) in enumerate(known.items(), int(time.time())):
        content = routed(Content(facts, (), (problem,)), key, d.tags)
        if says_something(content, always=False):
            view = build_view(facts, (), content.problems, plan.zone)
            jobs[key] = [OutboxEntry(number, os.getpid(), key, fit(view, d), 0, now, body)]
    send_at_once(jobs, known, plan.network)


def send_at_once(
    jobs: Mapping[str, Sequence[OutboxEntry]], known: Mapping[str, Destination], network: str
) -> dict[str, Delivery]:
    """Send past the outbox, and return how it went by destination; failures are logged."""
    outcomes: dict[str, Delivery] = {}

    def send(entry: OutboxEntry) -> Delivery:
        destination = known[entry.destination]
        if destination.command:
            return run_hook(destination, entry, network)
        from netwatch_notify.deliver import apprise_sender

        message = render(entry.view, destination.format)
        return apprise_sender.send(destination, Parcel(message, entry.id, entry.run_id, network))

    def record(entry: OutboxEntry, delivery: Delivery) -> None:
        outcomes[entry.destination] = delivery
        if not delivery.delivered:
            log.error("%s: not delivered: %s", entry.destination, delivery.reason)

    deliver_side_by_side(jobs, send, record, deadline_seconds=SEND_SECONDS)
    return outcomes
