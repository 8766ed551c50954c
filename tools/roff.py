"""
Text in the man page's language, roff, so that every character is shown as it is.

Source: groff_char(7) and man(7) of mandoc 1.14, which both mandoc and groff keep to.
"""

import re
import textwrap
from collections.abc import Iterable

WIDTH = 78

_ESCAPES = {
    "\\": r"\e",
    "'": r"\(aq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
    '"': r"\(dq",
}


def escaped(text: str) -> str:
    """Return words of prose; a hyphen may become a typographer's one."""
    return "".join(_ESCAPES.get(c) or (c if c.isascii() else f"\\[u{ord(c):04X}]") for c in text)


def literal(text: str) -> str:
    """Return words that somebody copies: their hyphens stay ASCII."""
    return escaped(text).replace("-", r"\-")


def bold(text: str) -> str:
    """Return words to be typed as they stand."""
    return rf"\fB{literal(text)}\fR"


def prose(text: str) -> list[str]:
    """
    Return a paragraph's lines.

    What stands in backticks is bold. Long options and names of variables keep their hyphens.
    """
    pieces = re.split(r"`([^`]+)`", " ".join(text.split()))
    marked = "".join(
        bold(piece) if number % 2 else _with_options(piece) for number, piece in enumerate(pieces)
    )
    return filled(marked)


def _with_options(text: str) -> str:
    pieces = re.split(r"((?<![\w-])-{1,2}[a-z][a-z-]*)", text)
    return "".join(literal(p) if number % 2 else escaped(p) for number, p in enumerate(pieces))


def filled(marked: str) -> list[str]:
    """Return roff text in short lines, none of which is taken for a request."""
    lines = textwrap.wrap(marked, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [guarded(line) for line in lines]


def guarded(line: str) -> str:
    """Return a line that may begin with a dot (an apostrophe is escaped already)."""
    return rf"\&{line}" if line.startswith(".") else line


def verbatim(lines: Iterable[str]) -> list[str]:
    """Return lines that are shown one by one, indented, as they are."""
    return [".RS 4", ".nf", *(guarded(literal(line)) for line in lines), ".fi", ".RE"]


def section(title: str) -> str:
    """Return the request that begins a section."""
    return f".SH {escaped(title).upper()}"


def tagged(tag: str, body: Iterable[str]) -> list[str]:
    """Return a paragraph that hangs beneath `tag`, which is roff already."""
    return [".TP", tag, *body]
