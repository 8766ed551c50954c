"""Send what waits, or past the outbox where there is none."""

import logging
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from netwatch_notify.deliver.backoff import next_attempt_at
from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.deliver.due import Due, due_rows, removed_rows
from netwatch_notify.deliver.fingerprint import fingerprint
from netwatch_notify.deliver.hook import run_hook
from netwatch_notify.errors import StateError
from netwatch_notify.log.about import about
from netwatch_notify.model.change import Problem
from netwatch_notify.model.message import (
    Delivery,
    Destination,
    Format,
    Message,
    OutboxEntry,
    Parcel,
    View,
)
from netwatch_notify.pipeline import milestones
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


class Sending(Protocol):
    """Of a `Plan`, what it takes to send."""

    @property
    def network(self) -> str: ...
    @property
    def state(self) -> Path: ...
    @property
    def destinations(self) -> tuple[Destination, ...]: ...
    @property
    def outbox_time(self) -> timedelta: ...
    @property
    def zone(self) -> tzinfo: ...


class Joining(Protocol):
    """How several messages for one destination become one."""

    def is_whole(self, row_id: int) -> bool:
        """Whether a row that is due alone may go as it is."""

    def join(self, told: Sequence[Told], lost: Sequence[Told], destination: str) -> View: ...

    def reports(self, entry: OutboxEntry) -> list[Path]:
        """Return where the whole reports lie of what an entry tells."""


@dataclass(frozen=True, slots=True)
class Nights:
    """Several nights of one network."""

    plan: Sending

    def is_whole(self, row_id: int) -> bool:  # noqa: ARG002
        return True

    def join(self, told: Sequence[Told], lost: Sequence[Told], destination: str) -> View:  # noqa: ARG002
        return join_views(told, lost, self.plan.zone)

    def reports(self, entry: OutboxEntry) -> list[Path]:
        return [folders.report_path(self.plan.state, run) for run in entry.runs]


def deliver_due(
    database: Database,
    plan: Sending,
    joining: Joining | None = None,
    *,
    knows_all: bool = True,
) -> list[Attempt]:
    """
    Send what is due, each destination by itself, and return what failed.

    What is for standard output is left to `print_due`. `knows_all`: what is for none of the
    plan's destinations is given up.
    """
    joining = joining or Nights(plan)
    if not outbox.has_work(database):
        return []
    known = {destination.key: destination for destination in plan.destinations}
    failed: list[Attempt] = []
    oldest = datetime.now(UTC) - plan.outbox_time
    outbox.revive(database, {k: fingerprint(d.url) for k, d in known.items()}, oldest, set())
    jobs = _claim(database, joining, known, failed, knows_all=knows_all)
    failures = {key: max(e.attempts for e in entries) + 1 for key, entries in jobs.items()}
    files = {entry.id: joining.reports(entry) for some in jobs.values() for entry in some}
    got_through: set[str] = set()

    def send(entry: OutboxEntry) -> Delivery:
        with about(plan.network, entry.runs[-1] if entry.runs else entry.run_id):
            return _send(known[entry.destination], entry, plan, files.get(entry.id, []))

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
        milestones.message_tried(entry, state, delivery)
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
    database: Database,
    joining: Joining,
    known: Mapping[str, Destination],
    failed: list[Attempt],
    *,
    knows_all: bool,
) -> dict[str, list[OutboxEntry]]:
    """Take what is due, several nights as one message, and give up what has nowhere to go."""
    with database.atomic():
        # Not before: while this waited for the database, another may have claimed with a later
        # clock, and a claim from the future counts as none.
        now = datetime.now(UTC)
        rows = outbox.waiting_rows(database, now)
        keys = known.keys() if known else {STDOUT}
        for row in removed_rows(rows, keys) if knows_all else ():
            outbox.give_up(database, row.id, outbox.REMOVED, now)
            failed.append(Attempt(row.destination, "given-up", outbox.REMOVED, is_first=False))
        failed += [
            Attempt(key, "given-up", outbox.REMOVED, is_first=False)
            for key in (outbox.give_up_removed(database, keys) if knows_all else ())
        ]
        outdated = outbox.digests_with_given_up(database)
        jobs = {}
        for due in due_rows(rows, known, now):
            ids = [*due.alone, *_together(database, due, known, joining, outdated)]
            jobs[due.destination] = outbox.take(database, ids, view_from_json, now)
    return jobs


def _together(
    database: Database,
    due: Due,
    known: Mapping[str, Destination],
    joining: Joining,
    outdated: set[int],
) -> Sequence[int]:
    """Return the row that tells all of them, made now where there is more than one."""
    ids = due.together
    if not ids or (len(ids) == 1 and joining.is_whole(ids[0]) and not outdated.intersection(ids)):
        return ids
    destination = known[due.destination]
    parts = outbox.originals(database, ids, view_from_json)
    told = [Told(p.run_id, p.view, p.created_at) for p in parts if not p.is_given_up]
    lost = [Told(p.run_id, p.view, p.created_at) for p in parts if p.is_given_up]
    view = fit(joining.join(told, lost, destination.key), destination)
    alive = [part for part in parts if not part.is_given_up]
    return [outbox.join(database, ids, alive, view_to_json(view))]


def _send(
    destination: Destination, entry: OutboxEntry, plan: Sending, reports: Sequence[Path]
) -> Delivery:
    """Send one message; runs in a process of its own."""
    if destination.command:
        return run_hook(destination, entry, plan.network)
    from netwatch_notify.deliver import apprise_sender

    message = render(entry.view, destination.format)
    files: tuple[Path, ...] = ()
    if destination.takes_files and any(section.left_out for section in entry.view.sections):
        files = tuple(path for path in reports if path.exists())
    parcel = Parcel(message, entry.id, entry.run_id, plan.network, files)
    return apprise_sender.send(destination, parcel, folders.service_folder(plan.state))


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
        printed = Delivery(True)
        state = outbox.record(
            database, entry, printed, datetime.now(UTC), next_at=now, given_up_before=now
        )
        milestones.message_tried(entry, state, printed)


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
