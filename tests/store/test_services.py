"""Which services are looked at again: the one that was looked at longest ago first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from netwatch_notify.model.inventory import KnownHost, Settled
from netwatch_notify.model.port import PortState
from netwatch_notify.store.database import Database
from netwatch_notify.store.inventory import load_inventory, settle
from netwatch_notify.store.services import count_services, oldest_services
from tests.builders import host, inventory, key, night, port, probed


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path, "lan")
    yield opened
    opened.close()


def save(database: Database, *hosts: KnownHost) -> None:
    with database.atomic():
        settle(database, load_inventory(database), Settled({h.address: h for h in hosts}), ())


def known(address: str, *ports: object, **facts: object) -> KnownHost:
    one = host(address, *ports)  # type: ignore[arg-type]
    return replace(inventory(one).hosts[one.address], **facts)


def looked(one: KnownHost, **nights: int) -> KnownHost:
    """`p80=3`: 80/tcp was looked at on the third night."""
    ports = dict(one.ports)
    for name, number in nights.items():
        ports[key(name[1:])] = replace(ports[key(name[1:])], looked_at=night(number))
    return replace(one, ports=ports)


def names(database: Database) -> list[str]:
    return [f"{address} {port}" for address, port, _, _ in oldest_services(database)]


def test_never_looked_at_comes_first_then_the_oldest(database: Database) -> None:
    save(
        database,
        looked(known("192.0.2.1", "22", "80"), p22=5, p80=2),
        looked(known("192.0.2.2", "22", "53/udp"), p22=3),
    )
    assert names(database) == [
        "192.0.2.2 53/udp",
        "192.0.2.1 80/tcp",
        "192.0.2.2 22/tcp",
        "192.0.2.1 22/tcp",
    ]
    assert count_services(database) == 4


@pytest.mark.parametrize("number", range(9099, 9109))
def test_printers_are_never_looked_at(database: Database, number: int) -> None:
    save(database, known("192.0.2.1", str(number), f"{number}/udp"))
    printer = 9100 <= number <= 9107
    expected = [] if printer else [f"192.0.2.1 {number}/tcp"]
    assert sorted(names(database)) == sorted([*expected, f"192.0.2.1 {number}/udp"])
    assert count_services(database) == len(names(database))


@pytest.mark.parametrize("protocol", ["sctp", "ip"])
def test_version_detection_knows_tcp_and_udp_only(database: Database, protocol: str) -> None:
    save(database, known("192.0.2.1", f"132/{protocol}"))
    assert (names(database), count_services(database)) == ([], 0)


def test_what_is_closed_or_gone_is_not_looked_at(database: Database) -> None:
    shut = known("192.0.2.1", "22", "80")
    closed = replace(shut.ports[key("80")], state=PortState.CLOSED, closed_at=night(2))
    save(
        database,
        replace(shut, ports={**shut.ports, key("80"): closed}),
        known("192.0.2.2", "22", present=False, gone_at=night(2)),
    )
    assert (names(database), count_services(database)) == (["192.0.2.1 22/tcp"], 1)


def test_it_says_what_is_known_of_the_service(database: Database) -> None:
    save(
        database,
        looked(known("192.0.2.1", port("80", service=probed("nginx", "1.22"))), p80=2),
        known("2001:db8::1", "22"),
    )
    found = {str(address): (at, service) for address, _, at, service in oldest_services(database)}
    assert found == {
        "192.0.2.1": (night(2), probed("nginx", "1.22")),
        "2001:db8::1": (None, None),
    }


def test_an_empty_inventory_has_none(database: Database) -> None:
    assert (names(database), count_services(database)) == ([], 0)
