"""A run that parses only what changed decides what one that parses everything decides."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Protocol

from hypothesis import example, given, settings
from hypothesis import strategies as st

from netwatch_notify.diff.breaker import find_held
from netwatch_notify.diff.compare import compare, touched_hosts
from netwatch_notify.diff.identity import identify, marks_of
from netwatch_notify.diff.night import Rules
from netwatch_notify.diff.policy import Verdict, judge, take_inventory
from netwatch_notify.diff.settled import with_digests
from netwatch_notify.model.host import Address, join_all
from netwatch_notify.model.inventory import (
    Displaced,
    Habit,
    Inventory,
    KnownHost,
    PastRun,
    Subject,
)
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.scan import Coverage, Part, PartResult
from netwatch_notify.model.target import AddressSet
from netwatch_notify.scan.ending import coverage_of
from netwatch_notify.scan.lanes import Lanes
from netwatch_notify.scan.stream import ScanStream
from netwatch_notify.store.database import Database
from netwatch_notify.store.habits import flapping_addresses, load_displaced, load_habits
from netwatch_notify.store.inventory import (
    load_digests,
    load_hosts,
    load_inventory,
    load_kin,
    settle,
)
from tests.builders import FIRST_NIGHT, NO_LOOK, addresses, key, night, present_of

TARGETS = addresses("192.0.2.0/24")


def open_port(number: int, product: str = "") -> str:
    service = f' product="{product}" method="probed"' if product else ' method="table"'
    return (
        f'<port protocol="tcp" portid="{number}"><state state="open" reason="syn-ack" '
        f'reason_ttl="64"/><service name="http"{service} conf="3"/></port>'
    )


UP = '<status state="up" reason="echo-reply" reason_ttl="64"/>'
UNASKED = '<status state="up" reason="user-set" reason_ttl="0"/>'
REFUSING = '<extraports state="closed" count="{count}"/>'
SILENT = '<extraports state="filtered" count="{count}"/>'
CLOSED = '<port protocol="tcp" portid="80"><state state="closed" reason="reset"/></port>'
MAC = '<address addr="3C:EC:EF:00:00:0{0}" addrtype="mac"/>'
SHOWN = {
    "two ports": (UP, REFUSING + open_port(22) + open_port(80)),
    "one port": (UP, REFUSING + open_port(22)),
    "one port, one silent": (UP, SILENT + open_port(22)),
    "one port, one refusing": (UP, REFUSING + open_port(22) + CLOSED),
    "three ports": (UP, REFUSING + open_port(22) + open_port(80) + open_port(443)),
    "a service": (UP, REFUSING + open_port(22) + open_port(80, "nginx")),
    "another service": (UP, REFUSING + open_port(22) + open_port(80, "lighttpd")),
    "a MAC": (UP + MAC.format(1), REFUSING + open_port(22) + open_port(80)),
    "another MAC": (UP + MAC.format(2), REFUSING + open_port(22) + open_port(80)),
    "no ports": (UP, REFUSING),
    "timed out": (UP, open_port(22)),
    "timed out, two ports": (UP, open_port(22) + open_port(80)),
    "unasked, silent": (UNASKED, SILENT),
    "unasked, refusing": (UNASKED, REFUSING),
    "unasked, a port": (UNASKED, SILENT + open_port(22)),
    "down": ('<status state="down" reason="no-response"/>', ""),
}


def host_xml(number: int, shown: str, noise: int) -> str:
    """One host; `noise` is what differs each night."""
    head, ports = SHOWN[shown]
    late = ' timedout="true"' if shown.startswith("timed out") else ""
    ports = ports.replace("{count}", str(990 - noise % 7))
    return (
        f'<host starttime="{noise}" endtime="{noise + 9}"{late}>{head}'
        f'<address addr="192.0.2.{number}" addrtype="ipv4"/><ports>{ports}</ports>'
        f'<times srtt="{noise}" rttvar="7" to="100000"/></host>\n'
    )


def scan_xml(hosts: Sequence[tuple[int, str]], ports: str, noise: int) -> bytes:
    body = "".join(host_xml(number, shown, noise) for number, shown in hosts)
    return (
        f'<?xml version="1.0"?>\n<nmaprun scanner="nmap" start="{1 + noise}">'
        f'<scaninfo type="syn" protocol="tcp" numservices="9" services="{ports}"/>{body}'
        '<runstats><finished time="9" exit="success"/></runstats></nmaprun>'
    ).encode()


@dataclass(frozen=True)
class Night:
    """What one night's parts list, in order, and how they end."""

    parts: tuple[tuple[tuple[int, str], ...], ...]
    ports: str = "1-1000"
    broken: frozenset[int] = frozenset()
    looked: tuple[tuple[int, str], ...] | None = None
    """What the second look sees; None where none is made."""

    def results(self, noise: int, settled: Mapping[bytes, bytes]) -> tuple[PartResult, ...]:
        return tuple(self._results(noise, settled))

    def _results(self, noise: int, settled: Mapping[bytes, bytes]) -> Iterator[PartResult]:
        for number, hosts in enumerate(self.parts, 1):
            stream = ScanStream("scan")
            lanes = Lanes(stream, settled)
            lanes.feed(scan_xml(hosts, self.ports, noise))
            part = Part(number, 4, ("192.0.2.0/24",), f"part {number}", TARGETS)
            yield PartResult(
                part,
                stream.header,
                tuple(lanes.hosts),
                None if number in self.broken else coverage_of(stream.header, TARGETS, lanes.hosts),
                "cut" if number in self.broken else "",
                unchanged=lanes.unchanged,
            )

    def look(self, noise: int) -> SecondLook:
        if self.looked is None:
            return NO_LOOK
        stream = ScanStream("look")
        lanes = Lanes(stream, {})
        lanes.feed(scan_xml(self.looked, self.ports, noise))
        hosts = join_all(lanes.hosts)
        asked = frozenset((a, key(number)) for a in hosts for number in ("22", "80", "443"))
        return SecondLook(hosts, asked, frozenset(hosts))


class Memory(Protocol):
    """Where the past of a few hosts comes from."""

    def kin(self, _macs: Collection[str], /) -> tuple[KnownHost, ...]: ...
    def habits(self, _addresses: Collection[Address], /) -> dict[Subject, Habit]: ...
    def displaced(self, _macs: Collection[str], /) -> dict[str, Displaced]: ...


class WholeMemory:
    """Everything, as values."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory

    def kin(self, macs: Collection[str]) -> tuple[KnownHost, ...]:
        return tuple(known for known in self.inventory.hosts.values() if known.mac in macs)

    def habits(self, _addresses: Collection[Address]) -> dict[Subject, Habit]:
        return dict(self.inventory.habits)

    def displaced(self, _macs: Collection[str]) -> dict[str, Displaced]:
        return dict(self.inventory.displaced)


class StoredMemory:
    """What the database is asked for."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def kin(self, macs: Collection[str]) -> tuple[KnownHost, ...]:
        return load_kin(self.database, macs, ())

    def habits(self, addresses: Collection[Address]) -> dict[Subject, Habit]:
        return load_habits(self.database, addresses)

    def displaced(self, macs: Collection[str]) -> dict[str, Displaced]:
        return load_displaced(self.database, macs, ())


def decide(
    inventory: Inventory,
    results: tuple[PartResult, ...],
    number: int,
    look: SecondLook,
    memory: Memory,
) -> tuple[Inventory, Verdict]:
    """Judge one night as `pipeline` does; return the inventory that was loaded for it, too."""
    found = compare(inventory, results)
    if inventory.is_empty:
        return inventory, take_inventory(found.seen.values(), night(number))
    kin = memory.kin(marks_of(found))
    addresses = {*inventory.hosts, *(known.address for known in kin)}
    inventory = replace(
        inventory,
        kin=kin,
        habits=memory.habits(addresses),
        displaced=memory.displaced(marks_of(found)),
    )
    found = identify(found, inventory, AddressSet())
    holds = find_held(found, inventory, results, 0.3, night(number))
    last = night(number - 1)
    rules = Rules(gone_after=2)
    return inventory, judge(found, inventory, results, holds, look, rules, night(number), last)


def covered(inventory: Inventory, results: Sequence[PartResult]) -> tuple[Coverage, ...]:
    found = {repr(c): c for c in inventory.coverages}
    found |= {repr(r.coverage): r.coverage for r in results if r.coverage}
    return tuple(found[text] for text in sorted(found))


def facts(hosts: Mapping[Address, KnownHost]) -> dict[Address, KnownHost]:
    return {address: replace(known, digest=None) for address, known in hosts.items()}


shown = st.sampled_from(list(SHOWN))
usual = st.sampled_from(["two ports", "two ports", "one port", "a MAC", "no ports", "a service"])
numbers = st.integers(1, 9)


@st.composite
def many_nights(draw: st.DrawFn) -> list[Night]:
    """A network that stays as it is but for some hosts each night, some of them listed twice."""
    base = draw(st.dictionaries(numbers, usual, min_size=3))
    nights = []
    for _ in range(draw(st.integers(2, 6))):
        now = {**base, **draw(st.dictionaries(numbers, shown | st.none(), max_size=3))}
        listed = [(number, name) for number, name in now.items() if name]
        listed += draw(st.lists(st.tuples(numbers, usual | shown), max_size=2))
        rarely = draw(st.integers(0, 9))
        if rarely == 7:
            listed = listed[:1]
        cut = draw(st.integers(0, len(listed)))
        nights.append(
            Night(
                (tuple(listed[:cut]), tuple(listed[cut:])) if rarely < 5 else (tuple(listed),),
                ports="1-79" if rarely == 9 else "1-1000",
                broken=frozenset({1}) if rarely == 8 else frozenset(),
                looked=draw(st.lists(st.tuples(numbers, usual | shown), max_size=3).map(tuple))
                if rarely % 2
                else None,
            )
        )
        if draw(st.booleans()):
            base = {number: name for number, name in now.items() if name}
    return nights


# A MAC that once was seen is not shown, and the next night another host answers there, too.
HIDDEN = [
    Night((((1, "a MAC"),),)),
    Night((((1, "two ports"),),)),
    Night((((1, "another MAC"),), ((1, "two ports"),))),
]


@settings(deadline=None)
@given(many_nights())
@example(HIDDEN)
def test_nights_decide_the_same_whether_unchanged_hosts_are_parsed_or_not(
    nights: list[Night],
) -> None:
    whole = Inventory()
    past: tuple[PastRun, ...] = ()
    with closing(Database.in_memory(None, "lan")) as database:
        for number, one in enumerate(nights, 1):
            results = one.results(number, {})
            look = one.look(number)
            whole = replace(whole, past=past)
            _, expected = decide(whole, results, number, look, WholeMemory(whole))

            inventory = load_inventory(database)
            lean = one.results(number, load_digests(database))
            touched = touched_hosts(inventory, lean) | flapping_addresses(database)
            inventory = replace(inventory, hosts=load_hosts(database, touched), past=past)
            memory = StoredMemory(database)
            inventory, verdict = decide(inventory, lean, number, look, memory)
            up = compare(inventory, lean).hosts_up
            verdict = with_digests(verdict, inventory, lean)
            with database.atomic():
                settle(database, inventory, verdict.settled, covered(inventory, lean))

            assert verdict.changes == expected.changes
            assert verdict.settled.absences == expected.settled.absences
            assert verdict.settled.held == expected.settled.held
            assert up == compare(whole, results).hosts_up
            kept = {a: h for a, h in whole.hosts.items() if a not in expected.settled.cleared}
            hosts = {**kept, **expected.settled.hosts}
            assert facts(load_hosts(database, hosts)) == facts(hosts)
            assert load_habits(database, hosts) == {
                subject: habit
                for subject, habit in expected.settled.habits.items()
                if subject[0] in hosts
            }
            whole = replace(
                whole,
                hosts=hosts,
                coverages=covered(whole, results),
                absences=expected.settled.absences,
                habits=expected.settled.habits,
                displaced=expected.settled.displaced,
                held=expected.settled.held,
                is_empty=not hosts,
                present=present_of(hosts.values()),
            )
            ran = tuple(r.coverage for r in results if r.ended_properly and r.coverage)
            past = (PastRun(night(number), ran), *past)
            assert load_inventory(database).present == whole.present


def two_nights(*second: tuple[int, str], first: Sequence[tuple[int, str]]) -> PartResult:
    """Settle the first night's hosts and read the second night with their digests."""
    results = Night((tuple(first),)).results(1, {})
    taken = take_inventory(compare(Inventory(), results).seen.values(), FIRST_NIGHT)
    known = with_digests(taken, Inventory(), results).settled.hosts.values()
    settled = {one.digest: one.address.packed for one in known if one.digest}
    (result,) = Night((second,)).results(2, settled)
    return result


def test_a_host_that_shows_what_is_settled_is_not_parsed() -> None:
    everyone = [(number, name) for number, name in enumerate(SHOWN, 1) if "unasked" not in name]
    result = two_nights(*everyone, first=everyone)
    assert [str(host.address) for host in result.hosts] == [
        f"192.0.2.{number}"
        for number, name in everyone
        if name == "down" or name.startswith("timed out")
    ]
    assert len(result.unchanged) == len(everyone) - len(result.hosts)


def test_a_host_nobody_asked_is_there_only_where_a_port_says_so_again() -> None:
    first = [(1, "unasked, refusing"), (2, "unasked, a port")]
    result = two_nights((1, "unasked, silent"), (2, "unasked, silent"), first=first)
    assert len(result.hosts) == 2
    assert not result.unchanged


def test_a_host_that_was_listed_twice_with_two_faces_is_parsed() -> None:
    first = [(1, "one port"), (1, "three ports")]
    result = two_nights((1, "one port"), first=first)
    assert [host.address for host in result.hosts] == [IPv4Address("192.0.2.1")]
    result = two_nights((1, "three ports"), first=first)
    assert 0xC0000201 in result.unchanged.ipv4
