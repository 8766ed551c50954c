"""Another version on a port, and another nmap that only names it otherwise."""

from dataclasses import replace

from netwatch_notify.model.host import Host
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import Service
from netwatch_notify.model.scan import PartResult, ScanHeader
from tests.builders import (
    NO_LOOK,
    Nights,
    at,
    host,
    inventory,
    key,
    night,
    port,
    probed,
    scan,
)

HERE, THERE = "192.0.2.1", "192.0.2.9"
MAC = "00:11:32:00:00:01"
STAY = [host(f"192.0.2.{n}") for n in (50, 51, 52)]


def seen(*hosts: Host) -> PartResult:
    return scan(*hosts, *STAY)


def with_nmap(version: str, *hosts: Host) -> PartResult:
    result = seen(*hosts)
    header = ScanHeader(version=version, scan_infos=result.header.scan_infos)
    return replace(result, header=header)


def story(*hosts: Host, **rules: object) -> Nights:
    return Nights(inventory(*hosts, *STAY), **rules)  # type: ignore[arg-type]


def play(nights: Nights, *hosts: Host | None) -> list[str]:
    """One night for each: the host is there, or nobody is."""
    lines: list[str] = []
    for one in hosts:
        lines += nights.told(seen(*([one] if one else [])))
    return lines


def web(version: str, address: str = HERE) -> Host:
    return host(address, port("80", service=probed("nginx", version)), mac=MAC)


def test_a_host_that_is_back_with_another_version_tells_both() -> None:
    nights = story(web("1.22"), gone_after=1)
    assert play(nights, None, web("1.24")) == [
        f"host-gone {HERE}",
        f"host-back {HERE}",
        f"service-changed {HERE} 80/tcp",
    ]


def test_a_host_that_moved_with_another_version_tells_both() -> None:
    assert play(story(web("1.22")), web("1.24", THERE)) == [
        f"host-moved {THERE}",
        f"service-changed {THERE} 80/tcp",
    ]


def service_of(nights: Nights) -> Service | None:
    return nights.inventory.hosts[at(HERE)].ports[key("80")].service


def test_a_new_nmap_may_name_it_otherwise_and_the_next_real_change_is_told() -> None:
    nights = story(web("1.22"))
    assert nights.told(with_nmap("7.93", web("1.22"))) == []
    assert nights.told(with_nmap("7.94", web("1.22-ubuntu"))) == []
    assert service_of(nights) == probed("nginx", "1.22-ubuntu")
    assert nights.told(with_nmap("7.94", web("1.24"))) == [f"service-changed {HERE} 80/tcp"]


def test_a_new_nmap_that_names_it_the_same_is_remembered() -> None:
    nights = story(web("1.22"))
    nights.next(with_nmap("7.93", web("1.22")))
    assert nights.told(with_nmap("7.94", web("1.22"))) == []
    assert nights.told(with_nmap("7.94", web("1.24"))) == [f"service-changed {HERE} 80/tcp"]


def refreshed(version: str, nmap: str) -> SecondLook:
    pair = (at(HERE), key("80"))
    found = {at(HERE): web(version)}
    return SecondLook(found, frozenset([pair]), refreshed=frozenset([pair]), version=nmap)


def test_the_same_holds_for_the_services_looked_at_again() -> None:
    nights = story(host(HERE, "80", mac=MAC))
    quiet = seen(host(HERE, "80", mac=MAC))
    steps = [
        (refreshed("1.22", "7.93"), []),
        (refreshed("1.22-ubuntu", "7.94"), []),
        (refreshed("1.24", "7.94"), [f"service-changed {HERE} 80/tcp"]),
        (refreshed("1.24", "7.94"), []),
        (NO_LOOK, []),
    ]
    for second, expected in steps:
        assert nights.told(quiet, look=second) == expected
    assert nights.inventory.hosts[at(HERE)].ports[key("80")].looked_at == night(5)
