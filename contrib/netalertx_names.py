#!/usr/bin/python3
"""
Carry the names of NetAlertX's devices over: its devices.csv on stdin, a names file on stdout.

    netalertx-names <devices.csv >/etc/netwatch/names.csv

Each device becomes a line `match,name,owner,site`. The match is its MAC address; where it has none
of its own (NetAlertX makes one up for what it only pings), it is its last address. Devices without
a name, owner and place are left out, and stderr says how many.
"""

import csv
import ipaddress
import re
import sys

MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
MADE_UP = "fa:ce:"
UNKNOWN = {"", "none", "null", "(unknown)", "(name not found)"}


def fact(row: dict, column: str) -> str:
    """Return a cell on one line; nothing where it only says that nothing is known."""
    text = " ".join((row.get(column) or "").split())
    return "" if text.lower() in UNKNOWN else text


def match_of(row: dict) -> str:
    """Return what a device is known by, or nothing."""
    mac, address = fact(row, "devMac"), fact(row, "devLastIP")
    if MAC.fullmatch(mac) and not mac.lower().startswith(MADE_UP):
        return mac.upper()
    try:
        return str(ipaddress.ip_address(address)) if MAC.fullmatch(mac) else ""
    except ValueError:
        return ""


def main() -> None:
    """Read all devices and write those that somebody named."""
    rows = csv.DictReader(sys.stdin)
    if "devMac" not in (rows.fieldnames or ()):
        sys.exit("stdin is no devices.csv: it has no column devMac; export it once more")
    names, left_out = {}, 0
    for row in rows:
        match = match_of(row)
        place = fact(row, "devLocation") or fact(row, "devSite")
        facts = (fact(row, "devName"), fact(row, "devOwner"), place)
        if match and any(facts):
            names.setdefault(match, facts)
        else:
            left_out += 1
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("match", "name", "owner", "site"))
    writer.writerows((match, *facts) for match, facts in names.items())
    sys.stderr.write(f"{len(names)} names, {left_out} devices left out\n")


if __name__ == "__main__":
    main()
