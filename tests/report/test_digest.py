"""Several nights in one message: oldest first, the worst in the subject, nothing said twice."""

from dataclasses import replace
from datetime import UTC
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.change import ChangeKind, Severity
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.message import Format, View
from netwatch_notify.report.digest import Told, join_views
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from netwatch_notify.report.text import render_text
from tests.builders import night
from tests.report import stories
from tests.report.strategies import relaxed, views

QUIET, SAMPLE, PROBLEMS = stories.QUIET.view, stories.SAMPLE.view, stories.PROBLEMS.view


def told(*given_views: View) -> list[Told]:
    return [Told(run, view, night(run)) for run, view in enumerate(given_views, 1)]


def test_each_night_stands_under_its_day_oldest_first() -> None:
    text = render_text(join_views(told(QUIET, SAMPLE, QUIET), [], UTC))

    lines = text.splitlines()
    assert lines[0] == "3 messages in one, oldest first: they could not be delivered"
    days = [f"{night(n):%a} {night(n).day} {night(n):%b}".upper() for n in (1, 2, 3)]
    assert [line[: len(days[0])] for line in lines if line.startswith(tuple(days))] == days
    assert text.index(days[1]) < text.index("23/tcp telnet opened") < text.index(days[2])


def test_the_subject_is_the_worst_nights_with_how_many_there_are() -> None:
    quiet_last = join_views(told(QUIET, SAMPLE, QUIET), [], UTC)
    broken = join_views(told(SAMPLE, PROBLEMS), [], UTC)

    fact = SAMPLE.subject.partition(": ")[2].rpartition(" · ")[0]
    assert quiet_last.subject.startswith(f"lan: 3 messages, {fact} · ")
    assert "NOT SCANNED" in broken.subject


def test_what_is_still_open_is_said_once_as_the_last_night_has_it() -> None:
    item = OpenItem(
        "e0d4",
        ChangeKind.PORT_OPENED,
        Severity.WARNING,
        ip_address("192.0.2.9"),
        None,
        "tv",
        night(0),
    )
    facts = replace(stories.SAMPLE.facts, still_open=(item,))
    view = replace(stories.SAMPLE, facts=facts).view
    text = render_text(join_views(told(view, view), [], UTC))

    assert text.count("STILL OPEN") == 1


def test_what_was_given_up_is_said_with_where_to_read_it() -> None:
    first, second = told(SAMPLE, QUIET)
    text = render_text(join_views([second], [first], UTC))

    assert "PROBLEM: the message of" in text
    assert "Try: netwatch-notify show 1" in text
    assert "in one, oldest first" not in text


def test_the_worst_of_all_nights_stays_when_room_is_short() -> None:
    """A critical of the last night is worth more than what the first had for information."""
    plain = stories.SAMPLE.view
    first = replace(plain, sections=tuple(s for s in plain.sections if s.title != "CRITICAL"))
    whole = join_views(told(first, plain), [], UTC)

    text = render_text(shorten(whole, 1100))

    assert "23/tcp telnet opened" in text
    assert "FOR INFORMATION" in text
    assert "not shown here" in text


@relaxed
@given(st.lists(views, min_size=1, max_size=4), st.sampled_from(Format))
def test_a_digest_of_anything_fits_and_is_harmless(several: list[View], form: Format) -> None:
    joined = join_views(told(*several), told(*several[:1]), UTC)
    message = render(shorten(joined, 2000, form), form)
    assert "<script" not in message.body
    assert "<!channel>" not in message.body
