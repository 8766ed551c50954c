"""What a message says of the run itself: facts and problems; pure but for the history it asks."""

from datetime import UTC, datetime, timedelta

from netwatch_notify.diff.compare import Differences
from netwatch_notify.diff.policy import Verdict
from netwatch_notify.model.change import Problem
from netwatch_notify.model.host import Host, address_order
from netwatch_notify.model.port import Port, PortKey
from netwatch_notify.pipeline.names import Names
from netwatch_notify.pipeline.plan import Scan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.report.facts import FirstInventory, RunFacts
from netwatch_notify.report.words import counted
from netwatch_notify.store import runs

CLOCK_SLACK = timedelta(minutes=5)
"""Time servers set clocks back by seconds."""


def problems_of(session: Session, scan: Scan, found: Differences) -> tuple[Problem, ...]:
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
                    if not (result.hosts or result.unchanged)
                    else f"{result.part.label} was scanned only in part",
                    tuple(details),
                )
            )
    if session.inventory.is_empty and not found.hosts_up and not problems:
        problems.append(
            Problem(
                "empty",
                "the first scan found no host at all",
                ("no inventory was taken; the next run tries again", "Try: netwatch-notify check"),
            )
        )
    if problem := _clock_problem(session):
        problems.append(problem)
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


def _clock_problem(session: Session) -> Problem | None:
    """Return that the clock was set back, if it is earlier than when the run before this ended."""
    ended = runs.last_ended_at(session.database)
    if ended is None or session.began_at >= ended - CLOCK_SLACK:
        return None
    zone = session.plan.zone
    shown = (at.astimezone(zone) for at in (session.began_at, ended))
    now, before = (f"{at:%Y-%m-%d %H:%M}" for at in shown)
    return Problem(
        "clock",
        "the clock was set back, or was wrong before",
        (f"it shows {now}, and the last run ended at {before}", "Try: timedatectl set-ntp true"),
    )


def facts_of(
    session: Session,
    scan: Scan,
    found: Differences,
    verdict: Verdict,
    detail_seconds: float,
    takes_inventory: bool,
    names: Names,
) -> RunFacts:
    results = scan.results
    good = [r for r in results if r.ended_properly]
    ports = {
        info.protocol: len(info.ports) for result in results for info in result.header.scan_infos
    }
    notes = []
    if verdict.learned_hosts or verdict.learned_ports:
        hosts = counted(verdict.learned_hosts, "host")
        learned = f"{hosts}, {counted(verdict.learned_ports, 'port')}"
        notes.append(f"Newly covered, taken as known: {learned}")
    status = "done" if len(good) == len(results) and not scan.problems else "partial"
    covered = [r.coverage.addresses for r in good if r.coverage]
    return RunFacts(
        network=session.plan.network,
        run_id=session.run_id,
        kind=session.kind,
        status=status if good else "failed",
        started_at=session.now,
        ended_at=datetime.now(UTC),
        fast_seconds=round(scan.seconds, 2),
        detail_seconds=round(detail_seconds, 2),
        addresses=sum(map(len, covered)) if len(covered) == len(good) else None,
        ports=ports,
        hosts_up=found.hosts_up,
        usual_hosts_up=runs.usual_hosts_up(session.database),
        parts_total=len(results) + len(scan.problems),
        parts_good=len(good),
        whole_report="" if session.plan.dry_run else f"netwatch-notify show {session.run_id}",
        first_run=takes_inventory,
        inventory=_first_inventory(session, found, names) if takes_inventory else None,
        notes=tuple(notes),
        last_good_at=_last_good_at(session),
    )


def _last_good_at(session: Session) -> datetime | None:
    last = runs.last_done(session.database)
    return last.started_at if last else None


def _first_inventory(session: Session, found: Differences, names: Names) -> FirstInventory:
    counts: dict[PortKey, int] = {}
    risky: list[tuple[Host, Port]] = []
    for address in sorted(found.seen, key=address_order):
        host = found.seen[address]
        for port in host.open_ports:
            counts[port.key] = counts.get(port.key, 0) + 1
            if port.key in session.plan.rules.risky_ports:
                risky.append((host, port))
    called = names.of_hosts([host for host, _ in risky])
    return FirstInventory(
        hosts=len(found.seen),
        hosts_with_open_ports=sum(bool(host.open_ports) for host in found.seen.values()),
        ports_open=sum(counts.values()),
        risky=tuple(
            (
                f"{called[host.address]} ({host.address})"
                if host.address in called
                else str(host.address),
                port.key,
                port.service.description if port.service else "",
            )
            for host, port in risky
        ),
        busiest=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]),
    )


def coverage_facts(scan: Scan) -> dict[str, object]:
    coverages = [r.coverage for r in scan.results if r.coverage]
    return {
        "parts": [
            {"targets": r.part.label, "ended_properly": r.ended_properly} for r in scan.results
        ],
        "addresses": sum(len(c.addresses) for c in coverages),
        "ports": {p.value: str(ports) for c in coverages for p, ports in c.ports.items()},
        "types": {p.value: kind for c in coverages for p, kind in c.types},
    }
