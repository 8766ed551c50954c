"""What messages remember from night to night, with the real program: weeks of scan files."""

import re
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.nights import Nights, host, hosts, short_id, told
from tests.scan_files import FAILED_ENDING

OPENED = {"n1": host(1, "22", "80"), "n2": host(2, "22", "443")}
MAC = "00:00:5E:00:53:{:02X}".format


@pytest.fixture
def nights(program: Program) -> Nights:
    """A network that is known: twelve hosts with SSH."""
    known = Nights(program)
    known.text(0, *hosts())
    return known


def block(message: str) -> list[str]:
    """The lines of STILL OPEN."""
    lines = message.splitlines()
    if "STILL OPEN" not in lines:
        return []
    rest = lines[lines.index("STILL OPEN") + 1 :]
    return rest[: rest.index("")]


# --- the ledger


def test_what_waits_rides_along_three_times_and_then_once_a_week(nights: Nights) -> None:
    nights.text(1, *hosts(**OPENED))
    shown = []
    for night in range(2, 22):
        # A planned change is news every night, and enters the ledger itself on none.
        nights.done("expect", f"192.0.2.{100 + night}", "--until", nights.day(night))
        message = nights.text(
            night,
            *hosts(**OPENED, **{f"n{100 + n}": host(100 + n, "22") for n in range(2, night + 1)}),
        )
        assert f"192.0.2.{100 + night}" in message
        lines = block(message)
        if lines:
            assert [line.split(" since ")[0] for line in lines] == [
                "  192.0.2.1: 80/tcp",
                "  192.0.2.2: 443/tcp",
            ]
            shown.append(night)
    assert shown == [2, 3, 4, 11, 18]


def test_the_ledger_never_makes_a_message(nights: Nights) -> None:
    nights.text(1, *hosts(**OPENED))
    assert [nights.text(night, *hosts(**OPENED)) for night in range(2, 7)] == [""] * 5
    assert nights.rows("SELECT count(*) FROM ledger") == [(2,)]


def test_a_quiet_night_that_is_told_all_the_same_shows_it(nights: Nights) -> None:
    nights.text(1, *hosts(**OPENED))
    message = nights.text(2, *hosts(**OPENED), NETWATCH_NOTIFY_ON="always")
    assert "No changes since the last scan." in message
    assert len(block(message)) == 2


def test_more_than_four_are_counted(nights: Nights) -> None:
    opened = {f"n{n}": host(n, "22", str(80 + n)) for n in range(1, 6)}
    nights.text(1, *hosts(**opened))
    message = nights.text(3, *hosts(**opened, n40=host(40, "22")))
    assert block(message) == ["  5, oldest 2 days: netwatch-notify history --open"]
    listed = nights.done("history", "--open").splitlines()
    (line,) = (line for line in listed if "192.0.2.1:" in line)
    nights.done("accept", line[17:].split()[1])
    assert len(nights.done("history", "--open").splitlines()) == len(listed) - 1
    message = nights.text(4, *hosts(**opened, n40=host(40, "22"), n41=host(41, "22")))
    assert block(message) == ["  5, oldest 3 days: netwatch-notify history --open"]


CLOSED = host(1, "22", '<port protocol="tcp" portid="80"><state state="closed"/></port>')


def test_what_is_undone_leaves(nights: Nights) -> None:
    nights.text(1, *hosts(**OPENED))
    message = nights.text(2, *hosts(n1=CLOSED, n2=OPENED["n2"]))
    assert "80/tcp closed" in message
    assert [line.split(" since ")[0] for line in block(message)] == ["  192.0.2.2: 443/tcp"]
    nights.text(3, *hosts(n2=""))
    message = nights.text(4, *hosts(n2=""))
    assert "192.0.2.2: gone" in message
    assert block(message) == []


def test_the_id_in_the_block_is_the_one_that_was_told(nights: Nights) -> None:
    first = nights.text(1, *hosts(**OPENED))
    message = nights.text(2, *hosts(**OPENED, n40=host(40, "22")))
    assert short_id(message, "192.0.2.1: 80/tcp since") == short_id(first, "192.0.2.1: 80/tcp")


# --- all is well


def test_all_well_after_seven_days_and_again_a_week_later(nights: Nights) -> None:
    told_on = {night: nights.text(night, *hosts()) for night in range(1, 16)}
    assert [night for night, text in told_on.items() if text] == [7, 14]
    assert re.search(r"All well: no change since \w+ \d+ \w+\.", told_on[7])
    assert "256 addresses" in told_on[7]


def test_all_well_counts_from_the_last_message(nights: Nights) -> None:
    for night in range(1, 5):
        nights.text(night, *hosts())
    assert nights.text(5, *hosts(**OPENED))
    assert [nights.text(night, *hosts(**OPENED)) for night in range(6, 12)] == [""] * 6
    message = nights.text(12, *hosts(**OPENED))
    assert "All well" in message
    assert len(block(message)) == 2


def test_all_well_is_never_said_where_nobody_wants_it(nights: Nights) -> None:
    for night in range(1, 16, 2):
        assert nights.text(night, *hosts(), NETWATCH_ALL_WELL="never") == ""


def test_all_is_not_well_where_the_scan_failed(nights: Nights) -> None:
    path = nights.file(8, *hosts(), ending=FAILED_ENDING)
    result = nights.program.run("ingest", str(path))
    assert result.returncode == 3
    assert "All well" not in result.stdout
    assert "PROBLEM" in result.stdout


# --- memory


def test_the_same_again_within_thirty_days_is_counted(nights: Nights) -> None:
    assert "time in 30 days" not in nights.text(1, *hosts(n1=OPENED["n1"]))
    nights.text(2, *hosts(n1=CLOSED))
    message = nights.text(30, *hosts(n1=OPENED["n1"]))
    assert "80/tcp opened" in message
    assert "2nd time in 30 days" in message


def test_what_was_long_ago_is_not_counted(nights: Nights) -> None:
    nights.text(1, *hosts(n1=OPENED["n1"]))
    nights.text(2, *hosts(n1=CLOSED))
    report = nights.report(32, *hosts(n1=OPENED["n1"]))
    assert [change["times"] for change in report["changes"]] == [1]


def test_back_says_after_how_many_days(nights: Nights) -> None:
    for night in (1, 2, 3, 4):
        nights.text(night, *hosts(n3=""))
    message = nights.text(12, *hosts())
    assert "192.0.2.3: back\n  back after 12 days" in message
    assert "first seen" in message


# --- groups


def test_the_same_on_many_hosts_is_one_line_with_one_id(nights: Nights) -> None:
    opened = {f"n{n}": host(n, "22", "80") for n in range(1, 7)}
    preview = nights.done("ingest", "--dry-run", str(nights.file(1, *hosts(**opened))))
    report = nights.report(1, *hosts(**opened))
    (group,) = {change["group"] for change in report["changes"]}
    assert len(report["changes"]) == 6
    shown = short_id(preview, "+ 80/tcp opened on 6 hosts in 192.0.2.0/29")
    assert group.startswith(shown)
    assert re.findall(r"\[[0-9a-f]+\]", preview) == [f"[{shown}]"]
    assert f"accept {shown}\n" in preview
    assert "192.0.2.6" in nights.done("show", "2")


def test_many_ports_of_one_host_are_one_line(nights: Nights) -> None:
    many = host(1, "22", *map(str, range(100, 125)))
    report = nights.report(1, *hosts(n1=many, n2=host(2, "22", "80")))
    groups = [change["group"] for change in report["changes"]]
    assert len(groups) == 26
    assert len(set(groups)) == 2
    assert groups.count(None) == 1


# --- where addresses are handed out

DYNAMIC = {"NETWATCH_DYNAMIC": "192.0.2.128/25"}


def lease(number: int, device: int, *ports: str) -> str:
    return host(number, *(ports or ("22",)), mac=MAC(device))


def test_a_known_device_at_another_address_is_no_news(nights: Nights) -> None:
    nights.report(1, *hosts(n130=lease(130, 1), n131=lease(131, 2)), **DYNAMIC)
    nights.report(2, *hosts(n140=lease(140, 1), n131=lease(131, 2)), **DYNAMIC)
    report = nights.report(3, *hosts(n131=lease(131, 1), n150=lease(150, 2)), **DYNAMIC)
    assert (told(report), report["problems"]) == ([], [])
    report = nights.report(4, *hosts(n131=lease(131, 1, "22", "80"), n150=lease(150, 2)), **DYNAMIC)
    assert told(report) == ["port-opened 192.0.2.131 80/tcp"]


def test_another_device_at_a_known_address_is_a_new_device(nights: Nights) -> None:
    nights.report(1, *hosts(n130=lease(130, 1)), **DYNAMIC)
    report = nights.report(2, *hosts(n130=lease(130, 9)), **DYNAMIC)
    assert told(report) == ["host-new 192.0.2.130"]
    report = nights.report(3, *hosts(n130=lease(130, 9)), **DYNAMIC)
    assert told(report) == ["host-gone 192.0.2.130"]
    assert report["changes"][0]["mac"] == MAC(1)
    report = nights.report(8, *hosts(n130=lease(130, 9), n160=lease(160, 1)), **DYNAMIC)
    assert told(report) == ["host-back 192.0.2.160"]


def test_outside_of_it_a_move_and_another_mac_are_told(nights: Nights) -> None:
    nights.report(1, *hosts(n30=lease(30, 1), n31=lease(31, 2)), **DYNAMIC)
    report = nights.report(2, *hosts(n40=lease(40, 1), n31=lease(31, 3)), **DYNAMIC)
    assert told(report) == ["mac-changed 192.0.2.31", "host-moved 192.0.2.40"]


def test_what_waits_follows_a_device_to_its_new_address(nights: Nights) -> None:
    nights.text(1, *hosts(n130=lease(130, 1)), **DYNAMIC)
    nights.text(2, *hosts(n130=lease(130, 1, "22", "80")), **DYNAMIC)
    moved = lease(140, 1, "22", "80")
    message = nights.text(3, *hosts(n140=moved, n1=host(1, "22", "80")), **DYNAMIC)
    assert "80/tcp since" in "\n".join(block(message))
    addresses = {row[0] for row in nights.rows("SELECT address FROM ledger WHERE port <> ''")}
    assert addresses == {"192.0.2.140", "192.0.2.1"}
    refused = host(
        140, "22", '<port protocol="tcp" portid="80"><state state="closed"/></port>', mac=MAC(1)
    )
    message = nights.text(4, *hosts(n140=refused, n1=host(1, "22", "80")), **DYNAMIC)
    assert "80/tcp closed" in message
    assert ("192.0.2.140",) not in nights.rows("SELECT address FROM ledger WHERE port <> ''")


# --- previews


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder, with its bytes."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_a_preview_is_the_runs_very_message_and_writes_nothing(nights: Nights) -> None:
    nights.text(1, *hosts(**OPENED))
    nights.done("ignore", "add", "192.0.2.3", "--until", nights.day(1))
    nights.done("accept", "run:2", "--until", nights.day(1))
    scan = hosts(**OPENED, n4=host(4, "22", "23"), n40=host(40, "443"))
    path = str(nights.file(3, *scan))
    before = tree(nights.program.state)

    previews = [nights.done("ingest", "--dry-run", path) for _ in range(2)]
    report = nights.done("--json", "ingest", path, "--dry-run")

    assert tree(nights.program.state) == before
    assert previews[0].partition("To: ")[2] == previews[1].partition("To: ")[2]
    message = nights.text(3, *scan)
    body = message.split("\n\n", 1)[1]
    assert body.strip() in previews[0]
    assert message.splitlines()[0] in previews[0]
    for headline in ("Ignored until", "Accepted until", "STILL OPEN", "CRITICAL"):
        assert headline in message
    assert '"id": null' in report


def test_a_preview_before_the_first_run_makes_nothing(program: Program) -> None:
    nights = Nights(program)
    preview = nights.done("ingest", "--dry-run", str(nights.file(0, *hosts())))
    assert "FIRST SCAN" in preview
    assert not program.state.exists()
