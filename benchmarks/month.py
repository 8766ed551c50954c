"""
Hold what is told of an invented month against the truth: netwatch-notify beside ndiff.

    python -m benchmarks.month [--seeds 3] [--first 1]

Needs ndiff; it starts no nmap and needs no root. It exits 1 if a goal is missed, and says which.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.goals import Goal
from benchmarks.month_contenders import Mark, mark_laptops, tell_ndiff, tell_ours
from benchmarks.month_files import write_month
from benchmarks.month_network import invent
from benchmarks.month_score import Fault, Score, score

OURS, MARKED, NDIFF = "ours", "ours, laptops marked", "ndiff"
FALSE_GOAL = 5
"""A month: two nights in a row lose the same port once in four months of 1,000 ports."""
RATIO_GOAL = 20
"""ndiff's false lines by ours, where ours are none by one."""
COLUMNS = "seed | who | events | right | missed | late | wrong | again | false | laptops"


def hold(seed: int, folder: Path, ndiff: str | None, mark: Mark = mark_laptops) -> dict[str, Score]:
    """Have all contenders tell the month of `seed`, and return their scores by name."""
    month = invent(seed)
    files = write_month(month, folder / "scans")
    scores = {}
    for name in (OURS, MARKED):
        place = folder / name.replace(", ", "-").replace(" ", "-")
        place.mkdir()
        is_marked = name == MARKED
        telling = tell_ours(month, files, place, mark if is_marked else None)
        scores[name] = score(month, telling.told, are_marked=is_marked)
    if ndiff:
        # It cannot wait, so that its lines about one night's absence are not held against it.
        told = tell_ndiff(files, folder, ndiff).told
        scores[NDIFF] = score(month, told, gone_after=1)
    return scores


def goals_of(seeds: Mapping[int, Mapping[str, Score]]) -> list[Goal]:
    """Return what the worst seed says about the goals."""
    goals: list[Goal] = []
    for name in (OURS, MARKED):
        scores = [by_name[name] for by_name in seeds.values()]
        amiss = max(len(s.mistakes) for s in scores)
        false = max(len(s.false) for s in scores)
        goals.append(Goal(f"events not told right, {name}", amiss, 0))
        goals.append(Goal(f"false lines, {name}", false, FALSE_GOAL))
    laptops = max(by_name[MARKED].laptop_lines for by_name in seeds.values())
    goals.append(Goal(f"lines about laptops, {MARKED}", laptops, 0))
    ratios = [
        len(by_name[NDIFF].false) / max(1, len(by_name[OURS].false)) for by_name in seeds.values()
    ]
    goals.append(Goal("ndiff's false lines by ours", min(ratios), RATIO_GOAL, at_least=True))
    return goals


def table_of(seeds: Mapping[int, Mapping[str, Score]]) -> list[str]:
    """Return the rows of the table, a sum over the seeds below it if there are several."""
    rows = [f"| {COLUMNS} |", "|" + "---|" * len(COLUMNS.split(" | "))]
    for seed, by_name in seeds.items():
        rows += [_row(str(seed), name, [score]) for name, score in by_name.items()]
    if len(seeds) > 1:
        for name in (OURS, MARKED, NDIFF):
            scores = [by_name[name] for by_name in seeds.values()]
            rows.append(_row("all", name, scores))
    return rows


def _row(seed: str, name: str, scores: Sequence[Score]) -> str:
    false = sum(len(score.false) for score in scores)
    ordinary = sum(score.false_ordinary for score in scores)
    cells = [
        seed,
        name,
        sum(score.events for score in scores),
        sum(score.right for score in scores),
        *(sum(score.count(fault) for score in scores) for fault in Fault),
        f"{false:,} ({ordinary:,})",
        sum(score.laptop_lines for score in scores),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _show_lines(seed: int, by_name: Mapping[str, Score]) -> None:
    """Say what was amiss with ours; ndiff's lines are too many."""
    for name in (OURS, MARKED):
        for mistake in by_name[name].mistakes:
            print(f"seed {seed}, {name}: {mistake}")
        for line in by_name[name].false:
            print(f"seed {seed}, {name}: false: {line}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seeds", type=int, default=3, help="how many months")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first one")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error("--seeds: at least 1")
    ndiff = shutil.which("ndiff")
    if ndiff is None:
        parser.error("ndiff is not on PATH; Debian has it in the package ndiff")
    # An end by SIGTERM takes the files along, as one by Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seeds: dict[int, dict[str, Score]] = {}
    for seed in range(options.first, options.first + options.seeds):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="netwatch-month-") as name:
            seeds[seed] = hold(seed, Path(name), ndiff)
        print(f"seed {seed}: {time.monotonic() - begun:.0f} s", flush=True)
        _show_lines(seed, seeds[seed])
    print(*table_of(seeds), sep="\n")
    goals = goals_of(seeds)
    for goal in goals:
        print(goal)
    missed = [goal.name for goal in goals if not goal.is_met]
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
