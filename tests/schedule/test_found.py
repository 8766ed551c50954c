"""What is scheduled, found in the files that cron and systemd read, whoever wrote them."""

from datetime import time
from pathlib import Path

import pytest

from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.schedule.cron import cron_path, cron_text
from netwatch_notify.schedule.found import Schedule, find_schedules
from netwatch_notify.schedule.job import Job
from netwatch_notify.schedule.next import daily_time
from netwatch_notify.schedule.systemd import FOLDER, timers, unit_files

DMZ = Path("/etc/netwatch/dmz.env")


def write(root: Path, path: str, text: str) -> None:
    """Write a file of the machine whose file system lies at `root`."""
    there = root / path.lstrip("/")
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text(text, encoding="utf-8")


def found(root: Path, env_file: Path = DEFAULT_ENV_FILE) -> list[tuple[str, str, str, str]]:
    """Return kind, command, user and time of what is found."""
    return [(s.kind, s.command, s.user, s.when) for s in find_schedules(env_file, root)]


def test_what_install_wrote_for_cron_is_found(tmp_path: Path) -> None:
    """Each network's own lines, with the user who they become."""
    for job in (Job(), Job(DMZ, at=time(4, 5), user="netwatch")):
        write(tmp_path, str(cron_path(job)), cron_text(job))

    assert found(tmp_path) == [
        ("cron", "run", "root", "0 3 * * *"),
        ("cron", "deliver", "root", "*/10 * * * *"),
    ]
    assert found(tmp_path, DMZ)[0] == ("cron", "run", "netwatch", "5 4 * * *")


def test_what_install_wrote_for_systemd_is_found_where_it_is_enabled(tmp_path: Path) -> None:
    """The drop-in's time and user count."""
    job = Job(DMZ, at=time(4, 5), user="netwatch")
    for path, text in unit_files(job).items():
        write(tmp_path, str(path), text)
    assert found(tmp_path, DMZ) == []

    for timer in timers(job):
        write(tmp_path, f"{FOLDER}/timers.target.wants/{timer}", "")

    assert sorted(found(tmp_path, DMZ)) == [
        ("systemd", "deliver", "netwatch", "*:0/10"),
        ("systemd", "run", "netwatch", "*-*-* 04:05:00"),
    ]
    assert found(tmp_path) == []


def test_all_networks_are_each_networks_schedule(tmp_path: Path) -> None:
    """`run --all` is found for the env files of its folder, and no other."""
    job = Job(None)
    write(tmp_path, str(cron_path(job)), cron_text(job))

    assert [row[1] for row in found(tmp_path, DMZ)] == ["run --all", "deliver --all"]
    assert found(tmp_path, Path("/home/eve/lan.env")) == []


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("/etc/crontab", "0 3 * * * root netwatch-notify", ("run", "root", "0 3 * * *")),
        ("/etc/crontab", "@daily root /opt/n/bin/netwatch-notify run", ("run", "root", "@daily")),
        (
            "/var/spool/cron/crontabs/eve",
            "15 2 * * 1-5 netwatch-notify run --dry-run >/dev/null",
            ("run", "eve", "15 2 * * 1-5"),
        ),
        (
            "/etc/cron.d/mine",
            "0 3 * * * root netwatch-notify --env-file=/etc/netwatch/netwatch.env -v run",
            ("run", "root", "0 3 * * *"),
        ),
    ],
)
def test_lines_of_other_hands_are_found(
    tmp_path: Path, path: str, line: str, expected: tuple[str, str, str]
) -> None:
    """As people write them, in each of cron's places."""
    write(tmp_path, path, f"SHELL=/bin/sh\nPATH='/usr/bin:/bin'\n\n{line}\n")

    (only,) = find_schedules(DEFAULT_ENV_FILE, tmp_path)

    assert (only.command, only.user, only.when) == expected
    assert only.searched == "/usr/bin:/bin"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/cron.d/netwatch.kept", "0 3 * * * root netwatch-notify run"),
        ("/etc/cron.d/netwatch", "# 0 3 * * * root netwatch-notify run"),
        ("/etc/cron.d/netwatch", "0 3 * * * root netwatch-notify backup /srv/lan.db"),
        ("/etc/cron.d/netwatch", "0 3 * * * root netwatch-notify --env-file /x/y.env run"),
        ("/etc/cron.d/netwatch", "0 3 * * * root echo 'not closed"),
        ("/etc/cron.d/netwatch", "0 3 * * *"),
    ],
)
def test_what_cron_does_not_run_or_is_no_run_is_not_found(
    tmp_path: Path, path: str, line: str
) -> None:
    """A name with a dot, a comment, another command, another network, a broken line."""
    write(tmp_path, path, line + "\n")

    assert find_schedules(DEFAULT_ENV_FILE, tmp_path) == ()


@pytest.mark.parametrize(
    ("kind", "when", "expected"),
    [
        ("cron", "5 4 * * *", time(4, 5)),
        ("cron", "@daily", time(0)),
        ("cron", "*/10 * * * *", None),
        ("cron", "0 3 * * 1-5", None),
        ("cron", "99 3 * * *", None),
        ("systemd", "*-*-* 04:05:00", time(4, 5)),
        ("systemd", "Mon *-*-* 04:05", None),
        ("systemd", "*:0/10", None),
    ],
)
def test_a_daily_time_is_read_back(kind: str, when: str, expected: time | None) -> None:
    """So that a second install keeps it."""
    assert daily_time(Schedule(kind, Path("/x"), "run", "root", when, "/x")) == expected
