"""What a watch that was killed again and again has lost, and what it told twice without reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.kills.arrivals import Arrival

CHANNELS = ("mail", "slack", "matrix")
LATE_SECONDS = 5.0
"""What a process had sent before it was killed is accepted by then, even by a busy server."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that was being sent when its process was killed: not recorded as sent."""

    channel: str
    entry: int
    marks: frozenset[int]
    """The nights it tells."""
    begun_at: float
    """When the process was started, in seconds since 1970."""
    killed_at: float

    def explains(self, arrival: Arrival, mark: int) -> bool:
        """Whether this arrival is this row, accepted before the process could record it."""
        return (
            arrival.channel == self.channel
            and arrival.entry in (None, self.entry)
            and mark in self.marks
            and self.begun_at <= arrival.at <= self.killed_at + LATE_SECONDS
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it ended."""

    lost: tuple[str, ...]
    """`MARK on CHANNEL`: a night that was never told there."""
    duplicates: Counter[str]
    """Nights told once more than needed, by channel: all of them."""
    unexplained: tuple[str, ...]
    """Of those, the ones for which no kill can answer."""


def judge(nights: Iterable[int], arrivals: Sequence[Arrival], claims: Sequence[Claim]) -> Verdict:
    """
    Hold what arrived against the nights that were taken in, by their marks.

    Of several copies each but one needs a kill of its own that fell between the server's
    acceptance and the record; on Matrix, which knows a repetition, none is excused.
    """
    lost: list[str] = []
    unexplained: list[str] = []
    duplicates: Counter[str] = Counter()
    for channel in CHANNELS:
        for mark in nights:
            copies = [a for a in arrivals if a.channel == channel and mark in a.marks]
            if not copies:
                lost.append(f"{mark} on {channel}")
                continue
            more = len(copies) - 1
            duplicates[channel] += more
            excused = 0 if channel == "matrix" else _excused(copies, mark, claims)
            unexplained += [f"{mark} on {channel}"] * (more - min(more, excused))
    return Verdict(tuple(lost), +duplicates, tuple(unexplained))


def _excused(copies: Sequence[Arrival], mark: int, claims: Sequence[Claim]) -> int:
    """Return how many copies have a kill of their own."""
    left = list(claims)
    excused = 0
    for copy in sorted(copies, key=lambda copy: copy.at):
        # The earliest that ends in time: another copy can make do with a later one.
        fitting = (claim for claim in left if claim.explains(copy, mark))
        if found := min(fitting, key=lambda claim: claim.killed_at, default=None):
            left.remove(found)
            excused += 1
    return excused
