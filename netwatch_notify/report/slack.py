"""
A view as Slack's Block Kit: JSON of the line a phone announces, and of the blocks that are shown.

Every text stands in a `plain_text` object with `emoji` off. In `mrkdwn` a banner could be bold,
code, a link or a mention, and there is no escape for `*`, `_`, `~` or a backtick; in
`plain_text` Slack looks for none of these. `&`, `<` and `>` are its control characters in every
text object and become entities, the only three that it turns back; so a banner that says
`&lt;!channel&gt;` is shown as just that.
https://docs.slack.dev/messaging/formatting-message-text,
https://docs.slack.dev/reference/block-kit/composition-objects/text-object, 2026-11.

Nothing is cut here: a text too long for its block goes on in the next one.
"""

import json
import textwrap
from collections.abc import Iterable
from html import escape
from typing import Any

from netwatch_notify.model.message import Section, View
from netwatch_notify.report.harmless import harmless_id, harmless_mark, harmless_subject
from netwatch_notify.report.layout import closing_lines, heading, item_lines, left_out_line

BLOCKS = 50
"""Blocks of a message. https://docs.slack.dev/reference/block-kit/blocks, 2026-11."""
HEADER = 150
"""Characters of a header. https://docs.slack.dev/reference/block-kit/blocks/header-block."""
SECTION = 3000
"""Characters of any other text. It says nothing of entities; ours are counted as written."""

_PIECE = SECTION // len("&amp;")
"""Characters of a line's piece that fits into a block, whatever they are."""
_NAMELESS = "netwatch-notify"
"""What is announced of a view without a subject: an empty text is refused."""


def render_slack(view: View) -> str:
    """
    Return `{"text": …, "blocks": […]}` as JSON, indented for `--dry-run`.

    It is ASCII, `\\u2192` for an arrow, as it is on the wire: a budget in characters of it also
    bounds whatever Slack counts.
    """
    subject = harmless_subject(view.subject) or _NAMELESS
    closing = [
        {"type": "context", "elements": [_plain(text)]} for text in _packed(closing_lines(view))
    ]
    blocks = [*_heading(subject), *_facts(view), *closing]
    if len(blocks) > BLOCKS:
        blocks = [*_heading(subject), *_facts_without_headers(view), *closing]
    return json.dumps({"text": escape(subject, quote=False), "blocks": blocks}, indent=1) + "\n"


def _facts(view: View) -> Iterable[dict[str, Any]]:
    """Yield a header and the facts beneath it for each section."""
    for section in view.sections:
        yield from _heading(heading(section))
        yield from _sections(_lines(section))


def _facts_without_headers(view: View) -> Iterable[dict[str, Any]]:
    """Yield the same in as few blocks as can be: titles are lines like any other."""
    lines: list[str] = []
    for section in view.sections:
        lines += [heading(section), *_lines(section), ""]
    return _sections(lines)


def _heading(title: str) -> Iterable[dict[str, Any]]:
    if len(escape(title, quote=False)) > HEADER:
        return _sections([title])
    return [{"type": "header", "text": _plain(escape(title, quote=False))}] if title else []


def _sections(lines: Iterable[str]) -> list[dict[str, Any]]:
    # Without `expand` a longer text ends in "See more".
    return [{"type": "section", "text": _plain(text), "expand": True} for text in _packed(lines)]


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _lines(section: Section) -> list[str]:
    """Return the facts' lines; facts with details stand apart."""
    apart = any(item.details for item in section.items)
    lines: list[str] = []
    for item in section.items:
        told = item_lines(item)
        if not told:
            continue
        first = f"{harmless_mark(item.mark)} {told[0]}".lstrip()
        # Not by spaces: a phone's proportional letters hardly show them.
        own = [first, *(f"· {detail}" for detail in told[1:])]
        short_id = harmless_id(item.id)
        if short_id:
            own[-1] += f" [{short_id}]"
        lines += ["", *own] if apart and lines else own
    if section.left_out:
        lines.append(left_out_line(section))
    return lines


def _packed(lines: Iterable[str]) -> list[str]:
    """Return the lines, escaped, in as few texts as the limit allows."""
    texts = [""]
    for line in lines:
        pieces = [line] if len(line) <= _PIECE else textwrap.wrap(line, _PIECE)
        for piece in pieces:
            escaped = escape(piece, quote=False)
            if len(texts[-1]) + 1 + len(escaped) > SECTION:
                texts.append(escaped)
            else:
                texts[-1] += f"\n{escaped}"
    stripped = (text.strip("\n") for text in texts)
    return [text for text in stripped if text]
