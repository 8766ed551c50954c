"""The metrics as Prometheus reads them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.figures import Figures, LastRun, LastScan, Waiting
from netwatch_notify.report.metrics import STATUSES, metrics_of, metrics_text
from tests.servers.promtool import assert_clean

AT = datetime(2026, 11, 24, 3, 0, 0, 250_000, tzinfo=UTC)
RUN = LastRun(
    id=412,
    status="partial",
    started_at=AT,
    ended_at=datetime(2026, 11, 24, 3, 1, 15, tzinfo=UTC),
    seconds=74.75,
    fast_seconds=60.5,
    detail_seconds=12.0,
    hosts_up=59,
    problems=2,
    changes={"host-new": 3, "port-opened": 1},
)
FULL = Figures(
    network="lan",
    last_run=RUN,
    last_good_at=AT,
    last_scan=LastScan(3, 4, "7.93"),
    hosts_up=59,
    changes={"host-new": 120},
    destinations=(
        Waiting("mailto", waiting=2, failed=1, oldest_at=AT, failing=3, last_sent_at=AT),
        Waiting("slack"),
    ),
    held_ranges=1,
    still_open={Severity.CRITICAL: 2},
    database_bytes=1_392_640,
)
UNREADABLE = Figures("lan", is_usable=False, is_known=False)


def read(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and label values, `network` left out."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type in ("gauge", "counter")
        for sample in family.samples:
            assert sample.labels["network"]
            values = [value for name, value in sample.labels.items() if name != "network"]
            key = (sample.name.removeprefix("netwatch_"), *values)
            assert key not in found
            found[key] = sample.value
    return found


@pytest.mark.parametrize(
    "figures",
    [FULL, Figures("lan"), UNREADABLE, replace(FULL, network='q"uo\\te')],
    ids=["full", "before the first run", "unreadable", "quoted"],
)
def test_promtool_has_nothing_to_say(figures: Figures) -> None:
    """Names, units, help and types are as its linter wants them."""
    assert_clean(metrics_text(figures, "1.2.3"))


def test_each_figure_is_a_sample() -> None:
    """Seconds and bytes, moments as they are, every kind and status with its number."""
    samples = read(metrics_text(FULL, "1.2.3"))

    assert samples["info", "1.2.3", "7.93"] == 1
    assert samples["state_usable",] == 1
    assert samples["runs_total",] == 412
    assert samples["last_run_start_timestamp_seconds",] == AT.timestamp()
    assert samples["last_run_duration_seconds",] == 74.75
    assert samples["last_run_phase_duration_seconds", "fast"] == 60.5
    assert samples["last_run_phase_duration_seconds", "second_look"] == 12
    assert {s: samples["last_run_status", s] for s in STATUSES} == {
        s: float(s == "partial") for s in STATUSES
    }
    assert samples["last_run_problems",] == 2
    assert {k: samples["last_run_changes", k] for k in ChangeKind if RUN.changes.get(k)} == {
        "host-new": 3,
        "port-opened": 1,
    }
    assert samples["changes_total", "host-new"] == 120
    assert samples["changes_total", "flapping"] == 0
    assert (samples["last_scan_parts", "properly"], samples["last_scan_parts", "badly"]) == (3, 1)
    assert samples["hosts_up",] == 59
    assert samples["last_good_run_timestamp_seconds",] == AT.timestamp()
    states = {s: samples["outbox_messages", "mailto", s] for s in ("waiting", "failed", "given_up")}
    assert states == {"waiting": 2, "failed": 1, "given_up": 0}
    assert samples["outbox_oldest_message_timestamp_seconds", "mailto"] == AT.timestamp()
    assert samples["outbox_failing_messages", "mailto"] == 3
    assert samples["outbox_failing_messages", "slack"] == 0
    assert samples["last_delivery_timestamp_seconds", "mailto"] == AT.timestamp()
    assert samples["held_ranges",] == 1
    assert samples["still_open_changes", "critical"] == 2
    assert samples["still_open_changes", "info"] == 0
    assert samples["database_size_bytes",] == 1_392_640


def test_what_is_not_known_is_left_out() -> None:
    """An empty outbox has no oldest message, and a state that cannot be read has nothing."""
    samples = read(metrics_text(FULL, "1"))
    assert ("outbox_oldest_message_timestamp_seconds", "slack") not in samples
    assert ("last_delivery_timestamp_seconds", "slack") not in samples

    assert read(metrics_text(UNREADABLE, "1")) == {("info", "1", ""): 1, ("state_usable",): 0}


def test_a_run_in_progress_and_files_taken_in_have_no_duration() -> None:
    """`ingest` does not know how long a scan elsewhere and its wait took."""
    figures = replace(FULL, last_run=replace(RUN, status="running", ended_at=None, seconds=None))

    samples = read(metrics_text(figures, "1"))

    assert samples["last_run_status", "running"] == 1
    assert ("last_run_end_timestamp_seconds",) not in samples
    assert ("last_run_duration_seconds",) not in samples


@pytest.mark.parametrize("name", ['mail"to', "back\\slash", "two\nlines", "ünï{}=,", "\\n", '\\"'])
def test_a_label_is_read_as_it_was_meant(name: str) -> None:
    """A destination's name comes from a settings file, and may hold anything."""
    text = metrics_text(replace(FULL, destinations=(Waiting(name, waiting=1),)), "1")

    shown = name.replace("\n", " ")
    assert read(text)["outbox_messages", shown, "waiting"] == 1
    assert_clean(text)


def test_the_same_figures_are_the_same_text() -> None:
    """Nothing in it is of the moment of writing, so that nothing is written without news."""
    assert metrics_text(FULL, "1") == metrics_text(replace(FULL), "1")


def test_every_name_is_ours_and_there_once() -> None:
    """`netwatch_` begins each; counters end in `_total`, and only they."""
    metrics = list(metrics_of(FULL, "1"))

    names = [metric.name for metric in metrics]
    assert len(set(names)) == len(names)
    assert all(name.startswith("netwatch_") for name in names)
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in metrics)
