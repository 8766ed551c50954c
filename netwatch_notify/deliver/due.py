"""What of the outbox is to be sent now, and what of it together; pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from netwatch_notify.deliver.backoff import LONGEST_ASKED_SECONDS, LONGEST_WAIT_SECONDS
from netwatch_notify.model.message import Destination, Waiting

MOST_AT_ONCE = 4
"""Messages to one destination by one process; each may take a minute, a claim lasts five."""
LONGEST_HOLD_SECONDS = 25 * 3600.0
"""A day with the hour that daylight saving takes; a later hold is older than the clock."""


@dataclass(frozen=True, slots=True)
class Due:
    """What one destination gets now, in this order."""

    destination: str
    alone: tuple[int, ...]
    """Rows that go as they are, oldest first."""
    together: tuple[int, ...]
    """Rows told in one message, oldest first; a single one goes as it is."""


def due_rows(
    rows: Iterable[Waiting], destinations: Mapping[str, Destination], now: datetime
) -> list[Due]:
    """
    Return what is to be sent now; `rows` come oldest first.

    Nothing goes to a destination that another process is sending to, or that asked for rest.
    Where one row is due, all that are not held go with it: two nights read better as one
    message. A row that may have arrived already goes alone where its repetition is known as one.
    """
    by_destination: dict[str, list[Waiting]] = {}
    for row in rows:
        by_destination.setdefault(row.destination, []).append(row)
    found = []
    for key, several in by_destination.items():
        destination = destinations.get(key)
        if destination is None or any(row.is_claimed or _rests(row, now) for row in several):
            continue
        free = [row for row in several if not _is_held(row, now)]
        if any(_is_due(row, now) for row in free):
            found.append(_due(destination, free))
    return found


def removed_rows(rows: Iterable[Waiting], keys: Collection[str]) -> list[Waiting]:
    """Return the rows whose destination is none any more."""
    return [row for row in rows if row.destination not in keys and not row.is_claimed]


def next_time(after: datetime, at: time, zone: tzinfo) -> datetime:
    """
    Return the first instant after `after` at which clocks in `zone` show `at`.

    An hour that a change of the clocks leaves out is that much later; of one that comes twice
    it is the first.
    """
    local = after.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        candidate = datetime.combine(day, at, tzinfo=zone)
        # By way of UTC: two times of one zone are compared by what their clocks show.
        if (instant := candidate.astimezone(after.tzinfo)) > after:
            return instant
    raise AssertionError("three days have a time of day in common")


def _due(destination: Destination, rows: list[Waiting]) -> Due:
    """Divide the rows into those that go alone and those that are told together."""
    if destination.command:
        return Due(destination.key, tuple(row.id for row in rows)[:MOST_AT_ONCE], ())
    alone = [
        row.id
        for row in rows
        if row.is_revived or (row.is_uncertain and destination.knows_repetitions)
    ]
    together = tuple(row.id for row in rows if row.id not in alone)
    if len(alone) >= MOST_AT_ONCE:
        return Due(destination.key, tuple(alone[:MOST_AT_ONCE]), ())
    return Due(destination.key, tuple(alone), together)


def _is_held(row: Waiting, now: datetime) -> bool:
    return row.is_kept or may_not_leave(row, now)


def may_not_leave(row: Waiting, now: datetime) -> bool:
    """Whether it waits for the time of day at which messages leave."""
    return 0 < row.held_until - now.timestamp() <= LONGEST_HOLD_SECONDS


def _rests(row: Waiting, now: datetime) -> bool:
    return 0 < row.asked_until - now.timestamp() <= LONGEST_ASKED_SECONDS


def _is_due(row: Waiting, now: datetime) -> bool:
    return not 0 < row.due_at - now.timestamp() <= LONGEST_WAIT_SECONDS
