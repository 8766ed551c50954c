"""Messages: what is said, to whom, and how each attempt went."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """The formats a view is rendered in."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class Item:
    """One fact: a line that says it, and lines that say more."""

    headline: str
    mark: str = ""
    """`!`, `+`, `~` or `-`: what kind of fact, at a glance."""
    details: tuple[str, ...] = ()
    id: str = ""
    """Short id, to act on it; empty where there is nothing to act on."""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one rank under a heading."""

    title: str
    items: tuple[Item, ...] = ()
    left_out: int = 0
    """Facts that did not fit this destination's budget."""
    stays: bool = False
    """Nothing of it gives way to what other sections tell: problems, notes, the ledger."""


@dataclass(frozen=True, slots=True)
class View:
    """
    One message, free of any format: what is stored, and rendered when it is sent.

    Its texts are cleaned but not escaped; every renderer escapes for itself.
    """

    network: str
    subject: str
    sections: tuple[Section, ...] = ()
    footer: tuple[str, ...] = ()
    rest: str = ""
    """Where to read what was left out; empty if nothing was."""
    hint: str = ""
    """A command worth knowing now; the first to give way."""


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered view."""

    subject: str
    body: str
    format: Format


@dataclass(frozen=True, slots=True)
class Destination:
    """One place messages go to."""

    key: str
    """Names it in the outbox and in what we print; made of no credentials."""
    url: str = field(repr=False)
    """apprise's URL: a secret."""
    format: Format = Format.TEXT
    budget: int = 8000
    """Characters of rendered text it takes."""
    tags: frozenset[str] = frozenset()
    """What it is to hear of: `critical`, `warning`, `info`, `problem`; empty: everything."""
    takes_files: bool = False
    """Whether the whole report can go with a message that was shortened."""
    knows_repetitions: bool = False
    """Whether it shows the same entry once, however often it is sent."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One message for one destination, waiting."""

    id: int
    run_id: int
    destination: str
    """A `Destination.key`."""
    view: View
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """A rendered message on its way to one destination."""

    message: Message
    entry_id: int
    """The same at each attempt, and never used for another message of this network."""
    run_id: int
    network: str
    files: tuple[Path, ...] = ()
    """Whole reports to go with it, where the destination takes files."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt went."""

    delivered: bool
    reason: str = ""
    """Why not, in a few words that hold no secret."""
    permanent: bool = False
    """Whether the next attempt would get the same answer: a bad token, an unknown room."""
    uncertain: bool = False
    """Whether it may have arrived for all we know: the answer did not."""
    retry_after_seconds: float | None = None
    """How long the server asked us to wait, if it did."""
