"""The run with scans made elsewhere: no nmap is started."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from netwatch_notify.errors import DeliveryError, UnreadableInputError, UsageError
from netwatch_notify.model.host import join_all
from netwatch_notify.model.look import SecondLook
from netwatch_notify.pipeline import milestones
from netwatch_notify.pipeline.conclude import conclude
from netwatch_notify.pipeline.delivery import deliver_due
from netwatch_notify.pipeline.plan import Outcome, Plan, Scan
from netwatch_notify.pipeline.session import open_session
from netwatch_notify.scan.files import label_of, read_header, read_scan_file
from netwatch_notify.store import folders, runs


def ingest(plan: Plan, fast: Path, details: Sequence[Path]) -> Outcome:
    """Make the run with scans made elsewhere; its time is the scan's own start."""
    header = read_header(fast)
    looked = [read_scan_file(path) for path in details]
    started_at = header.started_at
    if started_at is None:
        raise UsageError(f"{fast}: does not say when it was started, so it has no place in time")
    with open_session(plan, "ingest", started_at) as session:
        session.start_fast_diff({label_of(header): fast})
        try:
            read = read_scan_file(fast, session.digests)
        except UnreadableInputError:
            session.discard()
            raise
        same = runs.run_with_content(session.database, read.content)
        if same is not None:
            session.discard()
            report = {"schema": 1, "network": plan.network, "run": None, "counts": {}}
            # The process that took it in may have died before it sent what it had to say.
            failed = [] if plan.dry_run else deliver_due(session.database, plan)
            exit_code = DeliveryError.exit_code if failed else 0
            report |= {"problems": [], "changes": []}
            milestones.run_ended("skipped", exit_code, session.began_at)
            return Outcome(exit_code, report, failures=tuple(map(str, failed)))
        # One from the future was dated by a wrong clock; it must not keep all others out.
        last = runs.last_settled_at(session.database, datetime.now(UTC))
        if last is not None and started_at < last:
            session.discard()
            raise UsageError(f"{fast}: was started before the last scan taken in; it is too old")
        kept = "fast.xml"
        if not plan.dry_run:
            folders.keep_copy(fast, session.folder / kept)
        scan = Scan(
            (read.result,),
            files={read.result.part.label: kept},
            seconds=read.result.seconds,
            content=read.content,
            resolved_names=read.resolved_names,
        )
        hosts = join_all(host for d in looked for host in d.result.hosts)
        asked = frozenset((a, port.key) for a, host in hosts.items() for port in host.ports)
        look = SecondLook(hosts, asked, frozenset(hosts), was_made=False)
        return conclude(session, scan, str(plan.nmap or "nmap"), look)
