"""The cron file: what cron would stumble over is not in it."""

import grp
import pwd
import re
from datetime import time
from pathlib import Path

import pytest

from netwatch_notify.cli.main import cli
from netwatch_notify.errors import UsageError
from netwatch_notify.schedule.cron import cron_path, cron_text
from netwatch_notify.schedule.job import Job, check_job
from netwatch_notify.schedule.privilege import as_user

SHIPPED = Path(__file__).parents[2] / "contrib" / "cron.d" / "netwatch"
DMZ = Job(Path("/etc/netwatch/dmz.env"), at=time(4, 5), user="netwatch")
ALL = Job(None, together=True)
JOBS = pytest.mark.parametrize("job", [Job(), DMZ, ALL], ids=["defaults", "dmz", "all"])


def lines_of(text: str) -> list[str]:
    """Return what is no comment."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_file_shipped_is_what_install_writes() -> None:
    """contrib/cron.d/netwatch is the file for the defaults."""
    assert SHIPPED.read_text(encoding="ascii") == cron_text(Job())
    assert cron_path(Job()) == Path("/etc/cron.d/netwatch")


@JOBS
def test_cron_reads_the_file(job: Job) -> None:
    """cron skips names with a dot and a last line without newline, and ends commands at `%`."""
    text = cron_text(job)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", cron_path(job).name)
    assert text.endswith("\n")
    assert "%" not in text
    assert text.isascii()


@JOBS
def test_path_and_mailto_stand_before_the_jobs(job: Job) -> None:
    """cron's own PATH is /usr/bin:/bin, and it applies a variable to the lines below it only."""
    variables, jobs = lines_of(cron_text(job))[:-2], lines_of(cron_text(job))[-2:]
    values = dict(line.split("=", 1) for line in variables)

    assert set(values) == {"SHELL", "PATH", "MAILTO"}
    assert {"/usr/local/bin", "/usr/bin", "/usr/sbin"} <= set(values["PATH"].split(":"))
    assert not any(re.match(r"[A-Z]+=", line) for line in jobs)


@JOBS
def test_each_job_has_a_user_and_an_absolute_command_that_there_is(job: Job) -> None:
    """Files in cron.d have a user field; the command is one of the command line's own."""
    for line in lines_of(cron_text(job))[-2:]:
        _, user, command = re.split(r"(?<=\*) (root) ", line)
        words = command.split()

        assert user == "root"
        assert words[0].startswith("/")
        assert set(words) & set(cli.commands) in ({"run"}, {"deliver"})


def test_the_scan_is_once_a_day_and_the_delivery_every_ten_minutes() -> None:
    """The time is the one that was asked for."""
    scan, delivery = lines_of(cron_text(DMZ))[-2:]

    assert scan.startswith("5 4 * * * root ")
    assert scan.endswith(" --env-file /etc/netwatch/dmz.env run --spread 5")
    assert delivery.startswith("*/10 * * * * root ")
    assert delivery.endswith(" --env-file /etc/netwatch/dmz.env deliver")


def test_another_user_gets_raw_sockets_and_nothing_else_of_roots() -> None:
    """The line says so in setpriv's words."""
    words = lines_of(cron_text(DMZ))[-2].split()

    assert words[6] == "/usr/bin/setpriv"
    assert {"--reuid=netwatch", "--regid=netwatch", "--init-groups", "--no-new-privs"} <= {*words}
    kept = [word.partition("=")[2] for word in words if "caps=" in word or "bounding" in word]
    assert kept == ["-all,+net_raw"] * 3


def test_all_networks_have_one_file_and_one_message() -> None:
    """`--together` is said to the run; a delivery knows it by itself."""
    scan, delivery = lines_of(cron_text(ALL))[-2:]

    assert scan.endswith("/usr/local/bin/netwatch-notify run --all --together --spread 5")
    assert delivery.endswith("/usr/local/bin/netwatch-notify deliver --all")


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/netwatch/my lan.env", "/etc/netwatch/50%.env", "/etc/netwatch/a\nb.env"),
        *("/etc/netwatch/a'b.env", "/etc/netwatch/$X.env", "relative.env", "/etc/netwatch/all.env"),
        *("/etc/netwatch/ä.env", "/etc/netwatch/;.env", "/etc/netwatch/-.env"),
    ],
)
def test_a_path_that_cron_or_systemd_would_read_otherwise_is_refused(path: str) -> None:
    """`%` is a newline, blanks part words, quotes and dollars are the shell's."""
    with pytest.raises(UsageError, match=r"cannot|its name is"):
        check_job(Job(Path(path)))


@JOBS
def test_ordinary_paths_are_not_refused(job: Job) -> None:
    """Nothing that is written by default is."""
    check_job(job)


def test_a_user_whose_group_has_another_name_gets_that_group() -> None:
    """Debian's `nobody` is in `nogroup`; setpriv would refuse the line."""
    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name

    assert f"--regid={group}" in as_user("nobody")
