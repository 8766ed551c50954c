"""
Debian's ndiff in this process, as it is and with single faults repaired.

`DIFFERENCES` names where `diff` differs from ndiff on purpose. Each difference that can be put
as a repair of ndiff is one here, so that whatever else differs is found: ndiff with all repairs
must say what we say, and what a pair owes to one difference is what leaving that repair out
changes.
"""

import copy
import importlib.util
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from xml.dom import minidom
from xml.etree.ElementTree import canonicalize

from netwatch_notify.diff.volatile import same_output
from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.pipeline.diff import DiffOptions, write_text, write_xml
from netwatch_notify.scan.pair import ScanPair

NDIFF = Path("/usr/lib/python3/dist-packages/ndiff.py")
"""ndiff 7.93 of Debian 12; tools/setup.sh installs it for `make test`."""

DIFFERENCES = {
    "ptr-change": "A host whose hostnames changed is one block; ndiff tells one gone and one new.",
    "tunnel-only": "A service that only went behind TLS, or back, is a change; ndiff says nothing.",
    "extraports-order": "Ports not shown, in another order, are no change.",
    "several-hosts-per-address": "Several hosts of one address, or sightings of one port, are one.",
    "no-status": "A host without status (masscan) has a name line; ndiff takes it for absent.",
    "no-address": "Hosts with neither address nor name are paired by order; ndiff crashes.",
    "address-types": "An address of another type than nmap's three is shown; ndiff crashes.",
    "missing-attributes": "A port without number, or extraports without state, is passed over.",
    "scripts": "Two scripts on a port or host, or only their output differing, crash ndiff.",
    "verbose-exit-code": "A script counts if it differs: not with -v alone, but pre and post, too.",
    "volatile-scripts": "Output that differs only in what changes by itself is no change.",
    "script-line-breaks": "Of output that differs only in its line breaks, the lines are shown.",
    "long-output": "Of more than 2,000 lines, what differs is one block; ndiff may take hours.",
    "script-order": "Pre- and postscripts are paired by id, whatever their order.",
    "xml-run-scripts": "ndiff's XML lacks the prescript and postscript elements it means to write.",
    "xml-line-breaks": "Line breaks and tabs in XML attributes stay; from ndiff's they are spaces.",
    "summer-time": "In the hour that comes twice, start times are told apart in the XML.",
    "control-characters": "Control and bidirectional characters cannot steer a terminal.",
    "cut-file": "A file that was cut short is compared as far as it goes; ndiff crashes.",
    "leading-comment": "A comment before the XML declaration (licence tools) is passed over.",
    "foreign-files": "What is no nmap XML, or declares entities, is refused.",
    "abbreviated-options": "Options are written out; ndiff takes `--verb` for `--verbose`.",
    "encodings": "Bytes that are no text in the file's encoding are replaced; ndiff crashes.",
}

_UNTOLD = "\ue000"
"""The status a host without one is given, so that ndiff does not take it for absent."""
_UNTOLD_LINE = re.compile(
    rf'^(?:[-+ ]Host is {_UNTOLD}\.|<status state="{_UNTOLD}"/>)\n', re.MULTILINE
)
_UNTOLD_SIDE = re.compile(rf'<(a|b|host)>\n<status state="{_UNTOLD}"/>\n</\1>\n')
_LEADING_COMMENT = re.compile(r"\A<!--.*?-->\s*(?=<\?xml)", re.DOTALL)
_DANGEROUS = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_STAYING = str.maketrans("\n\r\x85\u2028\u2029", "\x0e\x0f\x86\u202a\u202b")


@dataclass(frozen=True)
class Said:
    """What a program said of two files."""

    output: str = ""
    """Text as it is, XML in canonical form."""
    code: int = 2
    crash: str = ""


def ours(old: Path, new: Path, form: str, *, verbose: bool = False) -> Said:
    """Return what we say."""
    parts: list[str] = []
    write = write_xml if form == "xml" else write_text
    try:
        with ScanPair(old, new, everything=verbose) as pair:
            differs = write(pair, DiffOptions(everything=verbose), parts.append)
    except UnreadableInputError as error:
        return Said(crash=str(error))
    output = "".join(parts)
    return Said(canonicalize(output) if form == "xml" else output, int(differs))


_READ: dict[tuple[frozenset[str], Path, str], Any] = {}
"""What each copy of ndiff has read."""


class Ndiff:
    """A copy of ndiff's module with some of its faults repaired."""

    def __init__(self, repairs: frozenset[str] = frozenset()) -> None:
        self.repairs = repairs
        self._out = io.StringIO()
        """What ndiff's functions have for a standard output; they bind it as they are defined."""
        spec = importlib.util.spec_from_file_location("ndiff", NDIFF)
        assert spec, f"{NDIFF}: not there; tools/setup.sh test installs it"
        assert spec.loader
        self.module = importlib.util.module_from_spec(spec)
        with redirect_stdout(self._out):
            spec.loader.exec_module(self.module)
        for name in sorted(repairs & set(_REPAIRS)):
            _REPAIRS[name](self.module)

    def __call__(self, old: Path, new: Path, form: str, *, verbose: bool = False) -> Said:
        """Return what ndiff says; `crash` is the exception it dies of."""
        module = self.module
        vars(module)["verbose"] = verbose
        self._out.seek(0)
        self._out.truncate()
        kind = module.ScanDiffXML if form == "xml" else module.ScanDiffText
        try:
            scans = self._scan(old, form), self._scan(new, form)
            with mock.patch.object(minidom, "_write_data", self._writer()):
                cost = kind(*scans).output()
        # Whatever it dies of is a fact to compare.
        except Exception as error:
            return Said(crash=type(error).__name__)
        output = self._out.getvalue()
        if "no-status" in self.repairs:
            output = _UNTOLD_LINE.sub("", _UNTOLD_SIDE.sub(r"<\1/>\n", output))
        if form == "xml":
            output = canonicalize(output)
        elif "control-characters" in self.repairs:
            output = _DANGEROUS.sub("\ufffd", output)
        return Said(output, 1 if cost else 0)

    def _writer(self) -> Callable[..., None]:
        original = minidom._write_data
        if "xml-line-breaks" not in self.repairs:
            return original

        def write(writer: Any, text: str, *further: Any) -> None:
            inside = io.StringIO()
            original(inside, text, *further)
            escaped = inside.getvalue().replace("\n", "&#10;").replace("\t", "&#9;")
            writer.write(escaped.replace("\r", "&#13;"))

        return write

    def _scan(self, path: Path, form: str) -> Any:
        key = self.repairs, path, form
        if key not in _READ:
            _READ[key] = self._parse(path, form)
        scan = copy.copy(_READ[key])
        scan.hosts = [copy.copy(host) for host in scan.hosts]
        return scan

    def _parse(self, path: Path, form: str) -> Any:
        scan = self.module.Scan()
        text = path.read_text(encoding="utf-8")
        if "leading-comment" in self.repairs:
            text = _LEADING_COMMENT.sub("", text)
        with redirect_stderr(io.StringIO()):
            scan.load(io.StringIO(text))
        if "control-characters" in self.repairs and form == "text":
            _stay_on_the_line(scan)
        nameless = 0
        for host in scan.hosts:
            host.nameless = nameless
            nameless += not (host.addresses or host.hostnames)
        if "several-hosts-per-address" in self.repairs:
            scan.hosts = list(_joined(self.module, scan.hosts))
        if "no-status" in self.repairs:
            for host in scan.hosts:
                host.state = _UNTOLD if host.state is None else host.state
        if "script-order" in self.repairs:
            scan.pre_script_results = _sorted(scan.pre_script_results)
            scan.post_script_results = _sorted(scan.post_script_results)
        return scan


@cache
def ndiff(*repairs: str) -> Ndiff:
    """Return ndiff with these repairs."""
    return Ndiff(frozenset(repairs))


def repaired(without: str = "") -> Ndiff:
    """Return ndiff with all repairs, or all but one."""
    return ndiff(*sorted(ALL_REPAIRS - {without}))


def causes(old: Path, new: Path, form: str, *, verbose: bool = False) -> set[str]:
    """Return the differences this pair shows: those whose repair changes what ndiff says."""
    whole = repaired()(old, new, form, verbose=verbose)
    return {
        name for name in ALL_REPAIRS if repaired(name)(old, new, form, verbose=verbose) != whole
    }


def forget() -> None:
    """Let every copy of ndiff forget what it read, because the files will change."""
    _READ.clear()


def _stay_on_the_line(scan: Any) -> None:
    """
    Put a control character for each line break but those of script output.

    ndiff would end the row there, or cut it off a row's end as white space. The ones put there
    sort where the line breaks did, and become U+FFFD as they would.
    """

    def kept(text: str | None) -> str | None:
        return text if text is None else text.translate(_STAYING)

    def all_of(thing: Any, *names: str) -> None:
        for name in names:
            setattr(thing, name, kept(getattr(thing, name)))

    all_of(scan, "scanner", "version", "args")
    scripts = [*scan.pre_script_results, *scan.post_script_results]
    for host in scan.hosts:
        all_of(host, "state")
        for address in host.addresses:
            all_of(address, "s")
        host.hostnames = [kept(name) for name in host.hostnames]
        host.os = [kept(name) for name in host.os]
        host.extraports = {kept(state): count for state, count in host.extraports.items()}
        scripts += host.script_results
        for port in getattr(host, "sightings", list(host.ports.values())):
            port.spec = port.spec[0], kept(port.spec[1])
            all_of(port, "state")
            all_of(port.service, "name", "product", "version", "extrainfo", "tunnel")
            scripts += port.script_results
        host.ports = {port.spec: port for port in host.ports.values()}
    for script in scripts:
        all_of(script, "id")


def _joined(module: ModuleType, hosts: Iterable[Any]) -> Iterator[Any]:
    groups: dict[object, list[Any]] = {}
    for host in hosts:
        groups.setdefault(host.get_id(), []).append(host)
    for group in groups.values():
        host = group[0]
        if len(group) > 1:
            host = module.Host()
            host.nameless = group[0].nameless
            states = [one.state for one in group if one.state is not None]
            host.state = "up" if "up" in states else min(states, default=None)
            host.addresses = sorted({address for one in group for address in one.addresses})
            host.hostnames = sorted({name for one in group for name in one.hostnames})
            for one in group:
                for state, count in one.extraports.items():
                    host.extraports[state] = max(count, host.extraports.get(state, 0))
            host.extraports = dict(sorted(host.extraports.items()))
            host.os = max((one.os for one in group), key=lambda names: (len(names), names))
            host.script_results = _once(s for one in group for s in one.script_results)
        host.ports = _best_ports(port for one in group for port in getattr(one, "sightings", ()))
        yield host


def _best_ports(sightings: Iterable[Any]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], list[Any]] = {}
    for port in sightings:
        found.setdefault(port.spec, []).append(port)
    best = {}
    for spec, ports in found.items():
        best[spec] = copy.copy(max(ports, key=_said_by))
        if len(ports) > 1:
            best[spec].script_results = _once(s for port in ports for s in port.script_results)
    return best


def _said_by(port: Any) -> tuple[object, ...]:
    service = port.service
    words = [service.name, service.product, service.version, service.extrainfo, service.tunnel]
    words = [word or "" for word in words]
    return port.state == "open", sum(1 for word in words if word), words, port.state


def _sorted(scripts: Iterable[Any]) -> list[Any]:
    return sorted(scripts, key=lambda script: (script.id, script.output))


def _once(scripts: Iterable[Any]) -> list[Any]:
    return _sorted({(script.id, script.output): script for script in scripts}.values())


class _Diffs(list[Any]):
    """A list that ndiff can ask whether it is more than 0, as it does."""

    def __gt__(self, other: object) -> bool:
        return len(self) > other if isinstance(other, int) else list.__gt__(self, other)  # type: ignore[operator]


def _after(owner: Any, name: str, act: Callable[..., Any]) -> None:
    """Have `act(result, *arguments)` return what the function returns from now on."""
    original = getattr(owner, name)

    def function(*arguments: Any, **named: Any) -> Any:
        return act(original(*arguments, **named), *arguments)

    is_static = isinstance(vars(owner)[name], staticmethod)
    setattr(owner, name, staticmethod(function) if is_static else function)


def _only_if(owner: Any, name: str, holds: Callable[..., bool]) -> None:
    original = getattr(owner, name)

    def function(*arguments: Any) -> Any:
        return original(*arguments) if holds(*arguments) else None

    setattr(owner, name, function)


def _ptr_change(module: ModuleType) -> None:
    def name_only_without_address(result: Any, host: Any) -> Any:
        return f"{min(host.addresses).s:40}" if host.addresses else result

    _after(module.Host, "get_id", name_only_without_address)


def _no_address(module: ModuleType) -> None:
    def by_order(result: Any, host: Any) -> Any:
        return f"{'':40}\0{host.nameless:08}" if isinstance(result, int) else result

    _after(module.Host, "get_id", by_order)


def _tunnel_only(module: ModuleType) -> None:
    _after(
        module.Service,
        "__eq__",
        lambda same, service, other: same and service.tunnel == other.tunnel,
    )


def _extraports_order(module: ModuleType) -> None:
    original = module.HostDiff.__init__

    def start(self: Any, before: Any, after: Any) -> None:
        if before.extraports == after.extraports:
            after.extraports = dict(before.extraports)
        original(self, before, after)

    module.HostDiff.__init__ = start  # type: ignore[attr-defined]


def _several(module: ModuleType) -> None:
    def remember(_: None, host: Any, port: Any) -> None:
        vars(host).setdefault("sightings", []).append(port)

    _after(module.Host, "add_port", remember)


def _scripts(module: ModuleType) -> None:
    module.ScriptResult.__lt__ = lambda one, other: (one.id, one.output) < (other.id, other.output)  # type: ignore[attr-defined]
    _after(module.ScriptResultDiff, "diff_lists", lambda found, *_: _Diffs(found))


def _volatile(module: ModuleType) -> None:
    def differing(found: list[Any], *_: Any) -> list[Any]:
        return type(found)(diff for diff in found if module.verbose or not _settled(diff))

    _after(module.ScriptResultDiff, "diff_lists", differing)
    _cost(module, lambda diff: _settled(diff) and diff.sr_a.output != diff.sr_b.output)


def _verbose_exit_code(module: ModuleType) -> None:
    def equal(diff: Any) -> bool:
        return bool(diff.sr_a and diff.sr_b and diff.sr_a.output == diff.sr_b.output)

    def with_run_scripts(cost: int, diff: Any) -> int:
        for name in ("pre_script_results", "post_script_results"):
            old, new = getattr(diff.scan_a, name), getattr(diff.scan_b, name)
            found = module.ScriptResultDiff.diff_lists(old, new)
            cost += sum(1 for one in found if not equal(one) and not _settled(one))
        return cost

    _cost(module, equal)
    _after(module.ScanDiff, "output", with_run_scripts)


def _settled(diff: Any) -> bool:
    old, new = diff.sr_a, diff.sr_b
    return bool(old and new and same_output(old.id, old.output, new.output))


def _cost(module: ModuleType, is_free: Callable[[Any], bool]) -> None:
    """Have scripts of which `is_free` holds cost nothing."""

    def reduce(_: None, diff: Any) -> None:
        diff.cost -= sum(map(is_free, diff.script_result_diffs))

    _after(module.PortDiff, "diff", reduce)
    _after(module.HostDiff, "diff", reduce)


def _xml_run_scripts(module: ModuleType) -> None:
    def keep_the_outermost(found: Any, *arguments: Any) -> Any:
        if found.nodeType == found.DOCUMENT_FRAGMENT_NODE:
            return found
        fragment = arguments[-1].createDocumentFragment()
        fragment.appendChild(found)
        return fragment

    _after(module, "script_result_diffs_to_dom_fragment", keep_the_outermost)


def _script_line_breaks(module: ModuleType) -> None:
    original = module.ScriptResultDiff.append_to_port_table

    def append(self: Any, table: Any) -> None:
        with mock.patch.dict(vars(module), verbose=True):
            original(self, table)

    module.ScriptResultDiff.append_to_port_table = append  # type: ignore[attr-defined]


def _address_types(module: ModuleType) -> None:
    original = module.Address.new

    def new(kind: str, text: str) -> Any:
        if kind in ("ipv4", "ipv6", "mac"):
            return original(kind, text)
        address = module.Address(text)
        address.type = kind
        address.sort_key = lambda: (3, text, kind)
        return address

    module.Address.new = staticmethod(new)  # type: ignore[attr-defined]


def _missing_attributes(module: ModuleType) -> None:
    handler = module.NmapContentHandler
    _only_if(handler, "_end_port", lambda self, _: self.current_port is not None)
    _only_if(handler, "_start_extraports", lambda _, __, attributes: "state" in attributes)
    _only_if(
        handler,
        "_start_script",
        lambda self, *_: self.parent_element() != "port" or self.current_port is not None,
    )


_REPAIRS: dict[str, Callable[[ModuleType], None]] = {
    "ptr-change": _ptr_change,
    "no-address": _no_address,
    "tunnel-only": _tunnel_only,
    "extraports-order": _extraports_order,
    "several-hosts-per-address": _several,
    "scripts": _scripts,
    "verbose-exit-code": _verbose_exit_code,
    "volatile-scripts": _volatile,
    "xml-run-scripts": _xml_run_scripts,
    "script-line-breaks": _script_line_breaks,
    "address-types": _address_types,
    "missing-attributes": _missing_attributes,
}
ALL_REPAIRS = frozenset(_REPAIRS) | {
    # These change what is read, or the way to the output.
    "leading-comment",
    "no-status",
    "script-order",
    "xml-line-breaks",
    "control-characters",
}
