"""Known services on a real LAN are looked at again: an upgrade that opens no port is told."""

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.conftest import coverage_variables
from tests.lan.network import Lan, LanHost, require_lan

OLD = LanHost("10.77.1.1", {22: "openssh-9.2p1", 80: "nginx-1.22.1"})
UPGRADED = LanHost("10.77.1.1", {22: "openssh-9.6p1", 80: "nginx-1.22.1"})
PRINTER = LanHost("10.77.1.2", {9100: "redis-7.0.15"})
PHONE = LanHost("10.78.0.20", {22: "openssh-9.2p1"}, mac="24:0a:c4:00:00:20")
MOVED_PHONE = LanHost("10.78.0.33", {22: "openssh-9.2p1"}, mac="24:0a:c4:00:00:20")
OTHER = LanHost("10.78.0.40", {80: "nginx-1.22.1"}, mac="b8:27:eb:00:00:40")


class Nights:
    """netwatch-notify in the scanner's place, a day between each run and the next."""

    def __init__(self, lan: Lan, folder: Path) -> None:
        self.lan = lan
        self.state = folder / "state"
        self.environment = {
            "PATH": os.environ["PATH"],
            **coverage_variables(),
            "HOME": str(folder),
            "NETWATCH_TARGETS": "10.77.1.0/28 10.78.0.0/26",
            "NETWATCH_PORTS": "22,80,9100",
            "NETWATCH_STATE_DIR": str(self.state),
            "NETWATCH_VERSION_REFRESH_DAYS": "1",
        }

    def next(self, *hosts: LanHost) -> list[dict[str, Any]]:
        self.lan.set_hosts(list(hosts))
        command = [sys.executable, "-m", "netwatch_notify", "--json"]
        result = self.lan.run(command, env=self.environment, timeout=180)
        assert result.returncode == 0, result.stderr
        self.query(
            "UPDATE runs SET started_at = replace(started_at, substr(started_at, 1, 10), "
            "date(substr(started_at, 1, 10), '-1 day'))"
        )
        self.query(
            "UPDATE ports SET looked_at = replace(looked_at, substr(looked_at, 1, 10), "
            "date(substr(looked_at, 1, 10), '-1 day')) WHERE looked_at IS NOT NULL"
        )
        changes: list[dict[str, Any]] = json.loads(result.stdout)["changes"]
        return changes

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.state / "netwatch.db") as database:
            rows = database.execute(statement).fetchall()
        database.close()
        return rows


def test_an_upgrade_is_told_and_a_move_too_and_no_printer_prints(tmp_path: Path) -> None:
    require_lan()
    with Lan() as lan:
        nights = Nights(lan, tmp_path)
        assert nights.next(OLD, PRINTER, PHONE, OTHER) == []
        # What the first look finds is learned, not told.
        assert nights.next(OLD, PRINTER, PHONE, OTHER) == []
        looked = "SELECT address, number, looked_at IS NOT NULL, looked_with <> '' FROM ports"
        assert set(nights.query(looked)) == {
            ("10.77.1.1", 22, 1, 1),
            ("10.77.1.1", 80, 1, 1),
            ("10.77.1.2", 9100, 0, 1),
            ("10.78.0.20", 22, 1, 1),
            ("10.78.0.40", 80, 1, 1),
        }
        (upgrade, move) = nights.next(UPGRADED, PRINTER, MOVED_PHONE, OTHER)
        assert (upgrade["kind"], upgrade["address"], upgrade["port"]) == (
            "service-changed",
            "10.77.1.1",
            22,
        )
        assert (upgrade["was"], upgrade["service"]["version"]) == (
            "OpenSSH 9.2p1 Debian 2+deb12u3",
            "9.6p1 Ubuntu 3ubuntu13.5",
        )
        assert (move["kind"], move["was"], move["address"], move["confirmed"]) == (
            "host-moved",
            "10.78.0.20",
            "10.78.0.33",
            True,
        )
        assert nights.next(UPGRADED, PRINTER, MOVED_PHONE, OTHER) == []
