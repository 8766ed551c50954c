"""Slack, by webhook or bot token: Block Kit, and with a bot the whole report as a file."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apprise.attachment.memory import AttachMemory
from apprise.plugins.slack import NotifySlack, SlackMode

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.parcel import mark_of, reports_of
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Parcel

log = logging.getLogger(__name__)

BUDGET = 9_000
"""Characters of the blocks' JSON, about 8,000 of them text: some twenty screens of a phone.
Beyond 13,172 Slack refuses a message (`msg_blocks_too_long`), though its documentation names no
such limit. https://github.com/slackapi/bolt-js/issues/2509, 2026-11."""
WORKFLOW_BUDGET = 3_000
"""A workflow gets one variable of plain text, and puts it wherever its author likes."""
REMEMBERED_SECONDS = 30 * 86400
"""How long a message is known to be posted; a row of the outbox waits for days."""

_BLOCK_MODES = (SlackMode.WEBHOOK, SlackMode.WEBHOOK_GOV, SlackMode.BOT)


class BlockSlack(NotifySlack):  # type: ignore[no-untyped-call]  # its base's own hook
    """
    apprise's Slack service, but for what a message is made of and when it counts as taken.

    A subclass, because apprise makes a message's payload and posts it in one method: `_send`,
    which every request passes, is the only place between. URLs, tokens, channels, requests and
    uploads stay apprise's.
    """

    # apprise waits 1.2 s between requests. An upload takes three, of which Slack allows a
    # hundred a minute; meanwhile a kill would find a message without its file.
    request_rate_per_sec = 0
    message: Mapping[str, Any] | None = None
    """What to post in place of the attachments; `text` and `blocks`."""
    when_posted: Callable[[], object] | None = None
    is_posted = False

    def _send(
        self,
        url: str,
        payload: dict[str, Any],
        attach: Any = None,
        http_method: str = "post",
        params: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return what apprise does: Slack's answer, or False."""
        is_message = "attachments" in payload
        if is_message and self.message:
            kept = {key: value for key, value in payload.items() if key != "attachments"}
            # Unfurling has Slack fetch what a banner names, and show it beneath the message.
            payload = kept | {**self.message, "unfurl_links": False, "unfurl_media": False}
        answer = super()._send(url, payload, attach, http_method, params, **kwargs)  # type: ignore[no-untyped-call]
        if self.mode == SlackMode.BOT and not attach and answer and answer.get("ok") is not True:
            # apprise takes any answer that has "OK" in it; only an upload is confirmed so.
            self.logger.warning("Failed to send to Slack: error=200.")
            self.logger.debug(f"Response Details: {answer}")
            return False
        if is_message and answer:
            self.is_posted = True
            if self.when_posted:
                self.when_posted()
        return answer


class Slack(Channel):
    """`slack://` with a webhook's three tokens, or a bot's token and one channel."""

    schemas = ("slack",)
    # The text itself is replaced by our blocks; in markdown or HTML it could mention a channel.
    settings = {  # noqa: RUF012
        "format": "text",
        "redirect": False,
        "include_image": False,
        "use_blocks": False,
    }
    plugin = BlockSlack

    def objections(self, loaded: Loaded) -> Iterator[str]:
        if loaded.template:
            yield "Slack templates turn hostile text into mentions; take template= out"

    def key(self, loaded: Loaded) -> str:
        channel = loaded.service.channels[0] if loaded.service.mode == "bot" else None
        if channel:
            channel = channel if channel[0] in "#@+" or "@" in channel else f"#{channel}"
        return f"slack {channel}" if channel else "slack"

    def format(self, loaded: Loaded) -> Format:
        return Format.SLACK if loaded.service.mode in _BLOCK_MODES else Format.TEXT

    def budget(self, loaded: Loaded) -> int:
        return BUDGET if loaded.service.mode in _BLOCK_MODES else WORKFLOW_BUDGET

    def takes_files(self, loaded: Loaded) -> bool:
        return bool(loaded.service.mode == SlackMode.BOT)

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        """
        Send it; True once the message stands in the channel, whatever became of its file.

        A failed upload is logged, not tried again: the retry would post the message twice.
        """
        if parcel.message.format is not Format.SLACK:
            return super().notify(loaded, parcel)
        service = loaded.service
        # A kill between Slack's answer and the outbox's record, or in a slow upload, is followed
        # by another attempt, in another process.
        mark = f"posted-{mark_of(parcel)}"
        if service.store.get(mark):
            return True
        service.message = json.loads(parcel.message.body)
        service.when_posted = lambda: service.store.set(mark, True, expires=REMEMBERED_SECONDS)
        reports = reports_of(parcel) if self.takes_files(loaded) else ()
        files = [_attachment(name, content) for name, content in reports]
        is_complete = False
        try:
            is_complete = bool(
                service.notify(
                    body=service.message["text"], body_format="text", attach=files or None
                )
            )
        except Exception:
            if not service.is_posted:
                raise
        missing = service.is_posted and (not is_complete or len(files) < len(parcel.files))
        if missing and self.takes_files(loaded):
            log.warning(
                "%s: the message was posted, but not the file with the whole report",
                self.key(loaded),
            )
        return is_complete or service.is_posted


def _attachment(name: str, content: bytes) -> AttachMemory:
    return AttachMemory(content, name, "text/plain")  # type: ignore[no-untyped-call]
