"""One `<host>` slice to a Host: by python-libnmap, and around its gaps."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError, tostring
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from libnmap.objects import NmapService
from libnmap.parser import NmapParser

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import ExtraPorts, Host, HostStatus
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
from netwatch_notify.model.text import clean, clean_block
from netwatch_notify.scan.stream import ScanStream, is_ports

MAX_NESTING = 64
"""Elements within elements in one host; python-libnmap follows script tables by recursion."""
MAX_ELEMENTS = 1_000_000
"""65,535 open ports with scripts on each have 600,000."""
MAX_EXTRA_PORTS = 64
"""nmap writes one for each state."""
MAX_COUNT = 4 << 16
"""Ports that one `extraports` can sum up: all of four protocols."""

_TOO_DEEP = f"more than {MAX_NESTING} nested elements in a host"
_LARGE_BYTES = 64 << 10
"""Above this, a host is looked at before it becomes a tree, which takes 100 times its size."""


class Origin(Protocol):
    """Where a slice comes from: how it is encoded, and how an error names the place."""

    @property
    def encoding(self) -> str: ...

    def refuse(self, reason: str) -> UnreadableInputError: ...


def read_hosts(stream: ScanStream, data: bytes) -> Iterator[Host]:
    """Yield the hosts that are complete with `data`, the stream's next bytes, as they come."""
    for slice_bytes in stream.feed(data):
        host = parse_host(slice_bytes, stream)
        if host is not None:
            yield host


def parse_host(slice_bytes: bytes, origin: Origin) -> Host | None:
    """
    Turn one `<host>` element into a Host; None where it carries no IP address.

    Such hosts (a hostname alone, a MAC alone) exist in edited files and cannot be compared.
    Raises UnreadableInputError where the element is broken or hostile.
    """
    check_size(slice_bytes, origin)
    text = slice_bytes.decode(origin.encoding, "replace")
    try:
        element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise origin.refuse(f"a broken host: {clean(str(error), 80)}") from error
    check_nesting(element, origin)
    address = next(
        (a.get("addr", "") for a in element.iter("address") if a.get("addrtype") != "mac"), ""
    )
    try:
        # The zone (`fe80::1%eth0`) may hold anything, and is no part of where the host is.
        parsed_address = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    extra_ports = tuple(_extra_ports(element))
    if len(extra_ports) > MAX_EXTRA_PORTS:
        raise origin.refuse(f"more than {MAX_EXTRA_PORTS} extraports in a host")
    os_matches = tuple(clean(match.get("name")) for match in element.iterfind("os/osmatch"))
    try:
        parsed, ports = _parse(element, text)
    except Exception as error:
        reason = clean(str(error), 80) or type(error).__name__
        raise origin.refuse(f"host {parsed_address}: {reason}") from error
    status = element.find("status")
    return Host(
        address=parsed_address,
        status=_status(status),
        reason=clean(status.get("reason") if status is not None else "", 40),
        mac=clean(parsed.mac, 17).upper(),
        vendor=clean(parsed.vendor, 60),
        hostnames=tuple(dict.fromkeys(filter(None, map(clean, parsed.hostnames)))),
        asked_names=tuple(_asked_names(element)),
        ports=ports,
        extra_ports=extra_ports,
        os_matches=os_matches,
        scripts=_scripts(script.attrib for script in element.iterfind("hostscript/script")),
        timed_out=element.get("timedout") == "true",
    )


def _parse(element: Element, text: str) -> tuple[Any, tuple[Port, ...]]:
    """
    Let python-libnmap read the host and its ports, once more without what it raises on.

    It raises (a bare Exception, at times) on an `osmatch` of old nmaps, and in hand-made files on
    a port without number or state, on an address without its type and on an empty CPE; none is a
    fact we lose.
    """
    try:
        parsed = NmapParser.parse(text)
        return parsed, _ports(parsed.services)
    except Exception:
        _remove_unreadable(element)
        parsed = NmapParser.parse(tostring(element, encoding="unicode"))
        return parsed, _ports(parsed.services)


def _remove_unreadable(host: Element) -> None:
    for child in host.findall("os"):
        host.remove(child)
    for address in host.findall("address"):
        # nmap.dtd: ipv4 unless it says otherwise.
        address.attrib.setdefault("addrtype", "ipv4")
        if address.get("addr") is None:
            host.remove(address)
    for ports in host.findall("ports"):
        for port in ports.findall("port"):
            known = port.find("state") is not None and port.get("protocol")
            if not known or not _is_port_number(port.get("portid", "")):
                ports.remove(port)
    for service in host.iter("service"):
        for cpe in service.findall("cpe"):
            if not cpe.text:
                service.remove(cpe)


def _is_port_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535


def _status(element: Element | None) -> HostStatus:
    """masscan writes no status: a host it lists has answered."""
    if element is None:
        return HostStatus.UP
    try:
        return HostStatus(element.get("state", ""))
    except ValueError:
        return HostStatus.UNKNOWN


def _ports(services: list[NmapService]) -> tuple[Port, ...]:
    ports: dict[PortKey, Port] = {}
    for service in services:
        port = _port(service)
        # A port that is listed twice (masscan, one line per banner) keeps the fuller sighting.
        if port and (port.key not in ports or port.service or not ports[port.key].service):
            ports[port.key] = port
    return tuple(ports[key] for key in sorted(ports))


def _port(service: NmapService) -> Port | None:
    try:
        key = PortKey(int(service.port), PortProtocol(service.protocol))
        state = PortState(service.state)
    except ValueError:
        # masscan reports answers to pings as ports of the protocol `icmp`.
        return None
    return Port(
        key=key,
        state=state,
        reason=clean(service.reason, 40),
        service=_service(service.service_dict),
        scripts=_scripts(service.scripts_results),
    )


def _scripts(found: Iterable[Mapping[str, Any]]) -> tuple[ScriptOutput, ...]:
    """What is no result (no id) is none; the order is by id."""
    outputs = {
        ScriptOutput(clean(script.get("id"), 60), clean_block(script.get("output")))
        for script in found
        if script.get("id")
    }
    return tuple(sorted(outputs, key=lambda script: (script.id, script.output)))


def _asked_names(element: Element) -> Iterator[str]:
    for hostname in element.iterfind("hostnames/hostname"):
        if hostname.get("type") == "user" and hostname.get("name"):
            yield clean(hostname.get("name")).lower()


def _service(facts: dict[str, Any]) -> Service | None:
    if not facts.get("name") and not facts.get("product"):
        return None
    probed = facts.get("method") == "probed"
    return Service(
        name=clean(facts.get("name"), 60),
        product=clean(facts.get("product"), 80),
        version=clean(facts.get("version"), 60),
        extra_info=clean(facts.get("extrainfo"), 80),
        tunnel=clean(facts.get("tunnel"), 10),
        method=ServiceMethod.PROBED if probed else ServiceMethod.TABLE,
        cpes=tuple(clean(cpe) for cpe in facts.get("cpelist", ()) if cpe),
    )


def _extra_ports(element: Element) -> Iterator[ExtraPorts]:
    """Every `<extraports>`, with the ports its `extrareasons` name; libnmap keeps the last."""
    for extra in element.iter("extraports"):
        try:
            state = PortState(extra.get("state", ""))
            count = int(extra.get("count", "0"))
            spans: dict[PortProtocol, list[tuple[int, int]]] = {}
            for reason in extra.iter("extrareasons"):
                if reason.get("ports"):
                    protocol = PortProtocol(reason.get("proto", "tcp"))
                    ranges = _port_list(reason.get("ports", ""))
                    spans.setdefault(protocol, []).extend(ranges.spans)
        except ValueError:
            continue
        named = {protocol: _joined(tuple(parts)) for protocol, parts in spans.items()}
        if 0 <= count <= MAX_COUNT and all(map(is_ports, named.values())):
            yield ExtraPorts(state, count, tuple(sorted(named.items())))


# Most hosts leave out the same ports, a thousand with 80 kB of ranges: 65,536 of them took 5 GB.
@lru_cache(256)
def _port_list(text: str) -> Ranges:
    return Ranges.parse(text)


@lru_cache(256)
def _joined(spans: tuple[tuple[int, int], ...]) -> Ranges:
    return Ranges.of(spans)


def check_size(slice_bytes: bytes, origin: Origin) -> None:
    """Refuse a slice whose tree would be too large or too deep, before there is one."""
    if len(slice_bytes) < _LARGE_BYTES:
        return
    if slice_bytes.count(b"<") - slice_bytes.count(b"</") > MAX_ELEMENTS:
        raise origin.refuse(f"more than {MAX_ELEMENTS} elements in a host")
    depth = 0

    def enter(_tag: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_NESTING:
            raise origin.refuse(_TOO_DEEP)

    def leave(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(origin.encoding)
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    try:
        parser.Parse(slice_bytes, True)
    except expat.ExpatError:
        # What is broken is refused by whoever parses it, with the reason.
        return


def check_nesting(element: Element, origin: Origin) -> None:
    """Refuse a tree that is too deep."""
    if _nesting(element) > MAX_NESTING:
        raise origin.refuse(_TOO_DEEP)


def _nesting(element: Element) -> int:
    """Return the depth of the tree, counted without recursion."""
    depth, level = 0, [element]
    while level and depth <= MAX_NESTING:
        depth += 1
        level = [child for parent in level for child in parent]
    return depth
