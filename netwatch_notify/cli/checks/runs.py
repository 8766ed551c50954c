"""The last run: when, how it ended, and whether a later one is missing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good, warning
from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.model.text import clean
from netwatch_notify.report.words import day, duration
from netwatch_notify.schedule.found import WANTED_TIMERS, Schedule
from netwatch_notify.schedule.next import next_start
from netwatch_notify.store.running import running
from netwatch_notify.store.summaries import RunSummary

LATE = timedelta(minutes=45)
"""So long after its time a run has begun, spread included, however busy the machine is."""

LEAST_GAPS = 3
"""Nights after which it is known how often a run begins."""

_ENDED = {
    "partial": "a part of it failed",
    "failed": "it failed",
    "interrupted": "it was interrupted",
    "interrupted-told": "it was interrupted",
}


def last_run(tonight: Tonight) -> list[Finding]:
    """How the last run went, and whether one is missing since."""
    if not tonight.is_readable:
        return []
    last = tonight.recorded.last if tonight.recorded else None
    times = [expected_at(schedule, last) for schedule in tonight.runs]
    expected = min((at for at in times if at is not None), default=None)
    if expected and expected + LATE < tonight.now:
        since = f"the last began {_when(last.started_at, tonight.now)}" if last else "none ever did"
        text = f"one was to begin {_when(expected, tonight.now)}, and did not; {since}"
        remedy = "see whether the machine was on then, and the log of cron or journalctl -t cron"
        return [bad("last run", text, remedy)]
    if last is None:
        return [good("last run", "none yet; the first one takes the inventory")]
    usual = usual_gap(tonight.recorded.runs) if tonight.recorded and not tonight.runs else None
    if usual and tonight.now - last.started_at > 2 * usual + LATE:
        # What started them is not seen from here: another machine, or a schedule that is gone.
        every = f"one began every {duration(usual.total_seconds())} before"
        text = f"the last began {_when(last.started_at, tonight.now)}; {every}"
        return [bad("last run", text, "netwatch-notify install, or see what started them")]
    settings = tonight.settings
    limit = 2 * settings.scan_timeout_seconds + settings.second_look_timeout_seconds
    process = running(settings.state_dir)
    holder = process.pid if process else None
    return [judge(last, holder, timedelta(seconds=limit), tonight.now)]


def usual_gap(runs: Sequence[RunSummary]) -> timedelta | None:
    """Return the median time between the starts of runs, newest first; None below four; pure."""
    starts = [run.started_at for run in runs]
    gaps = [later - earlier for later, earlier in pairwise(starts)]
    return sorted(gaps)[len(gaps) // 2] if len(gaps) >= LEAST_GAPS else None


def expected_at(schedule: Schedule, last: RunSummary | None) -> datetime | None:
    """
    Return when the next run after the last one was to begin; None where nobody can say.

    A schedule expects nothing from before it was written.
    """
    path = schedule.path if schedule.kind == "cron" else WANTED_TIMERS / schedule.path.name
    try:
        written = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except OSError:
        return None
    since = max(written, last.started_at) if last else written
    return next_start(schedule, since.astimezone())


def judge(last: RunSummary, holder: int | None, limit: timedelta, now: datetime) -> Finding:
    """
    Return how the last run stands.

    `holder` is the process of the run in progress, `limit` how long one may take.
    """
    when = _when(last.started_at, now)
    if last.status == "running" and holder is not None:
        text = f"run {last.id} is in progress (pid {holder}), since {when}"
        if now - last.started_at > limit:
            return warning("last run", f"{text}, which is too long", f"kill {holder}")
        return good("last run", text)
    if last.status == "running":
        text = f"run {last.id}, {when}, was ended in the middle; the next one tells it"
        return warning(
            "last run", text, "see whether the machine was switched off, or out of memory"
        )
    took = f", {duration(last.seconds)}" if last.seconds is not None else ""
    if last.status in _ENDED:
        why = f": {clean(last.problems[0])}" if last.problems else ""
        text = f"run {last.id}, {when}: {_ENDED[last.status]}{why}"
        return warning("last run", text, f"netwatch-notify show run:{last.id}")
    kind = "scans taken in" if last.kind == "ingest" else "done"
    return good("last run", f"run {last.id}, {when}{took}, {kind}")


def _when(at: datetime, now: datetime) -> str:
    zone = LocalZone()
    return f"{day(at, zone, now)} {at.astimezone(zone):%H:%M}"
