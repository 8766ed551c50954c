"""What differs from service to service; this one is for all that need nothing special."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Parcel
from netwatch_notify.model.text import clean

OTHER_BUDGET = 30_000
"""Where a service names no limit, or a larger one, nobody reads more."""
SUBJECT_LIMIT = 200
"""Characters of a subject; the report keeps far below."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~@-])")


class Channel:
    """
    How messages go to one kind of apprise service.

    `service` is apprise's own object, made afresh for each message.
    """

    schemas: tuple[str, ...] = ()
    """The URLs' beginnings that it stands for."""
    settings: Mapping[str, Any] = {}
    """Options of the URL that are ours to say."""
    defaults: Mapping[str, Any] = {}
    """Options of the URL that hold unless it says otherwise."""
    plugin: type[Any] | None = None
    """What stands in for apprise's own class of this service, if anything."""

    def objections(self, loaded: Loaded) -> Iterator[str]:  # noqa: ARG002
        """Yield what would make this destination report a success that is none."""
        yield from ()

    def key(self, loaded: Loaded) -> str:
        """Return what names the destination, made of its public target only."""
        return loaded.schema

    def format(self, loaded: Loaded) -> Format:
        """Return the format that the service shows best, or the one its URL asks for."""
        return Format(loaded.format) if loaded.format in set(Format) else Format.TEXT

    def budget(self, loaded: Loaded) -> int:
        """Return how many characters, subject included, a message may have."""
        # Without a title of its own, the service carries the subject in the body.
        subject = SUBJECT_LIMIT if loaded.service.title_maxlen <= 0 else 0
        return max(min(int(loaded.service.body_maxlen) - subject, OTHER_BUDGET), 100)

    def takes_files(self, loaded: Loaded) -> bool:  # noqa: ARG002
        """Whether the whole report can go with a message."""
        return False

    def knows_repetitions(self, loaded: Loaded) -> bool:  # noqa: ARG002
        """Whether the same entry, sent again, is shown once."""
        return False

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        """Send it, and return whether apprise says that it was taken."""
        message = parcel.message
        # Not through Apprise.notify(): its pool of threads lets slow servers hold up healthy ones.
        # body_format must be given: without it the body is raw HTML in mail, mentions in Slack.
        return bool(
            loaded.service.notify(
                body=message.body,
                title=self.title(loaded, parcel),
                body_format=message.format.value,
            )
        )

    def title(self, loaded: Loaded, parcel: Parcel) -> str:
        """Return the subject as it means itself where the service puts it."""
        title, message = clean(parcel.message.subject, SUBJECT_LIMIT), parcel.message
        if loaded.service.title_maxlen > 0:
            return title
        # apprise puts it into the body of such a service, and takes it for the body's format.
        if message.format is Format.HTML:
            return html.escape(title)
        return _MARKDOWN.sub(r"\\\1", title) if message.format is Format.MARKDOWN else title
