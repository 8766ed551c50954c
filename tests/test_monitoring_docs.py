"""What the documents say of metrics, logs and alerts is so."""

import json
import logging
import re
from pathlib import Path

import pytest

from netwatch_notify.log.forms import JsonForm
from netwatch_notify.report.metrics import metrics_of
from tests.report.test_metrics import FULL
from tests.servers.promtool import promtool
from tests.test_docs import rows_of

DOCS = Path(__file__).parent.parent / "docs"
METRICS = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
LOGS = (DOCS / "reference" / "logs.md").read_text(encoding="utf-8")
MONITORING = (DOCS / "how-to" / "monitoring.md").read_text(encoding="utf-8")

HOUR, DAY = 60, 24 * 60
ALERTS = {
    # name: (series, its values, minutes between them, when it is quiet still, when it fires)
    "NetwatchNoGoodRun": (
        "last_good_run_timestamp_seconds",
        "0x400",
        10,
        36 * HOUR,
        36 * HOUR + 30,
    ),
    "NetwatchStateUnusable": ("state_usable", "1x10 0x10", 1, 5, 15),
    "NetwatchRunNotGood": ('last_run_status{status="failed"}', "0x10 1x10", 1, 5, 15),
    "NetwatchNotDelivered": (
        'outbox_failing_messages{destination="mailto"}',
        *("0x10 1x300", 1, 100, 200),
    ),
    "NetwatchCriticalChangeOpen": (
        'still_open_changes{severity="critical"}',
        *("2x500", 10, 2 * DAY, 3 * DAY + 20),
    ),
    "NetwatchFileMissing": ("info", "1x10", 1, 60, 100),
}


def rules() -> str:
    """Return the rules as the page shows them."""
    found = re.search(r"```yaml\n(.*?)```", MONITORING, re.DOTALL)
    assert found
    return found[1]


def test_the_page_lists_each_metric_as_it_is() -> None:
    """Name, type, labels and meaning, in the file's order; `network` has them all."""
    listed = [row for row in rows_of(METRICS) if row[0].startswith("`netwatch_")]

    assert listed == [
        [
            f"`{metric.name}`",
            metric.kind,
            ", ".join(f"`{label}`" for label in metric.samples[0][0]),
            metric.help,
        ]
        for metric in metrics_of(FULL, "1")
    ]


def test_the_alerts_are_rules_of_metrics_that_there_are(tmp_path: Path) -> None:
    """promtool reads them, and no expression asks for a name that is never written."""
    file = tmp_path / "netwatch.yml"
    file.write_text(rules(), encoding="utf-8")
    names = set(re.findall(r"netwatch_\w+", re.sub(r"name: netwatch\b", "", rules())))

    judged = promtool("check", "rules", file)

    assert judged.returncode == 0, judged.stderr
    assert f"SUCCESS: {len(ALERTS)} rules found" in judged.stdout
    assert names <= {metric.name for metric in metrics_of(FULL, "1")}
    assert set(re.findall(r"alert: (\w+)", rules())) == set(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_fires_when_it_should_and_not_before(alert: str, tmp_path: Path) -> None:
    """Played by promtool, a few days in a second."""
    series, values, step, quiet, fires = ALERTS[alert]
    (tmp_path / "netwatch.yml").write_text(rules(), encoding="utf-8")
    name, _, labels = series.partition("{")
    labels = f'{{network="lan",{labels}' if labels else '{network="lan"}'
    if alert == "NetwatchFileMissing":
        labels = "{}"  # absent() knows no labels of what is not there
    expected = dict(re.findall(r'(\w+)="(\w+)"', labels))
    rule = re.search(rf"- alert: {alert}\n.*?severity: (\w+)", rules(), re.DOTALL)
    assert rule
    pairs = ", ".join(f"{k}: {v}" for k, v in {**expected, "severity": rule[1]}.items())
    (tmp_path / "test.yml").write_text(
        f"""\
rule_files: [netwatch.yml]
evaluation_interval: {step}m
tests:
  - interval: {step}m
    input_series:
      - series: 'netwatch_{name}{labels if alert != "NetwatchFileMissing" else ""}'
        values: '{values}'
    alert_rule_test:
      - {{eval_time: {quiet}m, alertname: {alert}, exp_alerts: []}}
    promql_expr_test:
      - expr: 'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
        eval_time: {fires}m
        exp_samples: [{{value: 1}}]
      - expr: 'ALERTS{{alertname="{alert}",alertstate="firing"}} * 0'
        eval_time: {fires}m
        exp_samples:
          - {{labels: '{{alertname="{alert}", alertstate="firing", {quoted(pairs)}}}', value: 0}}
""",
        encoding="utf-8",
    )

    played = promtool("test", "rules", tmp_path / "test.yml")

    assert played.returncode == 0, played.stdout + played.stderr


def test_the_json_record_has_the_fields_that_are_listed() -> None:
    """In the example and in the table, in their order."""
    record = logging.LogRecord("netwatch_notify.run", logging.INFO, "", 0, "x", None, None)
    real = list(json.loads(JsonForm().format(record)))
    example = re.search(r"`(\{.*?\})`", LOGS)
    assert example

    assert list(json.loads(example[1])) == real
    assert [row[0].strip("`") for row in rows_of(LOGS) if row[0].strip("`") in real] == real


def quoted(pairs: str) -> str:
    """Return `a: b` as a label, `a="b"`."""
    return re.sub(r"(\w+): (\w+)", r'\1="\2"', pairs)
