"""
A view as HTML for mail and Matrix: lines, set apart and indented by inline styles.

No links, no images, no style sheet: mail readers drop or block them, and what a network told
us must not be clickable. No viewport either: it belongs in a head, which mail readers replace
by their own. Colours are middle tones for borders alone, and what matters less is paler by
opacity, so that a dark background needs no colours of its own; what a colour says is also in
the heading and the mark.

apprise makes the plain text beside it (2.2.0: conversion/html.py): block elements lose the
empty lines around them, and white space becomes one space per piece of text between tags. So
every line ends by `<br>`, which shows nothing more at the end of a block, the source's line
breaks are inside of tags, and a detail begins with two pieces of space. Where styles are
stripped, as in Matrix, the lines and the details' indentation stay.
"""

from html import escape

from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.report.harmless import harmless_id, harmless_mark
from netwatch_notify.report.kinds import PROBLEM
from netwatch_notify.report.layout import closing_lines, heading, item_lines, left_out_line

_BODY = "font-family:sans-serif;font-size:15px;line-height:1.4;max-width:40em;word-wrap:break-word"
_SECTION = "display:block;padding-left:.7em;border-left:4px solid"
_HEADING = "display:block;margin-bottom:.2em;font-size:.85em;letter-spacing:.06em"
_ITEM = "display:block;margin-bottom:.5em;padding-left:1.2em;text-indent:-1.2em"
_MARK = "font-family:monospace"
"""A mark and its space are then 1.2em wide, whichever it is: lines begin below each other."""
_DETAIL = "display:block;text-indent:-.55em;opacity:.75"
"""Indented by as much as its two spaces take, so that all its lines begin below the headline's."""
_QUIET = "opacity:.75"
_CLOSING = "display:block;font-size:.9em;opacity:.75"
_COLOURS = ("#d32f2f", "#c77700", "#4a7fb0")
"""By rank: each has a contrast of at least 3:1 to white and to black."""
_NO_COLOUR = "#8a8a8a"


def render_html(view: View) -> str:
    """Return one `div` with the whole body."""
    parts = [part for section in view.sections if (part := _section(section))]
    closing = [escape(line) for line in closing_lines(view)]
    if closing:
        parts.append(f'<span\nstyle="{_CLOSING}">{"<br>".join(closing)}</span>')
    return f'<div style="{_BODY}">{"<br>".join(parts)}</div>\n'


def _section(section: Section) -> str:
    title = heading(section)
    lines = [f'<b style="{_HEADING}">{escape(title)}<br></b>'] if title else []
    # What is critical is as loud as a problem, which needs no heading.
    lines += filter(None, (_item(i, bold=not title or section.rank == 0) for i in section.items))
    if section.left_out:
        lines.append(f'<span\nstyle="{_ITEM}">{_detail(escape(left_out_line(section)))}</span>')
    if not lines:
        return ""
    return f'<span\nstyle="{_SECTION} {_colour(section)}">{"".join(lines)}</span>'


def _colour(section: Section) -> str:
    if any(item.kind == PROBLEM for item in section.items):
        return _COLOURS[0]
    if section.stays or section.rank >= len(_COLOURS):
        return _NO_COLOUR
    return _COLOURS[section.rank]


def _item(item: Item, bold: bool) -> str:
    lines = [escape(line) for line in item_lines(item)]
    if not lines:
        return ""
    mark, short_id = harmless_mark(item.mark), harmless_id(item.id)
    if bold:
        lines[0] = f"<b>{lines[0]}</b>"
    if mark:
        lines[0] = f'<b style="{_MARK}">{mark} </b>{lines[0]}'
    if short_id:
        in_detail = len(lines) > 1
        lines[-1] += (
            f" [{short_id}]" if in_detail else f' <span style="{_QUIET}">[{short_id}]</span>'
        )
    headline, *details = lines
    return f'<span\nstyle="{_ITEM}">{headline}<br>{"".join(map(_detail, details))}</span>'


def _detail(markup: str) -> str:
    # The line break is the first piece of space for the text beside it, the rest the second.
    return f'\n<span style="{_DETAIL}">&nbsp; {markup}<br></span>'
