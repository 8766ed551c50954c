"""What is installed gets raw sockets and little else, and that is enough: tried on a LAN."""

import shlex
from collections.abc import Iterator, Sequence

import pytest
from defusedxml.ElementTree import fromstring

from tests.machine.availability import require_machine
from tests.machine.lan import add_lan
from tests.machine.machine import Machine
from tests.schedule.machines import installed_machine

SCAN = "NETWATCH_TARGETS=192.168.1.0/28\nNETWATCH_PORTS=22,80\nNETWATCH_SUSPICIOUS_SHARE=1\n"
SETTINGS = {name: f"{SCAN}NETWATCH_NETWORK={name}\n" for name in ("roots", "users")}
HOSTS = {"192.168.1.1": {22: "openssh-9.2p1"}, "192.168.1.10": {}}
MACS = {"02:00:00:4E:01:01", "02:00:00:4E:01:0A"}

# What ProtectSystem=strict, PrivateTmp and StateDirectory make of the machine.
CLOSED = """\
mount --bind /var/lib/netwatch /var/lib/netwatch
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /tmp
exec "$@"
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine on a LAN of two hosts, with a network of root's and one of a user's."""
    require_machine()
    with installed_machine(SETTINGS) as machine:
        add_lan(machine, HOSTS)
        install(machine, "roots", "systemd")
        install(machine, "users", "cron", "--user", "netwatch")
        yield machine


def install(machine: Machine, name: str, kind: str, *words: str) -> None:
    """Schedule one network."""
    env_file = f"/etc/netwatch/{name}.env"
    machine.must(["netwatch-notify", "--env-file", env_file, "install", kind, *words])


def cron_command(machine: Machine, path: str, verb: str) -> list[str]:
    """Return the words that cron would give a shell, without the wait before a run."""
    (line,) = [line for line in machine.read(path).splitlines() if f" {verb}" in line[1:]
               and line[0] != "#"]  # fmt: skip
    words = shlex.split(line)[6:]
    return words[: words.index("--spread")] if "--spread" in words else words


def only(capabilities: Sequence[str]) -> list[str]:
    """Return setpriv's words for what systemd's CapabilityBoundingSet and NoNewPrivileges do."""
    kept = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return ["setpriv", f"--bounding-set={kept}", "--no-new-privs"]


def found_macs(machine: Machine, network: str) -> set[str]:
    """Return the MAC addresses in the last scan, which only a privileged nmap sees."""
    scan = fromstring(machine.read(f"/var/lib/netwatch/{network}/latest/fast.xml"))
    assert [info.get("type") for info in scan.iter("scaninfo")] == ["syn"]
    addresses = [a for a in scan.findall("host/address") if a.get("addrtype") == "mac"]
    return {str(address.get("addr")) for address in addresses}


def test_crons_line_for_a_user_scans_like_root(machine: Machine) -> None:
    """A SYN scan with MAC addresses, as `netwatch`."""
    file = "/etc/cron.d/netwatch-users"
    first = machine.run(cron_command(machine, file, "run"), folder="/")
    later = machine.run(cron_command(machine, file, "deliver"), folder="/")

    assert (first.returncode, first.stderr) == (0, "")
    assert (later.returncode, later.stdout, later.stderr) == (0, "", "")
    assert found_macs(machine, "users") == MACS


def test_root_in_the_closed_service_scans_like_root(machine: Machine) -> None:
    """With cap_net_raw alone, and nothing to write to but the state."""
    command = ["netwatch-notify", "--env-file", "/etc/netwatch/roots.env", "run"]

    result = machine.run(
        ["unshare", "--mount", "sh", "-ec", CLOSED, "sh", *only(["net_raw"]), *command]
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert found_macs(machine, "roots") == MACS


def test_the_service_of_all_networks_becomes_the_user_of_each(machine: Machine) -> None:
    """With the capabilities of its drop-ins, for runs and for deliveries."""
    machine.must(["netwatch-notify", "install", "systemd", "--all"])
    for unit, verb in (("netwatch-notify", "run"), ("netwatch-notify-deliver", "deliver")):
        drop_in = machine.read(f"/etc/systemd/system/{unit}@all.service.d/netwatch.conf")
        name, _, value = drop_in.splitlines()[-1].partition("=")
        kept = [word.lower().removeprefix("cap_") for word in value.split()]
        result = machine.run([*only(kept), "netwatch-notify", verb, "--all"])

        assert name == "CapabilityBoundingSet"
        assert (result.returncode, result.stderr) == (0, "")

    for network, owner in (("roots", "root"), ("users", "netwatch")):
        others = ["find", f"/var/lib/netwatch/{network}", "!", "-user", owner]
        assert machine.must(others) == ""
        assert found_macs(machine, network) == MACS
