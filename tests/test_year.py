"""Many nights: what is kept stays within its days, and a late night costs what an early one did."""

import os
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from benchmarks.year import Year
from benchmarks.year_network import (
    CHANGED_SHARE,
    FEWEST_PORTS,
    LAPTOP_SHARE,
    MOST_PORTS,
    Network,
)

HOSTS, NIGHTS, KEEP_DAYS = 100, 70, 10
HISTORY_DAYS = 30
EARLY, LATE = slice(35, 45), slice(60, 70)
"""The first of these nights is one on which the oldest history goes, like all after it."""
WEEK = 7
"""On each seventh night somebody calls known what was told since the first week."""
MOST_GROWTH = 1.2
STEPS_AT_ONCE = 100
"""Of SQLite's machine, which takes some for each row that it looks at."""


class Costs:
    """What SQLite does for this process while a night is counted: steps, and rows written."""

    def __init__(self) -> None:
        self.steps = 0
        self.written: dict[int, int] = {}
        self._connect = sqlite3.connect

    def _counted(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = self._connect(*arguments, **options)
        number = len(self.written)
        self.written[number] = 0

        def count() -> int:
            self.steps += STEPS_AT_ONCE
            self.written[number] = connection.total_changes
            return 0

        connection.set_progress_handler(count, STEPS_AT_ONCE)
        return connection

    def of(self, year: Year) -> tuple[int, int]:
        """Return the steps and rows written of the next night."""
        self.steps, self.written = 0, {}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sqlite3, "connect", self._counted)
            year.pass_night()
        return self.steps, sum(self.written.values())


class Passed:
    """The nights, and what each of them cost and left."""

    def __init__(self, folder: Path) -> None:
        self.year = Year(folder, HOSTS, NIGHTS, KEEP_DAYS, accepted_every=WEEK)
        costs = Costs()
        self.costs, self.rows, self.pages = [], [], []
        for _ in range(NIGHTS):
            self.costs.append(costs.of(self.year))
            self.rows.append(self.year.counts())
            with closing(sqlite3.connect(self.year.path)) as connection:
                self.pages.append(connection.execute("PRAGMA page_count").fetchone()[0])

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.year.folder),
            "TZ": "UTC",
            "NETWATCH_NETWORK": "lan",
            "NETWATCH_STATE_DIR": str(self.year.plan.state),
        }
        command = [sys.executable, "-m", "netwatch_notify", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    return Passed(tmp_path_factory.mktemp("year"))


def test_a_late_night_reads_and_writes_what_an_early_one_did(passed: Passed) -> None:
    """Counted, not timed, so that it says the same on a busy machine."""
    for what in (0, 1):
        early = statistics.median(cost[what] for cost in passed.costs[EARLY])
        late = statistics.median(cost[what] for cost in passed.costs[LATE])
        assert early > 20
        assert late < MOST_GROWTH * early, ("steps", "rows written")[what]


def test_nothing_is_kept_for_longer_than_its_days(passed: Passed) -> None:
    assert set(passed.year.too_old().values()) == {0}
    scans = {int(path.name) for path in (passed.year.plan.state / "scans").iterdir()}
    # Counted from the night before the last.
    assert scans == set(range(NIGHTS - KEEP_DAYS - 1, NIGHTS + 1))


def test_what_is_open_is_kept_for_longer(passed: Passed) -> None:
    """Nobody accepts what was told in the first week; what of it still is so is listed."""
    lines = passed.run("history", "--open", "--limit", "0").stdout.splitlines()
    assert len(lines) == 1 + passed.rows[-1]["ledger"]
    with closing(sqlite3.connect(passed.year.path)) as connection:
        old = connection.execute(
            "SELECT count(*) FROM changes WHERE run_id < ?", (NIGHTS - HISTORY_DAYS,)
        ).fetchone()[0]
    assert old >= 2


def test_the_database_grows_no_more_than_what_is_known(passed: Passed) -> None:
    """The pages of what went are used again."""
    early, late = passed.rows[EARLY.stop], passed.rows[-1]
    assert late["outbox"] <= KEEP_DAYS + 2
    assert late["runs"] <= HISTORY_DAYS + 2 + late["ledger"]
    assert late["changes"] - early["changes"] <= late["ledger"] - early["ledger"] + 20
    assert passed.pages[-1] < 1.35 * passed.pages[EARLY.stop]


def test_history_and_show_say_where_the_past_ends(passed: Passed) -> None:
    ends = "is not kept; NETWATCH_KEEP_DAYS says for how long"
    whole = passed.run("history", "--limit", "0")
    assert whole.stdout.splitlines()[-1].endswith(ends)
    assert ends not in passed.run("history", "--limit", "3").stdout
    assert ends not in passed.run("history", "--open").stdout
    assert ends not in passed.run("show", str(NIGHTS)).stdout

    gone = passed.run("show", "1")
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "1: this run is not kept any more; NETWATCH_KEEP_DAYS" in gone.stderr
    never = passed.run("show", str(NIGHTS + 1))
    assert f"there is no such run; the last is {NIGHTS}" in never.stderr

    with closing(sqlite3.connect(passed.year.path)) as connection:
        (oldest,) = connection.execute("SELECT min(id) FROM runs").fetchone()
    assert oldest < NIGHTS - HISTORY_DAYS
    assert "not kept any more, but for " in passed.run("show", str(oldest)).stdout


def test_since_when_a_host_is_known_is_remembered(passed: Passed) -> None:
    """The run that took the inventory is long gone."""
    with closing(sqlite3.connect(passed.year.path)) as connection:
        (address,) = connection.execute(
            "SELECT address FROM hosts WHERE present AND first_seen_at LIKE '2025-01-01%' "
            "AND address NOT IN (SELECT address FROM changes)"
        ).fetchone()
    history = passed.run("history", address).stdout
    assert history.startswith("known since the first scan, Wed 1 Jan")
    assert history.count("\n") == 2


# --- the network


def test_the_network_is_what_it_promises() -> None:
    """1,000 hosts with 3 to 8 ports, a tenth of them laptops, 0.5 % changes a night."""
    network = Network(1000)
    before = None
    changed = []
    for _ in range(6):
        hosts = fromstring(network.next_night(), forbid_dtd=False).findall("host")
        assert 1000 * (1 - LAPTOP_SHARE) * 0.98 < len(hosts) < 1000
        ports = [len(host.findall("ports/port")) for host in hosts]
        assert min(ports) >= FEWEST_PORTS
        assert max(ports) <= MOST_PORTS
        assert all(host.find("address[@addrtype='mac']") is not None for host in hosts)
        now = {number: dict(device.ports) for number, device in network.devices.items()}
        if before is not None:
            either = before.keys() | now.keys()
            changed.append(sum(before.get(host) != now.get(host) for host in either))
        before = now
    assert 0.6 * CHANGED_SHARE * 1000 <= statistics.mean(changed) <= CHANGED_SHARE * 1000


def test_equal_seeds_give_equal_bytes() -> None:
    one, same, other = Network(50), Network(50), Network(50, seed=2)
    nights = [[network.next_night() for _ in range(3)] for network in (one, same, other)]
    assert nights[0] == nights[1] != nights[2]
