"""What people said beforehand: ignored, announced, and when their word does not reach."""

from dataclasses import replace

import pytest

from netwatch_notify.diff.standing import apply_rules, fits
from netwatch_notify.model.change import Change, ChangeKind, Severity
from netwatch_notify.model.port import PortState
from netwatch_notify.model.rule import Match, Rule, RuleKind
from tests.builders import at, key, night, port

MAC = "00:11:32:00:00:01"
NOW = night(5)


def rule(written: str, kind: str = "ignore", number: int = 1, **facts: object) -> Rule:
    """`nas 80/tcp` as a person would write it; a port is the last word with a slash."""
    words = written.split()
    named = words.pop() if "/tcp" in words[-1] or "/udp" in words[-1] else ""
    made = Rule(
        number,
        RuleKind(kind),
        Match.parse(" ".join(words)),
        key(named) if named else None,
        "alice",
        night(1),
    )
    return replace(made, **facts)


def change(kind: str, text: str = "", severity: str = "warning", **facts: object) -> Change:
    made = Change(
        ChangeKind(kind),
        Severity(severity),
        at("192.0.2.7"),
        name="nas.example",
        label="Big NAS [hall]",
        mac=MAC,
        vendor="Synology",
        key=key(text) if text else None,
    )
    return replace(made, **facts)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("192.0.2.7", True),
        ("192.0.2.0/24", True),
        ("192.0.2.1-9", True),
        ("192.0.2.8", False),
        ("198.51.100.0/24", False),
        ("2001:db8::/120", False),
        (MAC, True),
        (MAC.lower(), True),
        (MAC.replace(":", "-"), True),
        ("00:11:32:00:00:02", False),
        ("00:11:32:*", True),
        ("nas", True),
        ("NAS", True),
        ("nas.example", True),
        ("na", False),
        ("na*", True),
        ("n?s", True),
        ("synology", True),
        ("syn*", True),
        ("big nas [hall]", True),
        ("big nas [h]", False),
        ("*", True),
    ],
)
def test_a_match_is_an_address_a_range_a_mac_or_a_pattern(match: str, expected: bool) -> None:
    assert fits(rule(match), change("host-gone")) is expected


@pytest.mark.parametrize("written", ["", "   ", "x" * 101, "192.0.2", "192.0.2.0/40", "fe80::/200"])
def test_a_match_that_can_match_nothing_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Match.parse(written)


@pytest.mark.parametrize(
    ("written", "kind", "text", "expected"),
    [
        ("nas", "port-opened", "80", True),
        ("nas", "host-gone", "", True),
        ("nas 80/tcp", "port-opened", "80", True),
        ("nas 80/tcp", "port-closed", "80", True),
        ("nas 80/tcp", "service-changed", "80", True),
        ("nas 80/tcp", "flapping", "80", True),
        ("nas 80/tcp", "port-opened", "80/udp", False),
        ("nas 80/tcp", "port-opened", "81", False),
        ("nas 80/tcp", "host-gone", "", False),
        ("nas 80/tcp", "host-new", "", False),
        ("router", "port-opened", "80", False),
    ],
)
def test_a_rule_with_a_port_is_about_that_port(
    written: str, kind: str, text: str, expected: bool
) -> None:
    assert fits(rule(written), change(kind, text)) is expected


@pytest.mark.parametrize(
    ("written", "kind", "text", "was", "expected"),
    [
        ("nas", "host-gone", "", "", True),
        ("nas", "host-back", "", "", True),
        ("nas", "flapping", "", "", True),
        ("nas", "host-new", "", "", False),
        ("nas", "host-moved", "", "192.0.2.1", False),
        ("nas", "mac-changed", "", MAC, False),
        ("nas", "port-closed", "80", "", False),
        ("nas", "flapping", "80", "", False),
        ("nas 80/tcp", "port-closed", "80", "", True),
        ("nas 80/tcp", "flapping", "80", "", True),
        ("nas 80/tcp", "port-opened", "80", "closed", True),
        ("nas 80/tcp", "port-opened", "80", "", False),
        ("nas 80/tcp", "service-changed", "80", "nginx", False),
        ("nas 80/tcp", "host-gone", "", "", False),
        ("nas 80/tcp", "port-closed", "81", "", False),
    ],
)
def test_gone_only_is_about_going_and_coming_back(
    written: str, kind: str, text: str, was: str, expected: bool
) -> None:
    assert fits(rule(written, gone_only=True), change(kind, text, was=was)) is expected


@pytest.mark.parametrize(
    ("written", "severity", "hidden"),
    [
        ("nas", "info", True),
        ("nas", "warning", True),
        ("nas", "critical", False),
        ("192.0.2.0/24", "critical", False),
        ("nas 23/tcp", "critical", True),
        ("192.0.2.0/24 23/tcp", "critical", True),
    ],
)
def test_a_critical_change_breaks_through_all_but_a_rule_that_names_its_port(
    written: str, severity: str, hidden: bool
) -> None:
    one = change("port-opened", "23", severity)
    applied = apply_rules([one], [rule(written)], NOW)
    assert (applied.told == ()) is hidden
    assert [c for c, _ in applied.hidden] == ([one] if hidden else [])
    assert [(r.hidden, r.used_at) for r in applied.used] == ([(1, NOW)] if hidden else [])


def test_a_critical_change_finds_the_rule_that_names_its_port_behind_another() -> None:
    rules = [rule("nas", number=1), rule("nas 23/tcp", number=2)]
    applied = apply_rules([change("port-opened", "23", "critical")], rules, NOW)
    assert [r.id for _, r in applied.hidden] == [2]


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_announced_is_told_though_it_is_ignored(turned: bool) -> None:
    rules = [rule("nas", number=1), rule("nas 80/tcp", "expect", 2, reason="CHG1", until=night(9))]
    applied = apply_rules(
        [change("port-opened", "80", "critical")], rules[::-1] if turned else rules, NOW
    )
    (one,) = applied.told
    assert (one.severity, one.planned) == (Severity.INFO, "CHG1, alice")
    assert [(r.id, r.hidden, r.used_at) for r in applied.used] == [(2, 0, NOW)]


@pytest.mark.parametrize(("ports", "planned"), [(["80", "22"], True), (["22"], False), ([], False)])
def test_a_new_host_with_the_announced_port_is_announced(ports: list[str], planned: bool) -> None:
    new = change("host-new", ports=tuple(map(port, ports)))
    (one,) = apply_rules([new], [rule("nas 80/tcp", "expect")], NOW).told
    assert bool(one.planned) is planned
    # An ignored port does not hide the host that has it.
    assert apply_rules([new], [rule("nas 80/tcp")], NOW).told == (new,)


@pytest.mark.parametrize(
    ("until", "stands"), [(None, True), (night(6), True), (night(5), False), (night(4), False)]
)
@pytest.mark.parametrize("changes", [[], [change("host-gone")]], ids=["quiet-night", "a-change"])
def test_a_rule_whose_time_is_up_ends_with_or_without_a_change(until, stands, changes) -> None:
    one = rule("nas", until=until)
    applied = apply_rules(changes, [one], NOW)
    assert applied.over == (() if stands else (one,))
    assert bool(applied.told) is (bool(changes) and not stands)
    assert bool(applied.used) is (bool(changes) and stands)


def test_a_rule_counts_all_that_it_keeps_quiet() -> None:
    three = [change("port-opened", text) for text in ("80", "81", "82")]
    (used,) = apply_rules(three, [rule("nas", hidden=4)], NOW).used
    assert used.hidden == 7


def test_a_change_that_nothing_fits_is_told_as_it_is() -> None:
    one = change("port-closed", "80", state=PortState.CLOSED)
    applied = apply_rules([one], [rule("router"), rule("router", "expect", 2)], NOW)
    assert applied.told == (one,)
    assert applied.used == applied.over == ()
