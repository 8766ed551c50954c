"""Where messages do not arrive: what `check` shows, exit code 4 means, and other channels tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.store.codec import instant_of
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.outbox import runs_of


@dataclass(frozen=True, slots=True)
class Failing:
    """A destination to which something could not be delivered since it last took a message."""

    destination: str
    is_permanent: bool
    """Whether trying again would get the same answer."""
    is_over: bool
    """Whether nothing is tried any more."""
    messages: int
    since: datetime
    """When the oldest message that did not arrive was made."""
    reason: str
    """Why the latest attempt failed."""

    def __str__(self) -> str:
        told = "not delivered, and not tried again" if self.is_over else "not delivered yet"
        return f"{self.destination}: {told}: {self.reason}"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message that will not arrive any more, of which nobody was told yet."""

    id: int
    runs: tuple[int, ...]
    """The runs it tells of, oldest first."""
    destination: str
    made_at: datetime
    reason: str
    is_told_there: bool
    """Whether the destination itself was told, within a digest."""


def failing(database: Database) -> list[Failing]:
    """
    Return the destinations that do not work, in the order of their names.

    A message that was given up counts until a run has told of it.
    """
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT destination, state, created_at, last_error, failing_since FROM outbox o "
            "WHERE (state = 'failed' OR (state = 'given-up' AND NOT is_told) "
            "OR (state = 'waiting' AND attempts > 0)) "
            # What waits beside others that got through takes its turn; what failed does not.
            "AND failing_since IS NOT NULL AND (state = 'failed' OR failing_since >= coalesce("
            "(SELECT max(sent_at) FROM outbox WHERE destination = o.destination "
            "AND state = 'sent'), '')) "
            "ORDER BY destination, id"
        ).fetchall()
    by_destination: dict[str, list[tuple[str, str, str]]] = {}
    for destination, state, made_at, reason, _ in rows:
        by_destination.setdefault(destination, []).append((state, made_at, reason))
    return [
        Failing(
            destination,
            is_permanent=any(state == "failed" for state, _, _ in found),
            is_over=all(state != "waiting" for state, _, _ in found),
            messages=len(found),
            since=min(instant_of(made_at) for _, made_at, _ in found),
            reason=found[-1][2],
        )
        for destination, found in by_destination.items()
    ]


def untold_given_up(database: Database) -> list[GivenUp]:
    """Return the messages that were given up and of which no message has told, oldest first."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT id, run_id, destination, created_at, last_error, digest IS NOT NULL "
            "FROM outbox WHERE state = 'given-up' AND NOT is_told ORDER BY id"
        ).fetchall()
        return [
            GivenUp(
                i,
                runs_of(database, i) or (run_id,),
                destination,
                instant_of(at),
                reason,
                bool(told),
            )
            for i, run_id, destination, at, reason, told in rows
        ]


def record_told(database: Database, given_up: Iterable[GivenUp]) -> None:
    """Keep that messages tell of them; inside `Database.atomic`."""
    database.connection.executemany(
        "UPDATE outbox SET is_told = 1 WHERE id = ?", [(row.id,) for row in given_up]
    )
