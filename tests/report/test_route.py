"""A destination with tags hears of what they name, and of nothing else."""

from dataclasses import replace

import pytest

from netwatch_notify.model.change import Problem, Severity
from netwatch_notify.model.message import TAGS
from netwatch_notify.report.route import PROBLEM, Content, routed, says_something
from tests.report import stories

WHOLE = Content(stories.SAMPLE.facts, tuple(stories.SAMPLE.changes), (Problem("p", "leeds"),))


def heard(*tags: str, content: Content = WHOLE) -> Content:
    return routed(content, "mail", frozenset(tags))


def test_without_tags_everything_goes_everywhere() -> None:
    assert heard() == WHOLE


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_brings_its_changes_alone(severity: Severity) -> None:
    content = heard(severity.value)
    assert {change.severity for change in content.changes} == {severity}
    assert content.problems == ()


def test_problems_come_by_their_own_tag() -> None:
    content = heard("problem")
    assert (content.changes, content.problems) == ((), WHOLE.problems)


def test_tags_add_up() -> None:
    assert heard("critical", "warning", "info", "problem") == WHOLE


def test_a_line_of_several_changes_goes_whole_by_its_worst() -> None:
    critical = next(c for c in WHOLE.changes if c.severity is Severity.CRITICAL)
    info = next(c for c in WHOLE.changes if c.severity is Severity.INFO)
    together = tuple(replace(change, group="f00d") for change in (info, critical))
    content = replace(WHOLE, changes=together)

    assert heard("critical", content=content).changes == together
    assert heard("info", content=content).changes == ()


def test_a_broken_destination_does_not_hear_of_itself() -> None:
    problem = Problem("delivery:mail", "mail does not work", not_for="mail")
    content = replace(WHOLE, problems=(problem,))

    assert routed(content, "mail", frozenset()).problems == ()
    assert routed(content, "slack", frozenset()).problems == (problem,)


def test_notes_and_what_a_first_scan_found_are_for_information() -> None:
    facts = replace(WHOLE.facts, notes=("a note",))
    content = Content(facts, (), ())

    assert says_something(heard("info", content=content), always=False)
    assert not says_something(heard("critical", content=content), always=False)


def test_that_nothing_changed_is_for_information() -> None:
    nothing = Content(stories.QUIET.facts, (), ())
    assert says_something(nothing, always=True, tags=frozenset({"info"}))
    assert not says_something(nothing, always=True, tags=frozenset({"critical"}))
    assert not says_something(nothing, always=False)


def test_a_problem_is_as_urgent_as_a_warning() -> None:
    assert Content(WHOLE.facts, (), WHOLE.problems).severities() == {Severity.WARNING}
    assert Content(WHOLE.facts, (), ()).severities() == {Severity.INFO}


def test_the_tags_that_are_read_are_those_that_route() -> None:
    assert {*(severity.value for severity in Severity), PROBLEM} == TAGS
