"""What is said, in which words and which order, before any format."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.change import ChangeKind, Problem, Severity
from netwatch_notify.model.port import PortProtocol, ScriptOutput, Service
from netwatch_notify.report.scripts import telling_lines
from netwatch_notify.report.view import build_view, short_ids
from netwatch_notify.report.words import day, days_between, duration, ordinal
from tests.report import stories
from tests.report.stories import BERLIN, FACTS, RUN_AT, change, probed
from tests.report.strategies import relaxed


def test_sections_come_worst_first() -> None:
    """Whatever order the changes came in."""
    assert [section.title for section in stories.SAMPLE.view.sections] == [
        "CRITICAL",
        "TO CHECK",
        "FOR INFORMATION",
    ]


@relaxed
@given(st.sets(st.text("0123456789abcdef", min_size=12, max_size=12), max_size=60))
def test_short_ids_are_the_shortest_that_are_unique(ids: set[str]) -> None:
    """Four digits at least, and only one id begins with them."""
    for own, short in short_ids(ids).items():
        assert own.startswith(short)
        assert len(short) >= 4
        assert sum(other.startswith(short) for other in ids) == 1
        if len(short) > 4:
            assert sum(other.startswith(short[:-1]) for other in ids) > 1


@pytest.mark.parametrize(
    ("story", "subject"),
    [
        (stories.QUIET, "lan: no changes · Tue 24 Nov"),
        (stories.FIRST_RUN, "lan: first scan, 38 hosts known · Tue 24 Nov"),
        (
            stories.Story(changes=(stories.NEW_DEVICE,)),
            "lan: new device 192.168.1.77, Espressif · Tue 24 Nov",
        ),
        (
            replace(stories.FIRST_RUN, problems=(Problem("k", "leeds not scanned"),)),
            "lan: LEEDS NOT SCANNED, first scan, 38 hosts known · Tue 24 Nov",
        ),
        (
            stories.Story(changes=(replace(stories.TELNET, name="printer-2.offices.example.org"),)),
            "lan: telnet open on printer-2 · Tue 24 Nov",
        ),
        (
            stories.Story(
                problems=(Problem("k", "10.20.8.0/24 10.20.9.0/25 was scanned only in part"),)
            ),
            "lan: 10.20.8.0… WAS SCANNED ONLY IN PART · Tue 24 Nov",
        ),
        (
            stories.Story(
                changes=(
                    replace(
                        stories.SSH_UPDATED,
                        name="gateway-of-leeds.example.org",
                        service=probed("netbios-ssn", "Samba smbd", "4.19.5"),
                        was="Samba smbd 4.17.12",
                    ),
                )
            ),
            "lan: new version on gateway-of-leeds · Tue 24 Nov",
        ),
    ],
    ids=[
        "quiet",
        "first run",
        "one change",
        "problem on a first run",
        "long name",
        "problem of a long name",
        "version on a long name",
    ],
)
def test_subject_says_the_worst_fact(story: stories.Story, subject: str) -> None:
    """Within forty characters, in English, dated where the reader is."""
    assert story.view.subject == subject


def test_day_is_the_readers() -> None:
    """A run at 23:30 UTC is already tomorrow in Berlin."""
    late = replace(FACTS, started_at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))

    assert build_view(late, [], [], BERLIN).subject.endswith("Tue 24 Nov")
    assert build_view(late, [], [], ZoneInfo("UTC")).subject.endswith("Mon 23 Nov")


def test_a_guess_from_the_port_number_is_never_told() -> None:
    """Nobody probed it, so it is a number."""
    opened = change(
        ChangeKind.PORT_OPENED,
        "192.168.1.9",
        Severity.WARNING,
        port="3389/tcp",
        service=Service("ms-wbt-server"),
    )
    view = build_view(FACTS, [opened], [], BERLIN)

    assert "ms-wbt-server" not in repr(view)
    assert view.sections[0].items[0].headline == "192.168.1.9: 3389/tcp opened"


@pytest.mark.parametrize(
    ("was", "now", "headline", "detail"),
    [
        ("OpenSSH 9.2p1", ("OpenSSH", "9.6p1"), "SSH updated", "OpenSSH 9.2p1 → 9.6p1"),
        ("OpenSSH 9.2p1", ("Dropbear sshd", "2022"), "SSH changed", None),
        ("OpenSSH 9.2p1", ("OpenSSH", ""), "SSH updated", "OpenSSH 9.2p1 → OpenSSH"),
    ],
    ids=["version", "product", "version no longer told"],
)
def test_versions_old_and_new(
    was: str, now: tuple[str, str], headline: str, detail: str | None
) -> None:
    """A product that stayed is said once."""
    changed = change(
        ChangeKind.SERVICE_CHANGED,
        "192.168.1.1",
        Severity.INFO,
        port="22/tcp",
        was=was,
        service=probed("ssh", *now),
    )
    item = build_view(FACTS, [changed], [], BERLIN).sections[0].items[0]

    assert item.headline == f"192.168.1.1: {headline}"
    assert item.details == (detail or f"{was} → {' '.join(now)}",)


@pytest.mark.parametrize(
    ("facts", "footer"),
    [
        (FACTS, ("Scan complete: 254 addresses, 1000 TCP ports,", "38 up (usually 37), 4 min.")),
        (
            replace(
                FACTS,
                addresses=None,
                ports={PortProtocol.TCP: 1000, PortProtocol.UDP: 1},
                usual_hosts_up=None,
            ),
            ("Scan complete: 1000 TCP and 1 UDP ports,", "38 up, 4 min."),
        ),
        (
            replace(FACTS, addresses=None, ports={}, fast_seconds=0, detail_seconds=0),
            ("Scan complete: 38 up (usually 37).",),
        ),
        (
            replace(FACTS, addresses=1, ports={PortProtocol.TCP: 1}, hosts_up=1),
            ("Scan complete: 1 address, 1 TCP port,", "1 up (usually 37), 4 min."),
        ),
        (
            replace(FACTS, parts_good=0),
            ("The scan did not end properly; 38 up (usually 37), 4 min.",),
        ),
        (
            replace(FACTS, parts_total=5, parts_good=4),
            ("Scanned 4 of 5 parts; 38 up (usually 37), 4 min.",),
        ),
    ],
    ids=["run", "two protocols", "nothing known", "one of each", "one part failed", "parts"],
)
def test_footer_says_what_was_covered(facts: stories.RunFacts, footer: tuple[str, ...]) -> None:
    """And never claims a complete scan that was none."""
    assert build_view(facts, [], [], BERLIN).footer == footer


@pytest.mark.parametrize(
    ("problem", "details"),
    [
        (Problem("k", "x", ("why",), 1, RUN_AT, RUN_AT), ("why",)),
        (Problem("k", "x", (), 2), ("2nd night",)),
        (
            Problem("k", "x", ("why", "try"), 12, RUN_AT),
            ("why", "12th night, since Tue 24 Nov", "try"),
        ),
    ],
    ids=["first night", "nothing more known", "never good"],
)
def test_a_lasting_problem_says_how_long(problem: Problem, details: tuple[str, ...]) -> None:
    """From the second night on."""
    assert build_view(FACTS, [], [problem], BERLIN).sections[0].items[0].details == details


@pytest.mark.parametrize(
    ("script", "output", "lines"),
    [
        ("http-title", "Router login\nRequested resource was http://x/", ("title: Router login",)),
        ("http-title", "Site doesn't have a title (text/html).", ()),
        (
            "ssl-cert",
            "Subject: commonName=nas.lan/organizationName=A",
            ("certificate for nas.lan",),
        ),
        ("ssl-cert", "Subject: organizationName=A\nIssuer: commonName=CA", ()),
        (
            "ftp-anon",
            "Anonymous FTP login allowed (FTP code 230)",
            ("anonymous FTP login allowed",),
        ),
        ("ftp-anon", "got code 500", ()),
        ("smb-os-discovery", "\n  OS: Windows 10\n  Name: X", ("says it is Windows 10",)),
        ("ssh-hostkey", "2048 aa:bb", ()),
        ("http-title", "x" * 300, (f"title: {'x' * 50}…",)),
    ],
)
def test_only_telling_script_lines_are_told(
    script: str, output: str, lines: tuple[str, ...]
) -> None:
    """One line each, within the width of the message."""
    assert telling_lines([ScriptOutput(script, output)]) == lines


def test_days_and_spans_read_as_english() -> None:
    """No locale has a say."""
    assert day(datetime(2025, 2, 1, tzinfo=UTC), BERLIN, RUN_AT) == "Sat 1 Feb 2025"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip
    assert [duration(s) for s in (0.2, 45, 59.9, 60, 240, 7800, 3599)] == [
        "1 s", "45 s", "60 s", "1 min", "4 min", "2 h 10", "1 h 00",
    ]  # fmt: skip
    spans = (timedelta(hours=3), timedelta(days=1, hours=2), timedelta(days=43))
    assert [days_between(RUN_AT - span, RUN_AT) for span in spans] == [
        "less than a day", "1 day", "43 days",
    ]  # fmt: skip
