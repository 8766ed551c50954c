"""What arrived at a channel, when, and which nights it told."""

import random
import re
import threading
import time
from dataclasses import dataclass, field

MARK = re.compile(r"(2\d{4})/tcp opened")
"""Each night of a watch opens a port of its own; what is still open later is said otherwise."""
LONGEST_ANSWER_SECONDS = 0.3
"""As real services answer. A message is accepted long before, so that many kills fall between."""


def marks_in(text: str) -> frozenset[int]:
    """Return the ports whose opening a text tells."""
    return frozenset(map(int, MARK.findall(text)))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that a server accepted."""

    channel: str
    """`mail`, `slack` or `matrix`."""
    at: float
    """When it was accepted, in seconds since 1970."""
    marks: frozenset[int]
    entry: int | None
    """The row of the outbox, where the channel says which."""


@dataclass(slots=True)
class Post:
    """All that arrived at one watch's channels; any thread may add to it."""

    patience: random.Random
    arrivals: list[Arrival] = field(default_factory=list)
    repetitions: int = 0
    """Sends that a homeserver knew as one it had already."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, channel: str, text: str, entry: int | None) -> None:
        with self._lock:
            self.arrivals.append(Arrival(channel, time.time(), marks_in(text), entry))

    def repeat(self) -> None:
        with self._lock:
            self.repetitions += 1

    def answer_seconds(self) -> float:
        """Return how long the server thinks between accepting and answering."""
        with self._lock:
            return self.patience.uniform(0, LONGEST_ANSWER_SECONDS)
