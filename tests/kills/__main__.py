"""Kill many watches, on a real Synapse where it is installed, and print what came of it."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.kills.judge import CHANNELS
from tests.kills.watch import Outcome, watch
from tests.servers.synapse import PYTHON, Synapse, running_synapse

KILLS_OF_A_WATCH = 25
"""More would be nights of one network, which learns nothing new about delivery."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shares = [KILLS_OF_A_WATCH] * (options.kills // KILLS_OF_A_WATCH)
    if rest := options.kills % KILLS_OF_A_WATCH:
        shares.append(rest)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-")))
        synapse = stack.enter_context(running_synapse()) if PYTHON.exists() else None
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count() or 1))

        def one(number: int) -> Outcome:
            server: Synapse | None = synapse if number % 2 else None
            outcome = watch(folder / str(number), shares[number], options.seed + number, server)
            place = "Synapse" if server else "our homeserver"
            print(f"{number}: {outcome.kills} kills, Matrix is {place}", flush=True)
            print(*_wrong(outcome), sep="\n", end="" if not _wrong(outcome) else "\n", flush=True)
            return outcome

        outcomes = list(pool.map(one, range(len(shares))))
    sys.exit(_report(outcomes))


def _wrong(outcome: Outcome) -> list[str]:
    verdict = outcome.verdict
    lost = [f"  lost: {text}" for text in verdict.lost]
    twice = [f"  told again without reason: {text}" for text in verdict.unexplained]
    return [*lost, *twice, *(f"  {text}" for text in outcome.faults)]


def _report(outcomes: list[Outcome]) -> int:
    fates: Counter[str] = sum((outcome.fates for outcome in outcomes), Counter())
    duplicates: Counter[str] = sum((o.verdict.duplicates for o in outcomes), Counter())
    lost = sum(len(outcome.verdict.lost) for outcome in outcomes)
    unexplained = sum(len(outcome.verdict.unexplained) for outcome in outcomes)
    print(f"{sum(outcome.kills for outcome in outcomes)} kills:")
    for fate, count in fates.most_common():
        print(f"  {count} {fate}")
    print(f"lost: {lost}")
    for channel in CHANNELS:
        print(f"told twice on {channel}: {duplicates[channel]}")
    print(f"of those without a kill between acceptance and record: {unexplained}")
    known = sum(outcome.repetitions for outcome in outcomes)
    print(f"sent again on Matrix, and shown once by our homeserver: {known}")
    return int(any(_wrong(outcome) for outcome in outcomes))


if __name__ == "__main__":
    main()
