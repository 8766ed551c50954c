"""
The messages themselves: each golden file is what somebody reads.

`NETWATCH_GOLDEN=write pytest tests/report` writes them anew; then read the difference.
"""

import os
from pathlib import Path

import pytest

from netwatch_notify.model.message import Format
from netwatch_notify.report.render import render
from netwatch_notify.report.view import shorten
from tests.report import stories

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


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize(("name", "story", "budget"), CASES, ids=[case[0] for case in CASES])
def test_message_reads_as_its_golden_file(
    name: str, story: stories.Story, budget: int, format_: Format
) -> None:
    """The message is the one a reviewer read; text files begin with its subject."""
    message = render(shorten(story.view, budget, format_), format_)
    text = message.body
    if format_ is Format.TEXT:
        text = f"Subject: {message.subject}\n\n{message.body}"
    path = FOLDER / f"{name}.{SUFFIX[format_]}"
    if os.environ.get("NETWATCH_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")
