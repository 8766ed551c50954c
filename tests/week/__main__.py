"""Weeks of failures with real hangs and a real homeserver: `python -m tests.week SEEDS`."""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.servers.synapse import PYTHON, running_synapse
from tests.week.play import Week
from tests.week.scenery import matrix_of, stand_in_for_matrix


def main() -> None:
    """Play a week for each seed, and say what came of it."""
    seeds = range(int(sys.argv[1]), int(sys.argv[2])) if sys.argv[2:] else range(int(sys.argv[1]))
    status = 0
    with ExitStack() as all_weeks:
        synapse = all_weeks.enter_context(running_synapse()) if PYTHON.exists() else None
        print(f"homeserver: {'Synapse' if synapse else 'a stand-in of ours'}", flush=True)
        for seed in seeds:
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
                matrix = (
                    matrix_of(synapse) if synapse else stack.enter_context(stand_in_for_matrix())
                )
                week = Week(Path(name), seed, matrix, stack, really_hangs=True)
                week.play()
            happened = ", ".join(f"{what} {count}" for what, count in sorted(week.seen.items()))
            print(f"week {seed}, {time.monotonic() - began:.0f} s: {happened}", flush=True)
            print(*week.faults, f"{len(week.faults)} faults", sep="\n", flush=True)
            status = status or int(bool(week.faults))
    sys.exit(status)


if __name__ == "__main__":
    main()
