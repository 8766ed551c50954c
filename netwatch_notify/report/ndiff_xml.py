"""Two scans as ndiff's XML (its version 1), an element at a time."""

import re
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement

from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.rows import HostRows, PortRow, ScriptRow
from netwatch_notify.model.verbatim import (
    VerbatimAddress,
    VerbatimHost,
    VerbatimPort,
    VerbatimRun,
    VerbatimService,
)

OPENING = '<?xml version="1.0" encoding="utf-8"?>\n<nmapdiff version="1"><scandiff>'
CLOSING = "</scandiff></nmapdiff>"

_ESCAPED = re.compile('[&<>"\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]')
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def banner_xml(before: VerbatimRun, after: VerbatimRun, *, everything: bool) -> str:
    """Return what each scan says of itself, where the two differ."""
    if _said(before) != _said(after):
        old, new = serialize(_run(before)), serialize(_run(after))
        return f"<a>{old}</a><b>{new}</b>"
    return serialize(_run(before)) if everything else ""


def run_scripts_xml(
    tag: str,
    before: Sequence[ScriptOutput],
    after: Sequence[ScriptOutput],
    rows: Iterable[ScriptRow],
) -> str:
    """Return the element `tag` (`prescript`, `postscript`) with what differs; nothing if empty."""
    element = _scripts(tag, before, after, list(rows))
    return "" if element is None else serialize(element)


def host_xml(rows: HostRows, *, everything: bool) -> str:
    """Return one host's `<hostdiff>`."""
    difference = Element("hostdiff")
    if rows.before is None or rows.after is None:
        whole = rows.before or rows.after or VerbatimHost()
        SubElement(difference, "b" if rows.before is None else "a").append(_host(whole))
        return serialize(difference)
    host = SubElement(difference, "host")
    _status(host, rows, everything)
    _addresses(host, rows.before, rows.after)
    _hostnames(host, rows.before, rows.after)
    ports = Element("ports")
    if rows.extra_ports_changed:
        SubElement(ports, "a").extend(_extra_ports(rows.before))
        SubElement(ports, "b").extend(_extra_ports(rows.after))
    else:
        ports.extend(_extra_ports(rows.before))
    ports.extend(_port_row(row) for row in rows.ports)
    _add(host, ports)
    if rows.os_changed or everything:
        _add(host, _os(rows, rows.before.os_matches, rows.after.os_matches))
    scripts = _scripts("hostscript", rows.before.scripts, rows.after.scripts, rows.scripts)
    if scripts is not None:
        host.append(scripts)
    return serialize(difference)


def serialize(element: Element) -> str:
    """Return an element as ndiff writes it: each tag on a line of its own, no indent."""
    attributes = "".join(f' {name}="{_escape(value)}"' for name, value in element.items())
    if not len(element):
        return f"<{element.tag}{attributes}/>\n"
    inside = "".join(map(serialize, element))
    return f"<{element.tag}{attributes}>\n{inside}</{element.tag}>\n"


def _escape(text: str) -> str:
    """ndiff writes line breaks bare, which a reader of its XML gets as spaces."""
    return _ESCAPED.sub(lambda found: _NAMED.get(found[0], f"&#{ord(found[0])};"), text)


def _add(parent: Element, child: Element) -> None:
    if len(child):
        parent.append(child)


def _said(run: VerbatimRun) -> tuple[object, ...]:
    return run.scanner, run.version, run.arguments, run.started_at, run.ended_at


def _run(run: VerbatimRun) -> Element:
    element = Element("nmaprun")
    if run.scanner is not None:
        element.set("scanner", run.scanner)
    if run.arguments is not None:
        element.set("args", run.arguments)
    if run.started_at is not None:
        element.set("start", str(int(run.started_at.timestamp())))
        element.set("startstr", f"{run.started_at:%a %b %d %H:%M:%S %Y}")
    if run.version is not None:
        element.set("version", run.version)
    return element


def _status(host: Element, rows: HostRows, everything: bool) -> None:
    sides = ((rows.before, "a"), (rows.after, "b"))
    if rows.state_changed:
        for side, tag in sides:
            wrapped = SubElement(host, tag)
            if side is not None and side.state is not None:
                SubElement(wrapped, "status", state=side.state)
    elif everything and rows.after is not None and rows.after.state is not None:
        SubElement(host, "status", state=rows.after.state)


def _addresses(host: Element, before: VerbatimHost, after: VerbatimHost) -> None:
    old, new = set(before.addresses), set(after.addresses)
    host.extend(map(_address, sorted(old & new)))
    for tag, only in (("a", old - new), ("b", new - old)):
        wrapped = Element(tag)
        wrapped.extend(map(_address, sorted(only)))
        _add(host, wrapped)


def _hostnames(host: Element, before: VerbatimHost, after: VerbatimHost) -> None:
    old, new = set(before.hostnames), set(after.hostnames)
    names = Element("hostnames")
    names.extend(map(_hostname, sorted(old & new)))
    for tag, only in (("a", old - new), ("b", new - old)):
        wrapped = Element(tag)
        wrapped.extend(map(_hostname, sorted(only)))
        _add(names, wrapped)
    _add(host, names)


def _host(host: VerbatimHost) -> Element:
    element = Element("host")
    if host.state is not None:
        SubElement(element, "status", state=host.state)
    element.extend(map(_address, host.addresses))
    names = Element("hostnames")
    names.extend(map(_hostname, host.hostnames))
    _add(element, names)
    ports = Element("ports")
    ports.extend(_extra_ports(host))
    unlisted = {state for state, _ in host.extra_ports}
    ports.extend(_port(port) for port in host.ports if port.state not in unlisted)
    _add(element, ports)
    systems = Element("os")
    systems.extend(map(_osmatch, host.os_matches))
    _add(element, systems)
    scripts = Element("hostscript")
    scripts.extend(map(_script, host.scripts))
    _add(element, scripts)
    return element


def _address(address: VerbatimAddress) -> Element:
    return Element("address", addr=address.text, addrtype=address.type)


def _hostname(name: str) -> Element:
    return Element("hostname", name=name)


def _osmatch(name: str) -> Element:
    return Element("osmatch", name=name)


def _script(script: ScriptOutput) -> Element:
    return Element("script", id=script.id, output=script.output)


def _extra_ports(host: VerbatimHost) -> Iterator[Element]:
    for state, count in host.extra_ports:
        yield Element("extraports", state=state, count=str(count))


def _port(port: VerbatimPort) -> Element:
    element = _bare_port(port)
    element.extend(_service(port.service))
    element.extend(map(_script, port.scripts))
    return element


def _bare_port(port: VerbatimPort) -> Element:
    element = Element("port", portid=str(port.number), protocol=port.protocol)
    if port.state is not None:
        SubElement(element, "state", state=port.state)
    return element


def _service(service: VerbatimService) -> list[Element]:
    """The element, if it has any attribute."""
    facts = (
        ("name", service.name),
        ("product", service.product),
        ("version", service.version),
        ("extrainfo", service.extra_info),
        ("tunnel", service.tunnel),
    )
    attributes = {name: value for name, value in facts if value is not None}
    return [Element("service", attributes)] if attributes else []


def _port_row(row: PortRow) -> Element:
    if not row.differs:
        return _port(row.before if row.before.state is not None else row.after)
    difference = Element("portdiff")
    if row.before.state != row.after.state:
        SubElement(difference, "a").append(_port(row.before))
        SubElement(difference, "b").append(_port(row.after))
        return difference
    port = _bare_port(row.before)
    difference.append(port)
    if row.before.service == row.after.service:
        port.extend(_service(row.before.service))
    else:
        SubElement(port, "a").extend(_service(row.before.service))
        SubElement(port, "b").extend(_service(row.after.service))
    port.extend(element for script in row.scripts for element in _script_row(script))
    return difference


def _script_row(row: ScriptRow) -> Iterator[Element]:
    if row.before is not None and row.before == row.after:
        yield _script(row.before)
        return
    for tag, script in (("a", row.before), ("b", row.after)):
        if script is not None:
            wrapped = Element(tag)
            wrapped.append(_script(script))
            yield wrapped


def _scripts(
    tag: str,
    before: Sequence[ScriptOutput],
    after: Sequence[ScriptOutput],
    rows: Sequence[ScriptRow],
) -> Element | None:
    """Scripts of the run or of a host; all of one side if the other has none."""
    if not rows:
        return None
    element = Element(tag)
    if before and after:
        element.extend(part for row in rows for part in _script_row(row))
        return element
    element.extend(map(_script, before or after))
    wrapped = Element("a" if before else "b")
    wrapped.append(element)
    return wrapped


def _os(rows: HostRows, before: Sequence[str], after: Sequence[str]) -> Element:
    systems = Element("os")
    for what, first, last, new_first, new_last in rows.os:
        if what == "equal":
            systems.extend(map(_osmatch, before[first:last]))
            continue
        if first != last:
            SubElement(systems, "a").extend(map(_osmatch, before[first:last]))
        if new_first != new_last:
            SubElement(systems, "b").extend(map(_osmatch, after[new_first:new_last]))
    return systems
