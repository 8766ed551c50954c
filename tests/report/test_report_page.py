"""docs/reference/report.md names the fields of the JSON report, and no others."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.port import Port, PortKey, PortState, Service, ServiceMethod
from netwatch_notify.report.facts import RunFacts
from netwatch_notify.report.json_report import diff_report, json_report

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOST = ip_address("192.168.1.40")
SERVICE = Service("http", "nginx", "1.22.1", method=ServiceMethod.PROBED)
CHANGE = Change(
    ChangeKind.HOST_NEW,
    Severity.WARNING,
    HOST,
    service=SERVICE,
    ports=(Port(PortKey(80), PortState.OPEN, service=SERVICE),),
)


def report() -> dict[str, Any]:
    """Return a report with something in each of its places."""
    facts = RunFacts("lan", 412, "run", "done", NOW, NOW, 1.0, 1.0, 254)
    item = OpenItem("e0d4", ChangeKind.PORT_OPENED, Severity.WARNING, HOST, PortKey(23), "tv", NOW)
    return json_report(replace(facts, still_open=(item,)), [CHANGE], [])


def named_in(title: str, *, column: int = 1) -> set[str]:
    """Return the words in backticks in a column of a section's table."""
    text = (ROOT / "docs" / "reference" / "report.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section
    rows = [line for line in section[1].splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[column])}


def test_the_report_has_the_fields_of_the_page() -> None:
    assert named_in("The report") == set(report())
    assert set(diff_report([CHANGE], [])) == set(report()) - {"notes", "still_open"}


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("The run", set(report()["run"])),
        ("A change", set(report()["changes"][0])),
    ],
    ids=["run", "change"],
)
def test_its_parts_have_the_fields_of_the_page(title: str, fields: set[str]) -> None:
    assert named_in(title) == fields


def test_what_stands_in_a_cell_is_complete() -> None:
    """The fields of what is open still, of a new host's ports and of a service."""
    text = (ROOT / "docs" / "reference" / "report.md").read_text(encoding="utf-8")
    told = report()

    for line, fields in (
        ("| `still_open`", set(told["still_open"][0])),
        ("| `ports`", set(told["changes"][0]["ports"][0])),
        ("Only what a probe found", set(told["changes"][0]["service"])),
    ):
        found = next(row for row in text.splitlines() if row.startswith(line))
        words = set(re.findall(r"`([^`]+)`", found)) - {"still_open", "ports", "diff", "ssl"}
        assert words == fields


def test_every_kind_of_change_is_explained() -> None:
    assert named_in("Kinds of change") == set(ChangeKind)
