"""What mail readers and chats make clickable, or notify somebody of, in text without markup."""

import re
from collections.abc import Iterator

from linkify_it import LinkifyIt

SCHEMES = "bitcoin|file|geo|im|magnet|mailto|matrix|news|openpgp4fpr|sip|sms|smsto|tel|urn|xmpp"
"""Linked by Element without `//` after them. linkifyOptions.ts of element-web, 2026-11."""

_LIVE = re.compile(
    rf"@\S|<\S|:(?=//)|(?<![\w/])//[^\s/]|www\.\S|(?<![a-z])(?:{SCHEMES}):\S|#[^\s:]+:\S",
    re.IGNORECASE,
)
"""Mail addresses and mentions; Slack's and HTML's markup; URLs; Matrix rooms (`#room:host`)."""


_LINKER = LinkifyIt(options={"fuzzy_link": False, "fuzzy_ip": False, "fuzzy_email": True})
"""In markdown-it and its kin. A bare name may be a link: it is what the message is about."""


def live_text(text: str) -> Iterator[str]:
    """Yield what a client would turn into a link or a mention."""
    for found in _LIVE.finditer(text):
        yield f"live: {around(text, found.start())}"


def linked_text(text: str) -> Iterator[str]:
    """Yield what markdown-it's finder of links, which is not ours, finds."""
    for link in _LINKER.match(text) or ():
        yield f"linked: {around(text, link.index)}"


def around(text: str, at: int) -> str:
    """Return the place in a text, as a line to read."""
    return ascii(text[max(at - 30, 0) : at + 50])
