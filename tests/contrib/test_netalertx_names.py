"""contrib/netalertx_names.py, which docs/coming-from/netalertx.md shows."""

import csv
import io
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

from netwatch_notify.model.names import NameBook, Naming

SCRIPT = Path(__file__).parents[2] / "contrib" / "netalertx_names.py"

COLUMNS = (
    *("devMac", "devName", "devOwner", "devType", "devVendor", "devFavorite", "devGroup"),
    *("devComments", "devFirstConnection", "devLastConnection", "devLastIP", "devStaticIP"),
    *("devScan", "devLogEvents", "devAlertEvents", "devAlertDown", "devSkipRepeated"),
    *("devLastNotification", "devPresentLastScan", "devIsNew", "devLocation", "devIsArchived"),
    *("devParentMAC", "devParentPort", "devParentRelType", "devIcon", "devGUID", "devSite"),
    *("devSSID", "devSyncHubNode", "devSourcePlugin", "devFQDN", "devCustomProps"),
)
"""Its table of devices, all of which CSVBCKP exports in this order (read in November 2026)."""

DEVICES = (
    {"devMac": "24:0a:c4:00:00:20", "devName": "thermostat", "devOwner": "alice",
     "devLocation": "hall", "devLastIP": "192.168.1.20"},
    {"devMac": "00:11:32:00:00:10", "devName": 'the "big", old\nNAS', "devOwner": "(unknown)",
     "devSite": "home", "devLastIP": "192.168.1.10"},
    {"devMac": "fa:ce:3f:00:00:01", "devName": "vps", "devLastIP": "203.0.113.5"},
    {"devMac": "Internet", "devName": "Internet", "devLastIP": "203.0.113.1"},
    {"devMac": "00:11:32:00:00:11", "devName": "(name not found)", "devOwner": "(unknown)",
     "devLastIP": "192.168.1.11"},
    {"devMac": "00:11:32:00:00:12", "devName": "(unknown)", "devLocation": "(unknown)"},
)  # fmt: skip


def exported() -> str:
    """Return what NetAlertX writes: every cell quoted, and None where a cell is empty."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for device in DEVICES:
        writer.writerow([device.get(column, "None") for column in COLUMNS])
    return text.getvalue()


def convert(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT], input=text, capture_output=True, text=True, timeout=30
    )


def test_names_owners_and_places_are_carried_over() -> None:
    """netwatch-notify reads what comes out, and knows the devices by it."""
    done = convert(exported())

    assert (done.returncode, done.stderr) == (0, "3 names, 3 devices left out\n")
    book = NameBook.parse(done.stdout)
    assert len(book) == 3
    nobody = ip_address("198.51.100.1")
    assert book.of(nobody, "24:0A:C4:00:00:20") == Naming("thermostat", "alice", "hall")
    assert book.of(nobody, "00:11:32:00:00:10") == Naming('the "big", old NAS', "", "home")


def test_a_device_without_a_mac_of_its_own_is_known_by_its_address() -> None:
    """NetAlertX makes one up for it, which nmap never sees."""
    book = NameBook.parse(convert(exported()).stdout)

    assert book.of(ip_address("203.0.113.5"), "") == Naming("vps")


def test_another_file_is_refused() -> None:
    """One line says what it is not."""
    done = convert("match,name\n192.168.1.1,gateway\n")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "stdin is no devices.csv: it has no column devMac; export it once more\n"
    )
