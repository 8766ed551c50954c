"""
Killed at any moment, process group and all, `ingest` and `deliver` lose nothing.

In the suite a few dozen kills; `python -m tests.kills` makes 500.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.kills.arrivals import Arrival
from tests.kills.judge import Claim, judge
from tests.kills.watch import watch

NIGHT, NEXT = 20_001, 20_002
CLAIM = Claim("mail", 7, frozenset({NIGHT}), begun_at=10.0, killed_at=11.0)


def test_kills_lose_nothing_and_repeat_only_what_could_not_be_recorded(tmp_path: Path) -> None:
    kills = (13, 12)
    with ThreadPoolExecutor(len(kills)) as pool:
        watches = [
            pool.submit(watch, tmp_path / str(seed), count, seed)
            for seed, count in enumerate(kills)
        ]
        outcomes = [future.result() for future in watches]
    for outcome in outcomes:
        assert outcome.faults == ()
        assert outcome.verdict.lost == ()
        assert outcome.verdict.unexplained == ()
        assert outcome.verdict.duplicates["matrix"] == 0
    assert sum(outcome.kills for outcome in outcomes) >= sum(kills)


def arrived(channel: str, at: float, *marks: int, entry: int | None = 7) -> Arrival:
    return Arrival(channel, at, frozenset(marks), entry)


def everywhere(*marks: int) -> list[Arrival]:
    return [arrived(channel, 20.0, *marks, entry=9) for channel in ("mail", "slack", "matrix")]


def test_a_night_that_one_channel_never_told_is_lost() -> None:
    arrivals = [*everywhere(NIGHT), arrived("mail", 21.0, NEXT), arrived("slack", 21.0, NEXT)]
    assert judge((NIGHT, NEXT), arrivals, ()).lost == (f"{NEXT} on matrix",)


def test_a_second_copy_needs_a_kill_that_kept_the_first_from_being_recorded() -> None:
    arrivals = [arrived("mail", 10.5, NIGHT), *everywhere(NIGHT, NEXT)]
    assert judge((NIGHT, NEXT), arrivals, [CLAIM]).unexplained == ()
    assert judge((NIGHT, NEXT), arrivals, ()).unexplained == (f"{NIGHT} on mail",)
    assert judge((NIGHT, NEXT), arrivals, [CLAIM]).duplicates == {"mail": 1}


def test_one_kill_excuses_one_copy() -> None:
    first = [arrived("mail", 10.4, NIGHT), arrived("mail", 10.5, NIGHT)]
    verdict = judge((NIGHT,), [*first, *everywhere(NIGHT)], [CLAIM])
    assert verdict.unexplained == (f"{NIGHT} on mail",)


def test_a_kill_excuses_neither_another_row_nor_another_time() -> None:
    for first in (arrived("mail", 10.5, NIGHT, entry=6), arrived("mail", 9.9, NIGHT)):
        assert judge((NIGHT,), [first, *everywhere(NIGHT)], [CLAIM]).unexplained


def test_no_second_copy_is_excused_on_matrix() -> None:
    claim = Claim("matrix", 7, frozenset({NIGHT}), begun_at=10.0, killed_at=11.0)
    arrivals = [arrived("matrix", 10.5, NIGHT), *everywhere(NIGHT)]
    assert judge((NIGHT,), arrivals, [claim]).unexplained == (f"{NIGHT} on matrix",)
