"""Mail: HTML beside text, with headers that filters and mail readers go by."""

import re
from collections.abc import Iterator

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Parcel

BUDGET = 200_000
"""A size every mail server takes; a phone shows it, too."""


class Mail(Channel):
    """`mailto://` and `mailtos://`, one recipient each."""

    schemas = ("mailto", "mailtos")

    def objections(self, loaded: Loaded) -> Iterator[str]:
        if loaded.service.cc or loaded.service.bcc:
            yield (
                "cc and bcc are not supported: when one of them is refused, every retry reaches "
                "the others again; write one URL for each recipient"
            )

    def key(self, loaded: Loaded) -> str:
        return f"mail to {loaded.service.targets[0][1]}"

    def format(self, loaded: Loaded) -> Format:
        return Format(loaded.format) if loaded.format in set(Format) else Format.HTML

    def budget(self, loaded: Loaded) -> int:  # noqa: ARG002
        return BUDGET

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        name = re.sub(r"[^A-Za-z0-9._-]", "_", parcel.network)[:60]
        loaded.service.headers.update(
            {
                "Auto-Submitted": "auto-generated",
                # Message-ID is apprise's own, and another one at each attempt.
                "X-Netwatch-Message": f"{name}-{parcel.run_id}-{parcel.entry_id}",
            }
        )
        return super().notify(loaded, parcel)
