"""Short ways to say a host, a scan and an inventory; for tests only."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from netwatch_notify.diff.breaker import find_held
from netwatch_notify.diff.compare import Differences, compare
from netwatch_notify.diff.identity import identify
from netwatch_notify.diff.night import Rules
from netwatch_notify.diff.policy import Verdict, judge
from netwatch_notify.model.host import Address, ExtraPorts, Host
from netwatch_notify.model.inventory import (
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    PastRun,
)
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import Port, PortKey, PortProtocol, PortState, Service
from netwatch_notify.model.port import ServiceMethod as Method
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import Coverage, Part, PartResult, ScanHeader, ScanInfo
from netwatch_notify.model.target import AddressSet, parse_target
from netwatch_notify.pipeline.look import host_keys

CORPUS = Path(__file__).parent / "data" / "nmap"
FIRST_NIGHT = datetime(2026, 1, 1, 2, tzinfo=UTC)
NO_LOOK = SecondLook(was_made=False)
"""What `ingest` has: nothing is asked again."""


def night(number: int) -> datetime:
    """02:00 of the given night, counted from 1."""
    return FIRST_NIGHT + timedelta(days=number - 1)


def at(text: str) -> Address:
    return ip_address(text)


def key(text: str) -> PortKey:
    return PortKey.parse(text)


def probed(product: str, version: str = "", name: str = "http") -> Service:
    return Service(name, product, version, method=Method.PROBED)


def port(text: str, state: str = "open", service: Service | None = None) -> Port:
    return Port(key(text), PortState(state), service=service)


def host(address: str, *ports: str | Port, rest: str = "closed", **facts: object) -> Host:
    """
    A host that is up with these ports (`22`, `53/udp`, or `22=filtered`).

    All other ports are summed up in one `extraports` of the state `rest`; none if empty.
    """
    built = []
    for item in ports:
        if isinstance(item, str):
            number, _, state = item.partition("=")
            item = port(number, state or "open")
        built.append(item)
    extra = (ExtraPorts(PortState(rest), 990),) if rest else ()
    in_order = tuple(sorted(built, key=lambda one: one.key))
    return replace(Host(at(address), ports=in_order, extra_ports=extra), **facts)


def addresses(*targets: str) -> AddressSet:
    joined = AddressSet()
    for target in targets:
        joined |= parse_target(target).addresses
    return joined


def coverage(
    *targets: str,
    tcp: str = "1-1000",
    udp: str = "",
    kind: str = "syn",
    less: Iterable[str] = (),
    open_only: bool = False,
) -> Coverage:
    ports, types = {PortProtocol.TCP: Ranges.parse(tcp)}, [(PortProtocol.TCP, kind)]
    if udp:
        ports[PortProtocol.UDP] = Ranges.parse(udp)
        types.append((PortProtocol.UDP, "udp"))
    return Coverage(addresses(*targets) - addresses(*less), ports, tuple(types), open_only)


def scan(
    *hosts: Host,
    targets: str = "192.0.2.0/24",
    label: str = "",
    tcp: str = "1-1000",
    udp: str = "",
    kind: str = "syn",
    problem: str = "",
    open_only: bool = False,
) -> PartResult:
    """One part as it came out; with a `problem`, it has no coverage."""
    words = targets.split()
    infos = [ScanInfo(kind, PortProtocol.TCP, Ranges.parse(tcp))]
    if udp:
        infos.append(ScanInfo("udp", PortProtocol.UDP, Ranges.parse(udp)))
    late = [str(one.address) for one in hosts if one.timed_out]
    covered = coverage(*words, tcp=tcp, udp=udp, kind=kind, less=late, open_only=open_only)
    return PartResult(
        Part(1, 4, tuple(words), label or targets, addresses(*words)),
        ScanHeader(scan_infos=tuple(infos)),
        hosts,
        None if problem else covered,
        problem,
    )


def inventory(
    *hosts: Host,
    gone: Iterable[str] = (),
    covered: Iterable[Coverage] = (coverage("192.0.2.0/24"),),
    held: Mapping[str, HeldRange] | None = None,
) -> Inventory:
    """What is known after these hosts were seen on the first night."""
    known = {
        one.address: KnownHost(
            address=one.address,
            present=str(one.address) not in gone,
            first_seen_at=FIRST_NIGHT,
            gone_at=FIRST_NIGHT if str(one.address) in gone else None,
            mac=one.mac,
            vendor=one.vendor,
            name=one.hostnames[0] if one.hostnames else "",
            ports={
                open_port.key: KnownPort(
                    open_port.key, PortState.OPEN, FIRST_NIGHT, None, open_port.service
                )
                for open_port in one.open_ports
            },
        )
        for one in hosts
    }
    return Inventory(
        known, tuple(covered), {}, held or {}, is_empty=False, present=present_of(known.values())
    )


def present_of(hosts: Iterable[KnownHost]) -> AddressSet:
    return AddressSet.of(one.address for one in hosts if one.present)


def look(
    *hosts: Host, asked: Iterable[tuple[str, str]] = (), asked_hosts: Iterable[str] = ()
) -> SecondLook:
    """A second look that asked for these (address, port) pairs and hosts, and saw `hosts`."""
    return SecondLook(
        {one.address: one for one in hosts},
        frozenset((at(address), key(number)) for address, number in asked),
        frozenset(map(at, asked_hosts)),
    )


class Nights:
    """An inventory that goes through one scan after another, as `pipeline` would."""

    def __init__(
        self,
        start: Inventory,
        *,
        gone_after: int = 2,
        risky: Iterable[str] = (),
        dynamic: Iterable[str] = (),
    ) -> None:
        self.inventory = start
        self.number = 1
        self.rules = Rules(gone_after, frozenset(map(key, risky)), addresses(*dynamic))
        self.differences: Differences = compare(start, [])
        self.verdict = Verdict()
        self.sleepers = AddressSet()

    def next(self, *results: PartResult, look: SecondLook = NO_LOOK, share: float = 0.5) -> Verdict:
        """One more night; returns what it decided."""
        last, self.number = night(self.number), self.number + 1
        now = night(self.number)
        before = replace(self.inventory, kin=tuple(self.inventory.hosts.values()))
        found = identify(compare(before, results), before, self.rules.dynamic)
        flapping = (a for (a, k), habit in before.habits.items() if not k and habit.is_flapping)
        restless = self.sleepers | AddressSet.of(flapping)
        holds = find_held(found, before, results, share, now, restless=restless)
        keys = host_keys(found, look)
        self.differences = identify(found, before, self.rules.dynamic, keys)
        self.verdict = judge(self.differences, before, results, holds, look, self.rules, now, last)
        settled = self.verdict.settled
        kept = {a: one for a, one in before.hosts.items() if a not in settled.cleared}
        hosts = {**kept, **settled.hosts}
        covered = tuple(r.coverage for r in results if r.ended_properly and r.coverage)
        self.inventory = replace(
            before,
            hosts=hosts,
            kin=(),
            present=present_of(hosts.values()),
            absences=settled.absences,
            habits=settled.habits,
            displaced=settled.displaced,
            held=settled.held,
            past=(PastRun(now, covered), *before.past),
            coverages=(*before.coverages, *(c for c in covered if c not in before.coverages)),
        )
        return self.verdict

    def told(self, *results: PartResult, look: SecondLook = NO_LOOK) -> list[str]:
        """One more night; returns what it tells, such as `host-gone 192.0.2.1`."""
        return told(self.next(*results, look=look))


def told(verdict: Verdict) -> list[str]:
    return [
        " ".join(filter(None, (change.kind.value, str(change.address), str(change.key or ""))))
        for change in verdict.changes
    ]
