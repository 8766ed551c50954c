"""
Text that a network told us, made harmless to hold.

Hostnames, banners and script output are written by whoever runs the scanned machine. They are
cleaned once, where they are read; each renderer then escapes for its own format.
"""

import re
import unicodedata
from collections.abc import Iterator

LIMIT = 200
"""Characters kept of a name, product or version; nmap's own fields are far below."""
SCRIPT_LIMIT = 1 << 20
"""Characters kept of one script's output: a diff must see its end, too; messages show lines."""

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, format (bidirectional marks among them), surrogate, private, unassigned; separators."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""
Letters and marks by category that nobody sees, so that a name made of them is none.

Source: Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties.txt, 15.0.
"""
_EMPTY_BRAILLE = "\u2800"
_MOST_MARKS = 6
"""Combining marks kept on a letter; a pile of them is drawn over the lines above and below."""


def clean(text: str | None, limit: int = LIMIT) -> str:
    """Return `text` on one line, without control or bidirectional characters, bounded."""
    if not text:
        return ""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_kept(_UNSEEN.sub("", text[: limit * 4])))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_block(text: str | None, limit: int = SCRIPT_LIMIT) -> str:
    """Return `text` cleaned line by line, its line breaks kept, bounded."""
    lines = (clean(line, limit) for line in (text or "")[: limit * 4].splitlines())
    block = "\n".join(lines).strip("\n")
    return block if len(block) <= limit else block[: limit - 1] + "…"


def _kept(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if character.isspace() or character == _EMPTY_BRAILLE:
            marks = 0
            yield " "
        elif category in ("Mn", "Me"):
            marks += 1
            if marks <= _MOST_MARKS:
                yield character
        elif category not in _DROPPED:
            marks = 0
            yield character
