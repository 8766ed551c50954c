"""
Text that a network told us, made harmless to hold.

Hostnames, banners and script output are written by whoever runs the scanned machine. They are
cleaned once, where they are read; each renderer then escapes for its own format.
"""

import unicodedata

LIMIT = 200
"""Characters kept of a name, product or version; nmap's own fields are far below."""
SCRIPT_LIMIT = 1 << 20
"""Characters kept of one script's output: a diff must see its end, too; messages show lines."""

_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, format (bidirectional marks among them), surrogate, private, unassigned; separators."""


def clean(text: str | None, limit: int = LIMIT) -> str:
    """Return `text` on one line, without control or bidirectional characters, bounded."""
    if not text:
        return ""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_kept(character) for character in text[: limit * 4])
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_block(text: str | None, limit: int = SCRIPT_LIMIT) -> str:
    """Return `text` cleaned line by line, its line breaks kept, bounded."""
    lines = (clean(line, limit) for line in (text or "")[: limit * 4].splitlines())
    block = "\n".join(lines).strip("\n")
    return block if len(block) <= limit else block[: limit - 1] + "…"


def _kept(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _DROPPED else character
