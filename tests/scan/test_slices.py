"""Slices that are equal but for what differs nightly are equal; a fact never goes with it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import ScanHeader, ScanInfo
from netwatch_notify.scan.slices import facts_of, settled_digest, signature_of
from tests.builders import CORPUS

HOST = (
    b'<host starttime="1" endtime="2"><status state="up" reason="echo-reply" reason_ttl="63"/>'
    b'<address addr="192.0.2.1" addrtype="ipv4"/><ports><extraports state="closed" count="996">'
    b'<extrareasons reason="reset" count="996" proto="tcp" ports="1-21"/></extraports>'
    b'<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="63"/>'
    b'<service name="ssh" product="OpenSSH" method="probed" servicefp="x"/></port></ports>'
    b'<uptime seconds="5" lastboot="Mon"/><tcpsequence index="1" values="A"/>'
    b'<times srtt="1" rttvar="2" to="3"/></host>'
)
NIGHTLY = ["starttime", "endtime", "reason_ttl", "seconds", "lastboot", "index", "values"]
NIGHTLY += ["srtt", "rttvar", "to", "servicefp"]
FACTS = ["state", "addr", "addrtype", "protocol", "portid", "name", "product", "method"]


def with_another(attribute: str, host: bytes = HOST) -> bytes:
    """The host with one attribute's first value changed, outside the extraports."""
    head, extra, tail = re.split(rb"(<extraports.*</extraports>)", host)
    pattern = rb'( %b=")[^"]*"' % attribute.encode()
    new_head = re.sub(pattern, rb'\1other"', head, count=1)
    new_tail = tail if new_head != head else re.sub(pattern, rb'\1other"', tail, count=1)
    changed = new_head + extra + new_tail
    assert changed != host
    return changed


@pytest.mark.parametrize("attribute", NIGHTLY)
def test_what_differs_nightly_is_no_fact(attribute: str) -> None:
    assert facts_of(with_another(attribute)) == facts_of(HOST)
    assert settled_digest(with_another(attribute)) == settled_digest(HOST)


@pytest.mark.parametrize("attribute", FACTS)
def test_a_fact_that_differs_is_seen(attribute: str) -> None:
    assert facts_of(with_another(attribute)) != facts_of(HOST)
    assert settled_digest(with_another(attribute)) != settled_digest(HOST)


def test_why_nmap_says_so_counts_in_a_diff_and_not_in_the_inventory() -> None:
    assert facts_of(with_another("reason")) != facts_of(HOST)
    assert settled_digest(with_another("reason")) == settled_digest(HOST)


@pytest.mark.parametrize("attribute", NIGHTLY)
def test_attributes_quoted_with_apostrophes_hide_nothing(attribute: str) -> None:
    """A value that looks like an attribute is one only where quotes cannot stand in values."""
    sly = HOST.replace(b'product="OpenSSH"', b"product='Open x=\"1\" SSH'")
    one = sly.replace(b"x=", attribute.encode() + b"=")
    assert facts_of(one) != facts_of(one.replace(b'"1" SSH', b'"2" SSH'))


@pytest.mark.parametrize(
    "extra",
    [
        b'<extraports state="filtered" count="1000"/>',
        (
            b'<extraports state="closed" count="1">\n<extrareasons reason="reset" count="1"/>\n'
            b"</extraports>"
        ),
        b'<extraports state="closed" count="1"/><extraports state="filtered" count="9"/>',
        b"",
    ],
)
def test_summed_up_ports_count_in_a_diff_and_not_in_the_inventory(extra: bytes) -> None:
    other = re.sub(rb"<extraports.*</extraports>", extra, HOST)
    assert settled_digest(other) == settled_digest(HOST)
    assert facts_of(other) != facts_of(HOST)


def test_ports_between_two_extraports_are_never_dropped() -> None:
    odd = HOST.replace(
        b"</ports>",
        b'<extraports state="filtered" count="1"><extrareasons/></extraports></ports>',
    )
    assert settled_digest(odd) != settled_digest(odd.replace(b'"22"', b'"23"'))


def test_without_discovery_summed_up_ports_say_whether_somebody_is_there() -> None:
    assumed = HOST.replace(b'reason="echo-reply"', b'reason="user-set"')
    silent = assumed.replace(b'extraports state="closed"', b'extraports state="filtered"')
    assert settled_digest(assumed) != settled_digest(silent)


def test_another_way_of_scanning_voids_digests() -> None:
    def header(kind: str, ports: str) -> ScanHeader:
        info = ScanInfo(kind, PortProtocol.TCP, Ranges.parse(ports))
        return ScanHeader(scan_infos=(info,))

    signatures = {signature_of(header(*way)) for way in [("syn", "1-9"), ("connect", "1-9")]}
    signatures |= {signature_of(header("syn", "1-10")), signature_of(ScanHeader())}
    assert len(signatures) == 4
    assert len({settled_digest(HOST, one) for one in signatures}) == 4


REAL = [
    host
    for path in sorted(CORPUS.glob("*.xml"))
    for host in re.findall(rb"<host[\s>].*?</host>", path.read_bytes(), re.DOTALL)
]


@given(host=st.sampled_from(REAL))
def test_only_attributes_go_from_real_hosts(host: bytes) -> None:
    """What is left has the same elements, and no value of a fact less."""
    left = facts_of(host)
    assert re.findall(rb"</?[a-z]+", left) == re.findall(rb"</?[a-z]+", host)
    kept = rb' (?:addr|portid|state|name|product|version|output|id|count|ports)="[^"]*"'
    assert re.findall(kept, left) == re.findall(kept, host)
