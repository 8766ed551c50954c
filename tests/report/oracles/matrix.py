"""
A Matrix event, held against what the specification lets a client show.

https://spec.matrix.org/v1.16/client-server-api/#mroommessage-msgtypes and #user-and-room-mentions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.html import Part, html_faults
from tests.report.oracles.links import live_text

ALLOWED = frozenset(
    "del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table "
    "thead tbody tr th td caption pre span img details summary".split()
)
"""Tags that a client keeps; any other is dropped, and what it said is read as text."""
ADDED = {"html", "body"}
"""By lxml."""
KEYS = {"msgtype", "body", "format", "formatted_body", "m.mentions"}


def matrix_faults(event: Mapping[str, Any], ours: set[Part]) -> Iterator[str]:
    """Yield what would ping, link, or be something else than our own markup."""
    yield from (f"key: {key}" for key in event if key not in KEYS)
    if event.get("m.mentions"):
        yield f"mentions: {event['m.mentions']!a}"
    if event.get("msgtype") not in ("m.text", "m.notice"):
        yield f"msgtype: {event.get('msgtype')}"
    body = str(event.get("body", ""))
    yield from (f"body, {fault}" for fault in live_text(body))
    yield from (f"body, {fault}" for fault in steering_characters(body.replace("\r\n", "\n")))
    yield from (f"body, {fault}" for fault in unseen_characters(body))
    markup = event.get("formatted_body")
    if markup is not None:
        if event.get("format") != "org.matrix.custom.html":
            yield f"format: {event.get('format')}"
        yield from (f"html, {fault}" for fault in html_faults(str(markup), ours))
        for tag in sorted({tag for tag, _, _ in ours} - ADDED - ALLOWED):
            yield f"html, no client shows {tag}"
