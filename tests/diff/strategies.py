"""Hosts and scans as Hypothesis makes them."""

from ipaddress import IPv4Address

from hypothesis import strategies as st

from netwatch_notify.model.host import ExtraPorts, Host
from netwatch_notify.model.port import Port, PortKey, PortProtocol, PortState, Service
from netwatch_notify.model.port import ServiceMethod as Method

names = st.text("abc 1.é", max_size=5)
keys = st.builds(PortKey, st.integers(0, 40), st.sampled_from([PortProtocol.TCP, PortProtocol.UDP]))
states = st.sampled_from(list(PortState))
services = st.builds(
    Service,
    name=names,
    product=names,
    version=names,
    method=st.sampled_from(list(Method)),
    cpes=st.lists(names, max_size=2).map(tuple),
)
ports = st.builds(Port, keys, states, service=st.none() | services)


def _in_order(found: list[Port]) -> tuple[Port, ...]:
    return tuple(sorted(found, key=lambda port: port.key))


hosts = st.builds(
    Host,
    address=st.integers(0xC0000200, 0xC000021F).map(IPv4Address),
    reason=st.sampled_from(["", "user-set", "arp-response"]),
    mac=st.sampled_from(["", "02:00:00:00:00:01"]),
    hostnames=st.lists(names.filter(bool), max_size=2).map(tuple),
    ports=st.lists(ports, max_size=6, unique_by=lambda port: port.key).map(_in_order),
    extra_ports=st.lists(st.builds(ExtraPorts, states, st.integers(1, 9)), max_size=1).map(tuple),
    timed_out=st.booleans(),
)
scanned = st.lists(hosts, max_size=12, unique_by=lambda host: host.address).map(tuple)
