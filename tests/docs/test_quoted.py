"""What the documents quote of the program, the program says."""

import ast
import re
from functools import cache

import pytest

from tests.docs.blocks import ROOT, pages

NOT_OURS = {
    "everything is gone": "what a message never says",
    "Nightly Nmap scans with Ndiff": "the title of an article",
    "Operation not permitted": "what nmap says",
}
"""Words in quotation marks that are nobody's output, and why they stand in them."""


@cache
def said() -> str:
    """Return every string of the package, one a line, the values of f-strings left out."""
    return "\n".join(
        " ".join(node.value.split())
        for path in sorted((ROOT / "netwatch_notify").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def quotes_in(text: str) -> list[str]:
    """Return what a page has in quotation marks, of two words or more, outside code and HTML."""
    prose = re.sub(r"^ *(```+).*?^ *\1", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`\n]*`|<[^>\n]*>", "", prose)
    return [quote for quote in re.findall(r'"([^"\n]+)"', prose) if " " in quote.strip()]


def fixed_words(quote: str) -> list[str]:
    """Return the words of a quote that are the same each time: no numbers, names in brackets."""
    pieces = re.split(r"\([^)]*\)|\S*\d\S*|…|\.\.\.", quote)
    return [piece.strip(" ,.:;") for piece in pieces if piece.strip(" ,.:;")]


@pytest.mark.parametrize("page", pages())
def test_what_is_quoted_is_said(page: str) -> None:
    """A message whose words changed is changed in the documents, too."""
    quotes = quotes_in((ROOT / page).read_text(encoding="utf-8"))
    missing = [
        quote
        for quote in quotes
        if quote not in NOT_OURS and not all(words in said() for words in fixed_words(quote))
    ]

    assert missing == []


def test_a_text_that_nobody_says_is_found() -> None:
    """Of a quote, what does not vary is looked for."""
    (quote,) = quotes_in('It says "88 of 91 hosts were abducted" then, `"not this"`.')

    assert fixed_words(quote) == ["of", "hosts were abducted"]
    assert "hosts were abducted" not in said()
    assert "hosts silent" in said()
