"""What each check makes of what it sees; on values alone."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from netwatch_notify.cli.checks import clock, delivery, runs, scanner, state, targets
from netwatch_notify.cli.checks import schedule as schedules
from netwatch_notify.cli.checks.files import User, allows, may
from netwatch_notify.cli.checks.tonight import this_user
from netwatch_notify.cli.finding import bad, good, split_remedy, summary, warning
from netwatch_notify.model.inventory import PastRun
from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.scan import Coverage
from netwatch_notify.model.target import AddressSet, parse_target
from netwatch_notify.scan.privilege import Privilege
from netwatch_notify.scan.routes import DownLink, lost_links
from netwatch_notify.schedule.alive import cron_is_running, timer_is_active
from netwatch_notify.schedule.found import Schedule
from netwatch_notify.store.summaries import RunSummary

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def run(status: str = "done", *, ago: timedelta = DAY, **facts: object) -> RunSummary:
    defaults: dict[str, object] = {
        "id": 12,
        "kind": "run",
        "status": status,
        "started_at": NOW - ago,
        "ended_at": None if status == "running" else NOW - ago + timedelta(minutes=10),
        "fast_seconds": 600.0,
        "detail_seconds": 0.0,
        "hosts_up": 9,
        "changes": {},
        "problems": (),
    }
    return RunSummary(**{**defaults, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([good("a", "")], "will work"),
        ([good("a", ""), warning("b", "")], "will work; 1 warning"),
        ([bad("a", ""), warning("b", ""), warning("c", "")], "will not work: 1 failed, 2 warnings"),
    ],
)
def test_the_last_line_says_what_it_comes_to(findings: list[object], words: str) -> None:
    assert summary(findings) == words  # type: ignore[arg-type]


def test_an_errors_line_is_parted_before_its_remedy() -> None:
    assert split_remedy("a: b; or c; do d") == ("a: b; or c", "do d")
    assert split_remedy("a: b") == ("a: b", "")


# --- Clock


@pytest.mark.parametrize(
    ("now", "latest", "status"),
    [
        (NOW, None, "ok"),
        (NOW, NOW - DAY, "ok"),
        (NOW, NOW + timedelta(minutes=1), "ok"),
        (NOW, NOW + DAY, "failed"),
        (datetime(1970, 1, 1, tzinfo=UTC), None, "failed"),
    ],
)
def test_a_clock_before_what_has_happened_is_wrong(
    now: datetime, latest: datetime | None, status: str
) -> None:
    assert clock.judge(now, latest).status == status


# --- Room


MB = 1 << 20


@pytest.mark.parametrize(
    ("free", "status"),
    [
        (state.Room(1000 * MB, 9999), "ok"),
        (state.Room(1000 * MB, None), "ok"),
        (state.Room(50 * MB, 9999), "warning"),
        (state.Room(5 * MB, 9999), "failed"),
        (state.Room(1000 * MB, 100), "failed"),
    ],
)
def test_room_is_held_against_what_a_run_needs(free: state.Room, status: str) -> None:
    assert state.room("/var", free, state.Room(10 * MB, 200)).status == status


def test_a_run_needs_what_the_last_ones_did_and_the_database(tmp_path: Path) -> None:
    for number, size in ((1, 10), (2, 100), (10, 300)):
        folder = tmp_path / "scans" / str(number)
        folder.mkdir(parents=True)
        (folder / "fast.xml").write_bytes(b"x" * size)
    (tmp_path / "netwatch.db").write_bytes(b"x" * 1000)
    assert state.usual_need(tmp_path, keeps_copy=False).size_bytes == 2 * 100 + 1000
    assert state.usual_need(tmp_path, keeps_copy=True).size_bytes == 2 * 100 + 2000


# --- Targets


def test_a_scan_is_held_against_its_time_limit() -> None:
    """By the longest of the last scans, as many times as there are more addresses now."""
    usual = targets.Usual(256, (run(), run(fast_seconds=1200.0)))
    assert targets.size(256, usual, 7200).status == "ok"
    assert targets.size(1024, usual, 6000).status == "warning"
    assert targets.size(2048, usual, 7200).status == "failed"


def test_before_the_first_run_only_what_never_ends_in_time_is_named() -> None:
    nothing = targets.Usual(0, ())
    assert targets.size(65_536, nothing, 14_400).status == "ok"
    assert targets.size(1 << 21, nothing, 14_400).status == "warning"
    assert targets.size(1 << 24, nothing, 14_400).status == "failed"


def test_where_there_is_a_way_to_all_one_line_says_so() -> None:
    there = [parse_target(f"127.0.{n}.0/24") for n in range(3)]
    (finding,) = targets.ways(there, AddressSet(), ())
    assert (finding.status, finding.text) == ("ok", "there is a way to all 3 targets")


def test_an_interface_that_is_down_is_named_with_its_targets() -> None:
    """Its routes are gone, so the default route takes what was meant for it."""
    down = DownLink("eth1", parse_target("127.0.1.0/24").addresses)
    there = [parse_target(f"127.0.{n}.0/24") for n in range(3)]
    (finding,) = targets.ways(there, AddressSet(), [down])
    assert (finding.status, finding.text) == ("failed", "127.0.1.0/24: the interface eth1 is down")


def test_an_interface_that_is_switched_off_hides_no_other() -> None:
    """Its route is gone; that of one without a cable stays (`linkdown`)."""

    def link(name: str, state: str, *flags: str) -> dict[str, object]:
        info = {"local": "192.168.1.2", "prefixlen": 24}
        return {"ifname": name, "operstate": state, "flags": list(flags), "addr_info": [info]}

    wifi = link("wlan0", "UP", "UP", "LOWER_UP")
    assert lost_links([link("eth0", "DOWN"), wifi]) == ()
    assert [one.name for one in lost_links([link("eth0", "DOWN", "UP", "NO-CARRIER"), wifi])] == [
        "eth0"
    ]
    assert [one.name for one in lost_links([link("eth0", "DOWN")])] == ["eth0"]


def test_of_many_words_three_are_named() -> None:
    assert targets.few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


# --- Privileges


def past(*kinds: str) -> PastRun:
    coverages = [Coverage(AddressSet(), {}, ((PortProtocol.TCP, kind),)) for kind in kinds]
    return PastRun(NOW, tuple(coverages))


@pytest.mark.parametrize(
    ("kinds", "privilege", "arguments", "differs"),
    [
        (["syn"], Privilege.ROOT, ("-T4",), False),
        (["syn"], Privilege.NONE, ("-T4",), True),
        (["connect"], Privilege.AMBIENT, ("-T4",), True),
        (["connect"], Privilege.ROOT, ("-sT",), False),
        (["connect", "syn"], Privilege.FILE, ("-T4",), False),
        ([], Privilege.NONE, ("-T4",), False),
        (["fin"], Privilege.ROOT, ("-sF",), False),
    ],
)
def test_another_kind_of_scan_than_the_last_one_is_noticed(
    kinds: list[str], privilege: Privilege, arguments: tuple[str, ...], differs: bool
) -> None:
    assert bool(scanner.other_kind(past(*kinds), privilege, arguments)) is differs


# --- The last run


@pytest.mark.parametrize(
    ("last", "holder", "status", "words"),
    [
        (run(), None, "ok", "run 12, "),
        (run("partial", problems=("198.51.100.0/24 was not scanned",)), None, "warning",
         "a part of it failed: 198.51.100.0/24"),
        (run("running", ago=timedelta(hours=1)), 4711, "ok", "in progress (pid 4711)"),
        (run("running", ago=2 * DAY), 4711, "warning", "too long"),
        (run("running"), None, "warning", "was ended in the middle"),
        (run("interrupted"), None, "warning", "it was interrupted"),
        (run(kind="ingest"), None, "ok", "scans taken in"),
    ],
)  # fmt: skip
def test_the_last_run_is_told_as_it_ended(
    last: RunSummary, holder: int | None, status: str, words: str
) -> None:
    finding = runs.judge(last, holder, timedelta(hours=9), NOW)
    assert finding.status == status
    assert words in finding.text


def cron(path: Path, **facts: str) -> Schedule:
    defaults = {
        "kind": "cron",
        "path": path,
        "command": "run",
        "user": this_user(),
        "when": "0 3 * * *",
        "program": "/bin/sh",
        "searched": "/usr/bin:/bin",
    }
    return Schedule(**{**defaults, **facts})  # type: ignore[arg-type]


@pytest.fixture
def cron_file(tmp_path: Path) -> Path:
    path = tmp_path / "netwatch"
    path.write_text("")
    old = (NOW - 30 * DAY).timestamp()
    os.utime(path, (old, old))
    return path


def test_the_run_after_the_last_one_is_expected(cron_file: Path) -> None:
    expected = runs.expected_at(cron(cron_file), run(ago=3 * DAY))
    assert expected is not None
    assert NOW - 3 * DAY < expected <= NOW - 2 * DAY
    never = runs.expected_at(cron(cron_file), None)
    assert never is not None
    assert NOW - 30 * DAY < never <= NOW - 29 * DAY


def test_a_schedule_expects_nothing_from_before_it_was_written(cron_file: Path) -> None:
    fresh = (NOW - timedelta(hours=1)).timestamp()
    os.utime(cron_file, (fresh, fresh))
    expected = runs.expected_at(cron(cron_file), run(ago=3 * DAY))
    assert expected is not None
    assert expected > NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("gaps", "usual"),
    [([], None), ([24, 24], None), ([24, 24, 24], 24), ([72, 24, 24, 1], 24), ([24, 25, 24], 24)],
)
def test_how_often_a_run_begins_is_known_after_four(gaps: list[int], usual: int | None) -> None:
    """One that was made by hand, and a night without, change nothing."""
    ages = [timedelta(hours=sum(gaps[:number])) for number in range(len(gaps) + 1)]

    found = runs.usual_gap([run(ago=ago) for ago in ages])

    assert found == (None if usual is None else timedelta(hours=usual))


# --- The schedule


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, None),
        ({"program": "/nonexistent/netwatch-notify"}, "is not there, or cannot be executed"),
        ({"program": "/etc/passwd"}, "is not there, or cannot be executed"),
        ({"user": "no-such-user-here"}, "there is no user no-such-user-here"),
        ({"searched": "/nonexistent"}, "nmap is not on its PATH, /nonexistent"),
        ({"searched": "/nonexistent", "command": "deliver"}, None),
    ],
)
def test_what_keeps_a_schedule_from_starting_is_named(
    tmp_path: Path, cron_file: Path, facts: dict[str, str], words: str | None
) -> None:
    nmap = tmp_path / "nmap"
    nmap.write_text("#!/bin/sh\n")
    nmap.chmod(0o755)
    one = cron(cron_file, **{"searched": str(tmp_path), **facts})
    texts = [finding.text for finding in schedules.obstacles(one, finds_nmap=True)]
    assert len(texts) == bool(words)
    assert (words or "") in "".join(texts)


def test_two_schedules_of_one_network_are_named(cron_file: Path) -> None:
    """Its own and that of all; two times a day are meant."""
    own, every = cron(cron_file), cron(Path("/etc/cron.d/netwatch-all"), command="run --all")
    (found,) = schedules.twice([own, every], Path("/etc/netwatch/lan.env"))
    assert "/etc/cron.d/netwatch-all start this network's run" in found.text
    assert found.remedy.startswith("netwatch-notify --env-file /etc/netwatch/lan.env uninstall")
    assert schedules.twice([own, cron(cron_file, when="0 15 * * *")], cron_file) == []


def test_a_schedule_of_an_env_file_that_is_not_there_is_no_schedule(cron_file: Path) -> None:
    """A slip in a path; where nothing is scheduled at all, something else may start it."""
    slip = schedules.nothing_starts([(cron(cron_file), Path("/etc/netwatch/lam.env"))], "root")
    assert slip.status == "failed"
    assert "/etc/netwatch/lam.env, which is not there" in slip.text
    nothing = schedules.nothing_starts([], "netwatch")
    assert (nothing.status, nothing.remedy) == (
        "warning",
        "netwatch-notify install --user netwatch",
    )


def test_when_it_starts_next_is_said(cron_file: Path) -> None:
    finding = schedules.starts(cron(cron_file), NOW)
    assert finding.status == "ok"
    assert "03:00" in finding.text
    unknown = schedules.starts(cron(cron_file, when="@reboot"), NOW)
    assert unknown.status == "warning"


def test_a_cron_daemon_is_found_among_the_processes(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "comm").write_text("init\n")
    assert not cron_is_running(tmp_path)
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "comm").write_text("cron\n")
    assert cron_is_running(tmp_path)


def test_without_systemd_no_timer_is_active(tmp_path: Path) -> None:
    assert not timer_is_active("netwatch-notify@lan.timer", tmp_path / "none")


@pytest.mark.parametrize("code", [0, 3])
def test_a_timer_is_what_systemctl_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >"$0.called"\nexit {code}\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert timer_is_active("netwatch-notify@lan.timer", tmp_path) is (code == 0)
    called = (tmp_path / "systemctl.called").read_text()
    assert called == "is-active --quiet netwatch-notify@lan.timer\n"


# --- Files and locks


OWNER = User("owner", 1, frozenset())
MEMBER = User("member", 2, frozenset({20}))
OTHER = User("other", 3, frozenset({30}))


@pytest.mark.parametrize(
    ("mode", "user", "allowed"),
    [
        (0o600, OWNER, True),
        (0o600, MEMBER, False),
        (0o640, MEMBER, True),
        (0o640, OTHER, False),
        (0o644, OTHER, True),
        (0o044, OWNER, False),
        (0o604, MEMBER, False),
    ],
)
def test_owner_group_and_others_are_told_apart(mode: int, user: User, allowed: bool) -> None:
    assert allows(mode, user, 1, 20, os.R_OK) is allowed


def test_a_closed_folder_above_closes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o644)
    tmp_path.chmod(0o700)
    assert not may(User("stranger", 4242, frozenset()), path, os.R_OK)
    assert may(User("root", 0, frozenset()), path, os.R_OK)


# --- Destinations


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mailto://user:pa55@mail.example.org", True),
        ("mailtos://user:pa55@mail.example.org", False),
        ("mailto://user:pa55@localhost:2525", False),
        ("mailto://mail.example.org?to=admin@example.org", False),
        ("slack://a/b/c", False),
    ],
)
def test_a_password_that_is_sent_in_clear_is_noticed(url: str, expected: bool) -> None:
    assert delivery.sends_in_clear(url) == expected
