"""Differences exist only inside the coverage that past and present share."""

import pytest
from hypothesis import given

from netwatch_notify.diff.compare import Presence, compare
from netwatch_notify.diff.policy import take_inventory
from netwatch_notify.model.host import ExtraPorts, Host
from netwatch_notify.model.inventory import Inventory
from netwatch_notify.model.port import PortState
from netwatch_notify.model.scan import PartResult
from tests.builders import (
    FIRST_NIGHT,
    at,
    coverage,
    host,
    inventory,
    key,
    port,
    present_of,
    probed,
    scan,
)
from tests.diff.strategies import scanned


def presences(past: Inventory, *results: PartResult) -> dict[str, Presence]:
    found = compare(past, results).hosts
    return {str(address): difference.presence for address, difference in found.items()}


def only(past: Inventory, *results: PartResult):
    found = compare(past, results).hosts
    assert len(found) == 1
    return next(iter(found.values()))


@given(scanned)
def test_a_scan_compared_with_itself_shows_nothing(hosts: tuple[Host, ...]) -> None:
    result = scan(*hosts, tcp="0-100", udp="0-100")
    assert result.coverage
    first = take_inventory(hosts, FIRST_NIGHT)
    # A host that timed out is known, but the first scan does not stand for it.
    present = present_of(first.settled.hosts.values())
    past = Inventory(first.settled.hosts, (result.coverage,), is_empty=False, present=present)
    assert compare(past, [result]).hosts == {}


def test_a_host_never_seen_where_we_looked_is_new() -> None:
    difference = only(inventory(), scan(host("192.0.2.9", "22", "80=closed")))
    assert difference.presence is Presence.NEW
    assert [p.key for p in difference.opened] == [key("22")]


@pytest.mark.parametrize(
    "covered",
    [
        pytest.param([], id="nothing"),
        pytest.param([coverage("198.51.100.0/24")], id="another-network"),
        pytest.param([coverage("192.0.2.0/25")], id="half-of-it"),
        pytest.param([coverage("192.0.2.0/24", kind="connect")], id="connect-not-syn"),
        pytest.param([coverage("192.0.2.0/24", less=["192.0.2.200"])], id="timed-out-then"),
    ],
)
def test_a_host_never_asked_about_is_newly_covered(covered) -> None:
    difference = only(inventory(covered=covered), scan(host("192.0.2.200", "22")))
    assert difference.presence is Presence.NEWLY_COVERED
    assert difference.opened == ()
    assert [p.key for p in difference.learned] == [key("22")]


def test_adding_udp_makes_no_host_newly_covered_but_its_udp_ports_are_learned() -> None:
    past = inventory(host("192.0.2.1", "22"))
    difference = only(past, scan(host("192.0.2.1", "22", "53/udp"), udp="53"))
    assert difference.presence is Presence.SAME
    assert difference.opened == ()
    assert [p.key for p in difference.learned] == [key("53/udp")]
    assert presences(past, scan(host("192.0.2.1", "22"), host("192.0.2.9"), udp="53")) == {
        "192.0.2.9": Presence.NEW
    }


def test_a_port_outside_what_was_asked_before_is_learned_not_opened() -> None:
    past = inventory(host("192.0.2.1", "22"), covered=[coverage("192.0.2.0/24", tcp="1-100")])
    difference = only(past, scan(host("192.0.2.1", "22", "80", "443")))
    assert [p.key for p in difference.opened] == [key("80")]
    assert [p.key for p in difference.learned] == [key("443")]


def test_a_connect_scan_learns_ports_a_syn_scan_covered() -> None:
    past = inventory(host("192.0.2.1", "22"))
    difference = only(past, scan(host("192.0.2.1", "22", "80"), kind="connect"))
    assert difference.opened == ()
    assert [p.key for p in difference.learned] == [key("80")]


def test_silence_counts_where_both_scans_asked() -> None:
    past = inventory(host("192.0.2.1", "22"))
    assert presences(past, scan()) == {"192.0.2.1": Presence.SILENT}


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(scan(targets="198.51.100.0/24"), id="not-asked"),
        pytest.param(scan(kind="connect"), id="another-way"),
        pytest.param(scan(problem="nmap was killed by signal 9"), id="part-failed"),
        pytest.param(
            scan(host("192.0.2.1", timed_out=True, reason="user-set", rest="")), id="timed-out"
        ),
        pytest.param(scan(host("192.0.2.1", "22")), id="answered"),
    ],
)
def test_silence_elsewhere_proves_nothing(result: PartResult) -> None:
    assert presences(inventory(host("192.0.2.1", "22")), result) == {}


def test_the_past_must_have_asked_too() -> None:
    past = inventory(host("192.0.2.1", "22"), covered=[coverage("192.0.2.0/24", kind="connect")])
    assert presences(past, scan()) == {}


def test_a_host_that_was_told_gone_is_not_silent_again() -> None:
    assert presences(inventory(host("192.0.2.1"), gone=["192.0.2.1"]), scan()) == {}


def test_a_host_that_was_told_gone_is_back() -> None:
    past = inventory(host("192.0.2.1", "22"), gone=["192.0.2.1"])
    assert presences(past, scan(host("192.0.2.1", "22"))) == {"192.0.2.1": Presence.BACK}


def test_under_pn_a_host_that_shows_nothing_is_not_there() -> None:
    nothing = host("192.0.2.1", reason="user-set", rest="filtered")
    assert presences(inventory(host("192.0.2.1", "22")), scan(nothing)) == {
        "192.0.2.1": Presence.SILENT
    }
    assert presences(inventory(), scan(nothing)) == {}


def test_a_port_that_closed_is_missing_with_its_state() -> None:
    past = inventory(host("192.0.2.1", "22", "80", "443"))
    now = host("192.0.2.1", "22", "80=filtered", rest="closed")
    difference = only(past, scan(now))
    assert difference.missing == {
        key("80"): PortState.FILTERED,
        key("443"): PortState.CLOSED,
    }


def test_what_two_extraports_without_names_say_of_a_port_is_unknown() -> None:
    vague = host("192.0.2.1", "22", rest="")
    extra = (ExtraPorts(PortState.CLOSED, 500), ExtraPorts(PortState.FILTERED, 490))
    now = Host(vague.address, ports=vague.ports, extra_ports=extra)
    assert only(inventory(host("192.0.2.1", "22", "80")), scan(now)).missing == {key("80"): None}


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(scan(host("192.0.2.1", "22", timed_out=True)), id="host-timed-out"),
        pytest.param(scan(host("192.0.2.1", "22"), problem="cut"), id="part-failed"),
        pytest.param(scan(host("192.0.2.1", "22"), tcp="1-79"), id="port-not-asked"),
        pytest.param(scan(host("192.0.2.1", "22"), kind="connect"), id="another-way"),
    ],
)
def test_a_missing_port_elsewhere_proves_nothing(result: PartResult) -> None:
    assert presences(inventory(host("192.0.2.1", "22", "80")), result) == {}


def test_a_part_that_failed_still_shows_new_hosts_and_ports() -> None:
    past = inventory(host("192.0.2.1", "22"), host("192.0.2.2"))
    result = scan(host("192.0.2.1", "22", "80"), host("192.0.2.9"), problem="cut")
    assert presences(past, result) == {"192.0.2.1": Presence.SAME, "192.0.2.9": Presence.NEW}


def test_another_parts_good_coverage_does_not_speak_for_the_one_that_failed() -> None:
    past = inventory(
        host("192.0.2.1"),
        host("198.51.100.1"),
        covered=[coverage("192.0.2.0/24"), coverage("198.51.100.0/24")],
    )
    results = (scan(problem="cut"), scan(targets="198.51.100.0/24"))
    assert presences(past, *results) == {"198.51.100.1": Presence.SILENT}


@pytest.mark.parametrize("state", ["open|filtered", "filtered", "closed", "unfiltered"])
def test_only_open_is_an_opening(state: str) -> None:
    past = inventory(host("192.0.2.1", "22"), covered=[coverage("192.0.2.0/24", udp="53")])
    now = host("192.0.2.1", "22", port("53/udp", state))
    assert presences(past, scan(now, udp="53")) == {}


def test_udp_53_does_not_stand_for_tcp_53() -> None:
    past = inventory(host("192.0.2.1", "53"), covered=[coverage("192.0.2.0/24", udp="53")])
    difference = only(past, scan(host("192.0.2.1", "53/udp"), udp="53"))
    assert [p.key for p in difference.opened] == [key("53/udp")]
    assert list(difference.missing) == [key("53/tcp")]


def test_under_open_a_host_not_listed_has_ports_missing_but_is_not_silent() -> None:
    past = inventory(host("192.0.2.1", "22", "2000"))
    difference = only(past, scan(open_only=True))
    assert difference.presence is Presence.SAME
    assert difference.missing == {key("22"): None}


def test_under_open_a_host_without_known_ports_is_no_difference() -> None:
    assert presences(inventory(host("192.0.2.1")), scan(open_only=True)) == {}


def test_the_same_host_in_two_parts_is_one_host() -> None:
    results = (scan(host("192.0.2.9", "22")), scan(host("192.0.2.9", "80")))
    difference = only(inventory(), *results)
    assert [p.key for p in difference.opened] == [key("22"), key("80")]


@pytest.mark.parametrize(
    ("before", "now", "changed", "learned"),
    [
        pytest.param(probed("a", "1"), probed("a", "2"), 1, 0, id="version"),
        pytest.param(probed("a", "1"), probed("b", "1"), 1, 0, id="product"),
        pytest.param(probed("a", "1"), probed("a", "1"), 0, 0, id="equal"),
        pytest.param(None, probed("a", "1"), 0, 1, id="probed-first-time"),
        pytest.param(probed("a", "1"), None, 0, 0, id="not-probed-now"),
        pytest.param(probed("a", "1"), probed("", name="tcpwrapped"), 0, 0, id="tcpwrapped-now"),
    ],
)
def test_a_service_changed_only_from_probed_to_probed(before, now, changed, learned) -> None:
    past = inventory(host("192.0.2.1", port("80", service=before)))
    found = compare(past, [scan(host("192.0.2.1", port("80", service=now)))]).hosts
    difference = found.get(at("192.0.2.1"))
    assert len(difference.changed_services if difference else ()) == changed
    assert len(difference.learned_services if difference else ()) == learned


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [("02:00:00:00:00:01", "02:00:00:00:00:02", True), ("02:00:00:00:00:01", "", False)],
)
def test_a_mac_changed_only_where_both_were_seen(before: str, now: str, differs: bool) -> None:
    past = inventory(host("192.0.2.1", mac=before))
    found = compare(past, [scan(host("192.0.2.1", mac=now))]).hosts
    assert bool(found) is differs


def test_the_first_mac_seen_is_learned_and_not_changed() -> None:
    difference = only(
        inventory(host("192.0.2.1")), scan(host("192.0.2.1", mac="02:00:00:00:00:01"))
    )
    assert not difference.mac_changed


def test_a_new_name_is_no_difference() -> None:
    past = inventory(host("192.0.2.1", hostnames=("old",)))
    assert presences(past, scan(host("192.0.2.1", hostnames=("new",)))) == {}
