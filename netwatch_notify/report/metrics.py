"""
A network's figures as Prometheus reads them, in the text format that its collector takes.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4, 2026-11.
Moments stand as they are, in seconds since 1970, never as ages: an age in a file would be wrong
a minute later.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.figures import Figures, LastRun, Waiting
from netwatch_notify.model.text import clean

STATUSES = ("done", "partial", "failed", "interrupted", "skipped", "running")
"""How a run can stand; `running` is also one that was killed, until the next run says so."""
OWNER = "# netwatch-notify, network "
"""Begins the first line, so that two networks cannot overwrite each other's file."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One name with its samples, each with its labels beside `network`."""

    name: str
    kind: str
    """`gauge`, or `counter` for what only grows."""
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def metrics_text(figures: Figures, version: str) -> str:
    """Return the whole file; a metric of which nothing is known is left out."""
    lines = [f"{OWNER}{figures.network}"]
    for metric in metrics_of(figures, version):
        if metric.samples:
            lines.append(f"# HELP {metric.name} {_escaped(metric.help)}")
            lines.append(f"# TYPE {metric.name} {metric.kind}")
            for labels, value in metric.samples:
                named = {"network": figures.network, **labels}
                pairs = ",".join(f'{name}="{_quoted(text)}"' for name, text in named.items())
                lines.append(f"{metric.name}{{{pairs}}} {_number(value)}")
    return "\n".join(lines) + "\n"


def metrics_of(figures: Figures, version: str) -> Iterator[Metric]:
    """Yield every metric there can be, those without samples too."""
    scan = figures.last_scan
    versions = {"version": version, "nmap_version": scan.nmap_version if scan else ""}
    yield _gauge("info", "Versions in use.", [(versions, 1)])
    yield _gauge(
        "state_usable",
        "Whether the last run could use its state directory and database.",
        [({}, float(figures.is_usable))],
    )
    yield from _last_run(figures.last_run)
    yield _gauge(
        "last_good_run_timestamp_seconds",
        "When the last run ended all of whose parts ended properly.",
        _moment(figures.last_good_at),
    )
    ended = (
        {"properly": scan.parts_good, "badly": scan.parts_total - scan.parts_good} if scan else {}
    )
    yield _gauge(
        "last_scan_parts",
        "Parts of the last scan, by how they ended.",
        [({"ended": how}, number) for how, number in ended.items()],
    )
    yield _gauge(
        "hosts_up",
        "Hosts that answered in the last scan that was compared.",
        [] if figures.hosts_up is None else [({}, figures.hosts_up)],
    )
    yield from _standing(figures)


def _last_run(run: LastRun | None) -> Iterator[Metric]:
    yield _counter("runs_total", "Runs that were begun.", [({}, run.id)] if run else [])
    yield _gauge(
        "last_run_start_timestamp_seconds",
        "When the last run began, or the scan that it took in.",
        _moment(run.started_at if run else None),
    )
    yield _gauge(
        "last_run_end_timestamp_seconds",
        "When the last run ended.",
        _moment(run.ended_at if run else None),
    )
    yield _gauge(
        "last_run_status",
        "How the last run stands: 1 for one of the states.",
        [({"status": status}, float(status == run.status)) for status in STATUSES] if run else [],
    )
    seconds = run.seconds if run else None
    yield _gauge(
        "last_run_duration_seconds",
        "How long the last run took; not known of scans made elsewhere.",
        [] if seconds is None else [({}, seconds)],
    )
    phases = {"fast": run.fast_seconds, "second_look": run.detail_seconds} if run else {}
    yield _gauge(
        "last_run_phase_duration_seconds",
        "How long the fast scan and the second look of the last run took.",
        [({"phase": phase}, seconds) for phase, seconds in phases.items()],
    )
    yield _gauge(
        "last_run_problems",
        "Problems that the last run told.",
        [({}, run.problems)] if run else [],
    )
    yield _gauge(
        "last_run_changes",
        "Changes that the last run told, by kind.",
        _by_kind(run.changes) if run else [],
    )


def _standing(figures: Figures) -> Iterator[Metric]:
    """Yield what goes beyond one run; nothing of it is known of a state that cannot be read."""
    known = figures.is_known
    yield _counter(
        "changes_total",
        "Changes told since the first run, by kind.",
        _by_kind(figures.changes) if known else [],
    )
    yield _gauge(
        "outbox_messages",
        "Messages that have not arrived, by destination and state.",
        [sample for one in figures.destinations for sample in _states(one)],
    )
    yield _gauge(
        "outbox_oldest_message_timestamp_seconds",
        "When the oldest message was made that may still arrive.",
        _moments((one.destination, one.oldest_at) for one in figures.destinations),
    )
    yield _gauge(
        "outbox_failing_messages",
        "Messages that could not be delivered since their destination last took one.",
        [({"destination": one.destination}, one.failing) for one in figures.destinations],
    )
    yield _gauge(
        "last_delivery_timestamp_seconds",
        "When a destination last took a message.",
        _moments((one.destination, one.last_sent_at) for one in figures.destinations),
    )
    yield _gauge(
        "held_ranges",
        "Ranges that are held back because too much changed at once.",
        [({}, figures.held_ranges)] if known else [],
    )
    yield _gauge(
        "still_open_changes",
        "Changes that nobody has accepted yet, by severity.",
        [({"severity": s.value}, figures.still_open.get(s, 0)) for s in Severity] if known else [],
    )
    yield _gauge(
        "database_size_bytes",
        "Size of the database.",
        [({}, figures.database_bytes)] if known else [],
    )


def _states(one: Waiting) -> list[tuple[dict[str, str], float]]:
    states = {"waiting": one.waiting, "failed": one.failed, "given_up": one.given_up}
    return [({"destination": one.destination, "state": s}, n) for s, n in states.items()]


def _by_kind(changes: Mapping[str, int]) -> list[tuple[dict[str, str], float]]:
    """Every kind, so that a rate has something to begin from."""
    return [({"kind": kind.value}, changes.get(kind.value, 0)) for kind in ChangeKind]


def _moment(at: datetime | None) -> list[tuple[dict[str, str], float]]:
    return [] if at is None else [({}, at.timestamp())]


def _moments(
    instants: Iterable[tuple[str, datetime | None]],
) -> list[tuple[dict[str, str], float]]:
    return [({"destination": name}, at.timestamp()) for name, at in instants if at is not None]


def _gauge(name: str, told: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(f"netwatch_{name}", "gauge", told, tuple(samples))


def _counter(name: str, told: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Metric:
    return Metric(f"netwatch_{name}", "counter", told, tuple(samples))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    """Return a label's value; what the reader would take for its end is escaped."""
    return _escaped(clean(text)).replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))
