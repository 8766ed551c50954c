"""
What is posted to Slack, read by Slack's rules for text and for blocks.

https://docs.slack.dev/messaging/formatting-message-text and .../reference/block-kit, 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.links import around, live_text

_NOT_ESCAPED = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
"""Slack knows these three entities; any other `<` begins a link, a mention or a date."""
_FORMATTED = re.compile(
    r"(?<![^\W_])([*_~])(?=\S)[^\n]*?(?<=\S)\1(?![^\W_])|`[^`\n]+`|^&gt;", re.MULTILINE
)
_WORDS = ("text", "title", "fallback", "pretext", "value", "footer", "author_name")
_LIVE_KEYS = ("actions", "image_url", "thumb_url", "title_link", "author_link", "from_url", "url")
_ICONS = ("icon_url", "icon_emoji", "footer_icon")
_LIVE_TYPES = ("link", "user", "usergroup", "channel", "broadcast", "emoji", "actions", "button")


def slack_text(payload: Mapping[str, Any]) -> str:
    """Return what is read, in its order, without Slack's entities."""
    return "\n".join(_decoded(text) for _, text, _ in _texts(payload))


def slack_faults(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield what Slack would act on."""
    if payload.get("link_names") or payload.get("parse") == "full":
        yield "link_names or parse=full finds mentions in plain text"
    yield from _structure_faults(payload)
    for kind, text, formatted in _texts(payload):
        if kind != "literal":
            for found in _NOT_ESCAPED.finditer(text):
                yield f"{kind}, not escaped: {around(text, found.start())}"
        if formatted:
            for found in _FORMATTED.finditer(text):
                yield f"{kind}, formatted: {around(text, found.start())}"
        yield from (f"{kind}, {fault}" for fault in live_text(_decoded(text)))
        yield from (f"{kind}, {fault}" for fault in steering_characters(text))
        yield from (f"{kind}, {fault}" for fault in unseen_characters(text))


def _decoded(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _structure_faults(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if node.get("type") in _LIVE_TYPES:
            yield f"element: {ascii(node)[:120]}"
        for key, value in node.items():
            if key in _LIVE_KEYS and value:
                yield f"{key}: {ascii(value)[:80]}"
            elif key not in _ICONS:
                yield from _structure_faults(value)
    elif isinstance(node, list):
        for inner in node:
            yield from _structure_faults(inner)


def _texts(
    node: Any, formats: bool = True, kind: str = "message"
) -> Iterator[tuple[str, str, bool]]:
    """Yield each text with what kind it is of, and whether Slack formats it (`*bold*`)."""
    if isinstance(node, list):
        for inner in node:
            yield from _texts(inner, formats, kind)
        return
    if not isinstance(node, Mapping):
        return
    kind = str(node.get("type", kind))
    formats = bool(node.get("mrkdwn", formats))
    if kind == "text" and "text" in node and "elements" not in node:
        # An element of rich text is never parsed.
        yield "literal", str(node["text"]), False
        return
    for key, value in node.items():
        if isinstance(value, str):
            if key in _WORDS:
                in_attachment = "color" in node or "fallback" in node
                inside = (formats and not in_attachment) or key in node.get("mrkdwn_in", ())
                yield kind, value, inside and kind != "plain_text"
        else:
            yield from _texts(value, formats, kind)
