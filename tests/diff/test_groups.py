"""The same change on many hosts is one line, and so are many ports of one host."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from netwatch_notify.diff.groups import FEWEST_HOSTS, MOST_PORTS, with_groups
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import PortState, Service
from tests.builders import at, key, night, port, probed


def change(kind: str, number: int = 1, text: str = "", **facts: object) -> Change:
    made = Change(
        ChangeKind(kind),
        Severity.WARNING,
        at(f"192.0.2.{number}"),
        key=key(text) if text else None,
    )
    return replace(made, **facts)


def opened(hosts: int, text: str = "80", **facts: object) -> list[Change]:
    return [
        change("port-opened", n, text, state=PortState.OPEN, **facts) for n in range(1, hosts + 1)
    ]


def sizes(changes: list[Change]) -> list[int]:
    """How large each group is; 1 for each change that has its own line."""
    groups = Counter(one.group for one in with_groups(changes))
    alone = groups.pop("", 0)
    return sorted([*groups.values(), *[1] * alone])


@pytest.mark.parametrize(("count", "expected"), [(4, [1] * 4), (5, [5]), (6, [6]), (190, [190])])
def test_the_same_change_on_five_hosts_is_one_line(count: int, expected: list[int]) -> None:
    assert sizes(opened(count)) == expected
    assert FEWEST_HOSTS == 5


@pytest.mark.parametrize(("count", "expected"), [(20, [1] * 20), (21, [21]), (200, [200])])
def test_more_than_twenty_ports_on_one_host_are_one_line(count: int, expected: list[int]) -> None:
    ports = [change("port-opened", 1, str(n)) for n in range(1, count + 1)]
    assert sizes(ports) == expected
    assert MOST_PORTS == 20


def test_twenty_one_ports_that_closed_are_lines_of_their_own() -> None:
    assert sizes([change("port-closed", 1, str(n)) for n in range(1, 22)]) == [1] * 21


def test_a_change_is_in_one_line_only_that_of_its_host_first() -> None:
    """80/tcp opened on six hosts; one of them opened twenty more."""
    changes = [*opened(6), *(change("port-opened", 1, str(n)) for n in range(1000, 1020))]
    assert sizes(changes) == [5, 21]
    # One host fewer, and the others have lines of their own.
    changes = [*opened(5), *(change("port-opened", 1, str(n)) for n in range(1000, 1020))]
    assert sizes(changes) == [1, 1, 1, 1, 21]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(opened(3), opened(6, "443")[3:], id="ports"),
        pytest.param(opened(3), opened(6, "80/udp")[3:], id="protocols"),
        pytest.param(opened(3), opened(6, severity=Severity.CRITICAL)[3:], id="severities"),
        pytest.param(opened(3), opened(6, planned="CHG1")[3:], id="planned"),
        pytest.param(opened(3), opened(6, note="seen once")[3:], id="seen-once"),
        pytest.param(
            [change("port-closed", n, "80", state=PortState.CLOSED) for n in (1, 2, 3)],
            [change("port-closed", n, "80", state=PortState.FILTERED) for n in (4, 5, 6)],
            id="closed-and-silent",
        ),
        pytest.param(
            [change("host-new", n, vendor="A") for n in (1, 2, 3)],
            [change("host-new", n, vendor="B") for n in (4, 5, 6)],
            id="makers-of-new-hosts",
        ),
        pytest.param(
            [change("host-new", n, ports=(port("22"),)) for n in (1, 2, 3)],
            [change("host-new", n, ports=(port("22"), port("80"))) for n in (4, 5, 6)],
            id="ports-of-new-hosts",
        ),
        pytest.param(
            [change("host-gone", n) for n in (1, 2, 3)],
            [change("host-back", n) for n in (4, 5, 6)],
            id="kinds",
        ),
        pytest.param(
            [change("flapping", n) for n in (1, 2, 3)],
            [change("flapping", n, "80") for n in (4, 5, 6)],
            id="hosts-and-ports",
        ),
    ],
)
def test_what_differs_is_not_put_together(one: list[Change], other: list[Change]) -> None:
    assert sizes([*one, *other]) == [1] * 6
    more = [replace(c, address=at(f"198.51.100.{n}")) for n, c in enumerate(one)]
    assert sizes([*one, *more, *other]) == [1, 1, 1, 6]


def updated(number: int, was: str, now: Service) -> Change:
    return change("service-changed", number, "80", was=was, service=now)


def test_one_update_on_many_hosts_is_one_line() -> None:
    new = probed("nginx", "1.24")
    assert sizes([updated(n, "nginx 1.22", new) for n in range(5)]) == [5]
    assert sizes([updated(n, f"nginx 1.{n}", new) for n in range(5)]) == [1] * 5
    other = [updated(n, "nginx 1.22", probed("nginx", f"2.{n}")) for n in range(5)]
    assert sizes(other) == [1] * 5


@pytest.mark.parametrize("seed", range(5))
def test_the_id_depends_on_what_is_in_it_only(seed: int) -> None:
    """The same in a preview and in the run, in whatever order and dress the changes come."""
    plain = with_groups(opened(7))
    dressed = opened(7, name="x", times=3, confirmed=True, first_seen_at=night(3))
    random.Random(seed).shuffle(dressed)
    again = with_groups(dressed)
    assert {one.id: one.group for one in plain} == {one.id: one.group for one in again}
    assert [one.id for one in again] == [one.id for one in dressed]
    # Written down: people keep what they copied from a message.
    assert plain[0].group == "c8e538b83f19"
    assert with_groups(opened(8))[0].group != plain[0].group


def test_grouping_twice_changes_nothing() -> None:
    once = with_groups([*opened(7), change("host-gone", 9)])
    assert with_groups(once) == once
    assert with_groups(()) == ()
