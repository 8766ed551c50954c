"""The units: read by systemd's own tools, and as closed as they say."""

import re
import subprocess
from datetime import time
from pathlib import Path

import pytest

from netwatch_notify.schedule.job import Job
from netwatch_notify.schedule.systemd import DEFAULTS, FOLDER, timers, unit_files

SHIPPED = Path(__file__).parents[2] / "contrib" / "systemd"
DMZ = Job(
    Path("/etc/netwatch/dmz.env"), at=time(4, 5), user="netwatch", writes=(Path("/srv/metrics"),)
)
MOST_EXPOSED = {"netwatch-notify": 2.7, "netwatch-notify-deliver": 2.3}
"""As docs/install.md says; an ordinary service has 9.6 (systemd 252)."""

needs_systemd = pytest.mark.usefixtures("systemd_analyze")


def write_units(job: Job, folder: Path) -> list[str]:
    """Write a job's files as they would lie, with a command that exists, and return the units."""
    for path, text in unit_files(job).items():
        there = folder / path.relative_to("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text.replace(str(job.command), "/bin/true"), encoding="utf-8")
    return [*timers(job), *(timer.replace(".timer", ".service") for timer in timers(job))]


def test_the_files_shipped_are_what_install_writes() -> None:
    """contrib/systemd holds the templates for the defaults, and nothing else."""
    shipped = {path.name: path.read_text(encoding="ascii") for path in SHIPPED.iterdir()}

    assert shipped == {path.name: text for path, text in unit_files(DEFAULTS).items()}


def test_an_instance_has_of_its_own_only_what_differs() -> None:
    """The templates are equal for all instances; time, user and folders are in drop-ins."""
    own = {
        path.relative_to(FOLDER).as_posix(): text
        for path, text in unit_files(DMZ).items()
        if path not in unit_files(DEFAULTS)
    }

    assert own == {
        "netwatch-notify@dmz.service.d/netwatch.conf": "[Service]\nUser=netwatch\n"
        "StateDirectory=\nReadWritePaths=/var/lib/netwatch\nReadWritePaths=-/srv/metrics\n",
        "netwatch-notify-deliver@dmz.service.d/netwatch.conf": "[Service]\nUser=netwatch\n"
        "StateDirectory=\nReadWritePaths=/var/lib/netwatch\nReadWritePaths=-/srv/metrics\n",
        "netwatch-notify@dmz.timer.d/netwatch.conf": "[Timer]\nOnCalendar=\n"
        "OnCalendar=*-*-* 04:05:00\n",
    }


@needs_systemd
@pytest.mark.parametrize("job", [Job(), DMZ, Job(None, at=time(2))], ids=["defaults", "dmz", "all"])
def test_systemd_finds_nothing_wrong(job: Job, tmp_path: Path) -> None:
    """`systemd-analyze verify` reads timers and services, drop-ins included, without a word."""
    units = write_units(job, tmp_path)
    folder = tmp_path / FOLDER.relative_to("/")
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    ours = [line for line in result.stderr.splitlines() if "netwatch" in line]
    assert (result.returncode, ours) == (0, [])


@needs_systemd
@pytest.mark.parametrize("name", sorted(MOST_EXPOSED))
def test_the_services_are_closed(name: str) -> None:
    """`systemd-analyze security` counts what a service could do that it has no use for."""
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         str(SHIPPED / f"{name}@.service")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    found = re.search(r"exposure level for \S+: ([\d.]+)", result.stdout)
    assert found, result.stderr
    assert float(found[1]) <= MOST_EXPOSED[name]


def test_only_what_scans_gets_raw_sockets() -> None:
    """A delivery needs neither the capability nor the kind of socket."""
    texts = {path.name: text for path, text in unit_files(DEFAULTS).items()}

    assert "CapabilityBoundingSet=CAP_NET_RAW\n" in texts["netwatch-notify@.service"]
    assert "CapabilityBoundingSet=\n" in texts["netwatch-notify-deliver@.service"]
    assert "AF_PACKET" not in texts["netwatch-notify-deliver@.service"]
