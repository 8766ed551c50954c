"""Messages: what is said, to whom, and how each attempt went."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from netwatch_notify.model.change import Severity


class Format(StrEnum):
    """The formats a view is rendered in."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"
    SLACK = "slack"
    """Slack's Block Kit, as JSON."""


@dataclass(frozen=True, slots=True)
class Item:
    """One fact: a line that says it, and lines that say more."""

    headline: str
    mark: str = ""
    """`!`, `+`, `~` or `-`: what kind of fact, at a glance."""
    details: tuple[str, ...] = ()
    id: str = ""
    """Short id, to act on it; empty where there is nothing to act on."""
    kind: str = ""
    """What it is counted as where it is left out: a `ChangeKind`'s value, or `problem`."""
    stands_for: int = 1
    """How many changes it tells."""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one rank under a heading."""

    title: str
    items: tuple[Item, ...] = ()
    left_out: int = 0
    """Changes whose facts did not fit this destination's budget."""
    stays: bool = False
    """Nothing of it gives way to what other sections tell: problems, notes, the ledger."""
    rank: int = 0
    """How bad its facts are: 0 the worst; those of the highest rank give way first."""
    left_out_kinds: tuple[tuple[str, int], ...] = ()
    """What was left out, by `Item.kind`, most first; empty where there was no room for it."""


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
    attached: bool = False
    """Whether the whole report goes with the message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered view."""

    subject: str
    body: str
    format: Format


TAGS = frozenset({*(severity.value for severity in Severity), "problem"})
"""What a destination may be tagged with, beside the networks it is for."""


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
    command: tuple[str, ...] = field(default=(), repr=False)
    """A command that gets the report as JSON, in place of a URL."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the outbox that waits, without what it says. Instants in seconds since 1970."""

    id: int
    destination: str
    """A `Destination.key`."""
    due_at: float
    """When to try next, after attempts that failed; 0 before the first."""
    held_until: float
    """Not before: `SEND_AT`; 0: at once."""
    asked_until: float
    """The server asked for rest until then; it holds for all that goes there."""
    is_uncertain: bool
    """It may have arrived: an attempt was begun, and how it went is not known."""
    is_revived: bool
    """It failed for good before, so it must not take another message down with it."""
    is_claimed: bool
    """Another process is sending it."""
    is_shared: bool = False
    """It is meant for a message that tells of several networks."""
    is_kept: bool = False
    """And left for that message by who sends this network's alone."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One message for one destination, ready to be sent."""

    id: int
    run_id: int
    destination: str
    """A `Destination.key`."""
    view: View
    attempts: int
    created_at: datetime
    """When the oldest message in it was made."""
    report: str = ""
    """What a command gets instead: the report as JSON."""
    runs: tuple[int, ...] = ()
    """The runs it tells of, oldest first."""
    holder: str = ""
    """The claim under which it is sent."""


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
    tried: bool = True
    """Whether an attempt was begun at all."""
