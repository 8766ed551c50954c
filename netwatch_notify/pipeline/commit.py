"""What a run decided, written down: inventory, history and outbox in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netwatch_notify.diff.policy import Verdict
from netwatch_notify.diff.standing import Applied
from netwatch_notify.errors import StateError
from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.figures import LastScan
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.rule import Acceptance
from netwatch_notify.model.scan import Coverage
from netwatch_notify.pipeline import milestones
from netwatch_notify.pipeline.delivery import STDOUT
from netwatch_notify.pipeline.plan import Outgoing, Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.json_report import change_json, report_text
from netwatch_notify.report.serial import view_to_json
from netwatch_notify.scan.ending import assumed_coverage
from netwatch_notify.store import figures, folders, outbox, rules, runs
from netwatch_notify.store.failing import GivenUp, record_told
from netwatch_notify.store.inventory import settle
from netwatch_notify.store.ledger import record_ledger
from netwatch_notify.store.pruning import prune


@dataclass(frozen=True, slots=True)
class Decided:
    """All that a run has decided."""

    verdict: Verdict
    facts: RunFacts
    changes: Sequence[Change]
    """What is told."""
    applied: Applied
    """What the rules made of it."""
    expired: Sequence[Acceptance]
    body: Mapping[str, Any]
    """What `--json` prints."""
    problems: Sequence[Problem]
    """Those that are counted from night to night."""
    messages: Sequence[Outgoing]
    given_up: Sequence[GivenUp]
    """The undelivered messages that these tell of."""
    ledger_before: Sequence[OpenItem]
    ledger: Sequence[OpenItem]


def commit(session: Session, scan: Scan, decided: Decided) -> None:
    """Inventory, history and outbox in one transaction: after it, nothing can be lost."""
    database, run_id, facts = session.database, session.run_id, decided.facts
    if run_id is None:
        raise StateError("a preview commits nothing")
    coverages: tuple[Coverage, ...] = ()
    if decided.verdict.settled.hosts or not session.inventory.is_empty:
        coverages = _all_coverages(session.inventory, scan)
    with database.atomic():
        settle(database, session.inventory, decided.verdict.settled, coverages)
        good = [r.part.label for r in scan.results if r.ended_properly]
        where = f"scans/{run_id}"
        xml = {label: f"{where}/{scan.files[label]}" for label in good}
        runs.record_good_parts(database, xml, session.now)
        runs.record_problems(database, decided.problems, session.now)
        version = next((r.header.version for r in scan.everything if r.header.version), "")
        figures.record_scan(database, LastScan(facts.parts_good, facts.parts_total, version))
        told = {change.id: change for change in decided.changes}
        kinds = Counter(change.kind.value for change in told.values())
        figures.record_told(database, kinds)
        bodies = {entry["id"]: entry for entry in decided.body["changes"]}
        runs.add_changes(database, run_id, ((c, bodies[i], None) for i, c in told.items()))
        hidden = {change.id: (change, rule) for change, rule in decided.applied.hidden}
        runs.add_changes(
            database, run_id, ((c, change_json(c), rule.id) for c, rule in hidden.values())
        )
        rules.record_use(database, decided.applied.used, decided.applied.over)
        rules.record_expired(database, decided.expired)
        record_ledger(database, decided.ledger_before, decided.ledger)
        runs.complete_run(
            database,
            run_id,
            status=facts.status,
            ended_at=facts.ended_at,
            fast_seconds=facts.fast_seconds,
            detail_seconds=facts.detail_seconds,
            hosts_up=facts.hosts_up,
            coverages=(r.coverage for r in scan.results if r.ended_properly and r.coverage),
            content=scan.content,
            problems=decided.body["problems"],
            told_interruptions=session.interrupted,
        )
        if decided.messages:
            runs.record_message(database, session.now)
            record_told(database, decided.given_up)
        report = report_text(decided.body)
        for message in decided.messages:
            destination = message.destination
            outbox.add(
                database,
                run_id,
                destination.key if destination else STDOUT,
                view_to_json(message.view),
                facts.ended_at,
                report=report if destination and destination.command else "",
                held_until=message.held_until,
                together=session.plan.together if destination and not destination.command else None,
            )
    milestones.committed(kinds, len(hidden), decided.problems)
    for message in decided.messages:
        key = message.destination.key if message.destination else STDOUT
        milestones.message_made(key, message.held_until)
    if facts.status == "done":
        folders.point_latest(session.plan.state, run_id)


def forget_old(session: Session) -> None:
    """
    Remove what is older than it is to be kept; nothing may read an old scan any more.

    Age counts by the run before this one, or by this one where its clock is behind: a clock that
    is wrong for one night, by years perhaps, makes nothing old.
    """
    before = runs.started_before(session.database, session.run_id or 0) or session.now
    kept = prune(session.database, session.plan.keep_days, min(session.now, before))
    folders.remove_folders(session.plan.state, kept)
    milestones.pruned(session.plan.keep_days)


def _all_coverages(inventory: Inventory, scan: Scan) -> tuple[Coverage, ...]:
    """What the inventory stands for now: before, and what ended properly this night."""
    merged: dict[tuple[object, ...], Coverage] = {}
    fresh = [
        result.coverage or assumed_coverage(result.header)
        for result in scan.results
        if result.ended_properly
    ]
    for coverage in (*inventory.coverages, *fresh):
        ports = tuple(sorted((p.value, r.spans) for p, r in coverage.ports.items()))
        key = (ports, coverage.types, coverage.open_only)
        if key in merged:
            joined = merged[key].addresses | coverage.addresses
            merged[key] = replace(coverage, addresses=joined)
        else:
            merged[key] = coverage
    return tuple(merged.values())
