"""What Slack would refuse of a message: slack_sdk's word on it, and rules that it leaves out."""

from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

BLOCKS = 50
ALL_BLOCKS = 13_000
"""Characters of all blocks as JSON: not documented, but measured by others
(github.com/slackapi/bolt-js/issues/2509: `msg_blocks_too_long` from 13,172 to 13,297 on)."""
TEXT = 3000
TEXT_TYPES = ("plain_text", "mrkdwn")


def objections_to(blocks: Any) -> list[str]:
    """Return what is wrong with the blocks of a message; empty if nothing is."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["blocks are no list of objects"]
    objections = [f"{len(blocks)} blocks"] if not 0 < len(blocks) <= BLOCKS else []
    for block in blocks:
        try:
            parsed = Block.parse(block)
            if parsed is None:
                objections.append(f"no block: {block.get('type')}")
            else:
                parsed.validate_json()
        except (SlackObjectFormationError, KeyError, TypeError, AttributeError) as error:
            objections.append(f"{block.get('type')}: {error}")
        objections += _of_texts(block)
    return objections


def texts_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the text objects of a header, section or context block."""
    found = [block.get("text"), *(block.get("elements") or ())]
    return [text for text in found if isinstance(text, dict)]


def _of_texts(block: dict[str, Any]) -> list[str]:
    objections = [] if texts_of(block) else [f"{block.get('type')} without text"]
    for text in texts_of(block):
        said, kind = text.get("text"), text.get("type")
        if kind not in TEXT_TYPES or (block.get("type") == "header" and kind != "plain_text"):
            objections.append(f"text of type {kind}")
        if not isinstance(said, str) or not 0 < len(said) <= TEXT or not said.strip():
            objections.append("a text of no or too many characters")
        if ("verbatim" if kind == "plain_text" else "emoji") in text:
            objections.append(f"an option that {kind} has not")
    return objections
