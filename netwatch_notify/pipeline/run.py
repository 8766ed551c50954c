"""What cron calls: scan the network, and come to a conclusion."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from netwatch_notify.errors import ScanError
from netwatch_notify.model.change import Problem
from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import PartResult
from netwatch_notify.pipeline import milestones
from netwatch_notify.pipeline.conclude import conclude
from netwatch_notify.pipeline.plan import Outcome, Plan, Scan
from netwatch_notify.pipeline.session import Session, open_session
from netwatch_notify.scan.command import fast_command, plan_parts
from netwatch_notify.scan.fast import FastScan, Progress, file_name
from netwatch_notify.scan.names import resolve_targets
from netwatch_notify.scan.runner import find_nmap

MOST_FIRST_SCANS = 5
"""
A first run scans twice, and on until a scan brings nothing new.

Where one packet in ten is lost each way, a scan misses 4 % of the hosts of its own segment.
"""


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
    milestones.parts_planned(parts)
    deadline = started + plan.scan_seconds
    fast = FastScan(nmap, profile, session.runner, deadline, on_progress, session.digests)
    results = fast.scan(parts, session.folder, "fast", plan.scan_parallel)
    milestones.parts_ended(results)
    again: tuple[PartResult, ...] = ()
    if session.inventory.is_empty and any(r.ended_properly and r.hosts for r in results):
        for attempt in range(2, MOST_FIRST_SCANS + 1):
            name = "fast-again" if attempt == 2 else f"fast-again{attempt}"
            before = things_seen(results + again)
            more = fast.scan(parts, session.folder, name, plan.scan_parallel)
            milestones.parts_ended(more)
            again += more
            if things_seen(results + again) == before or time.monotonic() >= deadline:
                break
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


def things_seen(results: Iterable[PartResult]) -> set[tuple[Address, PortKey | None]]:
    """Return the hosts that answered, and their open ports."""
    hosts = [host for result in results for host in result.hosts if host.is_present]
    ports = {(host.address, port.key) for host in hosts for port in host.open_ports}
    return ports | {(host.address, None) for host in hosts}
