"""Block Kit that Slack takes, shows as it is meant, and that fits a phone."""

import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch_notify.deliver.slack import BUDGET
from netwatch_notify.model.message import Format, Item, Section, View
from netwatch_notify.model.text import clean
from netwatch_notify.report.harmless import harmless
from netwatch_notify.report.render import render
from netwatch_notify.report.slack import render_slack
from netwatch_notify.report.view import shorten
from tests.report import stories
from tests.report.strategies import hostile_text, relaxed, views
from tests.servers.block_kit import ALL_BLOCKS, objections_to, texts_of

LIVE = re.compile(r"<|>|&(?!amp;|lt;|gt;)|@\S|://|www\.\S", re.IGNORECASE)
"""What Slack would read as a mention, a link or an entity that it does not know."""

long_text = st.tuples(hostile_text, st.sampled_from(("&", "<", "設", "𝕏", "x ", "&lt;", "ß")))
long_lines = st.builds(lambda pair, many: pair[0] + pair[1] * many, long_text, st.integers(0, 900))
wide_views = st.builds(
    View,
    network=hostile_text,
    subject=long_lines,
    sections=st.lists(
        st.builds(
            Section,
            title=long_lines,
            items=st.lists(st.builds(Item, long_lines, details=st.tuples(long_lines)), max_size=4),
        ),
        max_size=4,
    ),
    footer=st.lists(long_lines, max_size=3),
    rest=long_lines,
    hint=long_lines,
)
"""Views far beyond every limit: lines of 900 characters that become five each."""
built_text = long_lines.map(lambda text: clean(text, 300))
built_views = st.builds(
    View,
    network=hostile_text,
    subject=built_text.map(lambda text: clean(text, 120)),
    sections=st.lists(
        st.builds(
            Section,
            title=st.sampled_from(("", "CRITICAL", "NOTES")) | hostile_text,
            items=st.lists(
                st.builds(
                    Item,
                    built_text.map(lambda text: clean(text, 120)),
                    st.sampled_from(("", "+")),
                    st.lists(built_text, max_size=3).map(tuple),
                ),
                max_size=4,
            ).map(lambda items: tuple(items) * 12),
            left_out=st.integers(0, 5000),
            stays=st.booleans(),
        ),
        max_size=8,
    ).map(tuple),
    footer=st.lists(hostile_text, max_size=3).map(tuple),
    rest=hostile_text,
    hint=hostile_text,
)
"""Nights of many facts, each as long and as hostile as the builders let it be."""


def rendered(view: View) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(render_slack(view))
    return payload


def texts(view: View) -> list[str]:
    """Return the texts of the blocks as a reader sees them."""
    return [
        unescape(text["text"]) for block in rendered(view)["blocks"] for text in texts_of(block)
    ]


def kinds(view: View) -> list[str]:
    return [block["type"] for block in rendered(view)["blocks"]]


def assert_taken(view: View) -> None:
    """Assert what Slack demands of a message's blocks."""
    payload = rendered(view)
    assert objections_to(payload["blocks"]) == []
    assert payload["text"].strip()
    assert set(payload) == {"text", "blocks"}


@relaxed
@given(views)
def test_blocks_of_any_view_are_taken_and_hold_nothing_live(view: View) -> None:
    """Every text is plain, without emoji, and its control characters are escaped."""
    assert_taken(view)
    payload = rendered(view)
    for text in [text for block in payload["blocks"] for text in texts_of(block)]:
        assert (text["type"], text["emoji"]) == ("plain_text", False)
        assert not LIVE.search(text["text"])
    assert not LIVE.search(payload["text"])
    assert not re.search(r"[*_~`]", re.sub(r"(?<=[^\W_])_+(?=[^\W_])", "", payload["text"]))


@settings(relaxed, max_examples=25)
@given(wide_views)
def test_limits_of_a_block_hold_whatever_its_text(view: View) -> None:
    """Long texts go on in the next block."""
    blocks = rendered(view)["blocks"]

    assert objections_to(blocks[:50]) == []


@settings(relaxed, max_examples=20)
@given(built_views)
def test_a_shortened_view_is_taken(view: View) -> None:
    """Within the budget, Slack's limits hold: those documented, and the one that is not."""
    short = shorten(view, BUDGET, Format.SLACK)
    message = render(short, Format.SLACK)

    assert len(message.subject) + 1 + len(message.body) <= BUDGET
    assert_taken(short)
    assert len(json.dumps(json.loads(message.body)["blocks"])) < ALL_BLOCKS


@relaxed
@given(hostile_text)
def test_text_is_shown_as_it_is(text: str) -> None:
    """Unescaped as Slack does, it is what every other format shows."""
    view = View("lan", "lan: x", (Section("X", (Item(text),)),))

    assert texts(view)[2:] == ([harmless(text)] if harmless(text) else [])


def test_a_night_is_told_with_headers_facts_and_a_footer() -> None:
    view = stories.SAMPLE.view

    assert kinds(view) == ["header", *["header", "section"] * 3, "context"]
    shown = texts(view)
    assert shown[0] == rendered(view)["text"] == "lan: telnet open on printer-2, +4 · Tue 24 Nov"
    assert shown[1:4] == [
        "CRITICAL",
        "! printer-2 (192.168.1.40): 23/tcp telnet opened\n· never seen before [9711]",
        "TO CHECK",
    ]
    assert shown[-1].startswith("Expected? netwatch-notify accept e471 0613\nScan complete")


def test_facts_with_details_stand_apart_and_others_do_not() -> None:
    bare = (Section("X", (Item("a", "+", id="7f3a"), Item("b"))),)
    told = (Section("X", (Item("a", "+", ("c",), "7f3a"), Item("b"))),)

    assert texts(View("lan", "lan", bare))[2] == "+ a [7f3a]\nb"
    assert texts(View("lan", "lan", told))[2] == "+ a\n· c [7f3a]\n\nb"


def test_longer_texts_are_not_folded() -> None:
    blocks = rendered(stories.SAMPLE.view)["blocks"]

    assert all(block["expand"] for block in blocks if block["type"] == "section")


def test_too_many_sections_for_headers_are_lines_of_few_blocks() -> None:
    many = tuple(Section(f"TITLE {n}", (Item(f"fact {n}"),)) for n in range(60))
    view = View("lan", "lan: x", many, ("footer",))

    assert kinds(view) == ["header", "section", "context"]
    assert texts(view)[1].startswith("TITLE 0\nfact 0\n\nTITLE 1\nfact 1\n\n")
    assert texts(view)[1].endswith("TITLE 59\nfact 59")


def test_a_title_too_long_for_a_header_is_whole_in_a_section() -> None:
    title = "x & " * 40
    view = View("lan", "s" * 151, (Section(title, (Item("a"),)),))

    assert kinds(view) == ["section"] * 3
    assert texts(view) == ["s" * 151, title.strip(), "a"]


def test_a_line_too_long_for_a_block_goes_on_in_the_next() -> None:
    view = View("lan", "lan", (Section("", (Item("&" * 1000),)),))

    first, second = texts(view)[1:]
    assert (len(first), first + second) == (600, "&" * 1000)


def test_a_view_that_says_nothing_still_announces_itself() -> None:
    """Slack refuses an empty text."""
    view = View("", "")

    assert_taken(view)
    assert rendered(view)["text"] == "netwatch-notify"


@pytest.mark.parametrize("name", ["MANY", "KINDS", "PROBLEMS", "HOSTILE", "FIRST_RUN", "QUIET"])
def test_every_story_fits_a_phone(name: str) -> None:
    view = shorten(getattr(stories, name).view, BUDGET, Format.SLACK)

    assert_taken(view)
    assert sum(map(len, texts(view))) <= 8000


def test_a_network_full_of_foreign_letters_fits_the_undocumented_limit() -> None:
    """Counted as escaped JSON, the most that anybody could count."""
    items = tuple(Item("設備𝕏" * 60, "+", ("ß" * 200,)) for _ in range(500))
    short = shorten(View("lan", "lan", (Section("TO CHECK", items),)), BUDGET, Format.SLACK)

    assert_taken(short)
    assert 0 < len(short.sections[0].items) < 10
    assert len(json.dumps(rendered(short)["blocks"])) < ALL_BLOCKS
