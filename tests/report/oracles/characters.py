"""Characters that steer a terminal or the order of reading, or that nobody sees."""

import re
from collections.abc import Iterator

from tests.report.oracles.links import around

STEERING = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls but the tab, bidirectional marks, separators, lone surrogates."""
UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt 15.0), and the empty Braille
cell: a name made of these is no name."""
MOST_MARKS = 8
"""Combining marks on one letter; a pile of them is drawn over the lines above and below."""


def steering_characters(text: str) -> Iterator[str]:
    """Yield what may not stand in any line; a line break ends one."""
    for number, line in enumerate(text.split("\n"), 1):
        for found in STEERING.finditer(line):
            yield f"line {number} steers: {around(line, found.start())}"


def unseen_characters(text: str) -> Iterator[str]:
    """Yield invisible characters, and letters under a pile of marks."""
    for found in UNSEEN.finditer(text):
        yield f"unseen: {around(text, found.start())}"
    for found in _piles(text):
        yield f"piled up: {around(text, found)}"


def _piles(text: str) -> Iterator[int]:
    if text.isascii():
        return
    from unicodedata import category

    height = 0
    for at, character in enumerate(text):
        height = height + 1 if category(character) in ("Mn", "Me") else 0
        if height == MOST_MARKS + 1:
            yield at
