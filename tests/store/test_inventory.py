"""What the store saves it loads."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.inventory import (
    Absence,
    Displaced,
    Habit,
    HeldRange,
    Inventory,
    KnownHost,
    KnownPort,
    Settled,
    Toggle,
)
from netwatch_notify.model.port import PortKey, PortProtocol, PortState
from netwatch_notify.model.scan import Coverage
from netwatch_notify.store.codec import (
    coverage_of,
    coverage_text,
    instant_of,
    instant_text,
    service_of,
    service_text,
)
from netwatch_notify.store.database import Database
from netwatch_notify.store.habits import load_displaced, load_habits
from netwatch_notify.store.inventory import load_digests, load_hosts, load_inventory, settle
from tests.builders import at, coverage, host, inventory, key, night, present_of
from tests.diff.strategies import keys, services, states
from tests.model.strategies import address_sets, ranges

addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)
)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
known_ports = st.builds(
    KnownPort,
    keys,
    states,
    instants,
    st.none() | instants,
    st.none() | services,
    st.none() | instants,
    texts,
)
known_hosts = st.builds(
    KnownHost,
    address=addresses,
    present=st.booleans(),
    first_seen_at=instants,
    gone_at=st.none() | instants,
    mac=texts,
    vendor=texts,
    name=texts,
    ports=st.lists(known_ports, max_size=4).map(lambda ps: {p.key: p for p in ps}),
    host_key=texts,
    digest=st.none() | st.binary(min_size=16, max_size=16),
)
toggles = st.lists(st.builds(Toggle, instants, st.booleans()), max_size=3).map(tuple)
habits = st.builds(
    Habit, toggles, st.integers(0, 9), st.none() | instants, st.none() | st.booleans()
)


@st.composite
def displaced(draw: st.DrawFn) -> Displaced:
    """A device without an address; whether it is gone follows from whether that was told."""
    is_told = draw(st.booleans())
    last_seen_at = draw(instants)
    known = replace(
        draw(known_hosts),
        mac=draw(texts.filter(bool)),
        present=not is_told,
        gone_at=last_seen_at if is_told else None,
        digest=None,
    )
    runs, habit = draw(st.integers(0, 9)), draw(st.none() | habits)
    return Displaced(known, last_seen_at, runs, is_told, habit)


protocols = st.sampled_from(list(PortProtocol))
coverages = st.builds(
    Coverage,
    address_sets,
    st.dictionaries(protocols, ranges, max_size=2),
    st.lists(st.tuples(protocols, st.sampled_from(["syn", "udp"])), max_size=2).map(tuple),
    st.booleans(),
)
absences = st.builds(
    Absence,
    st.tuples(addresses, st.none() | keys),
    st.integers(1, 9),
    instants,
    st.booleans(),
)
held = st.builds(HeldRange, texts, st.integers(1, 9), instants)
inventories = st.builds(
    Inventory,
    hosts=st.lists(known_hosts, min_size=1, max_size=4).map(lambda hs: {h.address: h for h in hs}),
    coverages=st.lists(coverages, max_size=2, unique_by=coverage_text).map(tuple),
    absences=st.lists(absences, max_size=3).map(lambda xs: {x.subject: x for x in xs}),
    habits=st.dictionaries(st.tuples(addresses, st.none() | keys), habits, max_size=3),
    displaced=st.lists(displaced(), max_size=2).map(lambda xs: {x.known.mac: x for x in xs}),
    held=st.lists(held, max_size=2).map(lambda xs: {x.range: x for x in xs}),
    is_empty=st.just(False),
)


def load(database: Database) -> Inventory:
    """The inventory with all its hosts."""
    rows = database.connection.execute("SELECT address FROM hosts").fetchall()
    hosts = load_hosts(database, [at(address) for (address,) in rows])
    rows = database.connection.execute("SELECT address FROM habits").fetchall()
    habits = load_habits(database, {at(address) for (address,) in rows})
    macs = [mac for (mac,) in database.connection.execute("SELECT mac FROM displaced")]
    displaced = load_displaced(database, macs, ())
    return replace(load_inventory(database), hosts=hosts, habits=habits, displaced=displaced)


def save(database: Database, after: Inventory) -> None:
    with database.atomic():
        settled = Settled(
            after.hosts,
            absences=after.absences,
            habits=after.habits,
            displaced=after.displaced,
            held=after.held,
        )
        settle(database, load(database), settled, after.coverages)


def in_order(subject: Inventory) -> Inventory:
    return replace(
        subject,
        coverages=tuple(sorted(subject.coverages, key=coverage_text)),
        present=present_of(subject.hosts.values()),
    )


@given(inventories, inventories)
def test_what_is_saved_is_loaded_also_over_an_older_state(
    first: Inventory, second: Inventory
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        database = Database.open(Path(directory), "lan")
        save(database, first)
        assert load(database).present == present_of(first.hosts.values())
        assert in_order(load(database)) == in_order(first)
        # Hosts and ports are never forgotten; when a host was first seen never changes.
        joined = dict(first.hosts)
        for address, known in second.hosts.items():
            old = joined.get(address)
            joined[address] = (
                replace(known, first_seen_at=old.first_seen_at, ports={**old.ports, **known.ports})
                if old
                else known
            )
        save(database, second)
        database.close()
        database = Database.open(Path(directory), "lan")
        assert load(database).present == present_of(joined.values())
        assert in_order(load(database)) == in_order(replace(second, hosts=joined))
        settled = {(one.digest, one.address.packed) for one in joined.values() if one.digest}
        digests = load_digests(database)
        assert digests.keys() == {digest for digest, _ in settled}
        assert set(digests.items()) <= settled
        database.close()


def test_a_new_database_holds_no_inventory(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    assert load_inventory(database) == Inventory()
    database.close()


def test_a_quiet_night_writes_nothing(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    save(database, inventory(host("192.0.2.1", "22", "53/udp")))
    before = database.connection.total_changes
    save(database, load(database))
    assert database.connection.total_changes == before
    database.close()


def test_a_port_that_closed_is_remembered(tmp_path: Path) -> None:
    database = Database.open(tmp_path, "lan")
    past = inventory(host("192.0.2.1", "22", "80"))
    save(database, past)
    known = past.hosts[at("192.0.2.1")]
    closed = replace(known.ports[key("80")], state=PortState.CLOSED, closed_at=night(2))
    after = replace(known, ports={**known.ports, key("80"): closed})
    save(database, replace(past, hosts={known.address: after}))
    assert load_hosts(database, [known.address]) == {known.address: after}
    database.close()


@given(coverages)
def test_a_coverage_reads_back_and_equal_ones_have_equal_texts(subject: Coverage) -> None:
    assert coverage_of(coverage_text(subject)) == subject
    again = replace(subject, ports=dict(reversed(subject.ports.items())))
    assert coverage_text(again) == coverage_text(subject)


@given(services)
def test_a_service_reads_back(subject) -> None:
    assert service_of(service_text(subject)) == subject


@given(instants)
def test_an_instant_reads_back_in_utc(instant: datetime) -> None:
    assert instant_of(instant_text(instant)) == instant


def test_an_instant_of_another_zone_is_stored_in_utc() -> None:
    there = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert instant_text(there) == "2026-01-01T00:00:00+00:00"


def test_no_service_is_null_and_no_key_is_lost() -> None:
    assert service_text(None) is None
    assert service_of(None) is None
    assert coverage_of(coverage_text(coverage("192.0.2.0/24", open_only=True))).open_only
    assert PortKey.parse(str(PortKey(53, PortProtocol.UDP))) == PortKey(53, PortProtocol.UDP)
