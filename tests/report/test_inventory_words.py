"""How hosts, runs and the history are put into words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.inventory import Absence, KnownHost, KnownPort
from netwatch_notify.model.listing import Standing, Told
from netwatch_notify.model.port import PortState
from netwatch_notify.model.rule import Acceptance
from netwatch_notify.report.json_report import change_json
from netwatch_notify.report.run_page import coverage_words
from netwatch_notify.report.standing import host_words, maker_of, port_words, ports_words
from netwatch_notify.report.told_lines import accepted_words, beginning, known_before
from tests.builders import at, coverage, key, night

NOW = night(60)
SILENT = Absence((at("192.0.2.1"), None), 2, night(58))


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(present=True), "here"),
        (Standing(present=True, absence=SILENT), "silent 2 runs"),
        (Standing(present=True, absence=replace(SILENT, is_held=True)), "silent 2 runs, held"),
        (Standing(present=False, gone_at=night(3)), "gone since Sat 3 Jan"),
        (Standing(present=False, is_flapping=True), "comes and goes"),
        (
            Standing(present=False, gone_at=night(3), is_displaced=True),
            "gone since Sat 3 Jan, its address is another host's",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_how_a_host_stands(standing: Standing, words: str) -> None:
    assert host_words(standing, NOW, UTC) == words


def test_ports_of_a_host_that_is_gone_were_open() -> None:
    here, gone = Standing(present=True), Standing(present=False)

    assert port_words("open", here, here, NOW, UTC) == "open"
    assert port_words("open", here, gone, NOW, UTC) == "was open"
    assert (
        port_words("closed", Standing(False, night(2)), here, NOW, UTC) == "closed since Fri 2 Jan"
    )


def test_a_made_up_mac_has_no_vendor() -> None:
    assert maker_of("02:00:00:00:00:01", "Somebody") == "private address"
    assert maker_of("00:11:32:00:00:01", "Synology") == "Synology"


def test_many_ports_are_counted() -> None:
    keys = [key(str(number)) for number in (22, 80, 443)]

    assert ports_words(keys) == "22/tcp 80/tcp 443/tcp"
    assert ports_words(keys, 1) == "22/tcp +2"


def test_coverage_in_words() -> None:
    parts = [coverage("192.0.2.0/25"), coverage("192.0.2.128/25")]
    assert list(coverage_words(parts)) == ["192.0.2.0/24 (256 addresses), 1,000 TCP ports (syn)"]
    (words,) = coverage_words([coverage("10.0.0.1", "10.0.1.0-3", "fd00::1", tcp="22", udp="53")])
    assert words.startswith("10.0.0.1 10.0.1.0/30 fd00::1 (6 addresses), 1 TCP port (syn)")
    assert words.endswith("1 UDP port")


def test_an_acceptance_in_words() -> None:
    word = Acceptance("1", "alice", night(3), "CHG12", night(10))

    assert accepted_words(word, night(5), UTC) == (
        "accepted by alice, Sat 3 Jan, until Sat 10 Jan: CHG12"
    )
    assert " (over): " in accepted_words(word, NOW, UTC)


HOST = KnownHost(
    at("192.0.2.1"),
    present=True,
    first_seen_at=night(1),
    ports={
        key("22"): KnownPort(key("22"), PortState.OPEN, night(1)),
        key("80"): KnownPort(key("80"), PortState.OPEN, night(9)),
    },
)


def told(kind: ChangeKind, at_: datetime, first: datetime | None = None, port: str = "80") -> Told:
    change = Change(kind, Severity.INFO, at("192.0.2.1"), key=key(port), first_seen_at=first or at_)
    return Told(1, at_, change.id, "", change, change_json(change))


def test_what_was_there_before_it_was_told() -> None:
    """A port that opened in a change needs no more words; one that only closed does."""
    opened = told(ChangeKind.PORT_OPENED, night(9))
    closed = told(ChangeKind.PORT_CLOSED, night(5), night(2))

    assert known_before(HOST, key("22"), []) == night(1)
    assert known_before(HOST, key("80"), [opened]) is None
    assert known_before(HOST, key("80"), [opened, closed]) == night(2)
    assert known_before(HOST, None, [opened, closed]) == night(1)
    assert known_before(None, key("80"), []) is None


def test_the_beginning_in_words() -> None:
    first = night(1)

    assert beginning(HOST, key("22"), first, first, NOW, UTC) == (
        "22/tcp open since the first scan, Thu 1 Jan"
    )
    later = beginning(HOST, key("80"), night(2), first, NOW, UTC)
    assert later == "80/tcp open since Fri 2 Jan"
    assert beginning(HOST, None, first, first, NOW + timedelta(days=365), UTC) == (
        "known since the first scan, Thu 1 Jan 2026; open since then: 22/tcp"
    )
    assert beginning(HOST, None, None, first, NOW, UTC) == ""
