"""Two scans to changes: what is told, and what is not because one scan never asked."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.diff.scans import NOT_SHOWN, ScanDifference, compare_scans
from netwatch_notify.diff.volatile import same_output
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.host import Address, ExtraPorts, Host, HostStatus
from netwatch_notify.model.port import (
    Port,
    PortKey,
    PortProtocol,
    PortState,
    ScriptOutput,
    Service,
    ServiceMethod,
)
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scope import Scope
from netwatch_notify.model.target import AddressSet
from tests.builders import addresses, at, host, key, port, probed
from tests.scan_files import lines_of

TCP = {PortProtocol.TCP: Ranges.parse("1-1000")}
SYN = ((PortProtocol.TCP, "syn"),)
SCOPE = Scope(
    addresses("192.0.2.0/24"),
    ports=TCP,
    types=SYN,
    scripts=frozenset({"default"}),
    detects_versions=True,
    detects_os=True,
)
UNKNOWN = replace(SCOPE, addresses=AddressSet(), is_known=False)
"""Targets in a file (`-iL`), a cut file, a failed scan."""
RISKY = frozenset({key("23")})


def compare(
    old: Iterable[Host],
    new: Iterable[Host],
    before: Scope = SCOPE,
    after: Scope = SCOPE,
    shared: Iterable[str] = (),
) -> ScanDifference:
    """Compare scans given as hosts."""
    one = {known.address: known for known in old}
    other = {known.address: known for known in new}
    pairs = [(one.get(a), other.get(a)) for a in sorted(one.keys() | other.keys(), key=str)]
    return compare_scans(
        pairs,
        before,
        after,
        risky_ports=RISKY,
        same_output=same_output,
        shared_marks=lambda marks: set(marks) & set(shared),
    )


def told(
    old: Host | Iterable[Host],
    new: Host | Iterable[Host],
    before: Scope = SCOPE,
    after: Scope = SCOPE,
) -> list[str]:
    one = [old] if isinstance(old, Host) else old
    other = [new] if isinstance(new, Host) else new
    return lines_of(compare(one, other, before, after).changes)


def only(old: Host | Iterable[Host], new: Host | Iterable[Host], after: Scope = SCOPE) -> Change:
    one = [old] if isinstance(old, Host) else old
    other = [new] if isinstance(new, Host) else new
    (change,) = compare(one, other, after=after).changes
    return change


def with_service(service: Service | None, *scripts: ScriptOutput) -> Host:
    return host("192.0.2.1", replace(port("443", service=service), scripts=scripts))


# Hosts


def test_host_that_appears_is_new_with_its_ports() -> None:
    """Its ports make no lines of their own."""
    change = only([], host("192.0.2.1", "22", "80"))

    assert (change.kind, change.severity) == (ChangeKind.HOST_NEW, Severity.WARNING)
    assert [str(port.key) for port in change.ports] == ["22/tcp", "80/tcp"]


def test_new_host_with_a_risky_port_is_critical() -> None:
    assert only([], host("192.0.2.1", "23")).severity is Severity.CRITICAL


def test_host_that_vanishes_is_gone() -> None:
    assert told(host("192.0.2.1", "22"), []) == ["host-gone 192.0.2.1"]


def test_hosts_listed_as_down_are_absent() -> None:
    """`-v` lists them; down to up is new, up to down is gone, down to down is nothing."""
    down = Host(at("192.0.2.1"), HostStatus.DOWN, "no-response")

    assert told(down, host("192.0.2.1")) == ["host-new 192.0.2.1"]
    assert told(host("192.0.2.1"), down) == ["host-gone 192.0.2.1"]
    assert told(down, down) == told(down, []) == told([], down) == []


def test_host_listed_as_down_is_absent_whatever_else_is_unknown() -> None:
    """With `-iL` nobody knows the targets, but this one was asked."""
    down = Host(at("192.0.2.1"), HostStatus.DOWN, "no-response")

    assert told(host("192.0.2.1"), down, after=UNKNOWN) == ["host-gone 192.0.2.1"]


def test_list_scan_proves_no_absence() -> None:
    """`-sL` lists every address as unknown, without having asked."""
    listed = Host(at("192.0.2.1"), HostStatus.UNKNOWN)

    found = compare([host("192.0.2.1", "22")], [listed])
    assert (found.changes, found.only_old) == ((), ["192.0.2.1"])
    found = compare([listed], [host("192.0.2.1", "22")])
    assert (found.changes, found.only_new) == ((), ["192.0.2.1"])


def test_under_pn_a_host_is_there_while_a_port_answers() -> None:
    """nmap calls it up in any case."""
    pn = replace(SCOPE, discovery=frozenset({"-Pn"}))
    answers = host("192.0.2.1", "22", rest="filtered", reason="user-set")
    silent = host("192.0.2.1", rest="filtered", reason="user-set")

    assert told(answers, silent, pn, pn) == ["host-gone 192.0.2.1"]
    assert told(silent, answers, pn, pn) == ["host-new 192.0.2.1"]


def test_under_pn_a_scan_of_fewer_ports_proves_no_absence() -> None:
    """What answered on 22 is not gone because 80 alone was asked, and is silent."""
    pn = replace(SCOPE, discovery=frozenset({"-Pn"}))
    web = replace(pn, ports={PortProtocol.TCP: Ranges.parse("80")})
    answers = host("192.0.2.1", "22", rest="filtered", reason="user-set")
    silent = host("192.0.2.1", "80=filtered", rest="", reason="user-set")

    assert compare([answers], [silent], pn, web).only_old == ["192.0.2.1"]
    assert told(answers, silent, pn, web) == []
    assert told(silent, answers, web, pn) == []


def test_another_way_to_find_hosts_proves_no_absence() -> None:
    """A host that drops pings was seen with `-Pn` alone."""
    pn = replace(SCOPE, discovery=frozenset({"-Pn"}))
    found = compare([host("192.0.2.1", "22")], [], pn, SCOPE)

    assert (found.changes, found.only_old) == ((), ["192.0.2.1"])
    assert compare([], [host("192.0.2.1", "22")], SCOPE, pn).only_new == ["192.0.2.1"]


@pytest.mark.parametrize("old_is_unknown", [True, False])
def test_scan_of_unknown_scope_proves_no_absence(old_is_unknown: bool) -> None:
    """`-iL`, masscan, a cut file, a failed scan: what it does not list is neither new nor gone."""
    if old_is_unknown:
        found = compare([], [host("192.0.2.1", "22")], UNKNOWN, SCOPE)
        assert (found.changes, found.only_new) == ((), ["192.0.2.1"])
    else:
        found = compare([host("192.0.2.1", "22")], [], SCOPE, UNKNOWN)
        assert (found.changes, found.only_old) == ((), ["192.0.2.1"])


def test_what_scans_of_unknown_scope_both_list_is_compared() -> None:
    closed, opened = host("192.0.2.1", "22=closed"), host("192.0.2.1", "22")

    assert told(closed, opened, UNKNOWN, UNKNOWN) == ["port-opened 192.0.2.1 22/tcp"]


def test_address_that_only_one_scan_covered_is_neither_new_nor_gone() -> None:
    half = replace(SCOPE, addresses=addresses("192.0.2.0/25"))
    found = compare([host("192.0.2.200")], [], SCOPE, half)
    assert (found.changes, found.only_old) == ((), ["192.0.2.200"])
    assert compare([], [host("192.0.2.200")], half, SCOPE).only_new == ["192.0.2.200"]


def test_host_of_a_name_that_was_asked_for_was_asked_about() -> None:
    """A hostname target covers all that it resolved to."""
    named = Scope(names=frozenset({"nas.example"}), ports=TCP, types=SYN)
    nas = host("192.0.2.1", "22", asked_names=("nas.example",))

    assert told(nas, [], named, named) == ["host-gone 192.0.2.1"]
    assert told([], nas, named, named) == ["host-new 192.0.2.1"]


def test_connect_scan_proves_no_absence_for_a_syn_scan() -> None:
    """Without privileges hosts are found by two ports, not by ARP and ICMP."""
    connect = replace(SCOPE, types=((PortProtocol.TCP, "connect"),))

    assert told(host("192.0.2.1"), [], SCOPE, connect) == []
    assert told([], host("192.0.2.1"), connect, SCOPE) == []


def test_connect_and_syn_scans_agree_on_ports() -> None:
    connect = replace(SCOPE, types=((PortProtocol.TCP, "connect"),))

    assert told(host("192.0.2.1"), host("192.0.2.1", "22"), SCOPE, connect) == [
        "port-opened 192.0.2.1 22/tcp"
    ]


@pytest.mark.parametrize("kind", ["null", "ack", "window"])
def test_ports_of_scans_that_tell_other_things_are_not_compared(kind: str) -> None:
    other = replace(SCOPE, types=((PortProtocol.TCP, kind),))

    assert told(host("192.0.2.1", "22"), host("192.0.2.1"), SCOPE, other) == []
    assert told(host("192.0.2.1"), host("192.0.2.1", "22"), SCOPE, other) == []


def test_host_that_timed_out_proves_nothing() -> None:
    """Neither that it is gone, nor that its ports are closed, nor that they opened since."""
    late = host("192.0.2.1", rest="", timed_out=True)
    full = with_service(probed("nginx", "1.22.1"), ScriptOutput("http-title", "NAS"))
    full = replace(full, os_matches=("Linux 5.0",))

    for one, other in ((full, late), (late, full)):
        found = compare([one], [other])
        assert (found.changes, found.timed_out) == ((), ["192.0.2.1"])


def test_host_that_timed_out_down_proves_nothing() -> None:
    late = Host(at("192.0.2.1"), HostStatus.DOWN, timed_out=True)

    assert compare([host("192.0.2.1")], [late]).only_old == ["192.0.2.1"]
    assert compare([late], [host("192.0.2.1")]).only_new == ["192.0.2.1"]
    assert told(host("192.0.2.1"), late) == told(late, host("192.0.2.1")) == []


# --open


def test_open_scan_tells_ports_of_hosts_it_does_not_list() -> None:
    """Nothing but that no open port was shown; the host may be there."""
    open_only = replace(SCOPE, open_only=True)
    found = compare([host("192.0.2.1", "22", "2000")], [], SCOPE, open_only)

    assert lines_of(found.changes) == ["port-closed 192.0.2.1 22/tcp"]
    assert found.changes[0].note == NOT_SHOWN
    assert told([], host("192.0.2.1", "22"), open_only, SCOPE) == ["port-opened 192.0.2.1 22/tcp"]


def test_open_scan_says_nothing_of_hosts_without_an_open_port() -> None:
    open_only = replace(SCOPE, open_only=True)
    found = compare([host("192.0.2.1")], [], SCOPE, open_only)

    assert (found.changes, found.only_old) == ((), ["192.0.2.1"])
    assert compare([], [host("192.0.2.1")], open_only, SCOPE).only_new == ["192.0.2.1"]


def test_open_scan_of_other_ports_says_nothing_of_a_host() -> None:
    """A host is named even when none of its open ports was asked about."""
    open_only = replace(SCOPE, open_only=True, ports={PortProtocol.TCP: Ranges.parse("80")})
    found = compare([], [host("192.0.2.1", "22")], open_only, SCOPE)

    assert (found.changes, found.only_new) == ((), ["192.0.2.1"])
    assert compare([host("192.0.2.1", "22")], [], SCOPE, open_only).only_old == ["192.0.2.1"]


# Ports


@pytest.mark.parametrize(
    ("now", "state", "note"),
    [
        (host("192.0.2.1", "22=filtered"), PortState.FILTERED, ""),
        (host("192.0.2.1", "22=closed"), PortState.CLOSED, ""),
        (host("192.0.2.1", rest="filtered"), PortState.FILTERED, ""),
        (host("192.0.2.1", rest="closed"), PortState.CLOSED, ""),
        (host("192.0.2.1", rest=""), None, NOT_SHOWN),
        (
            host(
                "192.0.2.1",
                extra_ports=(
                    ExtraPorts(PortState.CLOSED, 9, ((PortProtocol.TCP, Ranges.parse("1-9")),)),
                    ExtraPorts(PortState.FILTERED, 9, ((PortProtocol.TCP, Ranges.parse("20-30")),)),
                ),
            ),
            PortState.FILTERED,
            "",
        ),
        (
            host(
                "192.0.2.1",
                extra_ports=(ExtraPorts(PortState.CLOSED, 9), ExtraPorts(PortState.FILTERED, 9)),
            ),
            None,
            NOT_SHOWN,
        ),
    ],
    ids=[
        "filtered",
        "closed",
        "rest-filtered",
        "rest-closed",
        "nothing",
        "named-list",
        "two-rests",
    ],
)
def test_port_that_was_open_is_told_with_what_it_is_now(
    now: Host, state: PortState | None, note: str
) -> None:
    """Refused, filtered, or not shown: three things, and each is said."""
    change = only(host("192.0.2.1", "22"), now)

    assert (change.kind, change.state, change.note) == (ChangeKind.PORT_CLOSED, state, note)
    assert change.was == "open"


def test_port_that_opened_is_told_with_what_it_was() -> None:
    change = only(host("192.0.2.1", "23=filtered"), host("192.0.2.1", "23"))

    assert (change.kind, change.was) == (ChangeKind.PORT_OPENED, "filtered")
    assert change.severity is Severity.CRITICAL


def test_port_that_only_one_scan_covered_has_not_opened_or_closed() -> None:
    """Even where all other ports of the host are summed up as closed."""
    web = replace(SCOPE, ports={PortProtocol.TCP: Ranges.parse("80")})
    full, less = host("192.0.2.1", "22", "80"), host("192.0.2.1", "80")

    assert told(full, less, SCOPE, web) == []
    assert told(less, full, web, SCOPE) == []


def test_protocol_that_only_one_scan_covered_has_no_changes() -> None:
    both = replace(
        SCOPE,
        ports={**TCP, PortProtocol.UDP: Ranges.parse("53")},
        types=(*SYN, (PortProtocol.UDP, "udp")),
    )
    assert told(host("192.0.2.1"), host("192.0.2.1", "53/udp"), SCOPE, both) == []
    assert told(host("192.0.2.1", "53/udp"), host("192.0.2.1"), both, SCOPE) == []


def test_port_that_neither_scan_says_it_asked_about_is_named() -> None:
    """masscan's `services` may be empty: what only one of them lists proves nothing."""
    masscan = replace(UNKNOWN, ports={PortProtocol.TCP: Ranges()})
    found = compare([host("192.0.2.1", "80")], [host("192.0.2.1", "443")], masscan, masscan)

    assert found.changes == ()
    assert found.ports_only_old == ["192.0.2.1 80/tcp"]
    assert found.ports_only_new == ["192.0.2.1 443/tcp"]


def test_port_outside_of_what_both_scans_say_they_covered_is_compared() -> None:
    """A script found it, or somebody edited the file; both were asked the same."""
    assert told(host("192.0.2.1"), host("192.0.2.1", "8080")) == ["port-opened 192.0.2.1 8080/tcp"]
    assert told(host("192.0.2.1", "8080"), host("192.0.2.1")) == ["port-closed 192.0.2.1 8080/tcp"]


def test_open_or_filtered_is_no_opening_and_no_closing() -> None:
    udp = replace(
        SCOPE, ports={PortProtocol.UDP: Ranges.parse("53")}, types=((PortProtocol.UDP, "udp"),)
    )
    maybe, sure = host("192.0.2.1", "53/udp=open|filtered"), host("192.0.2.1", "53/udp")
    closed = host("192.0.2.1", "53/udp=closed")

    for one, other in ((maybe, sure), (sure, maybe), (closed, maybe), (maybe, closed)):
        assert told(one, other, udp, udp) == []


def test_reason_alone_is_no_change() -> None:
    one = Port(key("22"), PortState.OPEN, "syn-ack")

    assert told(host("192.0.2.1", one), host("192.0.2.1", replace(one, reason="conn"))) == []


def test_order_of_ports_and_scripts_is_none() -> None:
    scripts = (ScriptOutput("a", "1"), ScriptOutput("b", "2"))
    one = with_service(probed("nginx"), *scripts)
    other = with_service(probed("nginx"), *reversed(scripts))

    assert told(one, other) == []
    ports = (port("80"), port("22"))
    assert told(Host(at("192.0.2.1"), ports=ports), host("192.0.2.1", "22", "80")) == []


# Names, MACs, services, systems, scripts


def test_other_name_is_one_change() -> None:
    """A new PTR record is neither one host gone nor another born."""
    change = only(
        host("192.0.2.1", "22", hostnames=("nas.example",)),
        host("192.0.2.1", "22", hostnames=("nas2.example",)),
    )

    assert change.kind is ChangeKind.HOSTNAME_CHANGED
    assert (change.was, change.name) == ("nas.example", "nas2.example")


def test_name_on_one_side_only_is_no_change() -> None:
    """A dead resolver, or `-n`."""
    named = host("192.0.2.1", hostnames=("nas.example",))

    assert told(named, host("192.0.2.1")) == told(host("192.0.2.1"), named) == []


def test_names_in_another_order_or_case_are_no_change() -> None:
    one = host("192.0.2.1", hostnames=("a.example", "B.example"))

    assert told(one, host("192.0.2.1", hostnames=("b.example", "a.example"))) == []


def test_name_that_only_one_command_line_asked_for_is_no_change() -> None:
    """`nmap nas` and `nmap 192.0.2.1` see the same host, and DNS says the same of it."""
    asked = host("192.0.2.1", hostnames=("nas", "nas.example"), asked_names=("nas",))

    assert told(asked, host("192.0.2.1", hostnames=("nas.example",))) == []
    other = host("192.0.2.1", hostnames=("nas", "other.example"), asked_names=("nas",))
    assert told(asked, other) == ["hostname-changed 192.0.2.1"]


def test_other_mac_is_told_with_the_old_one() -> None:
    change = only(
        host("192.0.2.1", mac="00:11:32:00:00:01"), host("192.0.2.1", mac="00:11:32:00:00:02")
    )

    assert change.kind is ChangeKind.MAC_CHANGED
    assert (change.was, change.mac) == ("00:11:32:00:00:01", "00:11:32:00:00:02")
    assert change.severity is Severity.WARNING


def test_missing_mac_is_no_change() -> None:
    known = host("192.0.2.1", mac="00:11:32:00:00:01")

    assert told(known, host("192.0.2.1")) == told(host("192.0.2.1"), known) == []


TABLE = Service("https", method=ServiceMethod.TABLE)
TLS = Service("http", "nginx", "1.22.1", tunnel="ssl", method=ServiceMethod.PROBED)
WRAPPED = Service("tcpwrapped", method=ServiceMethod.PROBED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (probed("nginx", "1.22.1"), probed("nginx", "1.24.0")),
        (probed("nginx"), probed("Apache httpd")),
        (replace(probed("x"), extra_info="a"), replace(probed("x"), extra_info="b")),
        (TLS, replace(TLS, tunnel="")),
        (replace(TABLE, tunnel="ssl"), TABLE),
        (probed("", name="http"), probed("", name="ssh")),
    ],
    ids=["version", "product", "extra-info", "tls", "tls-of-an-unknown-service", "name"],
)
def test_other_service_is_a_change_either_way(before: Service, after: Service) -> None:
    for one, other in ((before, after), (after, before)):
        assert told(with_service(one), with_service(other)) == ["service-changed 192.0.2.1 443/tcp"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TABLE, probed("nginx")),
        (TABLE, replace(TABLE, name="http")),
        (None, probed("nginx")),
        (WRAPPED, TLS),
        (probed("", name="http"), probed("nginx", "1.22.1")),
    ],
    ids=["guess", "two-guesses", "nothing", "tcpwrapped", "no-product"],
)
def test_what_was_not_seen_differs_from_nothing(before: Service | None, after: Service) -> None:
    for one, other in ((before, after), (after, before)):
        assert told(with_service(one), with_service(other)) == []


def test_scan_without_version_detection_says_nothing_of_tls() -> None:
    """`ssl/http` seen with `-sV` and `https` guessed without are the same port."""
    plain = replace(SCOPE, detects_versions=False)

    assert told(with_service(TLS), with_service(TABLE), SCOPE, plain) == []
    assert told(with_service(TABLE), with_service(TLS), plain, SCOPE) == []
    unknown = replace(TABLE, tunnel="ssl")
    assert told(with_service(unknown), with_service(TABLE), SCOPE, plain) == []


def test_tls_alone_is_told_with_both_sides() -> None:
    change = only(with_service(replace(TLS, tunnel="")), with_service(TLS))

    assert change.was == "http nginx 1.22.1"
    assert change.service
    assert change.service.full_description == "ssl/http nginx 1.22.1"


def test_other_operating_system_is_a_change() -> None:
    change = only(
        host("192.0.2.1", os_matches=("Linux 4",)), host("192.0.2.1", os_matches=("Linux 5",))
    )

    assert (change.kind, change.was, change.os_matches) == (
        ChangeKind.OS_CHANGED,
        "Linux 4",
        ("Linux 5",),
    )


def test_operating_system_that_one_scan_did_not_look_for_is_no_change() -> None:
    plain = replace(SCOPE, detects_os=False)
    known = host("192.0.2.1", os_matches=("Linux 4",))

    assert told(known, host("192.0.2.1"), SCOPE, plain) == []
    assert told(host("192.0.2.1"), known, plain, SCOPE) == []
    assert told(known, host("192.0.2.1")) == ["os-changed 192.0.2.1"]


def test_other_script_output_is_a_change() -> None:
    change = only(
        with_service(None, ScriptOutput("http-title", "NAS")),
        with_service(None, ScriptOutput("http-title", "Hacked")),
    )

    assert (change.kind, change.was) == (ChangeKind.SCRIPT_CHANGED, "NAS")
    assert change.scripts == (ScriptOutput("http-title", "Hacked"),)


def test_host_script_that_says_something_else_is_a_change() -> None:
    one = host("192.0.2.1", scripts=(ScriptOutput("smb-os-discovery", "OS: Windows 7"),))
    other = host("192.0.2.1", scripts=(ScriptOutput("smb-os-discovery", "OS: Windows 10"),))

    assert told(one, other) == ["script-changed 192.0.2.1"]


@pytest.mark.parametrize(
    "other",
    [
        replace(SCOPE, scripts=frozenset()),
        replace(SCOPE, scripts=frozenset({"vuln"})),
        replace(SCOPE, detects_versions=False),
    ],
    ids=["none", "others", "without-versions"],
)
def test_script_that_the_other_scan_did_not_run_is_no_change(other: Scope) -> None:
    ran, silent = with_service(None, ScriptOutput("http-title", "NAS")), with_service(None)

    assert told(ran, silent, SCOPE, other) == told(silent, ran, other, SCOPE) == []


def test_script_that_had_something_to_say_in_one_scan_is_a_change() -> None:
    ran, silent = with_service(None, ScriptOutput("http-title", "NAS")), with_service(None)

    assert told(ran, silent) == told(silent, ran) == ["script-changed 192.0.2.1 443/tcp"]


def test_script_of_which_nothing_is_compared_may_come_and_go() -> None:
    ran, silent = with_service(None, ScriptOutput("ssl-date", "now")), with_service(None)

    assert told(ran, silent) == told(silent, ran) == []


def test_scripts_of_a_port_that_opened_are_part_of_its_opening() -> None:
    """nmap lists closed ports too, where they are few."""
    ran = with_service(None, ScriptOutput("http-title", "NAS"))

    assert told(host("192.0.2.1", "443=closed"), ran) == ["port-opened 192.0.2.1 443/tcp"]
    assert told(ran, host("192.0.2.1", "443=closed")) == ["port-closed 192.0.2.1 443/tcp"]


# Moves


def test_moved_host_is_one_line() -> None:
    """The same MAC, gone here and new there."""
    change = only(
        host("192.0.2.1", "22", mac="00:11:32:00:00:01"),
        host("192.0.2.9", "22", mac="00:11:32:00:00:01"),
    )

    assert (change.kind, change.was) == (ChangeKind.HOST_MOVED, "192.0.2.1")
    assert (str(change.address), change.severity) == ("192.0.2.9", Severity.INFO)


def test_what_else_differs_of_a_moved_host_is_told_as_well() -> None:
    """A port that opened on the way is no less critical; the name goes with the address."""
    before = host("192.0.2.1", "22", mac="00:11:32:00:00:01", hostnames=("dhcp-1.example",))
    after = host("192.0.2.9", "22", "23", mac="00:11:32:00:00:01", hostnames=("dhcp-9.example",))
    found = compare([before], [after])

    assert lines_of(found.changes) == ["host-moved 192.0.2.9", "port-opened 192.0.2.9 23/tcp"]
    assert found.changes[1].severity is Severity.CRITICAL


def test_shared_mac_proves_no_move() -> None:
    before = host("192.0.2.1", "22", mac="00:11:32:00:00:01")
    after = host("192.0.2.9", "22", mac="00:11:32:00:00:01")
    found = compare([before], [after], shared=["00:11:32:00:00:01"])

    assert lines_of(found.changes) == ["host-gone 192.0.2.1", "host-new 192.0.2.9"]


def test_dns_that_moved_a_name_is_a_move() -> None:
    named = Scope(names=frozenset({"nas.example"}), ports=TCP, types=SYN)
    before = host("192.0.2.1", "22", asked_names=("nas.example",))
    after = host("198.51.100.1", "22", asked_names=("nas.example",))

    assert told([before], [after], named, named) == ["host-moved 198.51.100.1"]


# Properties

names = st.sampled_from(["a.example", "b.example", "c.example"])
products = st.sampled_from(["nginx", "Apache httpd", "OpenSSH"])
outputs = st.lists(
    st.builds(ScriptOutput, st.sampled_from(["banner", "http-title"]), st.sampled_from(["x", "y"])),
    max_size=2,
    unique_by=lambda script: script.id,
).map(lambda found: tuple(sorted(found, key=lambda script: script.id)))
open_ports = st.builds(
    Port,
    st.builds(PortKey, st.integers(1, 6)),
    st.just(PortState.OPEN),
    service=st.builds(probed, products, st.sampled_from(["1", "2"])),
    scripts=outputs,
)
sightings = st.builds(
    Host,
    address=st.integers(1, 9).map(lambda last: at(f"192.0.2.{last}")),
    mac=st.integers(0, 255).map(lambda last: f"00:11:32:00:00:{last:02X}"),
    hostnames=st.lists(names, min_size=1, max_size=2, unique=True).map(tuple),
    ports=st.lists(open_ports, max_size=4, unique_by=lambda port: port.key).map(
        lambda found: tuple(sorted(found, key=lambda port: port.key))
    ),
    extra_ports=st.just((ExtraPorts(PortState.CLOSED, 990),)),
    os_matches=st.lists(st.sampled_from(["Linux 4", "Linux 5"]), max_size=1).map(tuple),
    scripts=outputs,
)
scans = st.lists(sightings, max_size=5, unique_by=lambda known: known.address)

Facts = dict[str, object]


def picture_of(hosts: Iterable[Host]) -> dict[Address, Facts]:
    """What a comparison covers of a scan, fact by fact."""
    return {known.address: facts_of(known) for known in hosts}


def facts_of(known: Host) -> Facts:
    facts: Facts = {"mac": known.mac, "names": frozenset(known.hostnames), "os": known.os_matches}
    facts |= {f"script {script.id}": script.output for script in known.scripts}
    for each in known.open_ports:
        facts |= facts_of_port(each.key, each.service, each.scripts)
    return facts


def facts_of_port(
    number: PortKey, service: Service | None, scripts: Iterable[ScriptOutput]
) -> Facts:
    assert service is not None
    facts: Facts = {str(number): service.full_description}
    return facts | {f"{number} script {script.id}": script.output for script in scripts}


def apply(
    changes: Iterable[Change], picture: dict[Address, Facts], new: dict[Address, Host]
) -> dict[Address, Facts]:
    """Patch a picture with what is told of it; a host that is new is looked up."""
    patched = {address: dict(facts) for address, facts in picture.items()}
    for change in changes:
        if change.kind is ChangeKind.HOST_NEW:
            patched[change.address] = facts_of(new[change.address])
            told_ports = [str(port.key) for port in change.ports]
            assert told_ports == [str(port.key) for port in new[change.address].open_ports]
            continue
        if change.kind is ChangeKind.HOST_GONE:
            del patched[change.address]
            continue
        if change.kind is ChangeKind.HOST_MOVED:
            facts = patched.pop(at(change.was))
            # The name goes with the address.
            facts["names"] = frozenset(new[change.address].hostnames)
            patched[change.address] = facts
            continue
        facts = patched[change.address]
        match change.kind:
            case ChangeKind.PORT_OPENED:
                assert change.key
                facts |= facts_of_port(change.key, change.service, change.scripts)
            case ChangeKind.PORT_CLOSED:
                gone = [f for f in facts if f == str(change.key) or f.startswith(f"{change.key} ")]
                for fact in gone:
                    del facts[fact]
            case ChangeKind.SERVICE_CHANGED:
                assert change.service
                facts[str(change.key)] = change.service.full_description
            case ChangeKind.MAC_CHANGED:
                facts["mac"] = change.mac
            case ChangeKind.HOSTNAME_CHANGED:
                facts["names"] = frozenset(change.name.split(", "))
            case ChangeKind.OS_CHANGED:
                facts["os"] = change.os_matches
            case ChangeKind.SCRIPT_CHANGED:
                (script,) = change.scripts
                name = f"{change.key} " if change.key else ""
                facts[f"{name}script {script.id}"] = script.output
                if not script.output:
                    del facts[f"{name}script {script.id}"]
    return patched


@given(scans)
def test_scan_compared_with_itself_has_no_changes(scan: list[Host]) -> None:
    assert compare(scan, scan) == ScanDifference()


@given(scans, scans)
def test_changes_applied_to_the_old_scan_give_the_new_one(old: list[Host], new: list[Host]) -> None:
    """Nothing that a comparison covers is lost, and nothing is told that is not so."""
    found = compare(old, new)

    moved = [change for change in found.changes if change.kind is ChangeKind.HOST_MOVED]
    # A host may move to where another left, so gone comes first.
    order = sorted(
        found.changes,
        key=lambda change: (change.kind is not ChangeKind.HOST_GONE, change not in moved),
    )
    new_hosts = {known.address: known for known in new}
    assert apply(order, picture_of(old), new_hosts) == picture_of(new)


@given(scans, scans)
def test_what_is_told_forwards_is_told_backwards(old: list[Host], new: list[Host]) -> None:
    """Opened is closed, new is gone, and what changed has changed."""
    mirror = {
        ChangeKind.PORT_OPENED: ChangeKind.PORT_CLOSED,
        ChangeKind.PORT_CLOSED: ChangeKind.PORT_OPENED,
        ChangeKind.HOST_NEW: ChangeKind.HOST_GONE,
        ChangeKind.HOST_GONE: ChangeKind.HOST_NEW,
    }
    forwards = compare(old, new, shared=[known.mac for known in (*old, *new)]).changes
    backwards = compare(new, old, shared=[known.mac for known in (*old, *new)]).changes

    def facts(changes: Iterable[Change], turned: bool) -> list[tuple[str, ...]]:
        return sorted(
            (
                mirror.get(change.kind, change.kind) if turned else change.kind,
                str(change.address),
                str(change.key),
                change.scripts[0].id if change.kind is ChangeKind.SCRIPT_CHANGED else "",
            )
            for change in changes
        )

    assert facts(forwards, True) == facts(backwards, False)
