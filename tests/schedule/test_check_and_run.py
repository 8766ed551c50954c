"""`check` and the line that cron starts agree, whatever breaks on the machine."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.machine.availability import require_machine
from tests.machine.machine import Machine
from tests.schedule.machines import installed_machine

ENV_FILE, STATE = "/etc/netwatch/netwatch.env", "/var/lib/netwatch/lan"
METRICS = "/var/lib/metrics"
SETTINGS = (
    f"NETWATCH_TARGETS=127.0.0.1\nNETWATCH_PORTS=22\nNETWATCH_METRICS_FILE={METRICS}/lan.prom\n"
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine, installed for a user of its own."""
    require_machine()
    with installed_machine({"netwatch": SETTINGS}) as machine:
        machine.must(["netwatch-notify", "install", "cron", "--user", "netwatch"])
        machine.start(["cron", "-f"])
        yield machine


def failed(machine: Machine, *variables: str) -> list[dict[str, Any]]:
    """Return what `check` of root calls `failed`; its exit code says the same."""
    result = machine.run(["env", *variables, "netwatch-notify", "check", "--json"])
    found = [c for c in json.loads(result.stdout)["checks"] if c["status"] == "failed"]
    assert result.returncode == (2 if found else 0)
    return found


def scheduled(machine: Machine) -> int:
    """Call cron's line as cron does, without its delay, and return the exit code."""
    lines = machine.read("/etc/cron.d/netwatch").splitlines()
    line = next(line for line in lines if " run " in line).split(None, 6)[6]
    path = next(line for line in lines if line.startswith("PATH="))
    line = line.replace("--spread 5", "--spread 0")
    return machine.run(["env", "-i", path, "HOME=/root", "sh", "-c", line]).returncode


def test_both_work(machine: Machine) -> None:
    """Nothing is broken yet."""
    assert failed(machine) == []
    assert scheduled(machine) == 0


@pytest.mark.parametrize(
    ("item", "event", "break_it"),
    [
        ("env file", "netwatch, who runs it, cannot read", f"chmod 600 {ENV_FILE}"),
        ("state", "netwatch, who runs it, may not write", f"chown -R admin: {STATE}"),
        ("state", "netwatch, who runs it, may not write", f"chown -R root: {STATE}"),
        ("schedule", "there is no user netwatch", "userdel netwatch"),
        ("schedule", "is not there", f"sed -i s,{ENV_FILE},/etc/netwatch/x.env, /etc/cron.d/*"),
    ],
)
def test_what_is_broken_is_mended_by_the_remedy_as_printed(
    machine: Machine, item: str, event: str, break_it: str
) -> None:
    """The run fails, `check` says why, and the remedy is typed as it stands there."""
    machine.must(["sh", "-c", break_it])

    broken = scheduled(machine)
    found = failed(machine)
    machine.must(["sh", "-c", found[0]["remedy"]])

    assert broken != 0
    assert [finding["item"] for finding in found] == [item]
    assert event in found[0]["text"]
    assert failed(machine) == []
    assert scheduled(machine) == 0


@pytest.mark.parametrize(
    "break_it",
    ["chmod 666 FILE", "chown admin FILE", "truncate -s -1 FILE", r"sed -i 's/$/\r/' FILE"],
)
def test_a_file_that_cron_does_not_read_is_named(machine: Machine, break_it: str) -> None:
    """The line itself would work; only nobody starts it."""
    machine.must(["sh", "-c", break_it.replace("FILE", "/etc/cron.d/netwatch")])

    (found,) = failed(machine)
    machine.must(["sh", "-c", found["remedy"]])

    assert found["item"] == "schedule"
    assert failed(machine) == []


def test_the_shells_own_settings_are_not_those_of_the_schedule(machine: Machine) -> None:
    """`check` in a shell that has NETWATCH_TARGETS is not taken in."""
    targets = "NETWATCH_TARGETS=127.0.0.1"
    machine.must(["sed", "-i", "/TARGETS/d", ENV_FILE])
    (lacking,) = failed(machine, targets)
    machine.must(["mv", ENV_FILE, f"{ENV_FILE}.away"])
    (gone,) = failed(machine, targets)
    broken = scheduled(machine)
    machine.must(["mv", f"{ENV_FILE}.away", ENV_FILE])
    machine.must(["sh", "-c", f"echo {shlex.quote(targets)} >>{ENV_FILE}"])

    assert lacking["text"] == "NETWATCH_TARGETS: not set"
    assert (gone["item"], broken) == ("env file", 2)
    assert failed(machine, targets) == []


def test_a_schedule_that_is_gone_comes_back_for_the_same_user(machine: Machine) -> None:
    """Typed as printed; and a state that is gone is made for that user, too."""
    machine.must(["rm", "/etc/cron.d/netwatch"])
    text = machine.run(["netwatch-notify", "check", "--json"]).stdout
    gone = next(c for c in json.loads(text)["checks"] if c["item"] == "schedule")
    machine.must(["sh", "-c", gone["remedy"]])
    machine.must(["mv", STATE, f"{STATE}.away"])
    broken = scheduled(machine)
    (state,) = failed(machine)
    machine.must(["sh", "-c", state["remedy"]])

    assert gone["remedy"] == "netwatch-notify install --user netwatch"
    assert (state["item"], broken) == ("state", 6)
    assert failed(machine) == []
    assert scheduled(machine) == 0


def test_somebody_elses_schedule_says_nothing_of_ones_own_settings(machine: Machine) -> None:
    """An ordinary user's check, who may not read the machine's env file."""
    command = ["env", "NETWATCH_TARGETS=127.0.0.1", "netwatch-notify", "check"]
    result = machine.run(command, user="admin")

    assert (result.returncode, result.stderr) == (0, "")
    assert "nothing starts a run by itself" in result.stdout


def test_roots_files_beside_the_state_are_in_nobodys_way(machine: Machine) -> None:
    """A backup that root put there; but not what the run writes to."""
    machine.must(["touch", f"{STATE}/backup.db"])
    assert failed(machine) == []
    assert scheduled(machine) == 0

    machine.must(["chown", "root", f"{STATE}/lock"])
    assert failed(machine)[0]["text"].endswith(f"{STATE}/lock belongs to another user")
    assert scheduled(machine) == 6
    machine.must(["chown", "-R", "netwatch:", STATE])


def test_a_metrics_file_that_cannot_be_written_is_a_warning(machine: Machine) -> None:
    """The run goes on without; the remedies as printed make it appear."""
    for _ in range(2):
        text = machine.run(["netwatch-notify", "check", "--json"]).stdout
        found = next(c for c in json.loads(text)["checks"] if c["item"] == "metrics")
        assert found["status"] == "warning"
        machine.must(["sh", "-c", found["remedy"]])
    assert scheduled(machine) == 0

    assert machine.must(["ls", METRICS]).strip() == "lan.prom"
    text = machine.run(["netwatch-notify", "check", "--json"]).stdout
    assert next(c for c in json.loads(text)["checks"] if c["item"] == "metrics")["status"] == "ok"


def test_a_message_for_all_has_the_networks_of_other_users_too(machine: Machine) -> None:
    """The folder in which it is gathered is root's alone, and no network is left out for that."""
    command = ["netwatch-notify", "run", "--all", "--together"]
    first, later = machine.run(command), machine.run(command)

    assert (first.returncode, first.stderr) == (0, "")
    assert (later.returncode, later.stderr) == (0, "")
    gathered = machine.must(["stat", "-c", "%U %a", "/var/lib/netwatch/together"]).strip()
    assert gathered == "root 700"
    assert machine.must(["find", STATE, "!", "-user", "netwatch", "-name", "*.db"]) == ""
