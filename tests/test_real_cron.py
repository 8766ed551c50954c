"""The real cron daemon starts a run at its minute, as root and as another user, and mails it."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from netwatch_notify.cli.spread import share_of
from tests.machine.availability import require_machine
from tests.machine.machine import Machine
from tests.schedule.machines import installed_machine

SPREAD = 5
MOST_SECONDS = 150
"""cron looks at its files once a minute; a run of one host takes two seconds."""

SETTINGS = {
    "netwatch": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_PORTS=22\n",
    "dmz": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_NETWORK=dmz\nNETWATCH_PORTS=22\n",
    "lab": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_NETWORK=lab\nNETWATCH_PORTS=22\n"
    "NETWATCH_HOOK='/usr/local/bin/hook'\n",
    "broken": "NETWATCH_TARGETS=127.0.0.1\nNETWATCH_NETWORK=broken\n"
    "NETWATCH_NMAP_PATH=/usr/bin/no-nmap\nNETWATCH_HOOK='/usr/local/bin/hook'\n",
}

# Keeps each mail that cron sends, whole, in a file of its own.
SENDMAIL = '#!/bin/sh\nmail=$(mktemp) && cat >"$mail" && mv "$mail" /var/mail/\n'

HOOK = "#!/bin/sh\nexec cat >/var/lib/netwatch/$NETWATCH_NETWORK.json\n"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with cron, a mail program that keeps what it gets, and four networks."""
    require_machine()
    with installed_machine(SETTINGS) as machine:
        machine.must(["sh", "-c", "rm -f /etc/cron.d/* /usr/sbin/sendmail"])
        machine.write("/usr/sbin/sendmail", SENDMAIL, mode="755")
        machine.write("/usr/local/bin/hook", HOOK, mode="755")
        machine.write("/etc/machine-id", f"{quick_machine()}\n")
        yield machine


def quick_machine() -> str:
    """Return the id of a machine whose share of the spread is short for every network."""
    names = [f"/etc/netwatch/{name}.env" for name in SETTINGS]
    for number in range(10_000_000):
        machine = f"{number:032x}"
        if all(share_of(SPREAD, machine, name) <= 20 for name in names):
            return machine
    raise AssertionError("no machine is quick")


def mails(machine: Machine) -> list[str]:
    """Return the mails that cron sent."""
    names = machine.must(["find", "/var/mail", "-type", "f"]).split()
    return [machine.read(name) for name in names]


def wait_for(machine: Machine, condition: str) -> None:
    """Wait until a shell's condition holds on the machine."""
    end = time.monotonic() + MOST_SECONDS
    while machine.run(["sh", "-c", condition]).returncode != 0:
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(1)


def test_cron_runs_it_and_mails_only_what_is_to_be_mailed(machine: Machine) -> None:
    """
    Four networks, a minute away, in cron's own environment.

    As root and as `netwatch` the message itself is mailed, for want of a destination; where there
    is one nothing is; and where nmap is missing, one line says why.
    """
    machine.start(["cron", "-f"])
    # Half a minute at least, in which all of it is installed.
    at = datetime.now().astimezone() + timedelta(seconds=90)
    minute = f"{at:%H:%M}"
    assert machine.must(["date", "+%z"]).strip() == f"{at:%z}"
    for name in SETTINGS:
        user = ("--user", "netwatch") if name == "dmz" else ()
        words = ("--env-file", f"/etc/netwatch/{name}.env", "install", "cron", "--at", minute)
        machine.must(["netwatch-notify", *words, *user])

    state = "/var/lib/netwatch"
    for done in (
        f"test -e {state}/lan/latest",
        f"test -e {state}/dmz/latest",
        f"test -s {state}/lab.json",
        f"test -s {state}/broken.json",
        "test $(ls /var/mail | wc -l) -ge 3",
    ):
        wait_for(machine, done)

    told = mails(machine)
    assert len(told) == 3
    for network, user in (("lan", "root"), ("dmz", "root")):
        (mail,) = [mail for mail in told if f"Subject: {network}: first scan" in mail]
        assert re.search(rf"^Subject: Cron <{user}@scanner> .*netwatch-notify", mail, re.MULTILINE)
        assert "\n  1 host known now" in mail
    (mail,) = [mail for mail in told if "broken" in mail]
    said = mail.rstrip().splitlines()[-1]
    assert said.startswith("netwatch-notify: nothing was scanned: /usr/bin/no-nmap: ")
    assert machine.must(["find", f"{state}/dmz", "!", "-user", "netwatch"]) == ""
    assert machine.must(["stat", "-c", "%U", f"{state}/lan/netwatch.db"]).strip() == "root"
