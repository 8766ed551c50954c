"""`status`: the last runs, what has not arrived, and what the state takes; tables and JSON."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from netwatch_notify.model.change import Severity
from netwatch_notify.model.figures import Figures, Waiting
from netwatch_notify.model.listing import Table
from netwatch_notify.report.kinds import kind_words
from netwatch_notify.report.standing import instant_json
from netwatch_notify.report.words import counted, day, days_between, duration

RUN_COLUMNS = ("RUN", "BEGAN", "KIND", "ENDED", "TOOK", "UP", "TOLD", "PROBLEMS")
OUTBOX_COLUMNS = ("DESTINATION", "WAITING", "FAILED", "GIVEN UP", "OLDEST", "WHY")
PROBLEM_LIMIT = 80
"""Characters of a problem that a row has room for; `show RUN` has all of it."""


class Run(Protocol):
    """One run; store/summaries.py has them."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def fast_seconds(self) -> float: ...
    @property
    def detail_seconds(self) -> float: ...
    @property
    def hosts_up(self) -> int | None: ...
    @property
    def changes(self) -> Mapping[str, int]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


class Process(Protocol):
    """The run in progress; store/running.py finds it."""

    @property
    def pid(self) -> int: ...
    @property
    def since(self) -> datetime: ...


def runs_table(runs: Sequence[Run], process: Process | None, now: datetime, zone: tzinfo) -> Table:
    """Return the runs in their order, newest first."""
    current = next((run.id for run in runs if run.status == "running"), None) if process else None
    rows = tuple(
        (
            str(run.id),
            _moment(run.started_at, now, zone),
            run.kind,
            _status(run, is_current=run.id == current),
            "" if run.seconds is None else duration(run.seconds),
            "" if run.hosts_up is None else f"{run.hosts_up:,}",
            _told(run.changes),
            _problems(run.problems),
        )
        for run in runs
    )
    return Table(RUN_COLUMNS, rows)


def outbox_rows(destinations: Sequence[Waiting], now: datetime, zone: tzinfo) -> Table:
    """Return the destinations at which something has not arrived."""
    rows = tuple(
        (
            one.destination,
            f"{one.waiting:,}",
            f"{one.failed:,}",
            f"{one.given_up:,}",
            "" if one.oldest_at is None else _moment(one.oldest_at, now, zone),
            one.reason if one.failing else "",
        )
        for one in destinations
        if one.undelivered or one.failing
    )
    return Table(OUTBOX_COLUMNS, rows)


def status_lines(
    figures: Figures, disk_bytes: int, process: Process | None, now: datetime, zone: tzinfo
) -> Iterator[str]:
    """Yield what is said below the tables."""
    if process is not None:
        since = _moment(process.since, now, zone)
        yield f"Running now: pid {process.pid}, since {since}"
    if figures.last_good_at is None:
        yield "Last good run: none yet"
    else:
        yield f"Last good run: ended {_moment(figures.last_good_at, now, zone)}"
    undelivered = sum(one.undelivered for one in figures.destinations)
    oldest = min((d.oldest_at for d in figures.destinations if d.oldest_at), default=None)
    if oldest is None:
        yield "Outbox: every message has arrived"
    else:
        age = days_between(oldest, now)
        messages = counted(undelivered, "message")
        yield f"Outbox: {messages}, the oldest {age} old; netwatch-notify outbox list"
    number = sum(figures.still_open.values())
    by_severity = ", ".join(
        f"{figures.still_open[s]:,} {s.value}" for s in Severity if figures.still_open.get(s)
    )
    yield f"Not accepted yet: {counted(number, 'change')}" + (f" ({by_severity})" if number else "")
    if figures.held_ranges:
        yield f"Held back: {counted(figures.held_ranges, 'range')}"
    yield f"Disk: {_size(disk_bytes)}, of it the database {_size(figures.database_bytes)}"


def status_json(
    runs: Sequence[Run], figures: Figures, disk_bytes: int, process: Process | None
) -> dict[str, object]:
    """Return the same for machines."""
    running = None
    if process is not None:
        running = {"pid": process.pid, "since": instant_json(process.since)}
    return {
        "running": running,
        "last_good_at": instant_json(figures.last_good_at),
        "runs": [
            {
                "id": run.id,
                "kind": run.kind,
                "status": run.status,
                "started_at": instant_json(run.started_at),
                "ended_at": instant_json(run.ended_at),
                "seconds": run.seconds,
                "fast_seconds": run.fast_seconds,
                "detail_seconds": run.detail_seconds,
                "hosts_up": run.hosts_up,
                "changes": dict(run.changes),
                "problems": list(run.problems),
            }
            for run in runs
        ],
        "outbox": [
            {
                "destination": one.destination,
                "waiting": one.waiting,
                "failed": one.failed,
                "given_up": one.given_up,
                "oldest_at": instant_json(one.oldest_at),
                "failing_since": instant_json(one.failing_since),
                "reason": one.reason or None,
                "last_sent_at": instant_json(one.last_sent_at),
            }
            for one in figures.destinations
        ],
        "still_open": {s.value: figures.still_open.get(s, 0) for s in Severity},
        "held_ranges": figures.held_ranges,
        "disk_bytes": disk_bytes,
        "database_bytes": figures.database_bytes,
    }


def _moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    return f"{day(at, zone, now)} {at.astimezone(zone):%H:%M}"


def _status(run: Run, *, is_current: bool) -> str:
    """A run that says it is running and is not was killed; the next one tells of it."""
    if run.status == "running":
        return "running" if is_current else "killed"
    return run.status.removesuffix("-told")


def _told(changes: Mapping[str, int]) -> str:
    kinds = sorted(changes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(kind_words(kinds))


def _problems(problems: Sequence[str]) -> str:
    """The first in few words, and how many more there are."""
    if not problems:
        return ""
    first = problems[0]
    first = first if len(first) <= PROBLEM_LIMIT else first[: PROBLEM_LIMIT - 1] + "…"
    return first if len(problems) == 1 else f"{first} (and {len(problems) - 1} more)"


def _size(size_bytes: int) -> str:
    """Return `0.4 MB` or `1,240 MB`."""
    megabytes = size_bytes / 1_000_000
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:,.0f} MB"
