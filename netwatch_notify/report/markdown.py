"""
A view as Markdown that reads the same in CommonMark, GitHub's dialect and python-markdown.

Characters that backslashes protect in all of them get one; the others become entities, which
are also what Slack wants for `<`, `>` and `&`. Details are a nested list, indented by four as
python-markdown needs it, so that no line break hangs on trailing spaces.
"""

import re

from netwatch_notify.model.message import Item, View
from netwatch_notify.report.harmless import harmless, harmless_id, harmless_mark
from netwatch_notify.report.layout import closing_lines, heading, item_lines, left_out_line

_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]{}#"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "~": "&#126;", "|": "&#124;", "$": "&#36;"}
)
_BULLET = re.compile(r"^([-+])")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
"""At the start of a line these begin a list or a rule."""


def render_markdown(view: View) -> str:
    """Return the body; it ends with a line break unless it is empty."""
    blocks: list[str] = []
    for section in view.sections:
        title = heading(section)
        if title:
            blocks.append(f"**{escape_markdown(title)}**")
        lines = [line for item in section.items for line in _item_lines(item, bold=not title)]
        if section.left_out:
            lines.append(f"- {left_out_line(section)}")
        blocks.append("\n".join(lines))
    closing = [escape_markdown(line) for line in closing_lines(view)]
    blocks.append("\n".join(closing))
    text = "\n\n".join(block for block in blocks if block)
    return f"{text}\n" if text else ""


def escape_markdown(text: str) -> str:
    """Return `text` such that Markdown shows it as it is, at the start of a line too."""
    escaped = harmless(text).translate(_ESCAPES)
    escaped = _NUMBERED.sub(r"\1\\\2", _BULLET.sub(r"\\\1", escaped))
    # It underlines a heading, and python-markdown knows no backslash before it.
    return f"&#61;{escaped[1:]}" if escaped.startswith("=") else escaped


def _item_lines(item: Item, bold: bool) -> list[str]:
    lines = [escape_markdown(line) for line in item_lines(item)]
    if not lines:
        return []
    mark = harmless_mark(item.mark)
    if mark:
        lines[0] = f"`{mark}` {lines[0]}"
    elif bold:
        lines[0] = f"**{lines[0]}**"
    short_id = harmless_id(item.id)
    if short_id:
        lines[-1] += f" `{short_id}`"
    return [f"- {lines[0]}", *(f"    - {detail}" for detail in lines[1:])]
