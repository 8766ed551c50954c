#!/usr/bin/python3
"""
Hand what is new over to another scanner: a hook of netwatch-notify.

    NETWATCH_HOOK='/usr/local/bin/hand-over FOLDER [COMMAND [WORD...]]'

Takes the JSON report on stdin. Of new hosts, of ports that opened and of services that changed it
writes FOLDER/MESSAGE.targets (an address a line) and FOLDER/MESSAGE.ports (T:22,443,U:161), and
then runs COMMAND with {message}, {targets} and {ports} filled in. Nothing else of the report
reaches a file or a command: names and banners are what devices say, and may say anything.
"""

import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path

KINDS = {"host-new", "port-opened", "service-changed"}
LETTERS = {"tcp": "T", "udp": "U"}


def read_report(report: dict) -> tuple[list[str], str]:
    """Return the addresses, and the ports of all of them as nmap and OpenVAS write them."""
    addresses, ports = set(), set()
    for change in report["changes"]:
        if change["kind"] in KINDS:
            addresses.add(ipaddress.ip_address(change["address"]))
            for port in change["ports"] or [change]:
                if port["protocol"] in LETTERS:
                    ports.add((LETTERS[port["protocol"]], int(port["port"])))
    ordered = sorted(addresses, key=lambda address: (address.version, address))
    words = []
    for letter in LETTERS.values():
        numbers = sorted(number for which, number in ports if which == letter)
        if numbers:
            words.append(f"{letter}:{','.join(map(str, numbers))}")
    return [str(address) for address in ordered], ",".join(words)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all, for whoever waits for it."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="ascii")
    part.replace(path)


def main(folder: Path, command: list[str]) -> None:
    """Do it. What goes wrong ends with one line: the last one is the reason that is told."""
    # NETWORK-RUN-NUMBER, the same at each attempt, so a second one writes the same files.
    message = os.environ["NETWATCH_MESSAGE"]
    targets, ports = read_report(json.load(sys.stdin))
    if not targets:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f"{message}.ports", f"{ports}\n")
    write_whole(folder / f"{message}.targets", "\n".join(targets) + "\n")
    values = {"{message}": message, "{targets}": ",".join(targets), "{ports}": ports}
    for place, value in values.items():
        command = [word.replace(place, value) for word in command]
    if command:
        try:
            sys.exit(subprocess.run(command, check=False).returncode)
        except OSError as error:
            sys.exit(f"{command[0]}: cannot be started: {error.strerror}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: hand-over FOLDER [COMMAND [WORD...]]")
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
