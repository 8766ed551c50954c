"""Whether a scan ended properly, and what it then covered."""

from dataclasses import replace

import pytest

from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import ScanEnding, ScanHeader, ScanInfo
from netwatch_notify.scan.ending import Fault, assumed_coverage, coverage_of, find_fault
from netwatch_notify.scan.runner import NmapOutcome
from tests.builders import addresses, at, host, key

GOOD = ScanEnding(True, "success", "", 2, 4)
ASKED = addresses("192.0.2.0/30")


def outcome(code: int = 0, stderr: str = "", *, timed_out: bool = False) -> NmapOutcome:
    return NmapOutcome(code, stderr, timed_out, 61.4)


def fault(
    ending: ScanEnding = GOOD,
    process: NmapOutcome | None = None,
    *,
    complete: bool = True,
    asked=ASKED,
) -> Fault | None:
    return find_fault(ending, is_complete=complete, outcome=process, asked=asked)


@pytest.mark.parametrize(
    ("ending", "process", "asked"),
    [
        pytest.param(GOOD, outcome(), ASKED, id="success"),
        pytest.param(GOOD, None, ASKED, id="made-elsewhere"),
        pytest.param(replace(GOOD, exit=""), None, ASKED, id="old-nmap-without-exit"),
        pytest.param(replace(GOOD, hosts_total=None), outcome(), ASKED, id="no-hosts-element"),
        pytest.param(replace(GOOD, hosts_total=99), outcome(), None, id="asked-unknown"),
        pytest.param(GOOD, outcome(0, "Warning: slow\n"), ASKED, id="a-warning"),
    ],
)
def test_these_scans_ended_properly(ending, process, asked) -> None:
    assert fault(ending, process, asked=asked) is None


@pytest.mark.parametrize(
    ("ending", "process", "complete", "problem", "remedy"),
    [
        pytest.param(
            ScanEnding(), outcome(-15, timed_out=True), False,
            "stopped at the time limit, after 61 s", "NETWATCH_SCAN_TIMEOUT_SECONDS",
            id="time-limit",
        ),
        pytest.param(
            GOOD, outcome(timed_out=True), True, "time limit", "", id="time-limit-though-whole"
        ),
        pytest.param(ScanEnding(), outcome(-9), False, "killed by signal 9", "", id="signal"),
        pytest.param(
            ScanEnding(), outcome(1, "QUITTING!\n"), False,
            'exit code 1', "", id="exit-code",
        ),
        pytest.param(GOOD, outcome(1), True, "exit code 1", "", id="exit-code-though-whole"),
        pytest.param(
            ScanEnding(), outcome(1, "You requested a scan type which requires root.\n"), False,
            "exit code 1", "run as root", id="no-privileges",
        ),
        pytest.param(
            replace(GOOD, exit="error", error_message="Address in use"), outcome(), True,
            'ended with \'error\': "Address in use"', "", id="xml-says-error",
        ),
        pytest.param(GOOD, outcome(), False, "stops in the middle", "disk space", id="cut"),
        pytest.param(
            replace(GOOD, finished=False), outcome(), True, "stops in the middle", "",
            id="no-finished",
        ),
        pytest.param(
            replace(GOOD, skipped_targets=("nas",)), outcome(), True, "skipped nas", "",
            id="skipped-target",
        ),
        pytest.param(
            GOOD, outcome(0, 'Failed to resolve "nas".\n'), True, "did not resolve", "DNS",
            id="name",
        ),
        pytest.param(
            replace(GOOD, hosts_total=0), outcome(0, "Warning\nsetup_target: no route\n"), True,
            'scanned 0 of 4 addresses: "setup_target: no route"', "ip route get 192.0.2.0",
            id="no-route",
        ),
        pytest.param(
            replace(GOOD, hosts_total=3), None, True, "scanned 3 of 4", "", id="short-total"
        ),
    ],
)  # fmt: skip
def test_these_did_not(ending, process, complete, problem, remedy) -> None:
    found = fault(ending, process, complete=complete)
    assert found
    assert problem in found.problem
    assert remedy in found.remedy


def test_what_nmap_said_is_quoted_on_one_line_and_shortened() -> None:
    found = fault(ScanEnding(), outcome(1, "\x1b[31m" + "x" * 5000 + "\n\n"), complete=False)
    assert found
    assert found.problem.isprintable()
    assert len(found.problem) < 200


HEADER = ScanHeader(
    scan_infos=(
        ScanInfo("syn", PortProtocol.TCP, Ranges.parse("1-100")),
        ScanInfo("udp", PortProtocol.UDP, Ranges.parse("53")),
    )
)


def test_coverage_is_targets_times_ports_without_the_hosts_that_timed_out() -> None:
    covered = coverage_of(HEADER, ASKED, [host("192.0.2.1"), host("192.0.2.2", timed_out=True)])
    assert covered.covers(at("192.0.2.1"), key("22"))
    assert covered.covers(at("192.0.2.3"), key("53/udp"))
    assert not covered.covers(at("192.0.2.2"), key("22"))
    assert not covered.covers(at("192.0.2.1"), key("22/udp"))
    assert not covered.covers(at("192.0.2.1"), key("101"))
    assert not covered.covers(at("192.0.2.4"), key("22"))
    assert covered.types == ((PortProtocol.TCP, "syn"), (PortProtocol.UDP, "udp"))


def test_an_assumed_coverage_holds_every_address_and_the_ports_the_scan_names() -> None:
    covered = assumed_coverage(HEADER)
    assert at("203.0.113.9") in covered.addresses
    assert at("2001:db8::9") in covered.addresses
    assert covered.covers(at("203.0.113.9"), key("22"))
    assert not covered.covers(at("203.0.113.9"), key("443"))
    assert assumed_coverage(ScanHeader()).covers(at("203.0.113.9"), key("443"))
