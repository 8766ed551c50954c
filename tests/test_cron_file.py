"""The cron file: what cron would stumble over is not in it."""

import re
from pathlib import Path

from netwatch_notify.cli.main import cli

FILE = Path(__file__).parent.parent / "contrib" / "cron.d" / "netwatch"
TEXT = FILE.read_text(encoding="ascii")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
VARIABLES = dict(line.split("=", 1) for line in LINES if re.match(r"[A-Z]+=", line))
JOBS = [line.split() for line in LINES if not re.match(r"[A-Z]+=", line)]


def test_cron_reads_the_file() -> None:
    """cron skips names with a dot, and a last line without its newline."""
    assert re.fullmatch(r"[A-Za-z0-9_-]+", FILE.name)
    assert TEXT.endswith("\n")
    assert "\r" not in TEXT


def test_no_percent_sign() -> None:
    """cron takes `%` in a command for a newline."""
    assert "%" not in TEXT


def test_path_and_mailto_are_set() -> None:
    """cron's own PATH is /usr/bin:/bin, without which nmap's helpers may be missed."""
    assert VARIABLES["MAILTO"]
    folders = VARIABLES["PATH"].split(":")
    assert {"/usr/local/bin", "/usr/bin", "/usr/sbin"} <= set(folders)
    assert all(folder.startswith("/") for folder in folders)


def test_variables_stand_before_the_jobs() -> None:
    """cron applies a variable to the lines below it only."""
    assert [bool(re.match(r"[A-Z]+=", line)) for line in LINES] == sorted(
        (bool(re.match(r"[A-Z]+=", line)) for line in LINES), reverse=True
    )


def test_times_and_commands() -> None:
    """The scan at 03:00, the delivery every ten minutes."""
    assert [(" ".join(job[:5]), job[-1]) for job in JOBS] == [
        ("0 3 * * *", "run"),
        ("*/10 * * * *", "deliver"),
    ]
    assert {job[-1] for job in JOBS} <= set(cli.commands)


def test_each_job_has_a_user_and_absolute_paths() -> None:
    """Files in cron.d have a user field; the command and its env file are named in full."""
    for job in JOBS:
        user, command, option, env_file, _ = job[5:]
        assert user == "root"
        assert command.startswith("/")
        assert Path(command).name == "netwatch-notify"
        assert (option, env_file) == ("--env-file", "/etc/netwatch/netwatch.env")
