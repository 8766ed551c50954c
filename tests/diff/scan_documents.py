"""Whole nmap XML documents as Hypothesis makes them, in pairs that have much in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

Attributes = dict[str, str]
Script = tuple[str, str]

PLAIN = "abAB .-(é漢"
HOSTILE = PLAIN + "<>&\"'\t\n\r\x7f\x85\u202e\u2028|_:"


@dataclass(frozen=True)
class PortDocument:
    number: int
    protocol: str
    state: str
    service: Attributes = field(default_factory=dict)
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True)
class HostDocument:
    addresses: tuple[tuple[str, str], ...]
    state: str | None = "up"
    hostnames: tuple[str, ...] = ()
    ports: tuple[PortDocument, ...] = ()
    extra_ports: tuple[tuple[str, int], ...] = ()
    os_matches: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    noise: int = 0
    """Moves everything that differs from night to night."""


@dataclass(frozen=True)
class ScanDocument:
    hosts: tuple[HostDocument, ...]
    root: Attributes = field(default_factory=dict)
    ended: int = 1_767_225_660
    pre_scripts: tuple[Script, ...] = ()
    post_scripts: tuple[Script, ...] = ()

    def xml(self) -> bytes:
        """Return the file."""
        root = tag("nmaprun", {"scanner": "nmap", "xmloutputversion": "1.05", **self.root})
        pre, post = scripts_in("prescript", self.pre_scripts), self.post_scripts
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n{root}\n'
            f'<scaninfo type="syn" protocol="tcp" numservices="1" services="22"/>\n{pre}'
            f"{''.join(map(host_xml, self.hosts))}{scripts_in('postscript', post)}"
            f'<runstats><finished time="{self.ended}" exit="success"/>'
            '<hosts up="1" down="0" total="1"/></runstats>\n</nmaprun>\n'
        ).encode()


def escaped(text: str) -> str:
    """Return text as nmap puts it into an attribute."""
    for raw, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "apos")):
        text = text.replace(raw, f"&{entity};")
    return "".join(c if c >= " " else f"&#{ord(c)};" for c in text)


def tag(name: str, attributes: Attributes, end: str = ">") -> str:
    words = [f'{key}="{escaped(value)}"' for key, value in attributes.items()]
    return f"<{' '.join([name, *words])}{end}"


def script_xml(script: Script) -> str:
    return tag("script", {"id": script[0], "output": script[1]}, "/>")


def scripts_in(name: str, scripts: Sequence[Script]) -> str:
    inside = "".join(map(script_xml, scripts))
    return f"<{name}>{inside}</{name}>\n" if scripts else ""


def port_xml(port: PortDocument) -> str:
    service = tag("service", {**port.service, "conf": "3"}, "/>") if port.service else ""
    return (
        tag("port", {"protocol": port.protocol, "portid": str(port.number)})
        + tag("state", {"state": port.state, "reason": "syn-ack", "reason_ttl": "64"}, "/>")
        + f"{service}{''.join(map(script_xml, port.scripts))}</port>"
    )


def host_xml(host: HostDocument) -> str:
    status = "" if host.state is None else tag("status", {"state": host.state}, "/>")
    addresses = "".join(
        tag("address", {"addr": text, "addrtype": kind}, "/>") for kind, text in host.addresses
    )
    names = "".join(tag("hostname", {"name": name}, "/>") for name in host.hostnames)
    extra = "".join(
        tag("extraports", {"state": state, "count": str(count)}, "/>")
        for state, count in host.extra_ports
    )
    systems = "".join(tag("osmatch", {"name": name}, "/>") for name in host.os_matches)
    return (
        f'<host starttime="{host.noise}" endtime="{host.noise + 1}">{status}{addresses}\n'
        f"<hostnames>{names}</hostnames>\n"
        f"<ports>{extra}{''.join(map(port_xml, host.ports))}</ports>\n"
        f"{f'<os>{systems}</os>' if systems else ''}"
        f'<uptime seconds="{host.noise}" lastboot="x"/>{scripts_in("hostscript", host.scripts)}'
        f'<times srtt="{host.noise}" rttvar="{host.noise}" to="100000"/></host>\n'
    )


@dataclass(frozen=True)
class Kind:
    """What documents may hold; as it stands, nothing that ndiff is wrong about."""

    letters: str = PLAIN
    scripts: int = 1
    """Scripts per port and host."""
    careless: bool = False
    """Whether hosts may lack what nmap writes, come twice, and be listed in any order."""


SOUND = Kind()
ANYTHING = Kind(HOSTILE, 3, careless=True)

SCRIPT_IDS = ("banner", "http-title", "ssh-hostkey", "ssl-date")
ADDRESSES = (
    (("ipv4", "192.0.2.9"),),
    (("ipv4", "192.0.2.10"), ("mac", "02:00:00:00:00:01")),
    (("ipv6", "2001:db8::1"),),
    (("ipv4", "192.0.2.11"), ("ipv6", "2001:db8::2"), ("mac", "02:00:00:00:00:02")),
    (("mac", "02:00:00:00:00:03"),),
    (("ipv4", "192.0.2.100"),),
)
PORT_STATES = ("open", "closed", "filtered", "open|filtered")
"""The first letters of the list are ndiff's order, too."""


def words(kind: Kind, most: int = 6) -> st.SearchStrategy[str]:
    return st.text(kind.letters, max_size=most)


@st.composite
def scripts(draw: st.DrawFn, kind: Kind) -> tuple[Script, ...]:
    line = st.sampled_from(["a", "b", ""]) | words(kind)
    outputs = st.lists(line, min_size=1, max_size=3).map("\n".join)
    ids = st.sampled_from(SCRIPT_IDS if kind.careless else SCRIPT_IDS[:2])
    return tuple(draw(st.lists(st.tuples(ids, outputs), max_size=kind.scripts)))


@st.composite
def port_documents(draw: st.DrawFn, kind: Kind) -> PortDocument:
    names = ("name", "product", "version", "extrainfo")
    service = draw(st.dictionaries(st.sampled_from(names), words(kind), max_size=4))
    if draw(st.booleans()):
        # A sound service is tunnelled by its name, so that both change at once.
        service = {**service, "name": "https", "tunnel": "ssl"}
        if kind.careless and draw(st.booleans()):
            del service["tunnel"]
    return PortDocument(
        draw(st.sampled_from([22, 53, 80, 443, 8080])),
        draw(st.sampled_from(["tcp", "udp", "sctp", "ip"])),
        draw(st.sampled_from(PORT_STATES)),
        service,
        draw(scripts(kind)),
    )


def _extra_ports(kind: Kind) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    one = st.tuples(st.sampled_from(PORT_STATES[1:]), st.integers(0, 999))
    several = st.lists(one, max_size=3, unique_by=lambda extra: extra[0])
    return several.map(tuple if kind.careless else lambda found: tuple(sorted(found)))


@st.composite
def host_documents(draw: st.DrawFn, kind: Kind) -> HostDocument:
    number = draw(st.integers(0, len(ADDRESSES) - 1))
    addresses = ADDRESSES[number]
    states: list[str | None] = ["up", "up", "down"]
    further = tuple(draw(st.lists(words(kind).filter(bool), max_size=2)))
    # ndiff wants the first name to stay; a space sorts before what follows it.
    names = (f" {number}", *(f"~{name}" for name in further)) if number % 2 else ()
    if kind.careless:
        states.append(None)
        names = further
        addresses = tuple(draw(st.permutations(addresses)))[: draw(st.integers(0, 3))]
    ports = draw(st.lists(port_documents(kind), max_size=5))
    return HostDocument(
        addresses,
        draw(st.sampled_from(states)),
        names,
        tuple(ports if kind.careless else {(p.number, p.protocol): p for p in ports}.values()),
        draw(_extra_ports(kind)),
        tuple(draw(st.lists(st.sampled_from(["Linux 4", "Linux 5", "é BSD", "X"]), max_size=3))),
        draw(scripts(kind)),
        draw(st.integers(0, 3)),
    )


@st.composite
def scan_documents(draw: st.DrawFn, kind: Kind) -> ScanDocument:
    hosts = draw(st.lists(host_documents(kind), max_size=5))
    if not kind.careless:
        hosts = list({host.addresses: host for host in hosts}.values())
    root = {
        "scanner": draw(st.sampled_from(["nmap", "masscan", ""])),
        "start": str(draw(st.integers(1, 2_000_000_000))),
        "version": draw(words(kind)),
        "args": draw(words(kind, 20)),
    }
    kept = draw(st.sets(st.sampled_from(sorted(root))))
    return ScanDocument(
        tuple(hosts),
        {name: root[name] for name in sorted(kept)},
        draw(st.integers(1, 2_000_000_000)),
        draw(scripts(kind)) if kind.careless else (),
        draw(scripts(kind)) if kind.careless else (),
    )


@st.composite
def changed(draw: st.DrawFn, scan: ScanDocument, kind: Kind) -> ScanDocument:
    """A later scan of the same network: most hosts as they were, some in one thing another."""
    hosts: list[HostDocument] = []
    for host in scan.hosts:
        act = draw(st.sampled_from(["same", "same", "noise", "one thing", "ports", "gone"]))
        if act == "gone":
            continue
        if act == "noise":
            host = replace(host, noise=host.noise + 7)
        if act == "one thing":
            host = replace(host, **draw(_one_thing(host, kind)))
        if act == "ports" and host.ports:
            host = replace(host, ports=draw(_other_ports(host.ports, kind)))
        hosts.append(host)
    known = {host.addresses for host in hosts}
    new = draw(st.lists(host_documents(kind), max_size=1))
    hosts += [host for host in new if kind.careless or host.addresses not in known]
    later = draw(scan_documents(kind)) if draw(st.booleans()) else scan
    return replace(later, hosts=tuple(draw(st.permutations(hosts))))


@st.composite
def _one_thing(draw: st.DrawFn, host: HostDocument, kind: Kind) -> dict[str, object]:
    other = draw(host_documents(kind))
    names = ["state", "extra_ports", "os_matches", "scripts"]
    if kind.careless:
        names += ["hostnames", "addresses"]
    name = draw(st.sampled_from(names))
    if name == "hostnames" and draw(st.booleans()):
        return {name: (*host.hostnames, *other.hostnames)}
    return {name: getattr(other, name)}


@st.composite
def _other_ports(
    draw: st.DrawFn, ports: tuple[PortDocument, ...], kind: Kind
) -> tuple[PortDocument, ...]:
    other = draw(port_documents(kind))
    name = draw(st.sampled_from(["state", "service", "scripts", "gone"]))
    number = draw(st.integers(0, len(ports) - 1))
    if name == "gone":
        return ports[:number] + ports[number + 1 :]
    one = replace(ports[number], **{name: getattr(other, name)})
    return (*ports[:number], one, *ports[number + 1 :])


def _pairs(kind: Kind) -> st.SearchStrategy[tuple[ScanDocument, ScanDocument]]:
    return scan_documents(kind).flatmap(
        lambda scan: st.tuples(st.just(scan), changed(scan, kind) | scan_documents(kind))
    )


sound_pairs = _pairs(SOUND)
any_pairs = _pairs(ANYTHING)
