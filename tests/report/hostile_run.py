"""
Hostile strings in every format: `python -m tests.report.hostile_run STRINGS [SEED]`.

STRINGS is their number over all formats. Exits with 1 at the first format in which one does harm,
and prints which string of which seed it was.
"""

import sys
import time
import warnings
from collections.abc import Sequence
from itertools import islice

from tests.report.hostile import hostile_strings
from tests.report.hostile_channels import every_check
from tests.report.hostile_checks import Check

BATCH = {"Matrix": 150, "Slack": 60}
"""As many as one of their messages holds."""
USUAL_BATCH = 1000
CULPRITS = 3


def faults_of(name: str, check: Check, seed: str, strings: int) -> str:
    """Return which strings of a seed did harm in this format, and how; empty if none did."""
    texts = hostile_strings(f"{name} {seed}")
    size = BATCH.get(name, USUAL_BATCH)
    for start in range(0, strings, size):
        batch = list(islice(texts, min(size, strings - start)))
        try:
            faults = list(islice(check(batch), 10))
        except Exception as error:
            faults = [f"{type(error).__name__}: {ascii(str(error))[:300]}"]
        if faults:
            where = f"{name}, seed {seed!r}, strings {start} to {start + len(batch) - 1}"
            return "\n".join([where, *faults, *_culprits(check, batch)])
    return ""


def _culprits(check: Check, batch: Sequence[str]) -> list[str]:
    """Return the first strings that do harm alone."""
    found = []
    for text in batch:
        try:
            fault = next(iter(check([text])), "")
        except Exception as error:
            fault = type(error).__name__
        if fault:
            found.append(f"alone: {ascii(text)[:2000]}: {fault}")
        if len(found) == CULPRITS:
            break
    return found or ["none of them does it alone"]


def main() -> None:
    """Run rounds of all formats until there were enough."""
    strings = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = sys.argv[2] if len(sys.argv) > 2 else str(int(time.time()))
    print(f"seed {seed}", flush=True)
    warnings.simplefilter("error")
    started_at, told = time.monotonic(), 0
    with every_check() as checks:
        share = max(strings // len(checks), 1)
        for name, check in checks.items():
            began_at = time.monotonic()
            if faults := faults_of(name, check, seed, share):
                sys.exit(faults)
            told += share
            print(f"{name}: {share:,} strings, {time.monotonic() - began_at:.0f} s", flush=True)
    print(f"{told:,} strings in {time.monotonic() - started_at:.0f} s; none did harm")


if __name__ == "__main__":
    main()
