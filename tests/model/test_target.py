"""Targets: what passes, what is refused, and which addresses each stands for."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.target import AddressSet, parse_target, split_targets
from tests.builders import addresses, at
from tests.model.strategies import address_sets

ACCEPTED = {
    "192.0.2.1": ["192.0.2.1"],
    "192.0.2.5/30": [f"192.0.2.{n}" for n in (4, 5, 6, 7)],
    "192.0.2.1,5,9": [f"192.0.2.{n}" for n in (1, 5, 9)],
    "192.0.2.1-3": [f"192.0.2.{n}" for n in (1, 2, 3)],
    "192.0.2-3.7": ["192.0.2.7", "192.0.3.7"],
    "192.0.2.-1": ["192.0.2.0", "192.0.2.1"],
    "192.0.2.254-": ["192.0.2.254", "192.0.2.255"],
    "192.0.2,4.1-2,9": [f"192.0.{o}.{n}" for o in (2, 4) for n in (1, 2, 9)],
    "2001:db8::1": ["2001:db8::1"],
    "2001:db8::/127": ["2001:db8::", "2001:db8::1"],
}


@pytest.mark.parametrize("written", ACCEPTED)
def test_a_target_stands_for_exactly_these_addresses(written: str) -> None:
    found = parse_target(written)
    assert found.written == written
    assert not found.needs_resolving
    assert len(found.addresses) == len(ACCEPTED[written])
    assert all(at(address) in found.addresses for address in ACCEPTED[written])


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("10.0.0.0/8", 1 << 24),
        ("10.*.*.*", 1 << 24),
        ("0.0.0.0/0", 1 << 32),
        ("10.0-1.*.*", 1 << 17),
    ],
)
def test_a_large_ipv4_target_is_one_block(written: str, size: int) -> None:
    found = parse_target(written).addresses
    assert len(found.ipv4) == size
    assert len(found.ipv4.spans) == 1


@pytest.mark.parametrize("written", ["printer", "nas.example.org", "a_b.example", "host-1", "x."])
def test_a_name_has_to_be_resolved(written: str) -> None:
    assert parse_target(written).hostname == written
    assert parse_target(written).needs_resolving


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("-oX", "option", id="option"),
        pytest.param("--script=x", "option", id="long-option"),
        pytest.param("-", "option", id="dash"),
        pytest.param("-1.2.3.4", "option", id="octet-range-like-an-option"),
        pytest.param("2001:db8::/64", "never ends", id="slash-64"),
        pytest.param("::/0", "never ends", id="all-of-ipv6"),
        pytest.param("2001:db8::/111", "never ends", id="one-too-wide"),
        pytest.param("fe80::1%eth0", "zone", id="zone"),
        pytest.param("192.0.2.0/33", "CIDR", id="slash-33"),
        pytest.param("192.0.2/24", "CIDR", id="three-octets"),
        pytest.param("192.0.2.256", "octet", id="octet-256"),
        pytest.param("192.0.2.9-3", "octet", id="backwards"),
        pytest.param("192.0.2.1,,3", "octet", id="empty-octet-piece"),
        pytest.param("192.0.2", "neither", id="too-few-octets"),
        pytest.param("1.2.3.4.5", "neither", id="too-many-octets"),
        pytest.param("*.*.*.1", "separate ranges", id="too-many-blocks"),
        pytest.param("a b", "neither", id="space"),
        pytest.param("a;b", "neither", id="semicolon"),
        pytest.param("a\nb", "neither", id="line-break"),
        pytest.param("host\n", "neither", id="line-break-at-the-end"),
        pytest.param("$(x)", "neither", id="shell"),
        pytest.param("../x", "neither", id="path"),
        pytest.param("", "neither", id="empty"),
        pytest.param("a" * 300, "neither", id="long-name"),
        pytest.param("bücher.example", "neither", id="not-ascii"),
        pytest.param("192.0.2.0/255.255.255.0", "neither", id="netmask"),
        pytest.param("１.2.3.4", "neither", id="full-width-digit"),
        pytest.param("::1/x", "CIDR", id="prefix-no-number"),
    ],
)
def test_a_refused_target_says_why_in_one_line(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_target(written)
    assert "\n" not in str(caught.value)


def test_the_widest_ipv6_block_is_a_slash_112() -> None:
    assert len(parse_target("2001:db8::/112").addresses) == 1 << 16


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a, b,c\nd", ["a", "b", "c", "d"]),
        ("10.0.0.1,5,9", ["10.0.0.1,5,9"]),
        ("10.0.0.1,10.0.0.5", ["10.0.0.1", "10.0.0.5"]),
        ("10.0.0.1,5 10.0.0.9,nas", ["10.0.0.1,5", "10.0.0.9", "nas"]),
        (" ,, ", []),
        ("", []),
    ],
)
def test_targets_are_split_but_octet_lists_are_not(text: str, pieces: list[str]) -> None:
    assert split_targets(text) == pieces


octet = st.one_of(
    st.just("*"),
    st.integers(0, 255).map(str),
    st.tuples(st.integers(0, 255), st.integers(0, 255)).map(lambda p: f"{min(p)}-{max(p)}"),
)


@given(st.integers(0, 255), st.integers(0, 255), octet, octet)
def test_an_octet_pattern_holds_what_each_octet_holds(a: int, b: int, c: str, d: str) -> None:
    def numbers(text: str) -> set[int]:
        if text == "*":
            return set(range(256))
        first, _, last = text.partition("-")
        return set(range(int(first), int(last or first) + 1))

    found = parse_target(f"{a}.{b}.{c}.{d}").addresses.ipv4
    prefix = (a << 24) + (b << 16)
    expected = {prefix + (x << 8) + y for x in numbers(c) for y in numbers(d)}
    assert set(found) == expected


@given(st.integers(0, 2**32 - 1), st.integers(16, 32))
def test_an_ipv4_block_is_the_network_it_lies_in(number: int, length: int) -> None:
    written = f"{IPv4Address(number)}/{length}"
    network = ip_network(written, strict=False)
    found = parse_target(written).addresses.ipv4
    assert found.spans == ((int(network[0]), int(network[-1])),)


@given(st.text(max_size=30))
def test_any_text_is_a_target_or_a_value_error(text: str) -> None:
    try:
        found = parse_target(text)
    except ValueError:
        return
    assert not text.startswith("-")
    assert not any(character.isspace() for character in text)
    assert found.addresses or found.hostname


@given(address_sets, address_sets)
def test_address_sets_keep_the_families_apart(a: AddressSet, b: AddressSet) -> None:
    def members(subject: AddressSet) -> set[tuple[int, int]]:
        return {(4, n) for n in subject.ipv4} | {(6, n) for n in subject.ipv6}

    assert members(a | b) == members(a) | members(b)
    assert members(a - b) == members(a) - members(b)
    assert members(a & b) == members(a) & members(b)
    assert len(a) == len(members(a))
    assert bool(a - b) == bool(members(a) - members(b))


def test_an_ipv4_address_is_not_the_ipv6_address_of_the_same_number() -> None:
    assert IPv4Address(7) in addresses("0.0.0.7")
    assert IPv6Address(7) not in addresses("0.0.0.7")
    assert "0.0.0.7" not in addresses("0.0.0.7")


@given(address_sets)
def test_a_set_holds_the_addresses_it_is_made_of_and_counts_out(subject: AddressSet) -> None:
    listed = list(subject)
    assert len(listed) == len(subject)
    assert AddressSet.of(listed) == subject
    assert AddressSet.of_packed(address.packed for address in listed) == subject
