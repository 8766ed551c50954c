"""What a run decided, written down: inventory, history and outbox in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from netwatch_notify.diff.policy import Verdict
from netwatch_notify.errors import StateError
from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.message import Destination, View
from netwatch_notify.model.scan import Coverage
from netwatch_notify.pipeline.plan import Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.serial import view_to_json
from netwatch_notify.scan.ending import assumed_coverage
from netwatch_notify.store import folders, outbox, runs
from netwatch_notify.store.inventory import settle


def commit(
    session: Session,
    scan: Scan,
    verdict: Verdict,
    facts: RunFacts,
    changes: Sequence[Change],
    body: Mapping[str, Any],
    problems: Sequence[Problem],
    views: Sequence[tuple[Destination | None, View]],
) -> None:
    """Inventory, history and outbox in one transaction: after it, nothing can be lost."""
    database, run_id = session.database, session.run_id
    if run_id is None:
        raise StateError("a preview commits nothing")
    coverages = _all_coverages(session.inventory, scan)
    with database.atomic():
        settle(
            database,
            session.inventory,
            verdict.hosts,
            verdict.absences,
            verdict.held,
            coverages if verdict.hosts or not session.inventory.is_empty else (),
        )
        good = [r.part.label for r in scan.results if r.ended_properly]
        where = f"scans/{run_id}"
        xml = {label: f"{where}/{scan.files[label]}" for label in good}
        runs.record_good_parts(database, xml, session.now)
        runs.record_problems(database, problems, session.now)
        bodies = {entry["id"]: entry for entry in body["changes"]}
        told = {change.id: change for change in changes}
        runs.add_changes(database, run_id, told.values(), (bodies[i] for i in told))
        runs.complete_run(
            database,
            run_id,
            status=facts.status,
            ended_at=facts.ended_at,
            fast_seconds=facts.fast_seconds,
            detail_seconds=facts.detail_seconds,
            hosts_up=facts.hosts_up,
            coverages=(r.coverage for r in scan.results if r.coverage),
            content=scan.content,
            told_interruptions=session.interrupted,
        )
        for destination, view in views:
            if destination is not None:
                outbox.add(database, run_id, destination.key, view_to_json(view), facts.ended_at)
    if facts.status == "done":
        folders.point_latest(session.plan.state, run_id)


def forget_old(session: Session) -> None:
    """Remove what is older than it is to be kept; nothing may read an old scan any more."""
    old = runs.prune(session.database, session.plan.keep_days, datetime.now(UTC))
    folders.remove_folders(session.plan.state, old)


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
