"""What `--markdown` and `--html` say of two files, and the lines about what was left out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.message import Format
from netwatch_notify.model.port import PortProtocol, PortState, ScriptOutput
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scope import Scope
from netwatch_notify.report.diff_view import (
    ComparedFile,
    build_diff_view,
    left_out_line,
    scope_line,
    timed_out_line,
    unasked_line,
)
from netwatch_notify.report.json_report import diff_report
from netwatch_notify.report.render import render
from tests.builders import addresses, at, key, port, probed
from tests.report.stories import BERLIN

OLD = ComparedFile("monday.xml", 3, "7.93", datetime(2026, 11, 23, 2, tzinfo=UTC))
NEW = ComparedFile("tuesday.xml", 1, "7.95", datetime(2026, 11, 24, 2, tzinfo=UTC))
INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
NGINX = probed("nginx", "1.22.1")

CHANGES = [
    Change(
        ChangeKind.SCRIPT_CHANGED,
        INFO,
        at("192.0.2.10"),
        key=key("80"),
        was="NAS\nlogin",
        scripts=(ScriptOutput("http-title", "Hacked\nlogin\nby x"),),
    ),
    Change(ChangeKind.OS_CHANGED, INFO, at("192.0.2.10"), was="Linux 4", os_matches=("Linux 5",)),
    Change(ChangeKind.OS_CHANGED, INFO, at("192.0.2.11"), was="Linux 4"),
    Change(
        ChangeKind.HOSTNAME_CHANGED, INFO, at("192.0.2.10"), name="nas2.example", was="nas.example"
    ),
    Change(
        ChangeKind.HOST_MOVED,
        INFO,
        at("192.0.2.9"),
        was="192.0.2.7",
        mac="00:11:32:00:00:01",
        vendor="Synology",
        ports=(port("22"),),
    ),
    Change(ChangeKind.HOST_GONE, INFO, at("192.0.2.8")),
    Change(
        ChangeKind.PORT_CLOSED,
        INFO,
        at("192.0.2.10"),
        key=key("21"),
        was="open",
        note="not shown: the scan does not say whether it is closed or filtered",
    ),
    Change(
        ChangeKind.PORT_CLOSED,
        INFO,
        at("192.0.2.10"),
        key=key("22"),
        state=PortState.FILTERED,
        was="open",
    ),
    Change(
        ChangeKind.SERVICE_CHANGED,
        INFO,
        at("192.0.2.10"),
        key=key("443"),
        was="http nginx 1.22.1",
        service=replace(NGINX, tunnel="ssl"),
        was_service=NGINX,
    ),
    Change(
        ChangeKind.SERVICE_CHANGED,
        INFO,
        at("192.0.2.10"),
        key=key("80"),
        was="nginx 1.22.1",
        service=probed("nginx", "1.24.0"),
        was_service=NGINX,
    ),
    Change(
        ChangeKind.MAC_CHANGED,
        WARNING,
        at("192.0.2.12"),
        was="00:11:32:00:00:01",
        mac="00:11:32:00:00:02",
    ),
    Change(ChangeKind.HOST_NEW, WARNING, at("192.0.2.77"), vendor="Espressif"),
    Change(ChangeKind.PORT_OPENED, CRITICAL, at("192.0.2.10"), key=key("23"), state=PortState.OPEN),
]

TOLD = """\
PROBLEM: scopes differ: only OLD covered UDP ports 53
CRITICAL
! 192.0.2.10: 23/tcp opened
TO CHECK
+ new device 192.0.2.77, Espressif
  no open ports
~ 192.0.2.12: MAC address changed
  00:11:32:00:00:01 → 00:11:32:00:00:02
FOR INFORMATION
~ 192.0.2.10: HTTP updated
  nginx 1.22.1 → 1.24.0
~ 192.0.2.10: HTTPS changed
  http nginx 1.22.1 → ssl/http nginx 1.22.1
- 192.0.2.10: 21/tcp no longer open
  not shown: the scan does not say whether it is closed or
  filtered
- 192.0.2.10: 22/tcp no longer answers
- 192.0.2.8: gone
  no answer
~ 192.0.2.9 (Synology): moved here
  from 192.0.2.7
  22/tcp
~ 192.0.2.10: name changed
  nas.example → nas2.example
~ 192.0.2.10: operating system changed
  Linux 4 → Linux 5
~ 192.0.2.11: operating system changed
  Linux 4 → none
~ 192.0.2.10: 80/tcp http-title says something else
  was: NAS
  now: Hacked (and 1 more line)

Old: monday.xml, nmap 7.93, Mon 23 Nov 2026 03:00, 3 hosts
New: tuesday.xml, nmap 7.95, Tue 24 Nov 2026 03:00, 1 host
"""


def without_ids(text: str) -> str:
    lines = (line.rpartition("[")[0] if line.endswith("]") else line for line in text.splitlines())
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_every_kind_of_change_in_words() -> None:
    """Worst first; times are local."""
    problems = ["scopes differ: only OLD covered UDP ports 53"]
    message = render(build_diff_view(OLD, NEW, CHANGES, problems, BERLIN), Format.TEXT)

    assert without_ids(message.body) == TOLD
    assert message.subject == "monday.xml → tuesday.xml: 13 changes"


def test_no_change_is_said() -> None:
    view = build_diff_view(OLD, NEW, [], [], BERLIN)
    message = render(view, Format.TEXT)

    assert message.body.startswith("No changes in what both scans covered.\n")
    assert message.subject == "monday.xml → tuesday.xml: no changes"


def test_file_that_says_nothing_of_itself_is_named_all_the_same() -> None:
    view = build_diff_view(ComparedFile("a.xml", 0), ComparedFile("b.xml", 1), [], [], UTC)

    assert view.footer == ("Old: a.xml, 0 hosts", "New: b.xml, 1 host")


@pytest.mark.parametrize("format_", [Format.HTML, Format.MARKDOWN])
def test_names_of_files_and_problems_are_harmless(format_: Format) -> None:
    """A file may be called anything, and problems quote the file."""
    bad = "<script>alert(1)</script> [x](http://evil.example) @everyone\u202e"
    view = build_diff_view(ComparedFile(bad, 1), NEW, [], [bad], UTC)
    message = render(view, format_)

    for text in (message.body, message.subject):
        assert "<script" not in text
        assert "://" not in text
        assert "@everyone" not in text
        assert "\u202e" not in text


def test_json_has_every_kind_with_both_sides() -> None:
    report = diff_report(CHANGES, ["a problem"])
    by_kind = {change["kind"]: change for change in report["changes"]}

    assert (report["network"], report["run"]) == (None, None)
    assert report["problems"] == ["a problem"]
    assert sum(report["counts"].values()) == len(CHANGES)
    assert by_kind["script-changed"]["was"] == "NAS\nlogin"
    assert by_kind["script-changed"]["scripts"] == [
        {"id": "http-title", "output": "Hacked\nlogin\nby x"}
    ]
    assert by_kind["host-moved"]["was"] == "192.0.2.7"
    assert by_kind["hostname-changed"]["hostname"] == "nas2.example"
    os_changes = [c for c in report["changes"] if c["kind"] == "os-changed"]
    assert [(c["was"], c["os"]) for c in os_changes] == [("Linux 4", ["Linux 5"]), ("Linux 4", [])]
    assert by_kind["host-gone"]["severity"] == "info"


def test_ids_of_changes_about_different_things_differ() -> None:
    assert len({change.id for change in CHANGES}) == len(CHANGES)


# Scopes

SCOPE = Scope(
    addresses("192.0.2.0/24"),
    ports={PortProtocol.TCP: Ranges.parse("1-1000")},
    types=((PortProtocol.TCP, "syn"),),
)


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (SCOPE, ""),
        (
            replace(SCOPE, addresses=addresses("192.0.2.0/25", "198.51.100.1")),
            "scopes differ: only OLD covered 128 addresses; only NEW covered 1 address",
        ),
        (
            replace(SCOPE, names=frozenset({"nas.example"})),
            "scopes differ: only NEW covered nas.example",
        ),
        (
            replace(SCOPE, ports={PortProtocol.TCP: Ranges.parse("22,80,2000")}),
            (
                "scopes differ: only OLD covered TCP ports 1-21,23-79,81-1000; "
                "only NEW covered TCP ports 2000"
            ),
        ),
        (
            replace(SCOPE, ports={PortProtocol.UDP: Ranges.parse("53")}, types=()),
            "scopes differ: only OLD covered TCP ports 1-1000; only NEW covered UDP ports 53",
        ),
        (
            replace(SCOPE, types=((PortProtocol.TCP, "ack"),)),
            "scopes differ: TCP ports not compared: OLD made a syn scan, NEW a ack scan",
        ),
        (replace(SCOPE, types=((PortProtocol.TCP, "connect"),)), ""),
        (replace(SCOPE, addresses=addresses(), is_known=False), ""),
        (
            replace(SCOPE, addresses=addresses(), ports={}, is_known=False),
            "scopes differ: NEW does not say which TCP ports it covered",
        ),
    ],
    ids=[
        "same",
        "addresses",
        "names",
        "ports",
        "protocols",
        "kinds",
        "syn-and-connect",
        "unknown",
        "unknown-ports",
    ],
)
def test_what_only_one_scan_covered_is_one_line(other: Scope, line: str) -> None:
    assert scope_line(SCOPE, other) == line


def test_many_ports_are_shortened() -> None:
    many = Ranges.of_numbers(range(1, 1001, 2))
    other = replace(SCOPE, ports={PortProtocol.TCP: many})
    line = scope_line(SCOPE, other)

    assert len(line) < 120
    assert line.endswith(",… (500)")


def test_names_of_targets_are_cleaned() -> None:
    line = scope_line(SCOPE, replace(SCOPE, names=frozenset({"a\u202eb\nc"})))

    assert line == "scopes differ: only NEW covered ab c"


# What was left out


def test_left_out_hosts_are_counted_and_five_are_named() -> None:
    hosts = [f"192.0.2.{n}" for n in range(1, 9)]

    assert left_out_line("NEW", []) == ""
    assert left_out_line("NEW", hosts[:1]) == (
        "1 host only in NEW not counted as new, because OLD does not prove that nobody answered "
        "there: 192.0.2.1"
    )
    assert left_out_line("OLD", hosts) == (
        "8 hosts only in OLD not counted as gone, because NEW does not prove that nobody answered "
        "there: 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, …"
    )


def test_left_out_ports_are_counted_and_named() -> None:
    assert unasked_line("OLD", []) == ""
    assert unasked_line("OLD", ["192.0.2.1 22/tcp", "192.0.2.1 80/tcp"]) == (
        "2 open ports only in OLD not counted as closed, because NEW does not say that it asked "
        "about them: 192.0.2.1 22/tcp, 192.0.2.1 80/tcp"
    )


def test_hosts_that_timed_out_are_counted_and_named() -> None:
    assert timed_out_line([]) == ""
    assert timed_out_line(["192.0.2.1", "192.0.2.2"]) == (
        "2 hosts timed out in one of the scans, so what only the other shows is not counted: "
        "192.0.2.1, 192.0.2.2"
    )
