"""The second look asks each host about its own ports, the most telling first."""

from collections.abc import Iterable
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.detail.plan import (
    MOST_HOSTS_TOGETHER,
    MOST_PORTS_ASKED,
    MOST_PORTS_LOOKED_AT,
    PRINTER_PORTS,
    Questions,
    plan_looks,
)
from netwatch_notify.model.host import Address
from netwatch_notify.model.look import Look, LookKind
from netwatch_notify.model.port import PortKey, PortProtocol
from tests.builders import at, key

HERE, THERE = at("192.0.2.1"), at("192.0.2.2")
Ports = dict[Address, frozenset[PortKey]]


def ports(*texts: str) -> frozenset[PortKey]:
    return frozenset(map(key, texts))


def plan(
    silent: Ports | None = None,
    missing: Ports | None = None,
    opened: Ports | None = None,
    bare: Iterable[Address] = (),
    risky: frozenset[PortKey] = frozenset(),
) -> tuple[Look, ...]:
    asked = Questions(silent or {}, missing or {}, opened or {}, frozenset(bare))
    return plan_looks(asked, risky)


def detail(looks: Iterable[Look]) -> list[Look]:
    return [look for look in looks if look.kind is LookKind.DETAIL]


def test_nothing_to_ask_starts_no_nmap() -> None:
    assert plan() == ()


@pytest.mark.parametrize("number", [9100, 9103, 9107])
def test_a_printer_port_is_asked_again_but_never_looked_at_closer(number: int) -> None:
    (look,) = plan(opened={HERE: ports(str(number))})
    assert (look.kind, look.ports, look.known_up) == (LookKind.CONFIRM, (key(str(number)),), True)


@pytest.mark.parametrize("number", [9099, 9108])
def test_the_ports_beside_the_printers_are_looked_at(number: int) -> None:
    (look,) = plan(opened={HERE: ports(str(number))})
    assert look.kind is LookKind.DETAIL


def test_hosts_with_equal_port_sets_share_an_nmap() -> None:
    (look,) = plan(opened={THERE: ports("22", "80"), HERE: ports("80", "22")})
    assert look == Look(LookKind.DETAIL, (key("22"), key("80")), (HERE, THERE), known_up=True)


def test_hosts_with_other_ports_get_their_own_nmap() -> None:
    looks = plan(opened={HERE: ports("22", "80"), THERE: ports("22")})
    assert {(look.ports, look.addresses) for look in looks} == {
        ((key("22"), key("80")), (HERE,)),
        ((key("22"),), (THERE,)),
    }


def test_protocols_get_their_own_nmap() -> None:
    looks = plan(opened={HERE: ports("53", "53/udp")})
    assert {look.ports for look in looks} == {(key("53"),), (key("53/udp"),)}


def test_families_get_their_own_nmap() -> None:
    looks = plan(opened={HERE: ports("22"), at("2001:db8::1"): ports("22")})
    assert sorted(len(look.addresses) for look in looks) == [1, 1]


def test_at_most_twenty_ports_are_looked_at_the_risky_ones_among_them() -> None:
    many = ports(*map(str, range(1, 101)))
    looks = plan(opened={HERE: many}, risky=ports("99"))
    (closer,) = detail(looks)
    assert len(closer.ports) == MOST_PORTS_LOOKED_AT == 20
    assert key("99") in closer.ports
    rest = {number for look in looks if look.kind is LookKind.CONFIRM for number in look.ports}
    assert rest | set(closer.ports) == many


def test_a_silent_host_is_pinged_by_its_own_ports() -> None:
    (look,) = plan(silent={HERE: ports("2222")})
    assert look == Look(LookKind.CONFIRM, (key("2222"),), (HERE,), known_up=False)


def test_a_silent_host_without_ports_is_asked_whether_it_is_up() -> None:
    (look,) = plan(silent={HERE: frozenset()})
    assert (look.ports, look.known_up) == ((), False)


def test_at_most_fifty_ports_of_a_silent_host_are_tried() -> None:
    (look,) = plan(silent={HERE: ports(*map(str, range(1, 200)))})
    assert len(look.ports) == MOST_PORTS_ASKED


def test_a_bare_new_host_is_asked_whether_it_is_up() -> None:
    (look,) = plan(bare=[HERE])
    assert (look.kind, look.ports, look.known_up) == (LookKind.CONFIRM, (), False)


def test_risky_ports_come_first_and_details_before_confirmation() -> None:
    looks = plan(
        missing={at("192.0.2.7"): ports("443")},
        silent={at("192.0.2.8"): ports("23")},
        opened={HERE: ports("80"), THERE: ports("23")},
        risky=ports("23"),
    )
    assert [(look.kind.value, str(look.ports[0])) for look in looks] == [
        ("details", "23/tcp"),
        ("confirm", "23/tcp"),
        ("details", "80/tcp"),
        ("confirm", "443/tcp"),
    ]


def test_many_hosts_are_divided() -> None:
    opened = {IPv4Address(0xC0000200 + n): ports("22") for n in range(150)}
    looks = plan(opened=opened)
    assert [len(look.addresses) for look in looks] == [64, 64, 22]
    assert MOST_HOSTS_TOGETHER == 64


numbers = st.frozensets(
    st.builds(
        PortKey,
        st.integers(0, 60) | st.integers(9095, 9110),
        st.sampled_from([PortProtocol.TCP, PortProtocol.UDP]),
    ),
    max_size=40,
)
by_host = st.dictionaries(
    st.integers(1, 200).map(lambda n: IPv4Address(0xC0000200 + n)),
    numbers.filter(bool),
    max_size=8,
)


@given(by_host, by_host, numbers)
def test_each_host_is_asked_about_its_own_ports_only_and_about_all(
    opened: Ports, missing: Ports, risky: frozenset[PortKey]
) -> None:
    looks = plan(opened=opened, missing=missing, risky=risky)
    asked: dict[Address, set[PortKey]] = {}
    closer: dict[Address, int] = {}
    for look in looks:
        assert len({number.protocol for number in look.ports}) == 1
        assert list(look.ports) == sorted(look.ports)
        for address in look.addresses:
            asked.setdefault(address, set()).update(look.ports)
            if look.kind is LookKind.DETAIL:
                closer[address] = closer.get(address, 0) + len(look.ports)
                assert not any(number.number in PRINTER_PORTS for number in look.ports)
    wanted = {
        address: set(opened.get(address, ())) | set(missing.get(address, ()))
        for address in opened | missing
    }
    assert asked == wanted
    assert all(count <= MOST_PORTS_LOOKED_AT for count in closer.values())
