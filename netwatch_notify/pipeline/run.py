"""The path of one run, read top to bottom: scan, compare, look closer, judge, commit, deliver."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from netwatch_notify.detail.plan import Questions, plan_looks
from netwatch_notify.detail.script import details_script
from netwatch_notify.diff.breaker import Hold, find_held
from netwatch_notify.diff.compare import Differences, Presence, compare, touched_hosts
from netwatch_notify.diff.policy import Verdict, judge, take_inventory
from netwatch_notify.diff.settled import with_digests
from netwatch_notify.errors import (
    ScanError,
)
from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.host import address_order
from netwatch_notify.model.look import LookKind, SecondLook
from netwatch_notify.model.message import Destination, Format, View
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import PartResult
from netwatch_notify.pipeline.commit import commit, forget_old
from netwatch_notify.pipeline.delivery import deliver_due
from netwatch_notify.pipeline.facts import coverage_facts, facts_of, problems_of
from netwatch_notify.pipeline.plan import Outcome, Plan, Scan
from netwatch_notify.pipeline.session import Session, open_session
from netwatch_notify.report.json_report import json_report
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.view import build_view
from netwatch_notify.scan.command import fast_command, plan_parts
from netwatch_notify.scan.fast import FastScan, Progress, file_name
from netwatch_notify.scan.names import resolve_targets, reverse_names
from netwatch_notify.scan.runner import find_nmap
from netwatch_notify.scan.second import LookCommand, look_closer, look_commands
from netwatch_notify.store import folders, runs


def run_scan(plan: Plan, on_progress: Callable[[Progress], None]) -> Outcome:
    """
    Make the whole run: what cron calls.

    Raises a NetwatchError where it cannot be made; what it then changed is nothing but the
    record that it was begun.
    """
    with open_session(plan, "run", datetime.now(UTC)) as session:
        try:
            nmap = find_nmap(plan.nmap)
            scan = _scan_network(session, nmap, on_progress)
        except ScanError as error:
            # Told like any other failed scan: silence would look like a quiet network.
            nmap = ""
            scan = Scan((), problems=(Problem("scan", "nothing was scanned", (str(error),)),))
        good = {r.part.label for r in scan.results if r.ended_properly}
        session.start_fast_diff(
            {label: session.folder / name for label, name in scan.files.items() if label in good}
        )
        return conclude(session, scan, nmap)


def _scan_network(session: Session, nmap: str, on_progress: Callable[[Progress], None]) -> Scan:
    plan = session.plan
    started = time.monotonic()
    targets = resolve_targets(plan.profile.targets)
    excluded = resolve_targets(plan.profile.exclude)
    if excluded.unresolved:
        name = excluded.unresolved[0]
        raise ScanError(f"NETWATCH_EXCLUDE: {name} does not resolve, so it cannot be left out")
    problems = tuple(
        Problem(
            f"name:{name}",
            f"{name} was not scanned",
            ("its name did not resolve", f"Try: getent ahosts {name}"),
        )
        for name in targets.unresolved
    )
    if not targets.targets:
        return Scan((), problems=problems)
    profile = replace(plan.profile, targets=targets.targets, exclude=excluded.targets)
    parts = plan_parts(profile)
    deadline = started + plan.scan_seconds
    fast = FastScan(nmap, profile, session.runner, deadline, on_progress, session.digests)
    results = fast.scan(parts, session.folder, "fast", plan.scan_parallel)
    again: tuple[PartResult, ...] = ()
    if session.inventory.is_empty and any(r.ended_properly and r.hosts for r in results):
        again = fast.scan(parts, session.folder, "fast-again", plan.scan_parallel)
    names = {
        ip: target.hostname
        for target in targets.targets
        if target.hostname
        for result in results
        for ip in (host.address for host in result.hosts)
        if ip in target.addresses
    }
    return Scan(
        results,
        again,
        names,
        problems,
        {part.label: file_name("fast", part, len(parts)) for part in parts},
        tuple(tuple(fast_command(nmap, profile, part)) for part in parts),
        time.monotonic() - started,
    )


def conclude(session: Session, scan: Scan, nmap: str, look: SecondLook | None = None) -> Outcome:
    """Compare, look closer, judge, commit, deliver."""
    session.load_hosts(touched_hosts(session.inventory, scan.everything))
    plan, inventory = session.plan, session.inventory
    found = compare(inventory, scan.everything)
    takes_inventory = inventory.is_empty and bool(found.seen)
    holds: tuple[Hold, ...] = ()
    commands: tuple[LookCommand, ...] = ()
    looked_for = time.monotonic()
    if inventory.is_empty:
        verdict = take_inventory(found.seen.values(), session.now) if found.seen else Verdict()
    else:
        results = scan.results
        holds = find_held(found, inventory, results, plan.suspicious_share, session.now)
        commands = _plan_second_look(session, found, holds, nmap)
        if look is None:
            end = time.monotonic() + plan.second_look_seconds
            look = look_closer(commands, session.runner, plan.detail_parallel, end)
        last = runs.last_settled_at(session.database)
        verdict = judge(found, inventory, holds, look, plan.rules, session.now, last)
    verdict = with_digests(verdict, inventory, scan.everything)
    detail_seconds = time.monotonic() - looked_for if look and look.was_made else 0.0
    changes = _with_names(verdict.changes, scan)
    fresh = problems_of(session, scan, found)
    lasting = runs.count_problems(session.database, fresh, session.now)
    problems = (*lasting, *(hold.to_problem() for hold in holds))
    facts = facts_of(session, scan, found, verdict, detail_seconds, takes_inventory)
    details = [c.argv for c in commands if c.look.kind is LookKind.DETAIL]
    if details and not plan.dry_run:
        comment = f"detail scan of run {session.run_id}, network {plan.network}"
        script = details_script(details, comment)
        folders.write_private(session.folder / "details.sh", script, 0o700)
    view = build_view(facts, changes, problems, plan.zone)
    is_told = bool(changes or problems or takes_inventory or facts.notes or plan.always)
    views = _views(view, plan) if is_told else ()
    body = json_report(facts, changes, problems, coverage_facts(scan))
    broken = [p for p in lasting if not p.key.startswith("interrupted:")]
    failures = [f"{p.headline}: {p.details[0]}" if p.details else p.headline for p in broken]
    exit_code = 3 if broken else 0
    if not plan.dry_run:
        folders.write_private(session.folder / "report.txt", render(view, Format.TEXT).body)
        commit(session, scan, verdict, facts, changes, body, lasting, views)
        undelivered = deliver_due(session.database, plan.destinations, plan.network)
        if undelivered and not exit_code:
            exit_code = 4
        failures += undelivered
        session.finish_fast_diff(keep=any(r.ended_properly for r in scan.results))
        forget_old(session)
    shown = scan.commands + tuple(command.argv for command in commands)
    return Outcome(exit_code, body, views, shown, tuple(failures))


def _plan_second_look(
    session: Session, found: Differences, holds: Sequence[Hold], nmap: str
) -> tuple[LookCommand, ...]:
    held = frozenset(address for hold in holds for address in hold.addresses)
    differing = [d for a, d in sorted(found.hosts.items(), key=lambda i: address_order(i[0]))]
    differing = [d for d in differing if d.address not in held]

    def keys(ports: Mapping[PortKey, object]) -> frozenset[PortKey]:
        return frozenset(ports)

    told = (Presence.NEW, Presence.BACK, Presence.SAME)
    questions = Questions(
        silent={
            d.address: d.known.open_keys
            for d in differing
            if d.presence is Presence.SILENT and d.known
        },
        missing={d.address: keys(d.missing) for d in differing if d.missing},
        opened={
            d.address: frozenset(port.key for port in d.opened)
            for d in differing
            if d.opened and d.presence in told
        },
        bare=frozenset(
            d.address
            for d in differing
            if d.presence in (Presence.NEW, Presence.BACK) and not (d.opened or d.missing)
        ),
    )
    plan = session.plan
    looks = plan_looks(questions, plan.rules.risky_ports)
    return look_commands(
        nmap,
        looks,
        session.folder,
        plan.detail_arguments,
        privileged=plan.profile.privileged,
    )


def _with_names(changes: Sequence[Change], scan: Scan) -> tuple[Change, ...]:
    """
    Give each change the name people call its host by; only what is told is looked up.

    Nothing is, where nmap asked DNS itself: then a host without a name has none.
    """
    known = scan.names
    wanted = {c.address for c in changes if not c.name and c.address not in known}
    found = reverse_names(wanted) if wanted and not scan.resolved_names else {}
    return tuple(
        replace(c, name=known.get(c.address) or c.name or found.get(c.address, "")) for c in changes
    )


def _views(view: View, plan: Plan) -> tuple[tuple[Destination | None, View], ...]:
    if not plan.destinations:
        return ((None, view),)
    return tuple((d, shorten(view, d.budget, d.format)) for d in plan.destinations)


def report_text(outcome: Outcome) -> str:
    """Return the report as `--json` prints it."""
    return json.dumps(outcome.report, indent=2, ensure_ascii=False)
