"""The path of one run, read top to bottom: scan, compare, look closer, judge, commit, deliver."""

import json
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.deliver.heartbeat import Heartbeat
from netwatch_notify.detail.plan import Questions, plan_looks
from netwatch_notify.detail.script import details_script
from netwatch_notify.diff.breaker import Hold, find_held
from netwatch_notify.diff.compare import Differences, Presence, compare
from netwatch_notify.diff.policy import Rules, Verdict, judge, take_inventory
from netwatch_notify.errors import (
    InterruptedRunError,
    NetwatchError,
    ScanError,
    StateError,
    UsageError,
)
from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.host import Address, address_order, join_all
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.look import LookKind, SecondLook
from netwatch_notify.model.message import Delivery, Destination, Format, OutboxEntry, View
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import Coverage, PartResult, ScanProfile
from netwatch_notify.report.facts import FirstInventory, RunFacts
from netwatch_notify.report.json_report import json_report
from netwatch_notify.report.render import render
from netwatch_notify.report.serial import view_from_json, view_to_json
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.view import build_view
from netwatch_notify.scan.command import fast_command, plan_parts
from netwatch_notify.scan.ending import assumed_coverage
from netwatch_notify.scan.fast import FastScan, Progress
from netwatch_notify.scan.files import read_scan_file
from netwatch_notify.scan.names import resolve_targets, reverse_names
from netwatch_notify.scan.runner import NmapRunner, end_leftovers, find_nmap
from netwatch_notify.scan.second import LookCommand, look_closer, look_commands
from netwatch_notify.store import folders, outbox, runs
from netwatch_notify.store.database import Database, run_lock
from netwatch_notify.store.inventory import load_inventory, settle

log = logging.getLogger(__name__)

SEND_SECONDS = 60.0
"""One message to one destination; a slow mail server greets within 30 s."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run needs of the settings."""

    network: str
    state: Path
    profile: ScanProfile
    """Its targets not resolved yet."""
    rules: Rules
    destinations: tuple[Destination, ...] = ()
    nmap: Path | None = None
    detail_arguments: tuple[str, ...] = ("-sV", "-sC")
    scan_seconds: float = 14400.0
    second_look_seconds: float = 1800.0
    scan_parallel: int = 2
    detail_parallel: int = 4
    suspicious_share: float = 0.3
    always: bool = False
    """`NOTIFY_ON=always`: a message even where nothing changed."""
    heartbeat_url: str | None = field(default=None, repr=False)
    keep_days: int = 90
    dry_run: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went."""

    exit_code: int
    report: Mapping[str, Any]
    """What `--json` prints."""
    views: tuple[tuple[Destination | None, View], ...] = ()
    """The message for each destination, or for stdout (None)."""
    commands: tuple[tuple[str, ...], ...] = ()
    """The nmaps that ran, or for `ingest` would run."""
    failures: tuple[str, ...] = ()
    """Why the exit code is not 0, a line each."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """What the scanning stage hands on."""

    results: tuple[PartResult, ...]
    again: tuple[PartResult, ...] = ()
    """The second scan of a first run."""
    names: Mapping[Address, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    seconds: float = 0.0
    content: str = ""

    @property
    def everything(self) -> tuple[PartResult, ...]:
        """Both scans' parts."""
        return self.results + self.again


def run_scan(plan: Plan, on_progress: Callable[[Progress], None]) -> Outcome:
    """
    Make the whole run: what cron calls.

    Raises a NetwatchError where it cannot be made; what it then changed is nothing but the
    record that it was begun.
    """
    with _session(plan, "run", datetime.now(UTC)) as session:
        try:
            nmap = find_nmap(plan.nmap)
            scan = _scan_network(session, nmap, on_progress)
        except ScanError as error:
            # Told like any other failed scan: silence would look like a quiet network.
            nmap = ""
            scan = _Scan((), problems=(Problem("scan", "nothing was scanned", (str(error),)),))
        return _conclude(session, scan, nmap)


def ingest(plan: Plan, fast: Path, details: Sequence[Path]) -> Outcome:
    """Make the run with scans made elsewhere; its time is the scan's own start."""
    read = read_scan_file(fast)
    looked = [read_scan_file(path) for path in details]
    started_at = read.result.header.started_at
    if started_at is None:
        raise UsageError(f"{fast}: does not say when it was started, so it has no place in time")
    with _session(plan, "ingest", started_at) as session:
        same = runs.run_with_content(session.database, read.content)
        if same is not None:
            session.discard()
            report = {"schema": 1, "network": plan.network, "run": None, "counts": {}}
            return Outcome(0, {**report, "problems": [], "changes": []})
        last = runs.last_settled_at(session.database)
        if last is not None and started_at < last:
            session.discard()
            raise UsageError(f"{fast}: was started before the last scan taken in; it is too old")
        scan = _Scan((read.result,), seconds=read.result.seconds, content=read.content)
        hosts = join_all(host for d in looked for host in d.result.hosts)
        asked = frozenset((a, port.key) for a, host in hosts.items() for port in host.ports)
        look = SecondLook(hosts, asked, frozenset(hosts), was_made=False)
        return _conclude(session, scan, str(plan.nmap or "nmap"), look)


class _Session:
    """One run's surroundings: database, folder, runner; gone when it ends."""

    def __init__(self, plan: Plan, kind: str, now: datetime, database: Database) -> None:
        self.plan = plan
        self.kind = kind
        self.now = now
        self.database = database
        self.began_at = datetime.now(UTC)
        self.inventory = load_inventory(database)
        self.run_id: int | None = None
        self.folder = Path()
        self.runner = NmapRunner()
        self.interrupted = runs.interrupted_runs(database, None)

    def discard(self) -> None:
        """Forget that this run was begun: it has nothing to say."""
        if self.run_id is not None:
            runs.mark_run(self.database, self.run_id, "skipped", datetime.now(UTC))


@contextmanager
def _session(plan: Plan, kind: str, now: datetime) -> Iterator[_Session]:
    with ExitStack() as stack:
        if plan.dry_run:
            database = Database.in_memory(plan.state / "netwatch.db", plan.network)
            stack.callback(database.close)
            session = _Session(plan, kind, now, database)
            session.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield session
            return
        database = Database.open(plan.state, plan.network)
        stack.callback(database.close)
        stack.enter_context(run_lock(plan.state))
        pid_file = plan.state / "nmap.pids"
        ended = end_leftovers(pid_file)
        if ended:
            log.info("ended %d nmap left by an earlier run", ended)
        session = _Session(plan, kind, now, database)
        heartbeat = Heartbeat(plan.heartbeat_url, str(uuid.uuid4()))
        session.run_id = runs.begin_run(database, kind, now)
        session.folder = folders.run_folder(plan.state, session.run_id)
        session.runner = NmapRunner(pid_file)
        _say(heartbeat.start())
        try:
            yield session
        except InterruptedRunError:
            runs.mark_run(database, session.run_id, "interrupted", datetime.now(UTC))
            _say(heartbeat.fail("interrupted"))
            raise
        except BaseException as error:
            _say(heartbeat.fail(str(error) if isinstance(error, NetwatchError) else "failed"))
            with suppress(StateError):
                if runs.status_of(database, session.run_id) == "running":
                    runs.mark_run(database, session.run_id, "failed", datetime.now(UTC))
            raise
        finally:
            pid_file.unlink(missing_ok=True)
        _beat(heartbeat, database, session.run_id)


def _beat(heartbeat: Heartbeat, database: Database, run_id: int) -> None:
    """Success means that scan and delivery worked; changes are no failure."""
    status = runs.status_of(database, run_id)
    waiting = outbox.waiting(database)
    body = f"run {run_id}: {status}, {waiting} messages waiting"
    good = status in ("done", "skipped") and not waiting
    _say(heartbeat.success(body) if good else heartbeat.fail(body))


def _say(reason: str) -> None:
    if reason:
        log.info("%s", reason)


def _scan_network(session: _Session, nmap: str, on_progress: Callable[[Progress], None]) -> _Scan:
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
        return _Scan((), problems=problems)
    profile = replace(plan.profile, targets=targets.targets, exclude=excluded.targets)
    parts = plan_parts(profile)
    deadline = started + plan.scan_seconds
    fast = FastScan(nmap, profile, session.runner, deadline, on_progress)
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
    return _Scan(
        results,
        again,
        names,
        problems,
        tuple(tuple(fast_command(nmap, profile, part)) for part in parts),
        time.monotonic() - started,
    )


def _conclude(session: _Session, scan: _Scan, nmap: str, look: SecondLook | None = None) -> Outcome:
    """Compare, look closer, judge, commit, deliver."""
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
    detail_seconds = time.monotonic() - looked_for if look and look.was_made else 0.0
    changes = _with_names(verdict.changes, scan.names)
    fresh = _problems(session, scan, found)
    lasting = runs.count_problems(session.database, fresh, session.now)
    problems = (*lasting, *(hold.to_problem() for hold in holds))
    facts = _facts(session, scan, found, verdict, detail_seconds, takes_inventory)
    details = [c.argv for c in commands if c.look.kind is LookKind.DETAIL]
    if details and not plan.dry_run:
        comment = f"detail scan of run {session.run_id}, network {plan.network}"
        script = details_script(details, comment)
        folders.write_private(session.folder / "details.sh", script, 0o700)
    view = build_view(facts, changes, problems, plan.zone)
    is_told = bool(changes or problems or takes_inventory or facts.notes or plan.always)
    views = _views(view, plan) if is_told else ()
    body = json_report(facts, changes, problems, _coverage_facts(scan))
    broken = [p for p in lasting if not p.key.startswith("interrupted:")]
    failures = [f"{p.headline}: {p.details[0]}" if p.details else p.headline for p in broken]
    exit_code = 3 if broken else 0
    if not plan.dry_run:
        folders.write_private(session.folder / "report.txt", render(view, Format.TEXT).body)
        _commit(session, scan, verdict, facts, changes, body, lasting, views)
        undelivered = deliver_due(session.database, plan.destinations, plan.network)
        if undelivered and not exit_code:
            exit_code = 4
        failures += undelivered
    shown = scan.commands + tuple(command.argv for command in commands)
    return Outcome(exit_code, body, views, shown, tuple(failures))


def _plan_second_look(
    session: _Session, found: Differences, holds: Sequence[Hold], nmap: str
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


def _with_names(changes: Sequence[Change], known: Mapping[Address, str]) -> tuple[Change, ...]:
    """Give each change the name people call its host by; only what is told is looked up."""
    wanted = {c.address for c in changes if not c.name and c.address not in known}
    found = reverse_names(wanted) if wanted else {}
    return tuple(
        replace(c, name=known.get(c.address) or c.name or found.get(c.address, "")) for c in changes
    )


def _problems(session: _Session, scan: _Scan, found: Differences) -> tuple[Problem, ...]:
    problems = list(scan.problems)
    told: set[str] = set()
    for result in scan.everything:
        if result.problem and result.part.label not in told:
            told.add(result.part.label)
            details = [result.problem, "Nothing below says what is gone there."]
            if result.remedy:
                details.append(f"Try: {result.remedy}")
            problems.append(
                Problem(
                    f"part:{result.part.label}",
                    f"{result.part.label} was not scanned"
                    if not result.hosts
                    else f"{result.part.label} was scanned only in part",
                    tuple(details),
                )
            )
    if session.inventory.is_empty and not found.seen and not problems:
        problems.append(
            Problem(
                "empty",
                "the first scan found no host at all",
                ("no inventory was taken; the next run tries again", "Try: netwatch-notify check"),
            )
        )
    for run in session.interrupted:
        at = run.started_at.astimezone(session.plan.zone)
        problems.append(
            Problem(
                f"interrupted:{run.id}",
                "an earlier run was interrupted",
                (f"it began {at:%d %b %H:%M} and told nothing; this one compares across it",),
            )
        )
    return tuple(problems)


def _facts(
    session: _Session,
    scan: _Scan,
    found: Differences,
    verdict: Verdict,
    detail_seconds: float,
    takes_inventory: bool,
) -> RunFacts:
    results = scan.results
    good = [r for r in results if r.ended_properly]
    ports = {
        info.protocol: len(info.ports) for result in results for info in result.header.scan_infos
    }
    notes = []
    if verdict.learned_hosts or verdict.learned_ports:
        learned = f"{verdict.learned_hosts} hosts, {verdict.learned_ports} ports"
        notes.append(f"Newly covered, taken as known: {learned}")
    status = "done" if len(good) == len(results) and not scan.problems else "partial"
    counted = [r.coverage.addresses for r in good if r.coverage]
    return RunFacts(
        network=session.plan.network,
        run_id=session.run_id,
        kind=session.kind,
        status=status if good else "failed",
        started_at=session.now,
        ended_at=datetime.now(UTC),
        fast_seconds=round(scan.seconds, 2),
        detail_seconds=round(detail_seconds, 2),
        addresses=sum(map(len, counted)) if len(counted) == len(good) else None,
        ports=ports,
        hosts_up=len(found.seen),
        usual_hosts_up=runs.usual_hosts_up(session.database),
        parts_total=len(results) + len(scan.problems),
        parts_good=len(good),
        report_path="" if session.plan.dry_run else str(session.folder / "report.txt"),
        first_run=takes_inventory,
        inventory=_first_inventory(session, found) if takes_inventory else None,
        notes=tuple(notes),
    )


def _first_inventory(session: _Session, found: Differences) -> FirstInventory:
    counts: dict[PortKey, int] = {}
    risky = []
    for address in sorted(found.seen, key=address_order):
        host = found.seen[address]
        for port in host.open_ports:
            counts[port.key] = counts.get(port.key, 0) + 1
            if port.key in session.plan.rules.risky_ports:
                name = f"{host.hostnames[0]} ({address})" if host.hostnames else str(address)
                risky.append((name, port.key, port.service.description if port.service else ""))
    return FirstInventory(
        hosts=len(found.seen),
        hosts_with_open_ports=sum(bool(host.open_ports) for host in found.seen.values()),
        ports_open=sum(counts.values()),
        risky=tuple(risky),
        busiest=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]),
    )


def _coverage_facts(scan: _Scan) -> dict[str, object]:
    coverages = [r.coverage for r in scan.results if r.coverage]
    return {
        "parts": [
            {"targets": r.part.label, "ended_properly": r.ended_properly} for r in scan.results
        ],
        "addresses": sum(len(c.addresses) for c in coverages),
        "ports": {p.value: str(ports) for c in coverages for p, ports in c.ports.items()},
        "types": {p.value: kind for c in coverages for p, kind in c.types},
    }


def _views(view: View, plan: Plan) -> tuple[tuple[Destination | None, View], ...]:
    if not plan.destinations:
        return ((None, view),)
    return tuple((d, shorten(view, d.budget, d.format)) for d in plan.destinations)


def _commit(
    session: _Session,
    scan: _Scan,
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
        runs.record_good_parts(
            database, (r.part.label for r in scan.results if r.ended_properly), session.now
        )
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
    old = runs.prune(database, session.plan.keep_days, datetime.now(UTC))
    folders.remove_folders(session.plan.state, old)


def _all_coverages(inventory: Inventory, scan: _Scan) -> tuple[Coverage, ...]:
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
        return apprise_sender.send(
            destination, message, entry_id=entry.id, run_id=entry.run_id, network=network
        )

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
        return apprise_sender.send(
            destination, message, entry_id=entry.id, run_id=os.getpid(), network=plan.network
        )

    def record(entry: OutboxEntry, delivery: Delivery) -> None:
        if not delivery.delivered:
            log.error("%s: not delivered: %s", entry.destination, delivery.reason)

    deliver_side_by_side(jobs, send, record, deadline_seconds=SEND_SECONDS)


def report_text(outcome: Outcome) -> str:
    """Return the report as `--json` prints it."""
    return json.dumps(outcome.report, indent=2, ensure_ascii=False)
