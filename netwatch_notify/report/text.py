"""A view as plain text, about 60 columns wide, as a phone or cron's mail shows it."""

import textwrap

from netwatch_notify.model.message import Item, View
from netwatch_notify.report.harmless import harmless_id, harmless_mark
from netwatch_notify.report.layout import closing_lines, heading, item_lines, left_out_line

WIDTH = 60
ID_EDGE = 55
"""The column that ids end at."""


def render_text(view: View) -> str:
    """Return the body; it ends with a line break unless it is empty."""
    lines: list[str] = []
    for section in view.sections:
        title = heading(section)
        if title:
            lines.append(title)
        for item in section.items:
            lines += _item_lines(item, indented=bool(title))
        if section.left_out:
            lines.append(f"  {left_out_line(section)}")
    closing = closing_lines(view)
    if lines and closing:
        lines.append("")
    for line in closing:
        lines += _wrapped(line, "", "")
    return "\n".join(lines) + "\n" if lines else ""


def _item_lines(item: Item, indented: bool) -> list[str]:
    mark = harmless_mark(item.mark)
    indent = "  " if indented and not mark else ""
    start, following = f"{mark} " if mark else indent, f"{indent}  "
    lines: list[str] = []
    for text in item_lines(item):
        lines += _wrapped(text, following if lines else start, following)
    short_id = harmless_id(item.id)
    if short_id and lines:
        _append_id(lines, f"[{short_id}]")
    return lines


def _append_id(lines: list[str], tag: str) -> None:
    """Set the id at the right, on the last line if it fits there, else below."""
    if len(lines[-1]) + 1 + len(tag) <= WIDTH:
        lines[-1] = f"{lines[-1]} {tag.rjust(ID_EDGE - len(lines[-1]) - 1)}"
    else:
        lines.append(tag.rjust(ID_EDGE))


def _wrapped(text: str, first: str, following: str) -> list[str]:
    """Wrap at spaces only: a cut address would be another address."""
    if len(first) + len(text) <= WIDTH:
        return [f"{first}{text}"]
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
