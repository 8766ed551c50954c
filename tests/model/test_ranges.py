"""Ranges behave as the sets of numbers they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.ranges import Ranges
from tests.model.strategies import ranges, spans


def is_normal(subject: Ranges) -> bool:
    """Sorted, no span empty, no two that touch."""
    flat = [edge for span in subject.spans for edge in span]
    gaps = zip(subject.spans, subject.spans[1:], strict=False)
    return flat == sorted(flat) and all(a[1] + 1 < b[0] for a, b in gaps)


@given(spans)
def test_holds_every_number_of_its_spans(pieces: list[tuple[int, int]]) -> None:
    expected = {number for first, last in pieces for number in range(first, last + 1)}
    built = Ranges.of(pieces)
    assert set(built) == expected
    assert len(built) == len(expected)
    assert bool(built) == bool(expected)
    assert is_normal(built)


@given(ranges, ranges)
def test_union_difference_and_intersection_are_those_of_sets(a: Ranges, b: Ranges) -> None:
    for result, expected in (
        (a | b, set(a) | set(b)),
        (a - b, set(a) - set(b)),
        (a & b, set(a) & set(b)),
    ):
        assert set(result) == expected
        assert is_normal(result)


@given(ranges, st.integers(-2, 80))
def test_contains_agrees_with_the_set(subject: Ranges, number: int) -> None:
    assert (number in subject) == (number in set(subject))


@given(ranges)
def test_text_reads_back(subject: Ranges) -> None:
    assert Ranges.parse(str(subject)) == subject


def test_equal_sets_are_equal_however_they_were_made() -> None:
    assert Ranges.parse("3,1-2,2-5") == Ranges.of([(1, 5)])


@pytest.mark.parametrize("text", ["a", "1-b", "1,x", "-"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Ranges.parse(text)


@given(st.lists(st.integers(-5, 40)))
def test_numbers_in_any_order_make_the_set_of_them(numbers: list[int]) -> None:
    built = Ranges.of_numbers(numbers)
    assert set(built) == set(numbers)
    assert is_normal(built)
