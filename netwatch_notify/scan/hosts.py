"""One `<host>` slice to a Host: by python-libnmap, and around its gaps."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError, tostring

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
from netwatch_notify.scan.stream import ScanStream

MAX_NESTING = 64
"""Elements within elements in one host; python-libnmap follows script tables by recursion."""


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
    text = slice_bytes.decode(origin.encoding, "replace")
    try:
        element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise origin.refuse(f"a broken host: {clean(str(error), 80)}") from error
    if _nesting(element) > MAX_NESTING:
        raise origin.refuse(f"more than {MAX_NESTING} nested elements in a host")
    address = next(
        (a.get("addr", "") for a in element.iter("address") if a.get("addrtype") != "mac"), ""
    )
    try:
        parsed_address = ip_address(address)
    except ValueError:
        return None
    try:
        parsed = _parse(element, text)
    except Exception as error:
        raise origin.refuse(f"host {parsed_address}: {clean(str(error), 80)}") from error
    status = element.find("status")
    return Host(
        address=parsed_address,
        status=_status(status),
        reason=clean(status.get("reason") if status is not None else "", 40),
        mac=clean(parsed.mac, 17).upper(),
        vendor=clean(parsed.vendor, 60),
        hostnames=tuple(dict.fromkeys(filter(None, map(clean, parsed.hostnames)))),
        ports=_ports(parsed.services),
        extra_ports=tuple(_extra_ports(element)),
        timed_out=element.get("timedout") == "true",
    )


def _parse(element: Element, text: str) -> Any:
    """
    Let python-libnmap read the host, once more without what it raises on.

    It raises (a bare Exception, at times) on an `osmatch` of old nmaps and on a port without
    number or state (hand-made files); neither holds a fact we use.
    """
    try:
        return NmapParser.parse(text)
    except Exception:
        for child in element.findall("os"):
            element.remove(child)
        for ports in element.findall("ports"):
            for port in ports.findall("port"):
                if port.find("state") is None or not (port.get("portid") and port.get("protocol")):
                    ports.remove(port)
        return NmapParser.parse(tostring(element, encoding="unicode"))


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
        scripts=tuple(
            sorted(
                (
                    ScriptOutput(clean(script.get("id"), 60), clean_block(script.get("output")))
                    for script in service.scripts_results
                ),
                key=lambda script: script.id,
            )
        ),
    )


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
            named: dict[PortProtocol, Ranges] = {}
            for reason in extra.iter("extrareasons"):
                if reason.get("ports"):
                    protocol = PortProtocol(reason.get("proto", "tcp"))
                    ranges = Ranges.parse(reason.get("ports", ""))
                    named[protocol] = named.get(protocol, Ranges()) | ranges
        except ValueError:
            continue
        yield ExtraPorts(state, count, tuple(sorted(named.items())))


def _nesting(element: Element) -> int:
    """Return the depth of the tree, counted without recursion."""
    depth, level = 0, [element]
    while level and depth <= MAX_NESTING:
        depth += 1
        level = [child for parent in level for child in parent]
    return depth
