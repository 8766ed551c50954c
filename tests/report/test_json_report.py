"""The report for machines has the shape DESIGN gives."""

import json

from netwatch_notify.report.json_report import json_report
from tests.report import stories


def test_shape_of_a_run() -> None:
    """Times in UTC, counts by kind, problems as sentences, coverage as given."""
    story = stories.PROBLEMS
    report = json_report(story.facts, story.changes, story.problems, {"addresses": ["10.0.0.0/8"]})

    assert json.loads(json.dumps(report)) == report
    assert report["schema"] == 1
    assert report["run"] == {
        "id": 412,
        "started_at": "2026-11-24T02:00:00Z",
        "ended_at": "2026-11-24T02:04:00Z",
        "status": "done",
        "fast_seconds": 7200.0,
        "detail_seconds": 600.0,
        "coverage": {"addresses": ["10.0.0.0/8"]},
    }
    assert report["counts"] == {"port-opened": 1, "port-closed": 1}
    assert report["problems"] == [
        (
            "leeds not scanned: 10.40.0.0/16: no route from the scanner; "
            "3rd night, last good 2026-11-21; Nothing below is about it.; "
            "Try: ip route get 10.40.0.1"
        ),
        "10.30.4.0/24: 88 of 91 hosts silent: night 1, held, not counted as gone",
    ]


def test_shape_of_a_change() -> None:
    """Every field is there; what is not known is null."""
    change = json_report(stories.FACTS, [stories.NEW_PORT], [])["changes"][0]

    assert change == {
        "id": stories.NEW_PORT.id,
        "kind": "port-opened",
        "severity": "warning",
        "address": "192.168.1.10",
        "mac": None,
        "vendor": None,
        "hostname": "nas",
        "port": 8443,
        "protocol": "tcp",
        "state": "open",
        "was": None,
        "service": {
            "name": "http",
            "product": "nginx",
            "version": "1.22.1",
            "extra_info": None,
            "tunnel": "ssl",
            "cpe": [],
        },
        "was_service": None,
        "ports": [],
        "os": [],
        "scripts": [],
        "confirmed": True,
        "first_seen_at": "2026-11-24T02:00:00Z",
        "last_seen_at": None,
        "name": "nas",
        "owner": None,
        "site": None,
        "times": 1,
        "toggles": None,
        "planned": None,
        "group": None,
        "note": None,
    }


def test_a_new_host_carries_its_ports_and_no_guessed_service() -> None:
    """443/tcp is open; nobody saw that it speaks https."""
    ports = json_report(stories.FACTS, stories.KINDS.changes, [])["changes"][0]["ports"]

    assert [port["port"] for port in ports][:2] == [80, 443]
    assert ports[0]["service"]["product"] == "lighttpd"
    assert ports[1]["service"] is None


def test_nothing_happened() -> None:
    """A quiet night is empty lists, not missing ones."""
    report = json_report(stories.FACTS, [], [])

    assert (report["counts"], report["problems"], report["changes"]) == ({}, [], [])
