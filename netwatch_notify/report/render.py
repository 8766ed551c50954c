"""A view in the format a destination takes."""

from netwatch_notify.model.message import Format, Message, View
from netwatch_notify.report.harmless import harmless_subject
from netwatch_notify.report.html import render_html
from netwatch_notify.report.markdown import render_markdown
from netwatch_notify.report.slack import render_slack
from netwatch_notify.report.text import render_text

_RENDERERS = {
    Format.TEXT: render_text,
    Format.HTML: render_html,
    Format.MARKDOWN: render_markdown,
    Format.SLACK: render_slack,
}


def render(view: View, format: Format) -> Message:  # noqa: A002
    """Render a view, which was shortened before: nothing rendered is ever cut."""
    return Message(harmless_subject(view.subject), _RENDERERS[format](view), format)
