"""From a scan to its consequences, top to bottom: compare, look closer, judge, commit, deliver."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from netwatch_notify.detail.script import details_script
from netwatch_notify.diff.breaker import Hold, find_held
from netwatch_notify.diff.compare import Differences, compare, touched_hosts
from netwatch_notify.diff.groups import with_groups
from netwatch_notify.diff.identity import identify, marks_of
from netwatch_notify.diff.ledger import WEEK, due, next_ledger, reminded
from netwatch_notify.diff.policy import Verdict, as_it_was, judge, take_inventory
from netwatch_notify.diff.settled import with_digests
from netwatch_notify.model.look import LookKind, SecondLook
from netwatch_notify.model.message import Destination, Format, View
from netwatch_notify.pipeline.commit import Decided, commit, forget_old
from netwatch_notify.pipeline.delivery import deliver_due
from netwatch_notify.pipeline.facts import coverage_facts, facts_of, problems_of
from netwatch_notify.pipeline.look import host_keys, plan_second_look
from netwatch_notify.pipeline.people import People
from netwatch_notify.pipeline.plan import Outcome, Plan, Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.json_report import json_report
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.view import build_view, shown_ids
from netwatch_notify.scan.second import LookCommand, look_closer
from netwatch_notify.store import folders, history, runs
from netwatch_notify.store.ledger import load_ledger


def conclude(session: Session, scan: Scan, nmap: str, look: SecondLook | None = None) -> Outcome:
    """Compare, look closer (unless `look` is given), judge, commit, deliver."""
    plan = session.plan
    people = People(session, scan)
    found = _compare(session, scan)
    decision = _decide(session, scan, people, found, nmap, look)
    told = people.told(decision.verdict.changes)
    changes = with_groups(told)
    fresh = problems_of(session, scan, found)
    fresh += (people.names.problem,) if people.names.problem else ()
    lasting = runs.count_problems(session.database, fresh, session.now)
    problems = (*lasting, *(hold.to_problem() for hold in decision.holds))
    takes_inventory = session.inventory.is_empty and bool(decision.verdict.settled.hosts)
    facts = facts_of(
        session,
        scan,
        found,
        decision.verdict,
        decision.detail_seconds,
        takes_inventory,
        people.names,
    )
    facts = replace(facts, notes=(*facts.notes, *people.notes(decision.verdict)))
    is_told = bool(changes or problems or takes_inventory or facts.notes or plan.always)
    if not is_told:
        facts = replace(facts, all_well_since=_all_well_since(session, facts))
        is_told = facts.all_well_since is not None
    before = load_ledger(session.database)
    ledger = next_ledger(
        before, changes, people.reopened(decision.verdict), decision.verdict, session.now
    )
    if is_told:
        reminders = due(ledger, changes, session.now)
        ledger = reminded(ledger, reminders, session.now)
        facts = replace(facts, still_open=reminders)
        near = history.near_ids(session.database, shown_ids(facts, changes, problems))
        facts = replace(facts, taken_ids=near)
    _keep_script(session, decision.commands)
    view = build_view(facts, changes, problems, plan.zone)
    views = _views(view, plan) if is_told else ()
    body = json_report(facts, changes, problems, coverage_facts(scan))
    broken = [p for p in lasting if p.key.partition(":")[0] not in ("interrupted", "names")]
    failures = [f"{p.headline}: {p.details[0]}" if p.details else p.headline for p in broken]
    exit_code = 3 if broken else 0
    if not plan.dry_run:
        folders.write_private(session.folder / "report.txt", render(view, Format.TEXT).body)
        commit(
            session,
            scan,
            Decided(
                verdict=people.names.keep(decision.verdict),
                facts=facts,
                changes=changes,
                applied=people.applied,
                expired=people.expired,
                body=body,
                problems=lasting,
                views=views,
                ledger_before=before,
                ledger=ledger,
            ),
        )
        undelivered = deliver_due(session.database, plan.destinations, plan.network)
        if undelivered and not exit_code:
            exit_code = 4
        failures += undelivered
        session.finish_fast_diff(keep=any(r.ended_properly for r in scan.results))
        forget_old(session)
    shown = scan.commands + tuple(command.argv for command in decision.commands)
    return Outcome(exit_code, body, views, shown, tuple(failures))


@dataclass(frozen=True, slots=True)
class _Decision:
    """What came of looking closer and judging."""

    verdict: Verdict
    holds: tuple[Hold, ...] = ()
    commands: tuple[LookCommand, ...] = ()
    detail_seconds: float = 0.0


def _compare(session: Session, scan: Scan) -> Differences:
    """Compare with the inventory, and see who only moved."""
    session.load_hosts(touched_hosts(session.inventory, scan.everything))
    found = compare(session.inventory, scan.everything)
    if session.inventory.is_empty:
        return found
    session.load_kin(marks_of(found), ())
    dynamic = session.plan.rules.dynamic
    return identify(found, session.inventory, dynamic)


def _decide(
    session: Session,
    scan: Scan,
    people: People,
    found: Differences,
    nmap: str,
    look: SecondLook | None,
) -> _Decision:
    """
    Hold back what looks broken, look closer at the rest, and judge.

    A run no part of which ended properly changes nothing: the next one sees the same, and more.
    """
    plan, results = session.plan, scan.results
    if not any(result.ended_properly for result in results):
        return _Decision(as_it_was(session.inventory))
    if session.inventory.is_empty:
        seen = found.seen.values()
        version = next((r.header.version for r in results if r.header.version), "")
        verdict = take_inventory(seen, session.now, version) if seen else Verdict()
        return _Decision(with_digests(verdict, session.inventory, scan.everything))
    holds = find_held(
        found,
        session.inventory,
        results,
        plan.suspicious_share,
        session.now,
        restless=people.restless,
        accepted=people.accepted_holds(),
    )
    held = frozenset(address for hold in holds for address in hold.addresses)
    looks_again = look is None
    commands = plan_second_look(session, found, held, people.sleepers, nmap, refresh=looks_again)
    started = time.monotonic()
    if look is None:
        end = started + plan.second_look_seconds
        look = look_closer(commands, session.runner, plan.detail_parallel, end)
    seconds = time.monotonic() - started if looks_again else 0.0
    keys = host_keys(found, look)
    if keys:
        session.load_kin((), frozenset(keys.values()))
        found = identify(found, session.inventory, plan.rules.dynamic, keys)
    session.load_more({address for address, _ in look.refreshed})
    session.load_past()
    last = runs.last_settled_at(session.database)
    verdict = judge(found, session.inventory, results, holds, look, plan.rules, session.now, last)
    verdict = with_digests(verdict, session.inventory, scan.everything)
    return _Decision(verdict, holds, commands, seconds)


def _all_well_since(session: Session, facts: RunFacts) -> datetime | None:
    """Return when the last message was made, if a quiet week is over and worth a line."""
    if facts.status != "done" or not session.plan.says_all_well:
        return None
    last = runs.last_message_at(session.database)
    return last if last is not None and session.now - last >= WEEK else None


def _keep_script(session: Session, commands: Sequence[LookCommand]) -> None:
    """Keep the detail scan as a script beside its results."""
    details = [c.argv for c in commands if c.look.kind is LookKind.DETAIL]
    if details and not session.plan.dry_run:
        comment = f"detail scan of run {session.run_id}, network {session.plan.network}"
        script = details_script(details, comment)
        folders.write_private(session.folder / "details.sh", script, 0o700)


def _views(view: View, plan: Plan) -> tuple[tuple[Destination | None, View], ...]:
    if not plan.destinations:
        return ((None, view),)
    return tuple((d, shorten(view, d.budget, d.format)) for d in plan.destinations)


def report_text(outcome: Outcome) -> str:
    """Return the report as `--json` prints it."""
    return json.dumps(outcome.report, indent=2, ensure_ascii=False)
