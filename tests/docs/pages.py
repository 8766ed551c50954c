"""What the readers of a page have before they begin, where it is more than a clone."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.docs.blocks import ROOT
from tests.machine.kit import CLONE
from tests.machine.lan import add_lan
from tests.machine.machine import Machine
from tests.scan_files import host_xml, scan_xml

HOME_LAN = {
    "192.168.1.1": {22: "openssh-9.2p1", 80: "nginx-1.22.1"},
    "192.168.1.10": {21: "vsftpd-3.0.3", 22: "openssh-9.6p1"},
    "192.168.1.40": {80: "apache-2.4.57"},
}
"""The network of the examples: a gateway, a NAS and a printer."""

SETTINGS = f"""\
NETWATCH_TARGETS={",".join(HOME_LAN)}
NETWATCH_PORTS=top:100
"""
"""Of a network that is scanned in a second."""

FIRST_NIGHT = 1_790_000_000
"""A second of September 2026, when nmap began."""

EDITOR = "sed -i s|^NETWATCH_TARGETS=.*|NETWATCH_TARGETS=192.168.1.0/24|"
"""What readers do in their editor with a new env file."""


@dataclass(frozen=True, slots=True)
class Page:
    """What stands before its first block, and what happens between the others."""

    prepare: Callable[[Machine], None] = lambda _: None
    installed: bool = True
    """The command is there already; else the page says how to get it."""
    folder: str = CLONE
    meanwhile: Mapping[str, Callable[[Machine], None]] = field(default_factory=dict)
    """Words of a block, and what has happened when its reader comes to it."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Lines that are not run here, and which test does."""


def two_scans(machine: Machine) -> None:
    """Have monday.xml, tuesday.xml with a new device and an open Redis, and notes."""
    monday, tuesday = host_xml("192.0.2.1", "22"), host_xml("192.0.2.1", "22", "6379")
    machine.write(f"{CLONE}/monday.xml", scan_xml(monday))
    machine.write(f"{CLONE}/tuesday.xml", scan_xml(tuesday, host_xml("192.0.2.77", "80")))
    machine.write(f"{CLONE}/notes.txt", "call the provider\n")


def told(machine: Machine) -> None:
    """Have had the message that README shows, and two scans."""
    before = [host_xml("10.77.1.5", "22"), host_xml("10.77.1.6", "22")]
    new = [host_xml("10.77.1.100", "21"), host_xml("10.77.1.101")]
    args = "nmap -p1-1000 10.77.1.0/24"
    for number, hosts in enumerate((before, before + new)):
        # Later than a run that the page has made, also in this very second.
        start = int(time.time()) + 1 + number
        file = f"/root/night-{number}.xml"
        machine.write(file, scan_xml(*hosts, args=args, start=start))
        machine.must(["netwatch-notify", "ingest", file])
    two_scans(machine)


def home(machine: Machine) -> None:
    """Stand in the network of the examples."""
    add_lan(machine, HOME_LAN)


def settings(machine: Machine) -> None:
    """Stand in that network, with settings for it."""
    home(machine)
    machine.write("/etc/netwatch/netwatch.env", SETTINGS, mode="600")


def scans_and_settings(machine: Machine) -> None:
    two_scans(machine)
    settings(machine)


def known(machine: Machine) -> None:
    """Know that network since last night."""
    settings(machine)
    machine.must(["netwatch-notify", "run"])


def upgraded(machine: Machine) -> None:
    """Have brought the database of an older version up to date: what it was is kept beside it."""
    database = "/var/lib/netwatch/lan/netwatch.db"
    load = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())"
    written = (ROOT / "tests/data/databases/schema-4.sql").read_text(encoding="utf-8")
    machine.must(["rm", "-f", database])
    machine.must(["python3", "-c", load, database], stdin=written)
    # Not what became of its messages is of interest here.
    machine.run(["netwatch-notify", "deliver"])


def begun_anew(machine: Machine) -> None:
    """Know the network since a moment ago, and nothing from before."""
    machine.must(["rm", "-rf", "/var/lib/netwatch/lan"])
    machine.must(["netwatch-notify", "run"])


def old_scans(machine: Machine) -> None:
    """Have what the script of 2011 left of two nights, and settings."""
    settings(machine)
    nights = {"2026-11-23": (), "2026-11-24": (host_xml("192.168.1.77", "80"),)}
    for number, (day, new) in enumerate(nights.items()):
        scan = scan_xml(
            host_xml("192.168.1.1", "22"),
            *new,
            args="nmap -p1-1000 192.168.1.0/24",
            start=FIRST_NIGHT + 86400 * number,
        )
        machine.write(f"{CLONE}/lan-cron-{day}.xml", scan)


def devices(machine: Machine) -> None:
    """Have NetAlertX's devices, of which one has a name, and settings."""
    settings(machine)
    columns = "devMac,devName,devOwner,devLocation,devSite,devLastIP"
    device = "24:0a:c4:00:00:20,thermostat,alice,hall,,192.168.1.20"
    machine.write(f"{CLONE}/devices.csv", f"{columns}\n{device}\n")


PAGES: dict[str, Page] = {
    "README.md": Page(
        home,
        installed=False,
        meanwhile={"netwatch-notify accept": told},
        elsewhere={"make test": "this test is a part of it"},
    ),
    "docs/coming-from/netalertx.md": Page(devices),
    "docs/coming-from/the-2011-script.md": Page(old_scans),
    "docs/start.md": Page(home, installed=False, meanwhile={"netwatch-notify accept": told}),
    "docs/how-to/names-and-rules.md": Page(known, meanwhile={"netwatch-notify accept": told}),
    "docs/how-to/hand-over.md": Page(scans_and_settings),
    "docs/how-to/monitoring.md": Page(known),
    "docs/how-to/several-networks.md": Page(settings),
    "docs/how-to/upgrade.md": Page(
        known, meanwhile={"netwatch.db.schema-4": upgraded, "netwatch-notify backup": begun_anew}
    ),
    "docs/configuration.md": Page(settings),
    "docs/install.md": Page(settings),
    "docs/library.md": Page(two_scans),
}
"""By the page's path; one that is not named needs nothing but the command."""
