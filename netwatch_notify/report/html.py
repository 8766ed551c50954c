"""
A view as HTML for mail: headings, paragraphs and line breaks, styled inline.

No links, no images, no style sheet: mail readers drop or block them, and what a network told
us must not be clickable. Read as text it is the text message.
"""

from html import escape

from netwatch_notify.model.message import Item, View
from netwatch_notify.report.harmless import harmless_id, harmless_mark
from netwatch_notify.report.layout import closing_lines, heading, item_lines, left_out_line

_BODY = "font-family:sans-serif;font-size:15px;line-height:1.4;max-width:40em"
_HEADING = "font-size:15px;margin:1em 0 .4em 0"
_ITEM = "margin:0 0 .6em 0"
_QUIET = "color:#666666"


def render_html(view: View) -> str:
    """Return one `div` with the whole body."""
    lines = [f'<div style="{_BODY}">']
    for section in view.sections:
        title = heading(section)
        if title:
            lines.append(f'<h3 style="{_HEADING}">{escape(title)}</h3>')
        lines += [_item(item, bold=not title) for item in section.items]
        if section.left_out:
            lines.append(f'<p style="{_ITEM};{_QUIET}">{escape(left_out_line(section))}</p>')
    closing = closing_lines(view)
    if closing:
        told = "<br>\n".join(escape(line) for line in closing)
        lines.append(f'<p style="margin:1.4em 0 0 0;{_QUIET}">{told}</p>')
    return "\n".join([*filter(None, lines), "</div>"]) + "\n"


def _item(item: Item, bold: bool) -> str:
    lines = [escape(line) for line in item_lines(item)]
    if not lines:
        return ""
    mark = harmless_mark(item.mark)
    if mark:
        lines[0] = f"<b>{mark}</b> {lines[0]}"
    elif bold:
        lines[0] = f"<b>{lines[0]}</b>"
    told = "<br>\n".join(lines)
    short_id = harmless_id(item.id)
    if short_id:
        told += f' <span style="{_QUIET}">[{short_id}]</span>'
    return f'<p style="{_ITEM}">{told}</p>'
