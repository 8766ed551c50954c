"""
Destinations fail in every way for a week: nothing is lost, and the healthy ones notice nothing.

One week in the suite, with hangs that end once the healthy ones have their message and with a
homeserver of ours; `make week` plays several with real hangs and Synapse.
"""

from contextlib import ExitStack
from pathlib import Path

from tests.week.play import Week
from tests.week.scenery import stand_in_for_matrix

SEED = 43
HAPPENS = (
    *("rest", "digest", "failed for good", "given up", "check", "renewed", "retry"),
    *("hang", "taken, but the answer was lost"),
)
"""What a week of this seed must have in it to show anything."""


def test_a_week_of_failures_loses_nothing_and_holds_up_nobody(tmp_path: Path) -> None:
    with ExitStack() as stack:
        matrix = stack.enter_context(stand_in_for_matrix())
        week = Week(tmp_path, SEED, matrix, stack, really_hangs=False)
        week.play()
    assert not week.faults, "\n".join(week.faults)
    assert not [what for what in HAPPENS if not week.seen[what]], week.seen
