"""`outbox list`: what has not arrived, one row each."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from netwatch_notify.model.listing import Table
from netwatch_notify.report.standing import instant_json
from netwatch_notify.report.words import counted, day, days_between

COLUMNS = ("ID", "DESTINATION", "STATE", "MADE", "TRIED", "NEXT", "WHY", "SUBJECT")


class Undelivered(Protocol):
    """A message that has not arrived; store/outbox_people.py has them."""

    @property
    def id(self) -> int: ...
    @property
    def runs(self) -> tuple[int, ...]: ...
    @property
    def destination(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def attempts(self) -> int: ...
    @property
    def failing_since(self) -> datetime | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def next_at(self) -> datetime | None: ...


def outbox_table(rows: Sequence[Undelivered], now: datetime, zone: tzinfo) -> Table:
    """Return the rows in their order."""
    return Table(
        COLUMNS,
        tuple(
            (
                str(row.id),
                row.destination,
                row.state,
                day(row.made_at, zone, now),
                _tried(row, now),
                _next(row, now, zone),
                row.reason,
                row.subject,
            )
            for row in rows
        ),
    )


def outbox_json(rows: Sequence[Undelivered]) -> list[dict[str, object]]:
    """Return the rows for machines."""
    return [
        {
            "id": row.id,
            "runs": list(row.runs),
            "destination": row.destination,
            "state": row.state,
            "subject": row.subject,
            "made_at": instant_json(row.made_at),
            "attempts": row.attempts,
            "failing_since": instant_json(row.failing_since),
            "reason": row.reason or None,
            "next_at": instant_json(row.next_at),
        }
        for row in rows
    ]


def _tried(row: Undelivered, now: datetime) -> str:
    if not row.attempts:
        return "not yet"
    times = counted(row.attempts, "time")
    if row.failing_since is None or (now - row.failing_since).days < 1:
        return times
    return f"{times} in {days_between(row.failing_since, now)}"


def _next(row: Undelivered, now: datetime, zone: tzinfo) -> str:
    if row.state != "waiting":
        return "never"
    if row.next_at is None or row.next_at <= now:
        return "now"
    return f"{day(row.next_at, zone, now)} {row.next_at.astimezone(zone):%H:%M}"
