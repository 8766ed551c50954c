"""Markdown as python-markdown and a CommonMark parser with GitHub's additions read it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import markdown
from markdown_it import MarkdownIt

from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.html import parts, text_of
from tests.report.oracles.links import live_text

OURS = frozenset({"html", "body", "p", "ul", "li", "strong", "code"})
"""What the renderer means; lxml adds the first two."""
_GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
READERS: Mapping[str, Callable[[str], str]] = {
    "python-markdown": markdown.markdown,
    "python-markdown with additions": partial(
        markdown.markdown, extensions=["extra", "sane_lists", "admonition"]
    ),
    "CommonMark": _GITHUB.render,
}


def pages(text: str) -> dict[str, str]:
    """Return what each parser makes of it, in HTML."""
    return {reader: read(text) for reader, read in READERS.items()}


def markdown_faults(
    text: str, made: Mapping[str, str] | None = None, ours: frozenset[str] = OURS
) -> Iterator[str]:
    """Yield what any of the parsers makes of it beyond text and `ours`; `made`: its pages."""
    yield from steering_characters(text)
    yield from unseen_characters(text)
    for reader, page in (pages(text) if made is None else made).items():
        for tag, name, value in sorted(parts(page)):
            if tag not in ours:
                yield f"{reader}: element {tag}"
            if name:
                yield f"{reader}: attribute {tag} {name!a} {value!a}"
        yield from (f"{reader}: {fault}" for fault in live_text(text_of(page)))
