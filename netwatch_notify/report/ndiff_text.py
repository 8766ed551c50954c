"""
Two scans as ndiff's text, so that eyes and scripts used to ndiff find what they know.

Hosts in ndiff's order and its columns; only control and bidirectional characters, which ndiff
prints as they are, are replaced: a banner must not write rows, nor steer a terminal.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from netwatch_notify.model.rows import HostRows, PortRow, ScriptRow, edits_between
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimPort, VerbatimRun, VerbatimService

_DANGEROUS = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but the tab, bidirectional marks, line separators, lone surrogates."""

Row = tuple[str, Sequence[str]] | str
"""A mark and its columns, or a line of its own."""


def printable(text: str) -> str:
    """Return `text` with what could move a terminal's cursor or its reading order replaced."""
    return text if text.isascii() and text.isprintable() else _DANGEROUS.sub("\ufffd", text)


def banner_lines(before: VerbatimRun, after: VerbatimRun, *, everything: bool) -> Iterator[str]:
    """Yield what each scan says of itself, where the two differ."""
    old, new = _banner(before), _banner(after)
    if old != new:
        yield f"-{printable(old)}"
        yield f"+{printable(new)}"
    elif everything:
        yield f" {printable(old)}"


def run_script_lines(
    title: str, rows: Iterable[ScriptRow], *, any_before: bool, any_after: bool
) -> Iterator[str]:
    """Yield the results of scripts that run once per scan, or once per host."""
    lines = [line for row in rows for line in _script_lines(row)]
    if lines:
        mark = "-" if not any_after else "+" if not any_before else " "
        yield ""
        yield f"{mark}{title}:"
        yield from lines


def host_lines(rows: HostRows, *, everything: bool) -> Iterator[str]:
    """Yield one host's block, the empty line before it included."""
    old, new = rows.before, rows.after
    yield ""
    if rows.names_changed:
        if old is not None:
            yield f"-{_host_name(old)}:"
        if new is not None:
            yield f"+{_host_name(new)}:"
    else:
        yield f" {_host_name(old or new or VerbatimHost())}:"
    yield from _state_lines(rows, everything)
    yield from _extra_port_lines(rows, everything)
    yield from _port_lines(rows)
    if rows.os_changed or everything:
        yield from _os_lines(rows)
    yield from run_script_lines(
        "Host script results",
        rows.scripts,
        any_before=bool(old and old.scripts),
        any_after=bool(new and new.scripts),
    )


def _banner(run: VerbatimRun) -> str:
    scanner = run.scanner if run.scanner is not None and run.scanner != "nmap" else "Nmap"
    words = [scanner]
    if run.version is not None:
        words.append(run.version)
    words.append("scan")
    if run.started_at is not None:
        words.append(f"initiated {run.started_at:%a %b %d %H:%M:%S %Y}")
    if run.arguments is not None:
        words.append(f"as: {run.arguments}")
    return " ".join(words)


def _host_name(host: VerbatimHost) -> str:
    addresses = ", ".join(address.text for address in sorted(host.addresses))
    names = ", ".join(sorted(host.hostnames))
    if names and addresses:
        return printable(f"{names} ({addresses})")
    return printable(names or addresses or "<no name>")


def _state_lines(rows: HostRows, everything: bool) -> Iterator[str]:
    old, new = rows.before, rows.after
    if rows.state_changed:
        if old is not None and old.state is not None:
            yield f"-Host is {printable(old.state)}."
        if new is not None and new.state is not None:
            yield f"+Host is {printable(new.state)}."
    elif everything and new is not None and new.state is not None:
        yield f" Host is {printable(new.state)}."


def _extra_port_lines(rows: HostRows, everything: bool) -> Iterator[str]:
    old, new = _not_shown(rows.before), _not_shown(rows.after)
    if rows.extra_ports_changed:
        if old:
            yield f"-Not shown: {old}"
        if new:
            yield f"+Not shown: {new}"
    elif everything and old:
        yield f" Not shown: {old}"


def _not_shown(host: VerbatimHost | None) -> str:
    counts = (
        sorted(((count, state) for state, count in host.extra_ports), reverse=True)
        if (host)
        else []
    )
    return ", ".join(f"{count} {printable(state)} ports" for count, state in counts)


def _port_lines(rows: HostRows) -> Iterator[str]:
    if not rows.ports:
        return
    mark = "+" if rows.before is None else "-" if rows.after is None else " "
    table: list[Row] = [(mark, ("PORT", "STATE", "SERVICE", "VERSION"))]
    old_unlisted = {state for state, _ in rows.before.extra_ports} if rows.before else set()
    new_unlisted = {state for state, _ in rows.after.extra_ports} if rows.after else set()
    for port in rows.ports:
        table += _port_table(port, old_unlisted, new_unlisted)
    widths = [0] * 4
    for row in table:
        if not isinstance(row, str):
            widths = [max(width, len(cell)) for width, cell in zip(widths, row[1], strict=True)]
    for row in table:
        if isinstance(row, str):
            yield row
        else:
            # Two columns make one: the mark stands directly before the port.
            cells = [cell.ljust(width) for cell, width in zip(row[1], widths, strict=True)]
            yield f"{row[0]}{printable(' '.join(cells))}".rstrip()


def _port_table(row: PortRow, old_unlisted: set[str], new_unlisted: set[str]) -> Iterator[Row]:
    before, after = _columns(row.before), _columns(row.after)
    # Between an empty attribute and a missing one ndiff tells apart, too.
    if before == after and _is_missing(row.before) == _is_missing(row.after):
        yield " ", before
    else:
        if row.before.state is not None and row.before.state not in old_unlisted:
            yield "-", before
        if row.after.state is not None and row.after.state not in new_unlisted:
            yield "+", after
    for script in row.scripts:
        yield from _script_lines(script)


def _columns(port: VerbatimPort) -> tuple[str, str, str, str]:
    service = port.service
    name = "/".join(word for word in (service.tunnel, service.name) if word is not None)
    state = "unknown" if port.state is None else port.state
    return f"{port.number}/{port.protocol}", state, name, _version(service)


def _is_missing(port: VerbatimPort) -> tuple[bool, bool]:
    """Whether the file has nothing at all for the columns SERVICE and VERSION."""
    service = port.service
    return (
        service.tunnel is None and service.name is None,
        service.product is None and service.version is None and service.extra_info is None,
    )


def _version(service: VerbatimService) -> str:
    words = [word for word in (service.product, service.version) if word is not None]
    if service.extra_info is not None:
        words.append(f"({service.extra_info})")
    return " ".join(words)


def _os_lines(rows: HostRows) -> Iterator[str]:
    old = rows.before.os_matches if rows.before else ()
    new = rows.after.os_matches if rows.after else ()
    if not old and not new:
        return
    yield f"{' ' if old and new else '-' if old else '+'}OS details:"
    for what, first, last, new_first, new_last in rows.os:
        if what == "equal":
            yield from (f"   {printable(name)}" for name in old[first:last])
            continue
        yield from (f"-  {printable(name)}" for name in old[first:last])
        yield from (f"+  {printable(name)}" for name in new[new_first:new_last])


def _script_lines(row: ScriptRow) -> Iterator[str]:
    old, new = _result_lines(row, before=True), _result_lines(row, before=False)
    for what, first, last, new_first, new_last in edits_between(old, new):
        if what == "equal":
            yield from (f" {printable(line)}" for line in old[first:last])
            continue
        yield from (f"-{printable(line)}" for line in old[first:last])
        yield from (f"+{printable(line)}" for line in new[new_first:new_last])


def _result_lines(row: ScriptRow, *, before: bool) -> list[str]:
    script = row.before if before else row.after
    lines = script.output.splitlines() if script else []
    if script is None or not lines:
        return []
    lines[0] = f"{script.id}: {lines[0]}"
    return [*(f"|  {line}" for line in lines[:-1]), f"|_ {lines[-1]}"]
