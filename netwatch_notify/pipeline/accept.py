"""Which changes an id of a message means, and the word that they are known."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.errors import UsageError
from netwatch_notify.model.rule import Acceptance
from netwatch_notify.store import history, rules
from netwatch_notify.store.database import Database

SHORTEST = 3
"""Digits of an id that are taken; messages show four or more."""
LISTED = 4
"""Ids that an error lists."""

_RUN = re.compile(r"run:([0-9]+)")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one word on the command line stood for."""

    change_ids: tuple[str, ...]
    is_held_range: bool = False
    """A range that was held back: the next run tells what is still so in it."""


def find(database: Database, word: str) -> Accepted:
    """
    Return the changes that an id, a group's id, a unique prefix of one, or a run's number means.

    UsageError where there is none, or where more than one thing is meant.
    """
    run = _RUN.fullmatch(word) or (re.fullmatch("[0-9]+", word) and _RUN.fullmatch(f"run:{word}"))
    of_run = history.ids_of_run(database, int(run[1])) if run else ()
    prefix = word.lower()
    meant: dict[str, Accepted] = {}
    if re.fullmatch(r"[0-9a-f]+", prefix) and len(prefix) >= SHORTEST:
        meant = {i: Accepted((i,)) for i in history.ids_like(database, prefix)}
        for group, members in history.groups_like(database, prefix).items():
            meant[group] = Accepted(members)
        for held in history.held_ids(database):
            if held.startswith(prefix):
                meant[held] = Accepted((held,), is_held_range=True)
    if len(meant) + bool(of_run) > 1:
        several = [*sorted(meant)[:LISTED], *([f"run:{run[1]}"] if of_run and run else [])]
        raise UsageError(f"{word}: means more than one: {', '.join(several)}")
    if of_run:
        return Accepted(of_run)
    if not meant:
        what = f"run {run[1]} told nothing" if run else "no change was told under this id"
        raise UsageError(f"{word}: {what}; netwatch-notify history lists what was")
    return next(iter(meant.values()))


def accept(
    database: Database,
    words: Sequence[str],
    author: str,
    reason: str,
    until: datetime | None,
    now: datetime,
) -> list[str]:
    """Call the changes known, all or none; return a line for each of the words."""
    found = [(word, find(database, word)) for word in words]
    ids = dict.fromkeys(i for _, accepted in found for i in accepted.change_ids)
    rules.accept(database, [Acceptance(i, author, now, reason, until) for i in ids])
    return list(_lines(found))


def _lines(found: Iterable[tuple[str, Accepted]]) -> Iterable[str]:
    for word, accepted in found:
        if accepted.is_held_range:
            yield f"{word}: the range is not held any more; the next run tells what is so in it"
        elif len(accepted.change_ids) == 1:
            yield f"{word}: accepted"
        else:
            yield f"{word}: {len(accepted.change_ids):,} changes accepted"
