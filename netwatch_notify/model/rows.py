"""What ndiff's output shows of two sightings of a host, free of text or XML."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimPort

Edit = tuple[str, int, int, int, int]
"""One of difflib's opcodes: what, from where to where before, from where to where after."""
MOST_MATCHED = 2000
"""
Lines (both sides) that difflib may match; it takes a time up to cubic in their number.

A script's output is rarely a hundred lines; 20,000 that repeat each other took more than a minute.
"""


def edits_between(before: Sequence[str], after: Sequence[str]) -> tuple[Edit, ...]:
    """Return what makes `before` into `after`; beyond `MOST_MATCHED` one block is replaced."""
    first, shorter = 0, min(len(before), len(after))
    while first < shorter and before[first] == after[first]:
        first += 1
    last = 0
    while last < shorter - first and before[-1 - last] == after[-1 - last]:
        last += 1
    if len(before) + len(after) <= MOST_MATCHED:
        matcher = SequenceMatcher(None, before, after)
        return tuple((what, i1, i2, j1, j2) for what, i1, i2, j1, j2 in matcher.get_opcodes())
    old, new = len(before) - last, len(after) - last
    middle = "delete" if new == first else "insert" if old == first else "replace"
    blocks: list[Edit] = [("equal", 0, first, 0, first), (middle, first, old, first, new)]
    blocks.append(("equal", old, len(before), new, len(after)))
    return tuple(block for block in blocks if block[1] < block[2] or block[3] < block[4])


@dataclass(frozen=True, slots=True)
class ScriptRow:
    """One script's results before and after; None where it did not run."""

    before: ScriptOutput | None
    after: ScriptOutput | None
    differs: bool
    """Whether in more than what changes by itself."""


@dataclass(frozen=True, slots=True)
class PortRow:
    """One port before and after; on the side that does not list it, its state is None."""

    before: VerbatimPort
    after: VerbatimPort
    scripts: tuple[ScriptRow, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class HostRows:
    """One host before and after; None on the side that does not list it."""

    before: VerbatimHost | None
    after: VerbatimHost | None
    state_changed: bool
    names_changed: bool
    """Whether the addresses or the hostnames are others."""
    extra_ports_changed: bool
    ports: tuple[PortRow, ...]
    os: tuple[Edit, ...]
    scripts: tuple[ScriptRow, ...]
    differs: bool

    @property
    def os_changed(self) -> bool:
        """Whether nmap names other operating systems, or in another order."""
        return any(edit[0] != "equal" for edit in self.os)
