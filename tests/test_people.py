"""What people say of changes, with the real program: accept, ignore, expect, and their names."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.conftest import Program
from tests.nights import QUIET, Nights, host, hosts, short_id, told
from tests.scan_files import FAILED_ENDING


@pytest.fixture
def nights(program: Program) -> Nights:
    """A network that is known: twelve hosts with SSH."""
    known = Nights(program)
    known.text(0, *hosts())
    return known


def ledger(nights: Nights) -> set[str]:
    return {f"{address} {port}".strip() for address, port in nights.rows(LEDGER)}


LEDGER = "SELECT address, port FROM ledger"
THREE = {"n1": host(1, "22", "80"), "n2": host(2, "22", "443"), "n40": host(40, "22")}
"""Two ports that opened and a new host."""


# --- accept


def test_the_command_that_the_message_offers_takes_all_it_names(nights: Nights) -> None:
    message = nights.text(1, *hosts(**THREE))
    (line,) = (line for line in message.splitlines() if line.startswith("Expected? "))
    assert ledger(nights) == {"192.0.2.1 80/tcp", "192.0.2.2 443/tcp", "192.0.2.40"}

    said = nights.done(*line.split()[2:])

    assert said.count(": accepted\n") == 3
    assert ledger(nights) == set()
    assert "STILL OPEN" not in nights.text(2, *hosts(**THREE, n3=host(3, "22", "80")))


def test_one_id_takes_one_change(nights: Nights) -> None:
    message = nights.text(1, *hosts(**THREE))

    nights.done("accept", short_id(message, "192.0.2.2: 443/tcp").upper())

    assert ledger(nights) == {"192.0.2.1 80/tcp", "192.0.2.40"}


def test_who_accepts_why_and_when_is_kept(nights: Nights) -> None:
    message = nights.text(1, *hosts(**THREE))
    one, other = short_id(message, "192.0.2.1: 80/tcp"), short_id(message, "443/tcp")

    nights.done("accept", one, "--reason", "CHG\x1b[1m7", SUDO_USER="alice")
    nights.done("accept", other, LOGNAME="bob")

    rows = nights.rows("SELECT author, reason, accepted_at FROM acceptances ORDER BY accepted_at")
    assert [row[:2] for row in rows] == [("alice", "CHG[1m7"), ("bob", "")]
    said_at = datetime.fromisoformat(rows[0][2])
    assert abs(datetime.now(UTC) - said_at) < timedelta(minutes=1)


def test_a_groups_id_takes_all_its_changes(nights: Nights) -> None:
    opened = {f"n{number}": host(number, "22", "80") for number in range(1, 7)}
    message = nights.text(1, *hosts(**opened, n7=host(7, "22", "443")))
    assert len(ledger(nights)) == 7

    said = nights.done("accept", short_id(message, "80/tcp opened on 6 hosts"))

    assert said.endswith(": 6 changes accepted\n")
    assert ledger(nights) == {"192.0.2.7 443/tcp"}


@pytest.mark.parametrize("written", ["2", "run:2"])
def test_a_run_is_all_that_it_told(nights: Nights, written: str) -> None:
    nights.text(1, *hosts(**THREE))
    nights.text(2, *hosts(**THREE, n3=host(3, "22", "80")))

    said = nights.done("accept", written)

    assert said == f"{written}: 3 changes accepted\n"
    assert ledger(nights) == {"192.0.2.3 80/tcp"}


WRONG = {
    "unknown": ("ffffffff", "ffffffff: no change was told under this id"),
    "too short": ("0", "0: run 0 told nothing"),
    "no id": ("[c21d]", "[c21d]: no change was told"),
    "a run that told nothing": ("1", "1: run 1 told nothing"),
    "a run that never was": ("run:99", "run:99: run 99 told nothing"),
    "a link": ("http://x", "http://x: no change was told"),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_id_and_none_is_accepted(nights: Nights, case: str) -> None:
    word, complaint = WRONG[case]
    message = nights.text(1, *hosts(**THREE))

    error = nights.refused("accept", short_id(message, "443/tcp"), word)

    assert complaint in error
    assert len(ledger(nights)) == 3
    assert nights.rows("SELECT count(*) FROM acceptances") == [(0,)]


def test_a_beginning_that_two_changes_share_is_ambiguous(nights: Nights) -> None:
    """With so many changes some share three digits; the message shows as many as it takes."""
    many = {f"n{n}": host(n, "22", *map(str, range(100 + n, 115 + n))) for n in range(1, 13)}
    report = nights.report(1, *hosts(**many))
    ids = sorted(change["id"] for change in report["changes"])
    assert len(ids) == 180
    shared = next(one[:3] for one, other in pairwise(ids) if one[:3] == other[:3])

    error = nights.refused("accept", shared)

    assert f"{shared}: means more than one: " in error
    assert nights.done("accept", ids[0]) == f"{ids[0]}: accepted\n"


def test_what_is_accepted_until_a_day_comes_back_if_it_is_still_so(nights: Nights) -> None:
    message = nights.text(1, *hosts(**THREE))
    until = ("--until", nights.day(5), "--reason", "trial")
    for headline in ("192.0.2.1: 80/tcp", "192.0.2.2: 443/tcp"):
        nights.done("accept", short_id(message, headline), *until, SUDO_USER="alice")
    nights.done("accept", short_id(message, "new device"))
    nights.text(2, *hosts(**{**THREE, "n2": QUIET[2]}))
    nights.text(3, *hosts(**{**THREE, "n2": QUIET[2]}))
    assert nights.text(5, *hosts(**{**THREE, "n2": QUIET[2]})) == ""
    assert ledger(nights) == set()

    message = nights.text(6, *hosts(**{**THREE, "n2": QUIET[2]}))

    assert f"NOTES\n  Accepted until {nights.said(5)}, still so" in message
    assert "still so: 192.0.2.1: 80/tcp (trial, alice)" in " ".join(message.split())
    assert "443/tcp" not in message, "it was undone"
    assert ledger(nights) == {"192.0.2.1 80/tcp"}
    assert "STILL OPEN\n  192.0.2.1: 80/tcp" in message
    assert "Accepted" not in nights.text(7, *hosts(**{**THREE, "n2": QUIET[2]}))


def test_the_latest_word_counts(nights: Nights) -> None:
    """Accepted for a week, and then for good: the week's end is no news."""
    message = nights.text(1, *hosts(**THREE))
    word = short_id(message, "443/tcp")
    nights.done("accept", word, "--until", nights.day(3))
    nights.done("accept", "run:2")

    assert nights.text(4, *hosts(**THREE)) == ""
    assert ledger(nights) == set()


def test_what_was_only_for_information_is_no_open_matter_later(nights: Nights) -> None:
    nights.done("expect", "192.0.2.1 80/tcp", "--until", nights.day(2))
    message = nights.text(1, *hosts(n1=host(1, "22", "80")))
    nights.done("accept", short_id(message, "80/tcp"), "--until", nights.day(3))

    message = nights.text(4, *hosts(n1=host(1, "22", "80")))

    assert "still so: 192.0.2.1: 80/tcp" in " ".join(message.split())
    assert ledger(nights) == set()


def test_many_acceptances_that_end_at_once_leave_room_for_the_news(nights: Nights) -> None:
    many = {f"n{n}": host(n, "22", *map(str, range(100 + n, 115 + n))) for n in range(1, 13)}
    nights.text(1, *hosts(**many))
    nights.done("accept", "run:2", "--until", nights.day(2))

    message = nights.text(3, *hosts(**many, n50=host(50, "23")))

    assert "CRITICAL\n! new device 192.0.2.50" in message
    assert "Accepted until" in message
    assert len(message.splitlines()) < 60, message


def test_an_accepted_held_range_is_told_by_the_next_run(nights: Nights) -> None:
    silent = {f"n{number}": "" for number in range(3, 13)}
    message = nights.text(1, *hosts(**silent))
    assert "PROBLEM: 192.0.2.0/24: 10 of 12 hosts silent" in message
    assert "held" in nights.text(2, *hosts(**silent))

    said = nights.done("accept", short_id(message, "hosts silent"))

    assert "is not held any more" in said
    report = nights.report(3, *hosts(**silent))
    assert report["problems"] == []
    assert report["counts"] == {"host-gone": 10}


def test_what_is_undone_and_happens_again_is_told_again(nights: Nights) -> None:
    nights.text(1, *hosts(n1=host(1, "22", "80")))
    nights.done("accept", "run:2")
    closed = host(1, "22", '<port protocol="tcp" portid="80"><state state="closed"/></port>')
    nights.text(2, *hosts(n1=closed))

    message = nights.text(3, *hosts(n1=host(1, "22", "80")))

    assert "80/tcp opened" in message
    assert "2nd time in 30 days" in message
    assert ledger(nights) == {"192.0.2.1 80/tcp"}


@pytest.mark.parametrize("until", ["tomorrow", "2020-01-01", "2026-13-01", "9999-12-31"])
def test_a_day_that_is_none_or_over_is_refused(nights: Nights, until: str) -> None:
    for command in (("accept", "abc"), ("ignore", "add", "x"), ("expect", "x")):
        assert f"--until {until}" in nights.refused(*command, "--until", until)


# --- ignore

OPENED = host(5, "22", "80", mac="00:00:5E:00:53:05", names=("tv.home.example",))
WITH_MAC = host(5, "22", mac="00:00:5E:00:53:05", names=("tv.home.example",))
MATCHES = {
    "address": "192.0.2.5",
    "octet range": "192.0.2.5-6",
    "block": "192.0.2.4/31",
    "MAC": "00-00-5e-00-53-05",
    "MAC pattern": "00:00:5E:*",
    "vendor pattern": "ac?e*",
    "name": "TV",
    "name with its domain": "tv.home.*",
}


@pytest.mark.parametrize("case", MATCHES)
def test_what_is_ignored_is_settled_but_not_told(nights: Nights, case: str) -> None:
    nights.text(1, *hosts(n5=WITH_MAC))
    said = nights.done("ignore", "add", MATCHES[case])
    assert said.startswith(f"ignore 1: {MATCHES[case]}, fits ")

    report = nights.report(2, *hosts(n5=OPENED, n6=host(6, "22", "80")))

    wider = case == "octet range"
    assert told(report) == ([] if wider else ["port-opened 192.0.2.6 80/tcp"])
    assert ledger(nights) == (set() if wider else {"192.0.2.6 80/tcp"})
    nights.done("ignore", "remove", "1")
    assert nights.text(3, *hosts(n5=OPENED, n6=host(6, "22", "80"))) == "", "known now"


def test_a_rule_with_a_port_is_about_that_port(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.0/24", "80/tcp")

    report = nights.report(1, *hosts(n1=host(1, "22", "80", "81"), n40=host(40, "80")))

    assert told(report) == ["host-new 192.0.2.40", "port-opened 192.0.2.1 81/tcp"]


def test_a_critical_change_breaks_through_unless_its_port_is_named(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.0/24")
    nights.done("ignore", "add", "192.0.2.2 23/tcp")

    report = nights.report(
        1, *hosts(n1=host(1, "22", "23", "80"), n2=host(2, "22", "23"), n40=host(40, "22"))
    )

    assert told(report) == ["port-opened 192.0.2.1 23/tcp"]


def test_a_sleepers_going_and_coming_is_kept_quiet_and_nothing_else(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.9", "--gone-only", "--reason", "a laptop")
    away = hosts(n9="")
    assert [nights.text(night, *away) for night in range(1, 5)] == [""] * 4
    assert nights.text(5, *hosts()) == ""

    assert told(nights.report(6, *hosts(n9=host(9, "22", "80")))) == [
        "port-opened 192.0.2.9 80/tcp"
    ]
    (line,) = nights.done("ignore", "list").splitlines()
    assert "(its going and coming)" in line
    assert "kept 2 quiet" in line, line


def test_sleepers_do_not_make_a_range_look_broken(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.3-12", "--gone-only")
    for night in (1, 2, 3):
        report = nights.report(night, *hosts(**{f"n{n}": "" for n in range(3, 13)}))
        assert (report["problems"], report["changes"]) == ([], [])


def test_the_end_of_a_rule_is_a_message_of_its_own(nights: Nights) -> None:
    until = ("--until", nights.day(2), "--reason", "new firewall")
    nights.done("ignore", "add", "192.0.2.1", *until, SUDO_USER="alice")
    assert nights.text(1, *hosts(n1=host(1, "22", "80"))) == ""
    assert nights.text(2, *hosts(n1=host(1, "22", "80"))) == ""

    message = nights.text(3, *hosts(n1=host(1, "22", "80", "81")))

    assert "81/tcp opened" in message
    words = " ".join(message.split())
    assert f"NOTES Ignored until {nights.said(2)}, and no longer: " in words
    assert "192.0.2.1 (new firewall, alice); it kept 1 change quiet" in words
    assert nights.done("ignore", "list") == ""
    assert "no longer" not in nights.text(4, *hosts(n1=host(1, "22", "80", "81", "82")))


def test_the_end_of_a_rule_is_told_on_a_quiet_night_too(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.1", "--until", nights.day(1))
    message = nights.text(2, *hosts())
    assert message.startswith("Subject: lan: no changes, 1 note · ")
    assert "and no longer" in message
    assert nights.text(3, *hosts()) == ""


def test_the_list_says_who_why_until_when_and_how_much(nights: Nights) -> None:
    options = ("--reason", "lab; don't", "--until", nights.day(9))
    nights.done("ignore", "add", "192.0.2.0/28 80/tcp", *options, SUDO_USER="alice")
    nights.done("ignore", "add", "never*", SUDO_USER="bob")
    nights.text(1, *hosts(n1=host(1, "22", "80"), n2=host(2, "22", "80")))

    one, other = nights.done("ignore", "list").splitlines()
    first, second = json.loads(nights.done("ignore", "list", "--json"))

    today = datetime.now(UTC).date().isoformat()
    assert one == (
        f"ignore 1: 192.0.2.0/28 80/tcp (everything); lab; don't, alice, {today}, "
        f"until {nights.day(9)}; kept 2 quiet, last {nights.day(1)}"
    )
    assert other == f"ignore 2: never* (everything); bob, {today}; never fitted yet"
    assert (first["match"], first["port"], first["hidden"]) == ("192.0.2.0/28", "80/tcp", 2)
    assert (first["author"], first["reason"]) == ("alice", "lab; don't")
    assert (second["used_at"], second["until"], second["reason"]) == (None, None, None)


def test_remove_takes_several_numbers_or_none(nights: Nights) -> None:
    for match in ("one*", "two*", "three*"):
        nights.done("ignore", "add", match)

    assert "7: there is no such ignore rule" in nights.refused("ignore", "remove", "1", "7")
    assert len(nights.done("ignore", "list").splitlines()) == 3

    done = json.loads(nights.done("--json", "ignore", "remove", "1", "3"))
    assert done == {"done": ["ignore 1: removed", "ignore 3: removed"]}
    assert nights.done("ignore", "list").startswith("ignore 2: two*")
    nights.refused("ignore", "remove", "1")


@pytest.mark.parametrize(
    "match", ["", " ", "x" * 101, "192.0.2.300", "192.0.2.0/33", "1:2:3::/129"]
)
def test_a_match_that_can_match_nothing_is_refused(nights: Nights, match: str) -> None:
    nights.refused("ignore", "add", match)
    nights.refused("ignore", "add", "x", "99999/tcp")
    assert nights.rows("SELECT count(*) FROM rules") == [(0,)]


# --- expect


def test_a_planned_change_is_told_as_planned_and_waits_for_nobody(nights: Nights) -> None:
    options = ("--until", nights.day(3), "--reason", "CHG123")
    nights.done("expect", "192.0.2.7 23/tcp", *options, SUDO_USER="alice")

    message = nights.text(1, *hosts(n7=host(7, "22", "23")))

    assert "FOR INFORMATION\n+ 192.0.2.7: 23/tcp" in message
    assert "as planned: CHG123, alice" in message
    assert "CRITICAL" not in message
    assert "Expected?" not in message
    assert ledger(nights) == set()
    assert nights.text(4, *hosts(n7=host(7, "22", "23"))) == "", "it came: its end is no news"


def test_a_planned_change_that_did_not_come_is_told(nights: Nights) -> None:
    options = ("--until", nights.day(2), "--reason", "CHG124")
    nights.done("expect", "192.0.2.7", "443/tcp", *options, SUDO_USER="alice")
    assert nights.text(2, *hosts()) == ""

    message = nights.text(3, *hosts())

    words = " ".join(message.split())
    missing = f"Planned but missing: 192.0.2.7 443/tcp was to come by {nights.said(2)}"
    assert missing in words
    assert "(CHG124, alice)" in words
    assert nights.text(4, *hosts()) == ""


def test_what_is_done_on_the_last_day_is_planned_in_the_night_after_it(nights: Nights) -> None:
    nights.done("expect", "192.0.2.7 23/tcp", "--until", nights.day(2), "--reason", "CHG125")
    assert nights.text(2, *hosts()) == ""

    message = nights.text(3, *hosts(n7=host(7, "22", "23")))

    assert "as planned: CHG125" in message
    assert "CRITICAL" not in message
    assert "missing" not in message
    assert "CRITICAL" in nights.text(4, *hosts(n7=host(7, "22", "23"), n8=host(8, "22", "23")))


def test_a_scan_that_failed_does_not_say_that_anything_is_missing(nights: Nights) -> None:
    nights.done("expect", "192.0.2.7 23/tcp", "--until", nights.day(1))
    failed = nights.file(2, ending=FAILED_ENDING)

    result = nights.program.run("ingest", str(failed))

    assert result.returncode == 3
    assert "missing" not in result.stdout
    assert "Planned but missing: 192.0.2.7 23/tcp" in " ".join(nights.text(3, *hosts()).split())


def test_a_new_host_is_planned_if_it_has_the_port(nights: Nights) -> None:
    nights.done("expect", "192.0.2.32/28 443/tcp", "--until", nights.day(3))

    report = nights.report(1, *hosts(n40=host(40, "22", "443"), n41=host(41, "22")))

    planned = {c["address"]: bool(c["planned"]) for c in report["changes"]}
    assert planned == {"192.0.2.40": True, "192.0.2.41": False}


def test_a_planned_day_must_be_named(nights: Nights) -> None:
    result = nights.program.run("expect", "192.0.2.1")
    assert result.returncode == 2
    assert "--until" in result.stderr


# --- check


def test_check_lists_the_rules_that_fitted_nothing(nights: Nights) -> None:
    nights.done("ignore", "add", "192.0.2.1", "--reason", "used", SUDO_USER="alice")
    nights.done("ignore", "add", "printer*", "--reason", "idle", SUDO_USER="alice")
    nights.text(1, *hosts(n1=host(1, "22", "80")))

    # On a machine without a network there is no way to others.
    result = nights.program.run("check", NETWATCH_TARGETS="127.0.0.0/24")

    lines = result.stdout.splitlines()
    (at,) = (n for n, line in enumerate(lines) if "ignore 2: " in line)
    assert "printer* (idle, alice) has not fitted anything yet" in lines[at]
    assert lines[at + 1].endswith("Try: netwatch-notify ignore remove 2")
    assert "ignore 1: " not in result.stdout
    assert result.returncode == 0


def test_check_names_each_wrong_line_of_the_names_file(nights: Nights) -> None:
    names = nights.program.folder / "names.csv"
    names.write_text("192.0.2.1,nas\n192.0.2.999,tv\nnothing\n")

    result = nights.program.run("check", NETWATCH_NAMES_FILE=str(names))

    assert result.returncode == 2
    lines = [line for line in result.stdout.splitlines() if "names file" in line]
    assert all(line.startswith("failed") for line in lines)
    assert "line 2" in "".join(lines)
    assert "line 3" in "".join(lines)


# --- NAMES_FILE


def test_the_names_of_the_names_file_are_what_people_see(nights: Nights) -> None:
    names = nights.program.folder / "names.csv"
    names.write_text(
        "match,name,owner,site\n192.0.2.1,nas,Ann,\n192.0.2.0/24,,,Leeds\n"
        "00:00:5E:00:53:28,kettle,,\n",
        encoding="utf-8",
    )
    known = {"NETWATCH_NAMES_FILE": str(names)}
    scan = hosts(n1=host(1, "22", "23"), n40=host(40, "22", mac="00:00:5E:00:53:28"))

    preview = nights.done("ingest", "--dry-run", str(nights.file(1, *scan)), **known)
    report = nights.report(1, *scan, **known)

    assert "Subject: lan: telnet open on nas, +1" in preview or "open on nas, +1" in preview
    assert "! nas (192.0.2.1): 23/tcp opened" in preview
    assert "owner Ann, Leeds" in preview
    assert "new device kettle (192.0.2.40), Acme" in preview
    facts = {c["address"]: (c["name"], c["owner"], c["site"]) for c in report["changes"]}
    assert facts == {
        "192.0.2.1": ("nas", "Ann", "Leeds"),
        "192.0.2.40": ("kettle", None, "Leeds"),
    }
    assert nights.done("ignore", "add", "kettle", **known).endswith("fits 1 known host\n")
    message = nights.text(2, *hosts(n1=host(1, "22", "23", "80"), n40=scan[-1]), **known)
    assert "nas: 23/tcp since" in message
    assert "new device kettle since" in message


BROKEN = {"missing": None, "latin-1": b"192.0.2.1,b\xfccher\n", "wrong": b"192.0.2.1\nx,y\n"}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_names_file_is_a_problem_and_the_run_goes_on(nights: Nights, case: str) -> None:
    names = nights.program.folder / "names.csv"
    content = BROKEN[case]
    if content is not None:
        names.write_bytes(content)
    known = {"NETWATCH_NAMES_FILE": str(names)}

    message = nights.text(1, *hosts(n1=host(1, "22", "80")), **known)

    assert "PROBLEM: the names file cannot be used" in message
    assert "192.0.2.1: 80/tcp opened" in message
    assert "THE NAMES FILE CANNOT BE USED" in message.splitlines()[0]
    assert "2nd night" in nights.text(2, *hosts(n1=host(1, "22", "80")), **known)
    assert nights.text(3, *hosts(n1=host(1, "22", "80"))) == ""


# --- where there is nothing yet

COMMANDS = [
    ("accept", "abcd"),
    ("ignore", "add", "192.0.2.1"),
    ("ignore", "list"),
    ("ignore", "remove", "1"),
    ("expect", "192.0.2.1", "--until", "9000-01-01"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_without_a_run_there_is_nothing_to_speak_of(
    program: Program, command: tuple[str, ...]
) -> None:
    assert "no run was made yet" in Nights(program).refused(*command)
    assert not program.state.exists()
