"""
The messages themselves: each golden file is what somebody reads.

`NETWATCH_GOLDEN=write pytest tests/report` writes them anew; then read the difference.
"""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from apprise import NotifyFormat
from apprise.conversion import convert_between

from netwatch_notify.deliver import mail, matrix, slack
from netwatch_notify.model.message import Format, View
from netwatch_notify.report.render import render
from netwatch_notify.report.view import shorten
from tests.report import stories
from tests.report.large_nights import night

FOLDER = Path(__file__).parent.parent / "data" / "messages"
SUFFIX = {Format.TEXT: "txt", Format.HTML: "html", Format.MARKDOWN: "md"}
EVERYTHING = 1_000_000

CASES = [
    ("quiet", stories.QUIET, EVERYTHING),
    ("first-run", stories.FIRST_RUN, EVERYTHING),
    ("sample", stories.SAMPLE, EVERYTHING),
    ("problems", stories.PROBLEMS, EVERYTHING),
    ("kinds", stories.KINDS, EVERYTHING),
    ("hostile", stories.HOSTILE, EVERYTHING),
    ("many", stories.MANY, 1500),
    ("many-in-600", stories.MANY, 600),
]


@dataclass(frozen=True)
class Form:
    """How a channel shows a message: its format, what it takes, and whether files go along."""

    format: Format
    budget: int
    attached: bool = False
    in_words: bool = False
    """The text that apprise makes of the HTML, for mutt and for Matrix in a terminal."""


FORMS = {
    "txt": Form(Format.TEXT, 8000),
    "md": Form(Format.MARKDOWN, 8000),
    "mail.html": Form(Format.HTML, mail.BUDGET, attached=True),
    "mail.txt": Form(Format.HTML, mail.BUDGET, attached=True, in_words=True),
    "matrix.html": Form(Format.HTML, matrix.BUDGET),
    "matrix.txt": Form(Format.HTML, matrix.BUDGET, in_words=True),
    "slack.json": Form(Format.SLACK, slack.BUDGET),
}


def compare_with_golden_file(text: str, name: str) -> None:
    path = FOLDER / name
    if os.environ.get("NETWATCH_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", SUFFIX)
@pytest.mark.parametrize(("name", "story", "budget"), CASES, ids=[case[0] for case in CASES])
def test_message_reads_as_its_golden_file(
    name: str, story: stories.Story, budget: int, format_: Format
) -> None:
    """The message is the one a reviewer read; text files begin with its subject."""
    message = render(shorten(story.view, budget, format_), format_)
    text = message.body
    if format_ is Format.TEXT:
        text = f"Subject: {message.subject}\n\n{message.body}"
    compare_with_golden_file(text, f"{name}.{SUFFIX[format_]}")


@cache
def view_of(number: int) -> View:
    return night(number).view


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("number", [0, 1, 12, 300, 5000])
def test_a_night_reads_in_each_channel_as_its_golden_file(number: int, suffix: str) -> None:
    """However many changes: within the channel's budget, as a reviewer read it."""
    form = FORMS[suffix]
    short = shorten(view_of(number), form.budget, form.format, attached=form.attached)
    message = render(short, form.format)
    assert len(message.subject) + 1 + len(message.body) <= form.budget
    text = message.body
    if form.in_words:
        text = convert_between(NotifyFormat.HTML, NotifyFormat.TEXT, text) + "\n"
    elif form.format is Format.SLACK:
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
    if form.format is Format.TEXT or form.in_words:
        text = f"Subject: {message.subject}\n\n{text}"
    compare_with_golden_file(text, f"night-{number}.{suffix}")
