"""What a message looks like in a Matrix room: HTML, the plain text beside it, and their size."""

import re
from collections.abc import Callable
from html import escape
from json import dumps
from typing import Any

from netwatch_notify.model.message import Format, Message

CONTENT_BYTES = 61_000
"""Of an event's 65,536 bytes; the rest is for what homeservers add: ids of earlier events, hashes,
signatures. https://spec.matrix.org/v1.11/client-server-api/#size-limits, 2026-01."""
ENCRYPTED_CONTENT_BYTES = 45_000
"""What stays within those bytes as ciphertext: base64 makes 4 bytes of 3, keys and ids follow."""

_STYLE = re.compile(r'\s+style="[^"]*"')
_SPAN = re.compile(r"</?span>")
_BREAK = re.compile(r"<br>\s+")
_SHORTENED = "… the rest is in the formatted text"

Plain = Callable[[str], str]


def content_of(message: Message, subject: str, kind: str, plain: Plain, most: int) -> Any:
    """
    Return an event's content of at most `most` bytes, as long as the message keeps its budget.

    The subject is its first line, bold in HTML: a title as apprise sends it is an `<h1>`, three
    times as large as the text in Element, and "# lan: …" in notifications. `kind` is the msgtype;
    `plain` makes text of HTML. `message.body` is text or HTML: Markdown was made HTML before.
    """
    content: dict[str, Any] = {
        "msgtype": kind,
        # Without it, clients look for mentions in the text: a host called like a member's
        # display name would ping that member. https://spec.matrix.org/v1.11/client-server-api/
        # #user-and-room-mentions, 2026-01.
        "m.mentions": {},
    }
    if message.format is Format.TEXT:
        return {**content, "body": f"{subject}\n\n{message.body.strip()}"}
    # Clients drop style attributes, and what hung on them; a quote or a tag within a text would
    # be entities. White space after a break would begin the next line of the plain text.
    html = _BREAK.sub("<br>", _SPAN.sub("", _STYLE.sub("", message.body.strip())))
    text = plain(html).strip()
    content["format"] = "org.matrix.custom.html"
    content["formatted_body"] = f"<p><b>{escape(subject)}</b></p>\n{html}"
    content["body"] = f"{subject}\n\n{text}"
    content["body"] = _fitting(content["body"], size_bytes(content) - most)
    return content


def size_bytes(content: object) -> int:
    """Return how long it is as JSON in UTF-8, which is how it travels."""
    return len(dumps(content, ensure_ascii=False).encode(errors="replace"))


def _fitting(text: str, excess: int) -> str:
    """Leave out the last lines, `excess` bytes at least, and say so; the first line stays."""
    if excess <= 0:
        return text
    lines = text.split("\n")
    excess += size_bytes(_SHORTENED)
    while excess > 0 and len(lines) > 1:
        excess -= size_bytes(lines.pop())
    return "\n".join([*lines, _SHORTENED])
