"""Slack, by webhook or bot token."""

from collections.abc import Iterator

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format

BUDGET = 3_000
"""Slack's limit of a text section; longer texts fold behind "Show more" or are refused.
https://docs.slack.dev/reference/block-kit/blocks/section-block, 2026-01."""


class Slack(Channel):
    """`slack://` with a webhook's three tokens, or a bot's token and one channel."""

    schemas = ("slack",)
    # Markdown and HTML let a hostile text mention a channel; blocks are cut at 35,000.
    settings = {  # noqa: RUF012
        "format": "text",
        "redirect": False,
        "include_image": False,
        "use_blocks": False,
    }

    def objections(self, loaded: Loaded) -> Iterator[str]:
        if loaded.template:
            yield "Slack templates turn hostile text into mentions; take template= out"

    def key(self, loaded: Loaded) -> str:
        channel = loaded.service.channels[0] if loaded.service.mode == "bot" else None
        if channel:
            channel = channel if channel[0] in "#@+" or "@" in channel else f"#{channel}"
        return f"slack {channel}" if channel else "slack"

    def format(self, loaded: Loaded) -> Format:  # noqa: ARG002
        return Format.TEXT

    def budget(self, loaded: Loaded) -> int:  # noqa: ARG002
        return BUDGET
