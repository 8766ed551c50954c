"""From a scan to its consequences, top to bottom: compare, look closer, judge, commit, deliver."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from netwatch_notify.detail.script import details_script
from netwatch_notify.diff.breaker import Hold, find_held
from netwatch_notify.diff.compare import Differences, compare, touched_hosts
from netwatch_notify.diff.groups import with_groups
from netwatch_notify.diff.identity import identify, marks_of
from netwatch_notify.diff.ledger import due, is_over_a_week, next_ledger, reminded
from netwatch_notify.diff.policy import Verdict, as_it_was, judge, take_inventory
from netwatch_notify.diff.settled import with_digests
from netwatch_notify.errors import DeliveryError
from netwatch_notify.model.look import LookKind, SecondLook
from netwatch_notify.model.message import Format
from netwatch_notify.pipeline import milestones
from netwatch_notify.pipeline.commit import Decided, commit, forget_old
from netwatch_notify.pipeline.delivery import deliver_due
from netwatch_notify.pipeline.facts import coverage_facts, facts_of, problems_of
from netwatch_notify.pipeline.look import host_keys, plan_second_look
from netwatch_notify.pipeline.outgoing import is_heard, outgoing_messages
from netwatch_notify.pipeline.people import People
from netwatch_notify.pipeline.plan import Outcome, Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.pipeline.undelivered import LASTING, delivery_problems
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.json_report import json_report
from netwatch_notify.report.render import render
from netwatch_notify.report.route import Content, says_something
from netwatch_notify.report.view import build_view, shown_ids
from netwatch_notify.scan.second import LookCommand, look_closer
from netwatch_notify.store import folders, history, runs
from netwatch_notify.store.failing import failing
from netwatch_notify.store.ledger import load_ledger

NO_FAULT_OF_THE_SCAN = ("interrupted", "names", "clock", *LASTING)
"""Keys of problems begin so that are told, but are no failure of this run."""


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
    undelivered, given_up = delivery_problems(session.database, datetime.now(UTC), plan.zone)
    fresh += undelivered
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
    # Who does not work does not hear of it, and a problem that nobody hears makes no message.
    heard = tuple(p for p in problems if is_heard(p, plan.destinations))
    content = Content(facts, tuple(changes), heard)
    if not says_something(content, always=plan.always):
        facts = replace(facts, all_well_since=_all_well_since(session, facts))
        content = replace(content, facts=facts)
    before = load_ledger(session.database)
    ledger = next_ledger(
        before, changes, people.reopened(decision.verdict), decision.verdict, session.now
    )
    if says_something(content, always=plan.always):
        reminders = due(ledger, changes, session.now)
        ledger = reminded(ledger, reminders, session.now)
        facts = replace(facts, still_open=reminders)
        shown = shown_ids(facts, changes, problems)
        # The run's own, too: a destination that hears of a part must not shorten an id to
        # what another of them begins with.
        taken = history.near_ids(session.database, shown) | shown
        facts = replace(facts, taken_ids=frozenset(taken))
        content = replace(content, facts=facts)
    _keep_script(session, decision.commands)
    messages = outgoing_messages(content, plan)
    body = json_report(facts, changes, problems, coverage_facts(scan))
    broken = [p for p in lasting if p.key.partition(":")[0] not in NO_FAULT_OF_THE_SCAN]
    failures = [f"{p.headline}: {p.details[0]}" if p.details else p.headline for p in broken]
    exit_code = 3 if broken else 0
    if not plan.dry_run:
        whole = render(build_view(facts, changes, problems, plan.zone), Format.TEXT)
        folders.write_private(session.folder / "report.txt", whole.body)
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
                messages=messages,
                given_up=given_up,
                ledger_before=before,
                ledger=ledger,
            ),
        )
        failed = deliver_due(session.database, plan)
        failures += map(str, failed)
        if not exit_code and (failed or failing(session.database)):
            exit_code = DeliveryError.exit_code
            failures = failures or list(map(str, failing(session.database)))
        session.finish_fast_diff(keep=any(r.ended_properly for r in scan.results))
        forget_old(session)
        milestones.run_ended(facts.status, exit_code, session.began_at)
    commands = scan.commands + tuple(command.argv for command in decision.commands)
    return Outcome(exit_code, body, messages, commands, tuple(failures))


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
    milestones.compared(found)
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
    milestones.held(holds)
    held = frozenset(address for hold in holds for address in hold.addresses)
    looks_again = look is None
    commands = plan_second_look(session, found, held, people.sleepers, nmap, refresh=looks_again)
    started = time.monotonic()
    if look is None:
        milestones.looking_closer(commands)
        end = started + plan.second_look_seconds
        look = look_closer(commands, session.runner, plan.detail_parallel, end)
    seconds = time.monotonic() - started if looks_again else 0.0
    if looks_again:
        milestones.looked_closer(seconds)
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
    return last if last is not None and is_over_a_week(last, session.now) else None


def _keep_script(session: Session, commands: Sequence[LookCommand]) -> None:
    """Keep the detail scan as a script beside its results."""
    details = [c.argv for c in commands if c.look.kind is LookKind.DETAIL]
    if details and not session.plan.dry_run:
        comment = f"detail scan of run {session.run_id}, network {session.plan.network}"
        script = details_script(details, comment)
        folders.write_private(session.folder / "details.sh", script, 0o700)
