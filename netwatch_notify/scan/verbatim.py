"""One `<host>` slice word for word, for ndiff's rows."""

from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, fromstring

from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.text import clean
from netwatch_notify.model.verbatim import (
    ADDRESS_TYPES,
    VerbatimAddress,
    VerbatimHost,
    VerbatimPort,
    VerbatimRun,
    VerbatimService,
    join_ports,
)
from netwatch_notify.scan.hosts import Origin, check_nesting, check_size
from netwatch_notify.scan.stream import ScanStream


def parse_verbatim(slice_bytes: bytes, origin: Origin) -> VerbatimHost:
    """
    Return what one `<host>` element says, letter for letter.

    What lacks an attribute that makes it something (a port its number, an address its text) is
    passed over, as ndiff does. Raises UnreadableInputError where the element is broken.
    """
    check_size(slice_bytes, origin)
    text = slice_bytes.decode(origin.encoding, "replace")
    try:
        # A slice holds no declaration (the stream sees to it), hence no entity to attack with.
        element = fromstring(text)  # noqa: S314
    except (ParseError, ValueError) as error:
        raise origin.refuse(f"a broken host: {clean(str(error), 80)}") from error
    check_nesting(element, origin)
    status = element.find("status")
    names = (name.get("name") for name in element.iterfind("hostnames/hostname"))
    matches = (match.get("name") for match in element.iterfind("os/osmatch"))
    return VerbatimHost(
        state=None if status is None else status.get("state"),
        addresses=tuple(dict.fromkeys(_addresses(element))),
        hostnames=tuple(dict.fromkeys(name for name in names if name is not None)),
        ports=join_ports(_ports(element)),
        extra_ports=tuple(dict(_extra_ports(element)).items()),
        os_matches=tuple(match for match in matches if match is not None),
        scripts=_scripts(element.iterfind("hostscript/script")),
    )


def verbatim_run(stream: ScanStream) -> VerbatimRun:
    """Return what the file says of its scan; the stream has been read to its end."""
    started_at, ended_at = stream.header.started_at, stream.ending.ended_at
    return VerbatimRun(
        scanner=stream.root.get("scanner"),
        version=stream.root.get("version"),
        arguments=stream.root.get("args"),
        started_at=_local(started_at),
        ended_at=_local(ended_at),
        pre_scripts=_in_order(stream.pre_scripts),
        post_scripts=_in_order(stream.post_scripts),
    )


def _addresses(element: Element) -> Iterator[VerbatimAddress]:
    for address in element.iterfind("address"):
        text, kind = address.get("addr"), address.get("addrtype", "ipv4")
        if text is not None:
            rank = ADDRESS_TYPES.index(kind) if kind in ADDRESS_TYPES else len(ADDRESS_TYPES)
            yield VerbatimAddress(rank, text, kind)


def _ports(element: Element) -> Iterator[VerbatimPort]:
    for port in element.iterfind("ports/port"):
        state, protocol = port.find("state"), port.get("protocol")
        number = _whole(port.get("portid"))
        if state is None or state.get("state") is None or protocol is None or number is None:
            continue
        service = port.find("service")
        facts = {} if service is None else service.attrib
        yield VerbatimPort(
            number,
            protocol,
            state.get("state"),
            VerbatimService(
                facts.get("name"),
                facts.get("product"),
                facts.get("version"),
                facts.get("extrainfo"),
                facts.get("tunnel"),
            ),
            _scripts(port.iterfind("script")),
        )


def _extra_ports(element: Element) -> Iterator[tuple[str, int]]:
    for extra in element.iterfind("ports/extraports"):
        state = extra.get("state")
        if state is not None:
            yield state, _whole(extra.get("count")) or 0


def _scripts(elements: Iterator[Element]) -> tuple[ScriptOutput, ...]:
    found = ((script.get("id"), script.get("output")) for script in elements)
    return _in_order(ScriptOutput(i, o) for i, o in found if i is not None and o is not None)


def _in_order(scripts: Iterator[ScriptOutput] | list[ScriptOutput]) -> tuple[ScriptOutput, ...]:
    return tuple(sorted(scripts, key=lambda script: (script.id, script.output)))


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _local(at: datetime | None) -> datetime | None:
    """Return the instant in the zone this machine was in then."""
    return at.astimezone() if at else None
