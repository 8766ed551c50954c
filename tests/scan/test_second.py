"""The second look asks more than once before it believes in silence."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from netwatch_notify.model.look import Look, LookKind, SecondLook
from netwatch_notify.model.port import PortState
from netwatch_notify.scan.runner import NmapOutcome, NmapRunner
from netwatch_notify.scan.second import ATTEMPTS, look_closer, look_commands
from tests.builders import at, key, probed
from tests.scan_files import host_xml, port_xml, scan_xml

HERE, OTHER = "192.0.2.1", "192.0.2.2"
DOWN = '<status state="down" reason="no-response"/>'
SILENT = '<extraports state="filtered" count="9"/>'


class Nmap:
    """Answers each call with the next of some scans, and keeps how it was called."""

    def __init__(self, *scans: Sequence[str]) -> None:
        self.scans = list(scans)
        self.calls: list[tuple[str, ...]] = []

    def run(self, argv: Sequence[str], *, deadline: float) -> NmapOutcome:
        assert deadline > 0
        self.calls.append(tuple(argv))
        hosts = self.scans.pop(0)
        words = dict(pairwise(argv))
        path = words.get("-oX") or f"{words['-oA']}.xml"
        Path(path).write_text(scan_xml(*hosts), encoding="utf-8")
        return NmapOutcome(0, "", timed_out=False, seconds=0.1)

    def stop(self) -> None:
        raise AssertionError("nothing was to be stopped")


def ask(
    nmap: Nmap, folder: Path, *addresses: str, ports: Sequence[str] = ("22",), known_up: bool
) -> SecondLook:
    keys = tuple(key(port) for port in ports)
    look = Look(LookKind.CONFIRM, keys, tuple(map(at, addresses)), known_up)
    commands = look_commands("nmap", [look], folder, ["-sV"])
    return look_closer(commands, cast(NmapRunner, nmap), 1, 1e9)


def silent(address: str) -> str:
    return host_xml(address, rest=SILENT)


def test_what_answers_is_asked_once(tmp_path: Path) -> None:
    nmap = Nmap([host_xml(HERE, "22"), host_xml(OTHER, port_xml("22", "closed"), rest="")])
    look = ask(nmap, tmp_path, HERE, OTHER, known_up=True)
    assert len(nmap.calls) == 1
    assert look.state_of(at(HERE), key("22")) is PortState.OPEN
    assert look.state_of(at(OTHER), key("22")) is PortState.CLOSED


def test_a_port_that_answers_the_third_time_is_open(tmp_path: Path) -> None:
    nmap = Nmap([host_xml(OTHER, "22"), silent(HERE)], [silent(HERE)], [host_xml(HERE, "22")])
    look = ask(nmap, tmp_path, HERE, OTHER, known_up=True)
    assert look.state_of(at(HERE), key("22")) is PortState.OPEN
    assert [OTHER in call for call in nmap.calls] == [True, False, False]


def test_only_the_ports_that_are_silent_are_asked_again(tmp_path: Path) -> None:
    nmap = Nmap([host_xml(HERE, "80", rest=SILENT)], [silent(HERE)], [silent(HERE)])
    look = ask(nmap, tmp_path, HERE, ports=("22", "80"), known_up=True)
    assert look.state_of(at(HERE), key("22")) is PortState.FILTERED
    assert look.state_of(at(HERE), key("80")) is PortState.OPEN
    assert [call[call.index("-p") + 1] for call in nmap.calls] == ["22,80", "22", "22"]


def test_a_host_that_is_down_is_asked_three_times_the_last_without_arp(tmp_path: Path) -> None:
    down = [host_xml(HERE, status=DOWN, rest="")]
    nmap = Nmap(down, down, down)
    look = ask(nmap, tmp_path, HERE, known_up=False)
    assert look.host_is_up(at(HERE)) is False
    assert len(nmap.calls) == ATTEMPTS
    assert ["--disable-arp-ping" in call for call in nmap.calls] == [False, False, True]
    assert all("-PS22" in call for call in nmap.calls)


def test_a_host_that_wakes_up_with_a_silent_port_is_asked_for_it(tmp_path: Path) -> None:
    nmap = Nmap([host_xml(HERE, status=DOWN, rest="")], [silent(HERE)], [host_xml(HERE, "22")])
    look = ask(nmap, tmp_path, HERE, known_up=False)
    assert look.host_is_up(at(HERE))
    assert look.state_of(at(HERE), key("22")) is PortState.OPEN
    assert "-Pn" in nmap.calls[2]


@pytest.mark.parametrize("known_up", [True, False])
def test_what_nmap_gave_up_on_was_not_asked(tmp_path: Path, known_up: bool) -> None:
    late = [host_xml(HERE, "22", attributes=' timedout="true"')]
    look = ask(Nmap(late, late, late), tmp_path, HERE, known_up=known_up)
    assert not look.asked
    assert not look.asked_hosts


OLD, NEW, OTHER_PRODUCT = (
    f'name="http" product="{product}" version="{version}" method="probed" conf="10"'
    for product, version in (("nginx", "1.22.1"), ("nginx", "1.24.0"), ("lighttpd", "1.4"))
)


def web(service: str) -> list[str]:
    return [host_xml(HERE, port_xml("80", service=service))]


@pytest.mark.parametrize(
    ("looks", "believed"),
    [
        ([OLD], "nginx 1.22.1"),
        ([NEW, NEW], "nginx 1.24.0"),
        ([OTHER_PRODUCT, OLD], None),
        ([OTHER_PRODUCT, NEW], None),
    ],
    ids=["as known", "upgraded", "mistaken once", "two mistakes"],
)
def test_another_version_is_believed_when_two_looks_agree(
    tmp_path: Path, looks: list[str], believed: str | None
) -> None:
    nmap = Nmap(*map(web, looks))
    place = (at(HERE), key("80"))
    known = {place: probed("nginx", "1.22.1")}
    look = Look(LookKind.REFRESH, (key("80"),), (at(HERE),), known_up=True, services=known)
    commands = look_commands("nmap", [look], tmp_path, ["-sV"])
    found = look_closer(commands, cast(NmapRunner, nmap), 1, 1e9)
    assert len(nmap.calls) == len(looks)
    assert (place in found.refreshed) is (believed is not None)
    if believed:
        port = found.port(*place)
        assert port
        assert port.service
        assert port.service.description == believed
