"""What is told, when, and how loud; what the inventory is afterwards."""

import pytest

from netwatch_notify.diff.night import NOT_LOOKED_AT, SEEN_ONCE
from netwatch_notify.diff.policy import take_inventory
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import PortState, ScriptOutput
from tests.builders import (
    FIRST_NIGHT,
    Nights,
    at,
    coverage,
    host,
    inventory,
    key,
    look,
    night,
    port,
    probed,
    scan,
    told,
)

HERE = "192.0.2.1"
OTHERS = [host(f"192.0.2.{n}") for n in (50, 51, 52)]
"""Hosts that stay, so that one silent host is not the whole network."""


def nights(*hosts, gone_after: int = 2, risky=(), gone=()) -> Nights:
    return Nights(inventory(*hosts, *OTHERS, gone=gone), gone_after=gone_after, risky=risky)


def seen(*hosts):
    return scan(*hosts, *OTHERS)


def test_a_first_run_takes_what_answers_and_tells_nothing() -> None:
    silent = host("192.0.2.3", reason="user-set", rest="filtered")
    verdict = take_inventory([host(HERE, "22", "80=closed"), silent], FIRST_NIGHT)
    assert told(verdict) == []
    assert list(verdict.settled.hosts) == [at(HERE)]
    assert verdict.settled.hosts[at(HERE)].open_keys == {key("22")}


@pytest.mark.parametrize("gone_after", [1, 2, 3, 5])
def test_a_host_is_gone_after_so_many_runs(gone_after: int) -> None:
    story = nights(host(HERE, "22"), gone_after=gone_after)
    for _ in range(gone_after - 1):
        assert story.told(seen()) == []
    verdict = story.next(seen())
    assert told(verdict) == [f"host-gone {HERE}"]
    (change,) = verdict.changes
    assert change.last_seen_at == FIRST_NIGHT
    assert not change.confirmed
    assert not verdict.settled.hosts[at(HERE)].present
    assert verdict.settled.absences == {}
    assert story.told(seen()) == []


def test_a_host_back_before_it_was_told_was_never_gone() -> None:
    story = nights(host(HERE, "22"))
    assert story.told(seen()) == []
    assert story.told(seen(host(HERE, "22"))) == []
    assert story.verdict.settled.absences == {}


def test_a_failed_night_neither_counts_nor_forgives() -> None:
    story = nights(host(HERE, "22"))
    story.next(seen())
    assert story.told(scan(*OTHERS, problem="cut")) == []
    assert story.told(seen()) == [f"host-gone {HERE}"]


def test_a_second_look_that_saw_nobody_confirms_a_gone_host() -> None:
    story = nights(host(HERE, "22"), gone_after=1)
    verdict = story.next(seen(), look=look(asked_hosts=[HERE]))
    assert verdict.changes[0].confirmed


def test_a_host_the_second_look_finds_is_not_gone() -> None:
    story = nights(host(HERE, "22"), gone_after=1)
    awake = look(host(HERE, "22"), asked=[(HERE, "22")], asked_hosts=[HERE])
    assert story.told(seen(), look=awake) == []
    assert story.verdict.settled.absences == {}


def test_a_silent_host_that_refuses_in_the_second_look_has_closed_the_port() -> None:
    story = nights(host(HERE, "22"))
    awake = look(host(HERE, "22=closed"), asked=[(HERE, "22")], asked_hosts=[HERE])
    assert story.told(seen(), look=awake) == [f"port-closed {HERE} 22/tcp"]


def test_a_gone_host_that_answers_is_back() -> None:
    story = nights(host(HERE, "22"), gone=[HERE])
    verdict = story.next(seen(host(HERE, "22")))
    assert told(verdict) == [f"host-back {HERE}"]
    assert verdict.changes[0].last_seen_at == FIRST_NIGHT
    assert verdict.settled.hosts[at(HERE)].present
    assert verdict.settled.hosts[at(HERE)].gone_at is None
    assert story.told(seen(host(HERE, "22"))) == []


def test_a_host_back_tells_its_new_ports_too() -> None:
    story = nights(host(HERE, "22"), gone=[HERE])
    assert sorted(story.told(seen(host(HERE, "22", "80")))) == [
        f"host-back {HERE}",
        f"port-opened {HERE} 80/tcp",
    ]


@pytest.mark.parametrize(
    ("ports", "severity"),
    [
        (["22", "23"], Severity.CRITICAL),
        (["22"], Severity.WARNING),
        (["23/udp"], Severity.WARNING),
        (["23=closed"], Severity.WARNING),
        ([], Severity.WARNING),
    ],
)
def test_a_new_host_is_critical_with_a_risky_port(ports: list[str], severity: Severity) -> None:
    verdict = nights(risky=["23"]).next(seen(host(HERE, *ports)))
    assert told(verdict) == [f"host-new {HERE}"]
    assert verdict.changes[0].severity is severity


@pytest.mark.parametrize(("text", "severity"), [("23", "critical"), ("80", "warning")])
def test_an_opened_port_is_critical_if_risky(text: str, severity: str) -> None:
    story = nights(host(HERE, "22"), risky=["23"])
    verdict = story.next(seen(host(HERE, "22", text)))
    assert told(verdict) == [f"port-opened {HERE} {text}/tcp"]
    assert verdict.changes[0].severity == severity
    assert story.told(seen(host(HERE, "22", text))) == []


@pytest.mark.parametrize(
    ("second", "confirmed", "note"),
    [
        pytest.param(look(host(HERE, "80"), asked=[(HERE, "80")]), True, "", id="seen-again"),
        pytest.param(
            look(host(HERE, "80=closed"), asked=[(HERE, "80")]), False, SEEN_ONCE, id="closed"
        ),
        pytest.param(look(asked=[(HERE, "80")]), False, SEEN_ONCE, id="no-answer"),
        pytest.param(look(), False, NOT_LOOKED_AT, id="no-time"),
        pytest.param(None, False, "", id="ingest"),
    ],
)
def test_an_opened_port_says_whether_it_was_seen_again(second, confirmed, note) -> None:
    story = nights(host(HERE, "22"))
    more = {"look": second} if second else {}
    verdict = story.next(seen(host(HERE, "22", "80")), **more)
    (change,) = verdict.changes
    assert (change.confirmed, change.note) == (confirmed, note)


def test_an_opened_port_carries_what_the_detail_scan_found() -> None:
    closer = port("80", service=probed("nginx", "1.22"))
    scripts = (ScriptOutput("http-title", "hello"),)
    closer = type(closer)(closer.key, closer.state, "", closer.service, scripts)
    story = nights(host(HERE, "22"))
    second = look(host(HERE, closer), asked=[(HERE, "80")])
    (change,) = story.next(seen(host(HERE, "22", "80")), look=second).changes
    assert change.scripts == scripts
    assert change.service
    assert change.service.description == "nginx 1.22"
    known = story.inventory.hosts[at(HERE)].ports[key("80")]
    assert known.service == change.service


def test_a_closed_port_confirmed_closed_is_told_the_same_night() -> None:
    story = nights(host(HERE, "22", "80"))
    second = look(host(HERE, "80=closed"), asked=[(HERE, "80")])
    verdict = story.next(seen(host(HERE, "22")), look=second)
    assert told(verdict) == [f"port-closed {HERE} 80/tcp"]
    assert verdict.changes[0].confirmed
    assert verdict.changes[0].state is PortState.CLOSED
    assert story.told(seen(host(HERE, "22"))) == []


def test_ingest_tells_a_refusing_port_at_once_though_unconfirmed() -> None:
    story = nights(host(HERE, "22", "80"))
    verdict = story.next(seen(host(HERE, "22", "80=closed")))
    assert told(verdict) == [f"port-closed {HERE} 80/tcp"]
    assert not verdict.changes[0].confirmed


def test_a_closed_port_the_second_look_had_no_time_for_waits() -> None:
    story = nights(host(HERE, "22", "80"))
    assert story.told(seen(host(HERE, "22")), look=look()) == []
    assert story.told(seen(host(HERE, "22")), look=look()) == [f"port-closed {HERE} 80/tcp"]


def test_a_port_that_refused_both_nights_is_told_closed_without_a_second_look() -> None:
    story = nights(host(HERE, "22", "80"))
    story.next(seen(host(HERE, "22", "80=closed")), look=look())
    (change,) = story.next(seen(host(HERE, "22", "80=closed")), look=look()).changes
    assert change.state is PortState.CLOSED


@pytest.mark.parametrize("gone_after", [2, 3])
def test_a_filtered_port_waits_as_long_as_a_host(gone_after: int) -> None:
    story = nights(host(HERE, "22", "80"), gone_after=gone_after)
    now = seen(host(HERE, "22", "80=filtered"))
    second = look(host(HERE, "80=filtered"), asked=[(HERE, "80")])
    for _ in range(gone_after - 1):
        assert story.told(now, look=second) == []
    verdict = story.next(now, look=second)
    assert told(verdict) == [f"port-closed {HERE} 80/tcp"]
    assert verdict.changes[0].state is PortState.FILTERED
    assert verdict.changes[0].last_seen_at == FIRST_NIGHT


def test_a_port_the_second_look_finds_open_is_withdrawn() -> None:
    story = nights(host(HERE, "22", "80"), gone_after=1)
    second = look(host(HERE, "80"), asked=[(HERE, "80")])
    assert story.told(seen(host(HERE, "22")), look=second) == []
    assert story.verdict.settled.absences == {}


def test_a_port_back_before_it_was_told_was_never_gone() -> None:
    story = nights(host(HERE, "22", "80"))
    filtered = seen(host(HERE, "22", "80=filtered"))
    story.next(filtered)
    assert story.told(seen(host(HERE, "22", "80"))) == []
    assert story.told(filtered) == []
    assert story.told(filtered) == [f"port-closed {HERE} 80/tcp"]


def test_a_port_that_reopens_is_told_with_when_it_closed() -> None:
    story = nights(host(HERE, "22", "80"))
    story.next(seen(host(HERE, "22")))
    (change,) = story.next(seen(host(HERE, "22", "80"))).changes
    assert change.kind is ChangeKind.PORT_OPENED
    assert change.was == "closed"
    assert change.last_seen_at == night(2)


def test_a_changed_mac_is_told_once_with_both() -> None:
    story = nights(host(HERE, mac="02:00:00:00:00:01", vendor="Old"))
    now = seen(host(HERE, mac="02:00:00:00:00:02", vendor="New"))
    (change,) = story.next(now).changes
    assert change.kind is ChangeKind.MAC_CHANGED
    assert (change.was, change.mac, change.vendor) == (
        "02:00:00:00:00:01",
        "02:00:00:00:00:02",
        "New",
    )
    assert story.told(now) == []


def test_a_mac_that_is_not_seen_for_a_night_is_kept() -> None:
    story = nights(host(HERE, mac="02:00:00:00:00:01"))
    assert story.told(seen(host(HERE, "22"))) == [f"port-opened {HERE} 22/tcp"]
    assert story.inventory.hosts[at(HERE)].mac == "02:00:00:00:00:01"


def test_a_changed_service_is_told_once() -> None:
    story = nights(host(HERE, port("80", service=probed("nginx", "1.22"))))
    now = seen(host(HERE, port("80", service=probed("nginx", "1.24"))))
    (change,) = story.next(now).changes
    assert (change.kind, change.was) == (ChangeKind.SERVICE_CHANGED, "nginx 1.22")
    assert story.told(now) == []


def test_a_guessed_service_does_not_replace_a_probed_one() -> None:
    story = nights(host(HERE, port("80", service=probed("nginx", "1.22"))))
    assert story.told(seen(host(HERE, "80"))) == []
    later = seen(host(HERE, port("80", service=probed("nginx", "1.24"))))
    assert story.told(later) == [f"service-changed {HERE} 80/tcp"]


def test_newly_covered_hosts_and_ports_are_learned_and_never_told() -> None:
    story = Nights(inventory(host(HERE, "22"), covered=[coverage(HERE, tcp="22")]))
    verdict = story.next(scan(host(HERE, "22", "80"), host("192.0.2.9", "22")))
    assert told(verdict) == []
    assert (verdict.learned_hosts, verdict.learned_ports) == (1, 1)
    assert story.inventory.hosts[at(HERE)].open_keys == {key("22"), key("80")}
    assert at("192.0.2.9") in story.inventory.hosts


def test_changes_come_worst_first_then_by_address() -> None:
    story = nights(host("192.0.2.10", "22"), host("192.0.2.9", "22"), risky=["23"], gone_after=1)
    result = seen(host("192.0.2.10", "22", "23"), host("192.0.2.20"), host("192.0.2.3"))
    assert story.told(result) == [
        "port-opened 192.0.2.10 23/tcp",
        "host-new 192.0.2.3",
        "host-new 192.0.2.20",
        "host-gone 192.0.2.9",
    ]


def test_an_id_depends_only_on_what_the_change_is_about() -> None:
    plain = Change(
        ChangeKind.PORT_OPENED, Severity.WARNING, at(HERE), key=key("80"), state=PortState.OPEN
    )
    dressed = Change(
        ChangeKind.PORT_OPENED,
        Severity.CRITICAL,
        at(HERE),
        name="nas",
        mac="02:00:00:00:00:01",
        key=key("80"),
        state=PortState.OPEN,
        service=probed("nginx"),
        confirmed=True,
        first_seen_at=night(3),
        note="note",
    )
    # Written down: an id that users filter by must not change with the code.
    assert plain.id == dressed.id == "0ea3028eb440"


def test_ids_differ_where_the_facts_do() -> None:
    def change(kind: str, address: str = HERE, text: str = "80", **facts: object) -> str:
        return Change(ChangeKind(kind), Severity.INFO, at(address), key=key(text), **facts).id

    ids = [
        change("port-opened"),
        change("port-closed"),
        change("port-opened", "192.0.2.2"),
        change("port-opened", text="80/udp"),
        change("port-closed", state=PortState.CLOSED),
        change("port-closed", state=PortState.FILTERED),
        change("service-changed", service=probed("a", "1")),
        change("service-changed", service=probed("a", "2")),
        change("mac-changed", mac="02:00:00:00:00:01"),
        change("mac-changed", mac="02:00:00:00:00:02"),
    ]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in ids)


def test_it_was_last_seen_by_a_run_that_asked_for_it() -> None:
    """A scan of something else, in between, has not seen it."""
    story = nights(host(HERE, "22"), gone_after=1)
    story.next(seen(host(HERE, "22")))
    story.next(scan(targets="198.51.100.0/24"))
    (change,) = story.next(seen()).changes
    assert change.last_seen_at == night(2)
