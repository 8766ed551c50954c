"""Some seconds of `make fuzz`, the same ones each time."""

from random import Random

from tests.fuzz.__main__ import plain_input, run_plain, seeds
from tests.fuzz.mutations import SEPARATOR


def test_mutated_files_are_read_or_refused_and_compare_alike_in_both_lanes() -> None:
    """Hosts or one line, for any chunks; what is equal need not be parsed to know it."""
    assert run_plain(4, seed=20261124) > 20


def test_an_input_is_two_files_of_which_most_still_begin_like_nmaps() -> None:
    """Mutations that broke every file at once would test nothing but the refusal."""
    random = Random(1)
    files = seeds()
    pairs = [plain_input(files, random).split(SEPARATOR, 1) for _ in range(50)]
    assert sum(b"<nmaprun" in new for _, new in pairs) > 40
    assert sum(old != new for old, new in pairs) > 40
