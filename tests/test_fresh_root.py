"""A fresh machine: the README's first command, and the installation, from nothing to scheduled."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.availability import require_machine
from tests.machine.kit import CLONE, machine_with, make_kit
from tests.machine.machine import CRON_PATH, Machine

README = Path(__file__).parent.parent / "README.md"

INSTALL = ["make", "install", "TARGETS=127.0.0.1"]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One machine with nmap and an emptied PATH, for the tests of this file in their order."""
    require_machine()
    with machine_with(make_kit(tmp_path_factory.mktemp("kit"))) as machine:
        machine.path = CRON_PATH
        yield machine


def first_command() -> list[str]:
    """Return the README's first command, for the one network there is: the machine itself."""
    block = re.search(r"^```\n(.+)$", README.read_text("utf-8"), re.MULTILINE)
    assert block
    words = block[1].split()
    assert words[:2] == ["make", "run"]
    return ["TARGETS=127.0.0.1" if word.startswith("TARGETS=") else word for word in words]


def test_the_first_command_shows_a_preview(machine: Machine) -> None:
    """From a clone alone: no .venv before, no state after, and the message on stdout."""
    result = machine.run(first_command(), folder=CLONE, seconds=180)

    assert result.returncode == 0, result.stderr
    assert "Subject: lan: first scan, 1 host known" in result.stdout
    assert result.stderr == "setup: installing netwatch-notify and its libraries into .venv.\n"
    assert machine.run(["ls", "/var/lib/netwatch"]).returncode != 0


def test_the_second_time_it_says_nothing_of_set_up(machine: Machine) -> None:
    """What is there is not made again."""
    result = machine.run(first_command(), folder=CLONE)

    assert (result.returncode, result.stderr) == (0, "")


def test_make_install_ends_with_a_nightly_run(machine: Machine) -> None:
    """The command is there for all, its settings are root's, and cron has its file."""
    result = machine.run(INSTALL, folder=CLONE, seconds=180)

    assert result.returncode == 0, result.stdout + result.stderr
    modes = machine.must(
        ["stat", "-c", "%a %U %n", "/etc/netwatch/netwatch.env", "/etc/cron.d/netwatch"]
    )
    assert modes.splitlines() == [
        "600 root /etc/netwatch/netwatch.env",
        "644 root /etc/cron.d/netwatch",
    ]
    jobs = [line for line in machine.read("/etc/cron.d/netwatch").splitlines() if "*" in line]
    assert [job.split()[-1] for job in jobs][-1] == "deliver"
    assert machine.must(["/usr/local/bin/netwatch-notify", "--version"])


def test_the_job_of_the_cron_file_runs(machine: Machine) -> None:
    """The very command of the nightly line, by cron's shell, makes the first run."""
    lines = machine.read("/etc/cron.d/netwatch").splitlines()
    nightly = next(line for line in lines if re.match(r"\d", line) and " run" in line)
    command = nightly.split(maxsplit=6)[6]
    # Not at once, so that a hundred machines do not scan in the same second.
    command = re.sub(r" --spread \d+", "", command)

    result = machine.run(["sh", "-c", command], folder="/")

    assert result.returncode == 0, result.stderr
    assert "first scan, 1 host known" in result.stdout
    assert machine.must(["ls", "/var/lib/netwatch/lan/netwatch.db"])


def test_a_second_installation_changes_nothing(machine: Machine) -> None:
    """The same files, the same settings."""
    files = ["/etc/cron.d/netwatch", "/etc/netwatch/netwatch.env"]
    before = [machine.read(file) for file in files]

    result = machine.run(INSTALL, folder=CLONE, seconds=180)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "nothing to change" in result.stdout.lower()
    assert [machine.read(file) for file in files] == before
