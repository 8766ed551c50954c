"""The disposable machine is the system's, is empty of ours, and leaves nothing behind."""

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.machine.availability import machine_unavailable, require_machine
from tests.machine.lan import add_lan
from tests.machine.machine import USER, Machine

MOUNTS = Path("/proc/self/mountinfo")


@pytest.fixture(autouse=True)
def _possible() -> None:
    require_machine()


def processes_named(mark: str) -> list[str]:
    """Return the pids of the host's processes with `mark` among their words."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and mark in (entry / "cmdline").read_text("utf-8", "replace"):
                found.append(entry.name)
        except OSError:
            continue  # It ended while we looked.
    return found


def test_nothing_written_reaches_the_host() -> None:
    """Files in /etc, /usr, /var and /opt, users and the host's name are the machine's own."""
    users, name = Path("/etc/passwd").read_text("utf-8"), os.uname().nodename
    places = [f"{folder}/netwatch-written" for folder in ("/etc", "/usr", "/var/lib", "/opt")]

    with Machine() as machine:
        for place in places:
            machine.write(place, "here\n")
        machine.must(["useradd", "--system", "netwatch"])
        written = [machine.read(place) for place in places]
        called = machine.must(["hostname"]).strip()

    assert written == ["here\n"] * 4
    assert called == "scanner"
    assert not any(Path(place).exists() for place in places)
    assert (Path("/etc/passwd").read_text("utf-8"), os.uname().nodename) == (users, name)


def test_it_leaves_no_mount_no_folder_and_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was started inside ends with it, also what left its parent."""
    mark = f"ends-with-the-machine-{os.getpid()}"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Machine() as machine:
        machine.start(["sh", "-c", "sleep 600; :", mark])
        machine.must(["sh", "-c", f"setsid sh -c 'sleep 600; :' {mark} >/dev/null 2>&1 &"])
        inside, folders = processes_named(mark), list(tmp_path.iterdir())

    assert len(inside) >= 2
    assert len(folders) == 1
    assert processes_named(mark) == []
    assert str(tmp_path) not in MOUNTS.read_text()
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_the_test_that_made_it(tmp_path: Path) -> None:
    """Killed without a word, the test leaves no machine running."""
    script = (
        "from tests.machine.machine import Machine\n"
        "with Machine() as machine:\n"
        "    print(machine._first.pid, flush=True)\n"
        "    input()\n"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", script],
        # Killed, it leaves the empty folder behind.
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdout is not None
    first = int(maker.stdout.readline())
    watched = os.pidfd_open(first)

    maker.kill()
    maker.communicate()
    ended, _, _ = select.select([watched], [], [], 20)
    os.close(watched)

    assert ended


def test_it_is_empty_of_ours_and_of_the_hosts_users() -> None:
    """No settings, no state, no command, nobody's files; pip's own settings are gone, too."""
    with Machine() as machine:
        homes = machine.must(["ls", "-A", "/root", "/opt", "/srv", "/mnt"])
        command = machine.run(["sh", "-c", "command -v netwatch-notify"])
        ours = machine.run(["ls", "/etc/netwatch", "/var/lib/netwatch"])

    assert homes.split() == ["/mnt:", "/opt:", "/root:", "/srv:"]
    assert (command.returncode, ours.stdout) == (127, "")


def test_its_environment_is_a_login_shells() -> None:
    """Nothing of the test's environment is there, and an ordinary user is one."""
    with Machine() as machine:
        variables = machine.must(["env"], user=USER).split("\n")
        who = machine.must(["sh", "-c", "id -un; pwd; touch /etc/x 2>&1 || :"], user=USER)

    names = {variable.partition("=")[0] for variable in variables if variable}
    assert names == {"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER"}
    assert who.startswith("admin\n/home/admin\ntouch: ")


def test_its_network_is_loopback_and_the_lan_it_is_given() -> None:
    """nmap finds the LAN's hosts with their MAC addresses; there is no way to anywhere else."""
    with Machine() as machine:
        alone = machine.must(["ip", "-brief", "link"])
        add_lan(machine, {"192.168.1.1": {22: "openssh-9.2p1"}, "192.168.1.40": {}})
        scan = machine.must(["nmap", "-n", "-p", "22", "-sV", "192.168.1.1", "192.168.1.40"])
        elsewhere = machine.run(["ip", "route", "get", "192.0.2.1"])

    assert [line.split()[0] for line in alone.splitlines()] == ["lo"]
    assert "OpenSSH 9.2p1" in scan
    assert scan.count("Host is up") == 2
    assert "02:00:00:4E:01:28" in scan
    assert elsewhere.returncode != 0


def test_a_command_that_hangs_is_ended() -> None:
    """Also what it started: its pipe is closed, and the test goes on."""
    with Machine() as machine:
        result = machine.run(["sh", "-c", "echo begun; sleep 600 & wait"], seconds=1)

    assert (result.returncode, result.stdout) == (124, "begun\n")


def test_a_machine_that_died_is_entered_no_more(tmp_path: Path) -> None:
    """No command of a test runs on the host, whose process the pid may be by then."""
    with Machine() as machine:
        machine._first.kill()
        machine._first.wait(timeout=20)
        written = tmp_path / "written"
        result = machine.run(["touch", str(written)])

    assert result.returncode != 0
    assert not written.exists()


def test_it_can_be_made_here() -> None:
    assert machine_unavailable() is None
