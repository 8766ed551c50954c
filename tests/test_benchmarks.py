"""The files that benchmarks.pairs writes are what they promise, and benchmarks.diff reads them."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import iterparse

from benchmarks.diff import BIG, MIDDLE, Case, goals_of
from benchmarks.ingest import measure_nights
from benchmarks.measure import ROOT, Usage
from benchmarks.pairs import Pair, Shape, write_pair

HOSTS = 1000
SHAPES = pytest.mark.parametrize("shape", list(Shape), ids=str)
BYTES = {Shape.LEAN: 1300, Shape.REAL: 5000}


def ndiff() -> str:
    """Return the path of ndiff, which `make test` installs."""
    path = shutil.which("ndiff")
    assert path, "ndiff is not installed; tools/setup.sh test does it"
    return path


def facts_of(path: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return each host's ports with state and version, by address, in the file's order."""
    hosts: dict[str, dict[str, tuple[str, str]]] = {}
    for _, element in iterparse(path, forbid_dtd=False):
        if element.tag == "host":
            hosts[element.find("address").get("addr")] = {
                port.get("portid"): (
                    port.find("state").get("state"),
                    port.find("service").get("version", ""),
                )
                for port in element.iter("port")
            }
    return hosts


def kind_of(old: dict[str, Any] | None, new: dict[str, Any] | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    if old.keys() != new.keys():
        return "opened" if old.keys() < new.keys() else "closed"
    return "same" if old == new else "version"


@pytest.fixture(scope="module", params=list(Shape), ids=str)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return a pair of `HOSTS`, and the quiet night after."""
    folder = tmp_path_factory.mktemp(str(request.param))
    return write_pair(folder, HOSTS, request.param, with_quiet=True)


def test_a_pair_has_hosts_in_order_and_changes_of_every_kind(pair: Pair) -> None:
    """One host in a hundred differs in what it is, and every kind of change has its turn."""
    old, new = facts_of(pair.old), facts_of(pair.new)
    kinds = Counter(kind_of(old.get(a), new.get(a)) for a in old | new)

    assert list(old | new)[:3] == ["10.0.0.0", "10.0.0.1", "10.0.0.2"]
    assert kinds.pop("same") == HOSTS - 10
    assert kinds == dict.fromkeys(("opened", "closed", "version", "gone", "new"), 2)
    assert pair.changed == 10


@SHAPES
def test_a_host_takes_the_bytes_promised(shape: Shape, tmp_path: Path) -> None:
    """1.3 kB lean and 5 kB real, within 15 %."""
    made = write_pair(tmp_path, HOSTS, shape)

    for path in (made.old, made.new):
        assert path.stat().st_size / HOSTS == pytest.approx(BYTES[shape], rel=0.15)


def test_a_quiet_night_differs_in_times_only(pair: Pair) -> None:
    """It has OLD's hosts and ports, and no line of times in common with OLD."""
    assert pair.quiet is not None
    times = [
        {line for line in path.read_text().splitlines() if line.startswith("<host starttime=")}
        for path in (pair.old, pair.quiet)
    ]

    assert facts_of(pair.old) == facts_of(pair.quiet)
    assert times[0].isdisjoint(times[1])


def test_ndiff_finds_the_changes(pair: Pair) -> None:
    """ndiff reads every file, tells the hosts that changed and no other."""
    told = subprocess.run([ndiff(), pair.old, pair.new], capture_output=True, text=True)
    quiet = subprocess.run([ndiff(), pair.old, str(pair.quiet)], capture_output=True, text=True)

    assert (told.returncode, told.stderr, told.stdout.count("\n\n")) == (1, "", pair.changed)
    assert (quiet.returncode, quiet.stderr, len(quiet.stdout.splitlines())) == (0, "", 2)


@SHAPES
def test_equal_seeds_give_equal_bytes(shape: Shape, tmp_path: Path) -> None:
    """With the quiet night and without; another seed gives another network."""
    first = write_pair(tmp_path / "first", 200, shape)
    again = write_pair(tmp_path / "again", 200, shape, with_quiet=True)
    other = write_pair(tmp_path / "other", 200, shape, seed=2)

    assert first.old.read_bytes() == again.old.read_bytes() != other.old.read_bytes()
    assert first.new.read_bytes() == again.new.read_bytes() != other.new.read_bytes()


def run_diff(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.diff", "--rounds", "1", "--hosts", "100,200"]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)


def test_the_benchmark_runs_with_ndiff_in_our_place() -> None:
    """Small sizes have no goals, and equal texts are no failure."""
    result = run_diff("--program", ndiff(), "--libnmap")

    assert (result.returncode, result.stderr) == (0, "")
    rows = [line for line in result.stdout.splitlines() if line.startswith(("| lean", "| real"))]
    assert len(rows) == 4


def test_another_text_than_ndiffs_is_a_failure() -> None:
    """The first line that differs is shown, and the exit code is 1."""
    result = run_diff("--program", "sh -c 'echo other; exit 1'", "--shapes", "lean")

    assert result.returncode == 1
    assert "lean, 100 hosts: line 1: A says b'other\\n', ndiff b'-Nmap 7.93" in result.stdout
    assert result.stderr.startswith("missed: A says something else than ndiff: lean, 100 hosts")


def test_a_contender_that_fails_ends_the_benchmark() -> None:
    """Times of a program that did not do its work are worth nothing."""
    result = run_diff("--program", "sh -c 'echo broken >&2; exit 3'", "--shapes", "lean")

    assert result.returncode == 1
    assert result.stderr.startswith("A: exit 3 of sh -c ")
    assert result.stderr.endswith("broken\n")


def test_the_command_diff_says_what_ndiff_says() -> None:
    """On both shapes, byte for byte."""
    result = run_diff()

    assert (result.returncode, result.stderr) == (0, "")


def test_the_writes_of_a_quiet_night_are_counted(tmp_path: Path) -> None:
    """The run's own row is among them, so that the count is of something."""
    nights = measure_nights(tmp_path, 100, "lean", 1, ndiff())

    assert nights.quiet_rows["runs"] > 0


def usage(seconds: float, peak_kib: int) -> Usage:
    return Usage(seconds, seconds, peak_kib, 1, "")


def case(hosts: int, mine: tuple[float, int], ndiffs: tuple[float, int]) -> Case:
    return Case("lean", hosts, {"A": [usage(*mine)], "B": [usage(*ndiffs)]})


@pytest.mark.parametrize(
    ("big", "missed"),
    [
        pytest.param((2.6, 50_000), [], id="all met"),
        pytest.param((2.6, 50_001), ["memory A/B"], id="memory"),
        pytest.param((3.0, 50_000), ["B/A"], id="slow"),
        pytest.param((3.6, 50_000), ["B/A", "growth of A's time a host"], id="not linear"),
    ],
)
def test_goals(big: tuple[float, int], missed: list[str]) -> None:
    """Six times ndiff's speed, a tenth of its memory, and a time that grows as the hosts do."""
    cases = [
        case(256, (0.11, 20_000), (0.1, 20_000)),
        case(MIDDLE, (0.26, 20_000), (0.6, 60_000)),
        case(BIG, big, (15.6, 500_000)),
    ]
    goals = goals_of(cases)

    assert len(goals) == 3
    assert [goal.name.split(", lean")[0] for goal in goals if not goal.is_met] == missed
