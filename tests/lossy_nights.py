"""
Quiet nights on a network that loses packets: `python -m tests.lossy_nights --nights 30 --hosts 60`.

Nothing ever changes there, so that whatever is told is false. Exits with 1 if anything was, and
with `--keep FOLDER` the scans of every night are there to say why.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lan.availability import lan_unavailable
from tests.lan.network import MAIL_SERVER, Lan, LanHost, read_line

SCANNED = frozenset({21, 22, 80, 443, 8001, 8020})
"""Few: of a host that drops what is not open, each costs nmap seconds when packets are lost."""

# They greet: what has to be asked takes `-sV` half a minute when packets are lost.
KINDS: tuple[dict[int, str], ...] = (
    {22: "openssh-9.2p1", 80: "openssh-9.6p1"},
    {21: "vsftpd-3.0.3", 22: "openssh-9.6p1", 8001: "openssh-9.2p1"},
    {22: "openssh-9.2p1"},
    {21: "vsftpd-3.0.3", 22: "openssh-9.2p1", 8001: "openssh-9.6p1", 8020: "vsftpd-3.0.3"},
    {},
)
BEHIND_A_FIREWALL = {22: "openssh-9.2p1", 443: "openssh-9.6p1"}
"""443, because there is one of nmap's default probes; without it nmap would never see the host."""


@dataclass(frozen=True, slots=True)
class Night:
    """What one run told, and how long it took."""

    number: int
    exit_code: int
    report: dict[str, Any]
    mails: int
    stderr: str
    seconds: float

    @property
    def told(self) -> list[str]:
        """Return each change and problem as a line; on the first night none is due either."""
        lines = [
            " ".join(
                str(change[key])
                for key in ("kind", "address", "port", "state", "confirmed", "note")
                if change[key] is not None
            )
            for change in self.report["changes"]
        ]
        return [*lines, *map(str, self.report["problems"])]

    @property
    def is_quiet(self) -> bool:
        """Whether it is as it must be: the first night has its summary, the others nothing."""
        mails = 1 if self.number == 1 else 0
        return (self.exit_code, self.told, self.mails) == (0, [], mails)

    def __str__(self) -> str:
        head = f"night {self.number}: exit {self.exit_code}, {self.mails} mails"
        return "\n".join([f"{head}, {self.seconds:.1f} s", *self.told, *self.stderr.splitlines()])


def hosts_of(count: int) -> list[LanHost]:
    """
    Return the hosts: three fifths behind a router, the others on the scanner's segment.

    The first of each sort drops everything but what goes to its open ports.
    """
    routed = count * 3 // 5
    if not 2 <= routed <= 240 or count - routed > 240:
        raise ValueError(f"{count} hosts: from 4 to 400 fit")
    addresses = [f"10.77.1.{n}" for n in range(1, routed + 1)]
    addresses += [f"10.78.0.{n}" for n in range(2, count - routed + 2)]
    walled = {addresses[0], addresses[routed]}
    dropped = SCANNED - BEHIND_A_FIREWALL.keys()
    return [
        LanHost(address, BEHIND_A_FIREWALL, filtered=dropped, silent_ping=True)
        if address in walled
        else LanHost(address, KINDS[number % len(KINDS)])
        for number, address in enumerate(addresses)
    ]


def targets_of(hosts: list[LanHost]) -> str:
    """Return the range of each segment that holds its hosts and no silent address."""
    numbers: dict[str, list[int]] = {}
    for host in hosts:
        segment, _, number = host.address.rpartition(".")
        numbers.setdefault(segment, []).append(int(number))
    return " ".join(f"{segment}.{min(n)}-{max(n)}" for segment, n in numbers.items())


class LossyNetwork:
    """A LAN where packets are lost, and netwatch-notify in the scanner's place."""

    def __init__(self, lan: Lan, folder: Path, *, hosts: int, permille: int) -> None:
        self.lan = lan
        self.mails = folder / "mails"
        self.mails.mkdir(parents=True)
        self.state = folder / "state"
        self._number = 0
        present = hosts_of(hosts)
        lan.set_hosts(present)
        lan.loss(permille, each_way=True)
        # Its mail goes over the scanner's own loopback, which loses nothing.
        server = lan.popen(
            [sys.executable, str(MAIL_SERVER), "--port", "0", "--directory", str(self.mails)],
            stdout=subprocess.PIPE,
        )
        assert server.stdout
        port = read_line(server.stdout, 20).split()[1]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NETWATCH_TARGETS": targets_of(present),
            "NETWATCH_PORTS": ",".join(map(str, sorted(SCANNED))),
            "NETWATCH_STATE_DIR": str(self.state),
            "NETWATCH_VERSION_REFRESH_DAYS": "7",
            # The scripts ask each service anew: five times as long, and a run tells none of it.
            "NETWATCH_DETAIL_ARGS": "-sV",
            # After seven days it would say that it saw nothing, which is no news but a message.
            "NETWATCH_ALL_WELL": "never",
            "NETWATCH_NOTIFY": f"mailto://127.0.0.1:{port}/?from=netwatch@lan.example"
            "&to=ops@lan.example&mode=insecure",
        }

    def night(self) -> Night:
        """Let a day pass, and make a run."""
        self._number += 1
        if self._number > 1:
            self._pass_a_day()
        before = len(list(self.mails.glob("*.eml")))
        started = time.monotonic()
        result = self.lan.run(
            [sys.executable, "-m", "netwatch_notify", "--json"], env=self.environment, timeout=900
        )
        return Night(
            self._number,
            result.returncode,
            json.loads(result.stdout) if result.stdout else {"changes": [], "problems": []},
            len(list(self.mails.glob("*.eml"))) - before,
            result.stderr,
            time.monotonic() - started,
        )

    def _pass_a_day(self) -> None:
        """Put back what decides how many services are looked at again, and which."""
        with closing(sqlite3.connect(self.state / "netwatch.db")) as database:
            for table, column in (("runs", "started_at"), ("ports", "looked_at")):
                database.execute(
                    f"UPDATE {table} SET {column} = "  # noqa: S608
                    f"strftime('%Y-%m-%dT%H:%M:%S+00:00', {column}, '-1 day')"
                )
            database.commit()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.lossy_nights", description=__doc__)
    parser.add_argument("--nights", type=int, default=30, help="after the first")
    parser.add_argument("--hosts", type=int, default=60)
    parser.add_argument("--permille", type=int, default=100, help="packets lost, each way")
    parser.add_argument("--keep", type=Path, help="an empty folder for state and mails")
    options = parser.parse_args()
    if reason := lan_unavailable():
        print(reason, file=sys.stderr)
        return 2
    false = 0
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lan = stack.enter_context(Lan())
        network = LossyNetwork(lan, folder, hosts=options.hosts, permille=options.permille)
        for _ in range(1 + options.nights):
            night = network.night()
            print(night, flush=True)
            false += not night.is_quiet
    print(f"{false} of {1 + options.nights} nights were not quiet")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
