"""What one of two scans asked about, and what its silence proves."""

from dataclasses import replace

import pytest

from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import ScanTypes
from netwatch_notify.model.scope import Scope
from tests.builders import addresses, host, key

SCOPE = Scope(
    addresses("192.0.2.0/24"),
    ports={PortProtocol.TCP: Ranges.parse("1-1000")},
    types=((PortProtocol.TCP, "syn"),),
)


def types(**kinds: str) -> ScanTypes:
    return tuple((PortProtocol(protocol), kind) for protocol, kind in kinds.items())


def test_hosts_among_the_targets_were_asked_about() -> None:
    assert SCOPE.asked_about(host("192.0.2.9"))
    assert not SCOPE.asked_about(host("198.51.100.9"))


def test_what_a_name_resolved_to_was_asked_about() -> None:
    scope = Scope(names=frozenset({"nas.example"}))

    assert scope.asked_about(host("198.51.100.9", asked_names=("nas.example",)))
    assert not scope.asked_about(host("198.51.100.9", hostnames=("nas.example",)))


def test_unknown_targets_asked_about_nobody_for_certain() -> None:
    assert not replace(SCOPE, is_known=False).asked_about(host("192.0.2.9"))


def test_ports_are_asked_about_by_protocol() -> None:
    assert SCOPE.asked_port(key("22"))
    assert not SCOPE.asked_port(key("22/udp"))
    assert not SCOPE.asked_port(key("8080"))
    assert not Scope().asked_port(key("22"))


@pytest.mark.parametrize(
    ("mine", "theirs", "sees"),
    [
        (types(tcp="syn"), types(tcp="syn"), True),
        (types(tcp="syn"), types(tcp="syn", udp="udp"), True),
        (types(tcp="syn"), types(tcp="connect"), False),
        (types(tcp="syn"), types(udp="udp"), False),
        (types(tcp="syn"), (), True),
        ((), (), True),
    ],
)
def test_silence_counts_where_both_looked_alike(
    mine: ScanTypes, theirs: ScanTypes, sees: bool
) -> None:
    one, other = replace(SCOPE, types=mine), replace(SCOPE, types=theirs)

    assert one.would_see_hosts_of(other) is sees
    assert other.would_see_hosts_of(one) is sees


def test_silence_counts_where_both_used_the_same_discovery() -> None:
    syn = replace(SCOPE, discovery=frozenset({"-PS22"}))

    assert syn.would_see_hosts_of(syn)
    assert not syn.would_see_hosts_of(SCOPE)
    assert not SCOPE.would_see_hosts_of(syn)


def test_without_discovery_the_scan_of_more_ports_sees_more_hosts() -> None:
    full = replace(SCOPE, discovery=frozenset({"-Pn"}))
    web = replace(full, ports={PortProtocol.TCP: Ranges.parse("80")})

    assert full.would_see_hosts_of(web)
    assert not web.would_see_hosts_of(full)


@pytest.mark.parametrize(
    ("mine", "theirs", "alike"),
    [
        (types(tcp="syn"), types(tcp="connect"), True),
        (types(tcp="syn"), types(tcp="null"), False),
        (types(tcp="ack"), types(tcp="ack"), True),
        (types(tcp="syn"), (), False),
        ((), (), True),
    ],
)
def test_ports_are_compared_where_both_scans_tell_the_same(
    mine: ScanTypes, theirs: ScanTypes, alike: bool
) -> None:
    one, other = replace(SCOPE, types=mine), replace(SCOPE, types=theirs)

    assert one.answers_like(other, PortProtocol.TCP) is alike
    assert other.answers_like(one, PortProtocol.TCP) is alike


def test_scripts_are_missing_only_where_both_scans_ran_the_same() -> None:
    ran = replace(SCOPE, scripts=frozenset({"default"}))

    assert ran.runs_scripts_like(ran)
    assert not SCOPE.runs_scripts_like(SCOPE)
    assert not ran.runs_scripts_like(replace(ran, scripts=frozenset({"vuln"})))
    assert not ran.runs_scripts_like(replace(ran, detects_versions=True))
