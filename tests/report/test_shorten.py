"""A shortened view fits, says how much it left out, and cuts no fact in two."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.change import Change, Problem
from netwatch_notify.model.message import Format, Item, Section, View
from netwatch_notify.report.render import render
from netwatch_notify.report.view import build_view, shorten
from tests.report import stories
from tests.report.strategies import changes, hostile_text, problems, relaxed


def size(view: View, format_: Format = Format.TEXT) -> int:
    message = render(view, format_)
    return len(message.subject) + 1 + len(message.body)


def told(section: Section) -> int:
    return sum(item.stands_for for item in section.items)


@relaxed
@given(
    st.lists(changes, max_size=8),
    st.lists(problems, max_size=6),
    st.integers(600, 4000),
    hostile_text,
    hostile_text,
)
def test_it_fits_every_budget_from_600_on(
    night: list[Change], broken: list[Problem], budget: int, path: str, note: str
) -> None:
    """Whatever the night brought; items are whole or left out, and counted."""
    facts = replace(stories.FACTS, whole_report=path, notes=(note,), network=note)
    view = build_view(facts, night, broken, stories.BERLIN)
    short = shorten(view, budget)

    assert size(short) <= budget
    assert short.subject == view.subject
    for whole, cut in zip(view.sections, short.sections, strict=True):
        assert told(cut) + cut.left_out == told(whole)
        if not whole.stays:
            assert cut.items == whole.items[: len(cut.items)]
        elif not whole.title:
            assert cut.items[0].headline == whole.items[0].headline


@pytest.mark.parametrize("format_", Format)
def test_5000_changes_fit_quickly(format_: Format) -> None:
    """A night that changed everything is told in well under a second."""
    started = time.perf_counter()
    short = shorten(stories.MANY.view, 1500 if format_ is not Format.HTML else 4000, format_)
    seconds = time.perf_counter() - started

    assert size(short, format_) <= (1500 if format_ is not Format.HTML else 4000)
    assert sum(len(section.items) + section.left_out for section in short.sections) == 5002
    assert seconds < 2  # About 0.3 s on a quiet machine; room for a busy one.


def test_least_important_go_first_and_problems_stay() -> None:
    """Everything for information goes before anything critical does."""
    short = shorten(stories.MANY.view, 1500)
    by_title = {section.title: section for section in short.sections}

    assert by_title[""] == stories.MANY.view.sections[0]
    assert by_title["CRITICAL"].left_out == 0
    assert 0 < len(by_title["TO CHECK"].items) < 2499
    assert by_title["FOR INFORMATION"].left_out == 2500
    assert short.rest == stories.FACTS.whole_report


def test_what_fits_is_left_alone() -> None:
    """Only `rest` goes: there is none."""
    assert shorten(stories.SAMPLE.view, 8000) == replace(stories.SAMPLE.view, rest="")


def test_too_many_problems_lose_details_before_headlines() -> None:
    """A hundred held ranges fit too; how many there are is said."""
    broken = [
        Problem(f"held:{n}", f"10.0.{n}.0/24 silent", ("night 1, held, not counted as gone",))
        for n in range(100)
    ]
    view = build_view(stories.FACTS, [], broken, stories.BERLIN)
    bare, few = shorten(view, 4000), shorten(view, 800)

    assert len(bare.sections[0].items) == 100
    assert bare.sections[0].items[0].details
    assert not bare.sections[0].items[-1].details
    assert f"and {few.sections[0].left_out} more problems" in render(few, Format.TEXT).body
    assert "100 PROBLEMS" in few.subject


def test_of_several_nights_the_worst_stay_whatever_night_they_are_of() -> None:
    facts = tuple(
        Item(f"fact {number} of this night, which takes some room") for number in range(9)
    )
    nights = [
        Section(title, facts, rank=rank)
        for _ in range(2)
        for title, rank in (("CRITICAL", 0), ("FOR INFORMATION", 2))
    ]
    short = shorten(View("lan", "lan: x", tuple(nights)), 900)

    shown = [(section.rank, len(section.items)) for section in short.sections]
    assert [count for rank, count in shown if rank == 2] == [0, 0]
    assert shown[0] == (0, 9)
    assert shown[2][1] > 0


def test_attached_is_said_only_where_something_was_left_out() -> None:
    view = stories.MANY.view
    assert shorten(view, 1500, attached=True).attached
    assert not shorten(view, 1500).attached
    text = render(shorten(view, 1500, attached=True), Format.TEXT).body
    assert "All of it: attached, or" in " ".join(text.split())
    whole = render(shorten(view, 10**6, attached=True), Format.TEXT).body
    assert "attached" not in whole
