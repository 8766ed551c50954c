"""
Time `netwatch-notify diff` (A) beside ndiff (B) and python-libnmap (C).

    python -m benchmarks.diff [--rounds 3] [--hosts 256,4096,65536] [--shapes lean,real]
                              [--libnmap] [--million] [--ingest]

Needs ndiff, and nmap for --ingest, which does not run it. Every round runs all of them on the same
pair of files, and they take turns in which goes first. Exits 1 if a goal is missed or A says
anything else than ndiff.
"""

import argparse
import filecmp
import shlex
import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from benchmarks.goals import Goal
from benchmarks.ingest import compare_nights
from benchmarks.measure import Usage, environment_in, make_pair, measure, own_peak_kib

SHAPES = {"lean": 1_500, "real": 5_500}
"""The shapes of benchmarks.pairs, each with the most bytes a host takes."""
BIG = 65_536
MIDDLE = 4_096
MILLION = 1 << 20

SPEED_GOALS = {"lean": 6.0, "real": 4.0}
"""ndiff's time by ours, at BIG."""
MEMORY_GOAL = 1 / 10
"""Our memory by ndiff's, at BIG."""
GROWTH_GOAL = 1.25
"""The time of one more host above MIDDLE by that below; 1 is linear, the rest is noise."""
MILLION_GOAL = 3.0
"""Our memory at MILLION by that at BIG."""


@dataclass(slots=True)
class Case:
    """One shape and size, and what each contender took in each round."""

    shape: str
    hosts: int
    usages: dict[str, list[Usage]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.shape}, {self.hosts} hosts"

    def median(self, letter: str, figure: Callable[[Usage], float]) -> float:
        return statistics.median(map(figure, self.usages[letter]))

    def seconds(self, letter: str) -> float:
        return self.median(letter, lambda usage: usage.seconds)

    def peak_kib(self, letter: str) -> float:
        return self.median(letter, lambda usage: usage.peak_kib)

    def ratio(self, letter: str) -> float:
        """Return the median of what `letter` took by what A took in the same round."""
        rounds = zip(self.usages[letter], self.usages["A"], strict=True)
        return statistics.median(other.seconds / mine.seconds for other, mine in rounds)


class Bench:
    """The contenders' commands, and a folder for their files."""

    def __init__(self, folder: Path, commands: dict[str, list[str]], rounds: int) -> None:
        self.folder = folder
        self.commands = commands
        self.rounds = rounds
        self.failures: list[str] = []

    def run(self, shape: str, hosts: int, letters: Iterable[str] | None = None) -> Case:
        """Make a pair, let the contenders have it in turns, and delete it."""
        place = self.folder / f"{shape}-{hosts}"
        _require_space(self.folder, 2 * hosts * SHAPES[shape])
        changed = make_pair(place, hosts, shape)
        case = Case(shape, hosts)
        order = list(letters or self.commands)
        # A alone has nobody to take turns with.
        for number in range(self.rounds if len(order) > 1 else 1):
            shift = number % len(order)
            for letter in order[shift:] + order[:shift]:
                usage = self._time(letter, place, changed)
                case.usages.setdefault(letter, []).append(usage)
            times = ", ".join(
                f"{letter} {case.usages[letter][-1].seconds:.2f} s" for letter in order
            )
            print(f"{case}, round {number + 1}: {times}", flush=True)
            if "B" in order:
                self._compare_texts(case, place / "A.txt", place / "B.txt")
        shutil.rmtree(place)
        return case

    def _time(self, letter: str, place: Path, changed: int) -> Usage:
        command = [*self.commands[letter], str(place / "old.xml"), str(place / "new.xml")]
        usage = measure(command, place / f"{letter}.txt", environment_in(self.folder))
        if usage.returncode != bool(changed):
            raise SystemExit(
                f"{letter}: exit {usage.returncode} of {shlex.join(command)}: {usage.errors}"
            )
        return usage

    def _compare_texts(self, case: Case, mine: Path, theirs: Path) -> None:
        if filecmp.cmp(mine, theirs, shallow=False):
            return
        with mine.open("rb") as ours, theirs.open("rb") as expected:
            for number, (a, b) in enumerate(zip_longest(ours, expected), 1):
                if a != b:
                    print(f"{case}: line {number}: A says {a!r}, ndiff {b!r}", flush=True)
                    break
        self.failures.append(f"A says something else than ndiff: {case}")


def _require_space(folder: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    # A tenth more, for what the contenders write.
    if free < 1.1 * size_bytes:
        raise SystemExit(
            f"{folder}: {free >> 20} MiB free, {size_bytes * 11 // 10 >> 20} needed; set TMPDIR"
        )


def goals_of(cases: Sequence[Case]) -> list[Goal]:
    """Return what the cases say about the goals; most need the size BIG among them."""
    goals: list[Goal] = []
    for case in cases:
        if case.hosts == BIG:
            goals += [
                Goal(f"B/A, {case}", case.ratio("B"), SPEED_GOALS[case.shape], at_least=True),
                Goal(f"memory A/B, {case}", case.peak_kib("A") / case.peak_kib("B"), MEMORY_GOAL),
            ]
    for shape in SHAPES:
        seconds = {case.hosts: case.seconds("A") for case in cases if case.shape == shape}
        if {MIDDLE, BIG} <= seconds.keys():
            goals.append(Goal(f"growth of A's time a host, {shape}", _growth(seconds), GROWTH_GOAL))
    return goals


def _growth(seconds: dict[int, float]) -> float:
    """
    Return the time of a host above MIDDLE by that of one below.

    A smaller size, where there is one, takes off the time to start, which would hide growth.
    """
    least = min(seconds)
    below = seconds[MIDDLE] / MIDDLE
    if least < MIDDLE:
        below = (seconds[MIDDLE] - seconds[least]) / (MIDDLE - least)
    return (seconds[BIG] - seconds[MIDDLE]) / (BIG - MIDDLE) / below


def million(bench: Bench, cases: Sequence[Case]) -> Goal:
    """Return how A's memory grows from BIG to MILLION hosts; ndiff would take 9 GB."""
    big = next((case for case in cases if (case.shape, case.hosts) == ("lean", BIG)), None)
    big = big or bench.run("lean", BIG, "A")
    case = bench.run("lean", MILLION, "A")
    print(f"{case}: A {case.seconds('A'):.1f} s, {case.peak_kib('A') / 1024:.0f} MiB")
    return Goal(
        f"A's memory by that at {BIG}, {case}", case.peak_kib("A") / big.peak_kib("A"), MILLION_GOAL
    )


def show_table(cases: Sequence[Case], letters: Sequence[str]) -> None:
    """Print the medians as a Markdown table."""
    others = [letter for letter in letters if letter != "A"]
    heads = ["shape", "hosts"]
    heads += [f"{letter}: time (CPU), memory" for letter in letters]
    heads += [f"{letter}/A" for letter in others] + [f"memory A/{letter}" for letter in others]
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    own = own_peak_kib()
    for case in cases:
        cells = [case.shape, f"{case.hosts:,}"]
        for letter in letters:
            peak = case.peak_kib(letter)
            # What a child holds below our own peak cannot be told from it.
            bound = "≤ " if peak <= own else ""
            cpu = case.median(letter, lambda usage: usage.cpu_seconds)
            cells.append(f"{case.seconds(letter):.2f} s ({cpu:.2f}), {bound}{peak / 1024:.0f} MiB")
        cells += [f"{case.ratio(letter):.2f}" for letter in others]
        cells += [f"1/{case.peak_kib(letter) / case.peak_kib('A'):.1f}" for letter in others]
        print(f"| {' | '.join(cells)} |")
    print()


def _sizes(text: str) -> list[int]:
    return sorted({int(word) for word in text.split(",")})


def _shapes(text: str) -> list[str]:
    shapes = text.split(",")
    if unknown := set(shapes) - SHAPES.keys():
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return shapes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diff", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hosts", type=_sizes, default=[256, MIDDLE, BIG])
    parser.add_argument("--shapes", type=_shapes, default=list(SHAPES))
    parser.add_argument("--libnmap", action="store_true", help="time python-libnmap, too")
    parser.add_argument("--million", action="store_true", help=f"A's memory with {MILLION:,} hosts")
    parser.add_argument("--ingest", action="store_true", help="time `ingest` beside ndiff")
    parser.add_argument(
        "--program",
        type=shlex.split,
        default=[sys.executable, "-m", "netwatch_notify", "diff"],
        help="time another command as A",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    ndiff = shutil.which("ndiff")
    if ndiff is None:
        parser.error("ndiff is not on PATH; Debian has it in the package ndiff")
    commands = {"A": options.program, "B": [ndiff]}
    if options.libnmap:
        commands["C"] = [sys.executable, "-m", "benchmarks.libnmap_diff"]
    # An end by SIGTERM takes the files along, as one by Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="netwatch-diff-") as name:
        folder = Path(name)
        bench = Bench(folder, commands, options.rounds)
        cases = [bench.run(shape, hosts) for shape in options.shapes for hosts in options.hosts]
        goals = goals_of(cases)
        if options.million:
            goals.append(million(bench, cases))
        if options.ingest:
            goals += compare_nights(folder, options.shapes, options.rounds, ndiff)
    show_table(cases, list(commands))
    for goal in goals:
        print(goal)
    failures = bench.failures + [goal.name for goal in goals if not goal.is_met]
    if failures:
        sys.exit(f"missed: {'; '.join(dict.fromkeys(failures))}")


if __name__ == "__main__":
    main()
