"""An invented month: what is told of it is the truth, once; and the month is what it promises."""

import shutil
from collections import Counter
from dataclasses import dataclass, replace
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import pytest
from defusedxml.ElementTree import parse

from benchmarks.goals import Goal
from benchmarks.month import MARKED, NDIFF, OURS, goals_of, table_of
from benchmarks.month_contenders import (
    LAPTOPS,
    Telling,
    mark_laptops,
    tell_ndiff,
    tell_ours,
)
from benchmarks.month_files import write_month
from benchmarks.month_network import (
    EVENTS,
    HOSTS,
    LAPTOP_MAKER,
    NIGHTS,
    RISKY,
    TARGETS,
    VENDORS,
    Event,
    Month,
    NightKind,
    invent,
)
from benchmarks.month_score import Fault, Score, Told, score
from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.host import is_private_mac

SEEDS = (1,)
MOST_FALSE = 5


@dataclass(frozen=True, slots=True)
class Files:
    """One month as it is written."""

    month: Month
    paths: tuple[Path, ...]
    folder: Path

    def night_of(self, kind: NightKind) -> int:
        return next(night.number for night in self.month.nights if night.kind is kind)


@pytest.fixture(scope="module", params=SEEDS, ids="seed {}".format)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp(f"month-{request.param}")
    month = invent(request.param)
    return Files(month, write_month(month, folder / "scans"), folder)


@pytest.fixture(scope="module")
def ours(files: Files) -> Telling:
    folder = files.folder / "ours"
    folder.mkdir()
    return tell_ours(files.month, files.paths, folder)


@pytest.fixture(scope="module")
def marked(files: Files) -> Telling:
    folder = files.folder / "marked"
    folder.mkdir()
    return tell_ours(files.month, files.paths, folder, mark_laptops)


# --- What we tell


def amiss(result: Score) -> str:
    return "\n".join(["", *map(str, result.mistakes)])


def false_lines(result: Score) -> str:
    return "\n".join(["", *map(str, result.false)])


def test_every_event_is_told_once_as_what_it_is_and_in_time(files: Files, ours: Telling) -> None:
    """Those of the special nights included."""
    result = score(files.month, ours.told)

    assert not result.mistakes, amiss(result)


def test_hardly_a_line_is_false(files: Files, ours: Telling) -> None:
    """Of a laptop its first going, its coming back and one line that it flaps are true."""
    result = score(files.month, ours.told)

    assert len(result.false) <= MOST_FALSE, false_lines(result)


def test_a_night_that_went_wrong_is_a_problem(files: Files, ours: Telling) -> None:
    """The cut and the failed scan exit 3; the outage is held; no other night has a problem."""
    kinds = [night.kind for night in files.month.nights]
    failed = [kind in (NightKind.CUT, NightKind.FAILED) for kind in kinds]
    wrong = [kind in (NightKind.CUT, NightKind.FAILED, NightKind.OUTAGE) for kind in kinds]

    assert [code == 3 for code in ours.exit_codes] == failed
    assert set(ours.exit_codes) == {0, 3}
    assert [count > 0 for count in ours.problems] == wrong


def test_a_risky_port_is_critical(files: Files, ours: Telling) -> None:
    event = next(e for e in files.month.events if e.port in RISKY)
    told = [line for line in ours.told if (line.address, line.port) == (event.address, event.port)]

    assert [line.severity for line in told] == [Severity.CRITICAL], told


def test_nothing_is_told_of_laptops_that_are_marked(files: Files, marked: Telling) -> None:
    """`ignore add` with their vendor and `--gone-only`, after the first night."""
    told = [str(line) for line in marked.told if line.address in files.month.laptops]

    assert not told, "\n".join(["", *told])


def test_marks_hide_nothing_else(files: Files, marked: Telling) -> None:
    """The events are told as without them, and no more lines are false."""
    result = score(files.month, marked.told, are_marked=True)

    assert not result.mistakes, amiss(result)
    assert len(result.false) <= MOST_FALSE, false_lines(result)


def test_ndiff_tells_many_times_more_that_is_false(files: Files) -> None:
    """Even on ordinary nights; that it cannot wait for a laptop is not held against it."""
    ndiff = shutil.which("ndiff")
    assert ndiff, "ndiff is not installed; tools/setup.sh test does it"
    telling = tell_ndiff(files.paths, files.folder, ndiff)
    result = score(files.month, telling.told, gone_after=1)

    assert [n for n, code in enumerate(telling.exit_codes) if code > 1] == [
        files.night_of(NightKind.CUT)
    ]
    assert result.false_ordinary > 20 * MOST_FALSE
    assert len(result.false) > 100 * MOST_FALSE
    assert result.right < result.events


# --- The month


def hosts_of(path: Path) -> dict[str, Element]:
    """Return the hosts of a file by their address."""
    hosts = {}
    for host in parse(path, forbid_dtd=False).getroot().iter("host"):
        address = host.find("address[@addrtype='ipv4']")
        hosts[address.get("addr", "")] = host
    return hosts


def states_of(host: Element) -> dict[int, str]:
    """Return the state of each port that the host lists."""
    found = {}
    for port in host.iter("port"):
        state = port.find("state")
        assert state is not None
        found[int(port.get("portid", ""))] = state.get("state", "")
    return found


def test_equal_seeds_give_equal_bytes(files: Files, tmp_path: Path) -> None:
    again = write_month(invent(files.month.seed), tmp_path / "again")
    other = write_month(invent(files.month.seed + 100), tmp_path / "other")

    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in files.paths]
    assert other[0].read_bytes() != again[0].read_bytes()


def test_every_file_is_xml_but_the_one_that_is_cut(files: Files) -> None:
    """They list the hosts of their night; that of the failed scan a few, and why."""
    cut, failed = files.night_of(NightKind.CUT), files.night_of(NightKind.FAILED)
    for night, path in zip(files.month.nights, files.paths, strict=True):
        if night.number == cut:
            with pytest.raises(ParseError):
                hosts_of(path)
            assert path.read_text().count("</host>") + 1 == path.read_text().count("<host ")
            continue
        listed = list(hosts_of(path))
        expected = [str(host.address) for host in night.hosts]
        assert listed == (expected[: len(listed)] if night.number == failed else expected)
    finished = parse(files.paths[failed], forbid_dtd=False).find("runstats/finished")
    assert (finished.get("exit"), bool(finished.get("errormsg"))) == ("error", True)
    assert 0 < len(hosts_of(files.paths[failed])) < 10


def test_the_first_night_shows_everything(files: Files) -> None:
    """200 hosts with about 1,000 open ports, all of them probed, all hosts with MAC and name."""
    hosts = hosts_of(files.paths[0])
    services = [port.find("service") for host in hosts.values() for port in host.iter("port")]
    macs = [host.find("address[@addrtype='mac']") for host in hosts.values()]
    vendors = Counter(mac.get("vendor", "") for mac in macs if mac is not None)

    assert len(hosts) == HOSTS
    assert {sum(ip_address(a) in target for a in hosts) for target in TARGETS} == {150, 50}
    assert len(services) == pytest.approx(1000, rel=0.1)
    for service in services:
        assert service is not None
        assert (service.get("method"), service.get("conf")) == ("probed", "10")
        assert service.get("product")
        assert service.get("version")
    assert all(set(states_of(host).values()) == {"open"} for host in hosts.values())
    assert len({mac.get("addr") for mac in macs if mac is not None}) == HOSTS
    assert not any(is_private_mac(mac.get("addr", "")) for mac in macs if mac is not None)
    assert all(host.find("hostnames/hostname[@type='PTR']") is not None for host in hosts.values())
    assert vendors[LAPTOP_MAKER[1]] == len(files.month.laptops) == HOSTS // 5
    assert not any(vendor.startswith(LAPTOPS.rstrip("*")) for _, vendor in VENDORS)
    states = {host.find("ports/extraports").get("state") for host in hosts.values()}  # type: ignore[union-attr]
    assert states == {"closed", "filtered"}


def test_ports_add_up(files: Files) -> None:
    """Those that are listed and those that are summed up are all that were scanned."""
    for night, path in zip(files.month.nights, files.paths, strict=True):
        if night.kind is NightKind.CUT:
            continue
        info = parse(path, forbid_dtd=False).find("scaninfo")
        assert int(info.get("numservices")) == len(night.ports)
        for host in hosts_of(path).values():
            rest = host.find("ports/extraports")
            reasons = host.find("ports/extraports/extrareasons")
            assert rest is not None
            assert reasons is not None
            ends = [
                list(map(int, piece.split("-"))) for piece in reasons.get("ports", "").split(",")
            ]
            numbers = {n for end in ends for n in range(end[0], end[-1] + 1)}
            assert len(numbers) == int(rest.get("count", ""))
            assert numbers.isdisjoint(states_of(host))
            assert numbers | states_of(host).keys() == set(night.ports)


def test_events_are_of_every_kind_on_any_night(files: Files) -> None:
    """Distinct things, none of them a laptop; and on each special night there is one."""
    month = files.month
    special = {night.number for night in month.nights if night.kind is not NightKind.ORDINARY}

    assert len(month.nights) == NIGHTS + 1
    assert len(special) == 4
    assert Counter(event.kind for event in month.events) == EVENTS
    assert special <= {event.night for event in month.events}
    assert len({event.address for event in month.events}) == len(month.events)
    assert month.laptops.isdisjoint(event.address for event in month.events)
    assert sum(event.port in RISKY for event in month.events) == 1


def test_the_nights_show_the_events(files: Files) -> None:
    """Each on its night and not before, as far as packet loss and the outage let it be seen."""
    month = files.month
    for event in month.events:
        before = month.nights[event.night - 1]
        after = [
            night for night in month.nights[event.night :] if night.kind is not NightKind.OUTAGE
        ]
        was = next((h for h in before.hosts if str(h.address) == event.address), None)
        are = [next((h for h in n.hosts if str(h.address) == event.address), None) for n in after]
        here = [host for host in are if host]
        match event.kind:
            case ChangeKind.HOST_NEW | ChangeKind.HOST_MOVED:
                assert was is None
                assert len(here) == len(are)
            case ChangeKind.HOST_GONE:
                assert not here
            case ChangeKind.MAC_CHANGED:
                assert len({host.mac for host in here}) == 1
                assert was is None or was.mac != here[0].mac
            case ChangeKind.SERVICE_CHANGED:
                assert {host.services.get(event.port or 0) for host in here} <= {1, None}
                assert was is None or was.services.get(event.port or 0) in (0, None)
            case ChangeKind.PORT_OPENED:
                assert was is None or event.port not in was.services
                assert sum(event.port in host.services for host in here) >= len(here) - 2
            case ChangeKind.PORT_CLOSED:
                assert not any(event.port in host.services for host in here)
                assert all(event.port in host.refused | host.silent for host in here)


def test_the_outage_is_of_most_hosts_and_for_one_night(files: Files) -> None:
    up = [len(night.hosts) for night in files.month.nights]
    outage = files.night_of(NightKind.OUTAGE)

    assert up[outage] == pytest.approx(0.4 * up[outage - 1], rel=0.1)
    assert min(up[:outage] + up[outage + 1 :]) > 0.85 * HOSTS


# --- The score


def in_time(month: Month, event: Event, runs: int = 1) -> Told:
    """Return the right line on the night of the `runs`th run that counts."""
    counting = [n.number for n in month.nights[event.night :] if n.counts(event.port)]
    night = counting[runs - 1]
    return Told(night, event.kind, event.address, event.port, event.ports)


@pytest.fixture(scope="module")
def month() -> Month:
    return invent(1)


@pytest.mark.parametrize("runs", [1, 2])
def test_the_truth_in_time_is_right(month: Month, runs: int) -> None:
    result = score(month, [in_time(month, event, runs) for event in month.events])

    assert (result.right, result.mistakes, result.false) == (len(month.events), (), ())


@pytest.mark.parametrize("fault", list(Fault), ids=str)
def test_each_fault_is_found(month: Month, fault: Fault) -> None:
    """It costs the event, and no other."""
    event = next(e for e in month.events if e.kind is ChangeKind.HOST_MOVED)
    line = in_time(month, event)
    lines = {
        Fault.MISSED: [],
        Fault.LATE: [in_time(month, event, runs=3)],
        Fault.WRONG: [replace(line, kind=ChangeKind.HOST_NEW)],
        Fault.AGAIN: [line, replace(line, night=line.night + 1)],
    }
    others = [in_time(month, e) for e in month.events if e is not event]
    result = score(month, [*others, *lines[fault]])

    assert [(m.fault, m.event) for m in result.mistakes] == [(fault, event)]
    assert result.false == ()
    assert result.right == len(month.events) - 1


def test_a_line_before_its_night_is_false(month: Month) -> None:
    event = next(e for e in month.events if e.night > 1)
    early = replace(in_time(month, event), night=event.night - 1)
    result = score(month, [early])

    assert result.false == (early,)
    assert result.count(Fault.MISSED) == len(month.events)


def test_the_port_of_a_new_host_may_follow_once(month: Month) -> None:
    """If its line did not carry it, as it cannot in a scan of fewer ports."""
    event = next(e for e in month.events if e.kind is ChangeKind.HOST_NEW)
    port = min(event.ports)
    line = replace(in_time(month, event), ports=event.ports - {port})
    later = Told(line.night + 1, ChangeKind.PORT_OPENED, event.address, port)
    again = replace(later, night=later.night + 2)

    assert score(month, [line, later]).false == ()
    assert score(month, [line, later, again]).false == (again,)
    assert score(month, [in_time(month, event), later]).false == (later,)


def test_a_laptop_may_go_come_back_and_flap_once(month: Month) -> None:
    """Not after one night, not twice, and not at all if it is marked."""
    for laptop in sorted(month.laptops):
        here = [any(str(h.address) == laptop for h in n.hosts) for n in month.nights]
        proper = [n.number for n in month.nights if n.ends_properly]
        gone = [b for a, b in pairwise(proper) if not (here[a] or here[b])]
        if gone and True in here[gone[0] :] and gone[0] - 1 in proper and here[gone[0] - 2]:
            break
    back = here.index(True, gone[0])
    kinds = (ChangeKind.HOST_GONE, ChangeKind.HOST_BACK, ChangeKind.FLAPPING)
    lines = [
        Told(night, kind, laptop) for night, kind in zip((gone[0], back, back), kinds, strict=True)
    ]
    early = replace(lines[0], night=gone[0] - 1)

    assert score(month, lines).false == ()
    assert score(month, lines).laptop_lines == 3
    assert score(month, [*lines, lines[2]]).false == ()
    assert score(month, [early, *lines]).false == (early,)
    assert score(month, lines[1:2]).false == (lines[1],)
    assert score(month, [*lines, replace(lines[2], night=30)]).false[0].night == 30
    assert score(month, lines, are_marked=True).false == tuple(lines)


def test_goals_and_table(month: Month) -> None:
    """The worst seed counts; the table has a row for each contender, and the sums."""
    event = month.events[0]
    right = score(month, [in_time(month, e) for e in month.events])
    false = Told(3, ChangeKind.PORT_CLOSED, event.address, 1)
    worse = replace(right, false=(false,) * 6, laptop_lines=1)
    ndiff = replace(right, false=(false,) * 120)
    good = {OURS: right, MARKED: right, NDIFF: ndiff}
    seeds = {1: good, 2: {**good, MARKED: worse}}

    assert [goal.name for goal in goals_of(seeds) if not goal.is_met] == [
        f"false lines, {MARKED}",
        f"lines about laptops, {MARKED}",
    ]
    assert goals_of({1: good})[-1] == Goal("ndiff's false lines by ours", 120, 20, at_least=True)
    assert len(table_of(seeds)) == 2 + 3 * 3
    assert table_of({1: good})[-1] == "| 1 | ndiff | 39 | 39 | 0 | 0 | 0 | 0 | 120 (0) | 0 |"
