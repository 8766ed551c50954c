"""
One row per message and destination: added with the inventory, claimed, sent, recorded.

A row is `waiting`, then `sent`, `failed` (for good: trying again would get the same answer),
`given-up` (too old, or its destination is gone) or `dropped` (by a person). A row that is told
within a digest is `joined` to it and shares its fate; one that went into the outbox that several
networks share is `handed` over (store/handover.py). Each step is one transaction; what may be
sent, and what is joined, is decided elsewhere (deliver/due.py) on what is read here.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from netwatch_notify.model.message import Delivery, OutboxEntry, View, Waiting
from netwatch_notify.store.codec import instant_of, instant_text
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.gathering import is_gathering
from netwatch_notify.store.process import is_alive, this_process

REMOVED = "the destination is not configured any more"
KEPT_SECONDS = 3600.0
"""So long a message that may leave waits to be told with other networks'; then it goes alone."""
LEASE_SECONDS = 300.0
"""A claim older than this belongs to a process that hangs; a send is ended long before."""


def add(
    database: Database,
    run_id: int,
    destination: str,
    view_text: str,
    created_at: datetime,
    *,
    report: str = "",
    held_until: datetime | None = None,
    together: Path | None = None,
) -> int:
    """
    Add one message for one destination and return its id; inside `Database.atomic`.

    `report` is the JSON for a destination that is a command; `held_until`: not to be sent before;
    `together`: where messages of several networks are made into one.
    """
    cursor = database.connection.execute(
        "INSERT INTO outbox (run_id, destination, view, created_at, report, held_until, together) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            run_id,
            destination,
            view_text,
            instant_text(created_at),
            report,
            held_until.timestamp() if held_until else 0,
            str(together or ""),
        ),
    )
    return int(cursor.lastrowid or 0)


def waiting_rows(database: Database, now: datetime) -> list[Waiting]:
    """Return all rows that wait, oldest first."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT id, destination, due_at, held_until, asked_until, is_uncertain, is_revived, "
            "lease_holder, lease_until, together, created_at FROM outbox WHERE state = 'waiting' "
            "ORDER BY id"
        ).fetchall()
    return [
        Waiting(
            row[0],
            row[1],
            due_at=row[2],
            held_until=row[3],
            asked_until=row[4],
            is_uncertain=bool(row[5]),
            is_revived=bool(row[6]),
            is_claimed=_is_claimed(row[7], row[8], now),
            is_shared=bool(row[9]),
            is_kept=bool(row[9]) and _is_kept(row[9], instant_of(row[10]), row[3], now),
        )
        for row in rows
    ]


def _is_claimed(holder: str, until: float, now: datetime) -> bool:
    # A lease that ends later than any can was taken before the clock was set back.
    # By less than a lease, it is no matter: time servers set clocks back by seconds.
    in_time = now.timestamp() < until <= now.timestamp() + 2 * LEASE_SECONDS
    return bool(holder) and in_time and is_alive(holder)


def _is_kept(together: str, made_at: datetime, held_until: float, now: datetime) -> bool:
    """Whether who makes one message of several networks has this one still to come for."""
    since = max(made_at.timestamp(), held_until)
    return is_gathering(Path(together)) or 0 <= now.timestamp() - since < KEPT_SECONDS


def take(
    database: Database, ids: Iterable[int], read_view: Callable[[str], View], now: datetime
) -> list[OutboxEntry]:
    """
    Claim rows for `LEASE_SECONDS` and return them in the order asked for; inside `atomic`.

    From now on each may have arrived for all we know; `record` ends the claim and says.
    """
    holder = f"{this_process()} {uuid.uuid4().hex}"
    entries = []
    for row_id in ids:
        run_id, destination, view, attempts, created_at, report = database.connection.execute(
            "SELECT run_id, destination, view, attempts, created_at, report FROM outbox "
            "WHERE id = ?",
            (row_id,),
        ).fetchone()
        database.connection.execute(
            "UPDATE outbox SET lease_until = ?, lease_holder = ?, is_uncertain = is_uncertain + 1 "
            "WHERE id = ?",
            (now.timestamp() + LEASE_SECONDS, holder, row_id),
        )
        runs = runs_of(database, row_id) or (run_id,)
        entry = OutboxEntry(
            row_id,
            run_id,
            destination,
            read_view(view),
            attempts,
            instant_of(created_at),
            report,
            runs,
            holder,
        )
        entries.append(entry)
    return entries


@dataclass(frozen=True, slots=True)
class Original:
    """One message as its run made it, now waiting to be told with others."""

    id: int
    run_id: int
    view: View
    created_at: datetime
    is_given_up: bool


def originals(
    database: Database, ids: Sequence[int], read_view: Callable[[str], View]
) -> list[Original]:
    """Return the messages that runs made behind rows, digests taken apart; oldest first."""
    marks = ",".join("?" * len(ids))
    rows = database.connection.execute(
        "SELECT id, run_id, view, created_at, state FROM outbox o "  # noqa: S608
        f"WHERE (digest IN ({marks}) AND state IN ('joined', 'given-up')) OR (id IN ({marks}) "
        "AND NOT EXISTS (SELECT 1 FROM outbox WHERE digest = o.id)) ORDER BY id",
        (*ids, *ids),
    ).fetchall()
    return [
        Original(i, run, read_view(view), instant_of(at), state == "given-up")
        for i, run, view, at, state in rows
    ]


def join(database: Database, ids: Sequence[int], parts: Sequence[Original], view_text: str) -> int:
    """
    Put one row in the place of several, made of `parts`, and return its id; inside `atomic`.

    Digests among `ids` go; the messages that runs made stay, each with the digest that tells it.
    """
    attempts, destination, failing_since = database.connection.execute(
        "SELECT max(attempts), max(destination), min(failing_since) FROM outbox "  # noqa: S608
        f"WHERE id IN ({','.join('?' * len(ids))})",
        tuple(ids),
    ).fetchone()
    cursor = database.connection.execute(
        "INSERT INTO outbox (run_id, destination, view, created_at, attempts, failing_since) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            parts[-1].run_id,
            destination,
            view_text,
            instant_text(min(part.created_at for part in parts)),
            attempts,
            failing_since,
        ),
    )
    digest = int(cursor.lastrowid or 0)
    for row_id in ids:
        database.connection.execute(
            "DELETE FROM outbox WHERE id = ?1 AND EXISTS (SELECT 1 FROM outbox WHERE digest = ?1)",
            (row_id,),
        )
        # Those that were given up: the new one says so, too.
        database.connection.execute(
            "UPDATE outbox SET digest = ? WHERE digest = ?", (digest, row_id)
        )
    for part in parts:
        database.connection.execute(
            "UPDATE outbox SET digest = ?, state = 'joined' WHERE id = ?", (digest, part.id)
        )
    return digest


def digests_with_given_up(database: Database) -> set[int]:
    """Return the digests that wait and tell what was given up since: they are to be made anew."""
    # A digest is as old as the oldest message it tells, and the oldest are given up first.
    rows = database.connection.execute(
        "SELECT d.id FROM outbox d JOIN outbox o ON o.digest = d.id AND o.state = 'joined' "
        "WHERE d.state = 'waiting' GROUP BY d.id HAVING d.created_at < min(o.created_at)"
    )
    return {row[0] for row in rows}


def run_of(database: Database, row_id: int) -> int:
    """Return the run whose message a row is; of a digest, the last."""
    query = "SELECT run_id FROM outbox WHERE id = ?"
    return int(database.connection.execute(query, (row_id,)).fetchone()[0])


def runs_of(database: Database, digest: int) -> tuple[int, ...]:
    """Return the runs that a digest tells of, oldest first; none for any other row."""
    rows = database.connection.execute(
        "SELECT run_id FROM outbox WHERE digest = ? AND state = 'joined' ORDER BY id", (digest,)
    )
    return tuple(row[0] for row in rows)


def record(
    database: Database,
    entry: OutboxEntry,
    delivery: Delivery,
    now: datetime,
    *,
    next_at: datetime,
    given_up_before: datetime,
    fingerprint: str = "",
) -> str:
    """
    Record one attempt, end the claim on its row, and return the row's state.

    After a failure that may pass it is due again at `next_at`; what was made before
    `given_up_before` is given up. `fingerprint` marks the URL that was used. A row that was
    dropped meanwhile, or whose claim ran out, is left alone, but that it arrived is a fact.
    """
    with database.atomic():
        row = database.connection.execute(
            "SELECT state, lease_holder FROM outbox WHERE id = ?", (entry.id,)
        ).fetchone()
        if row is None or (row != ("waiting", entry.holder) and not delivery.delivered):
            return str(row[0]) if row else "joined"
        if delivery.delivered:
            state = "sent"
        elif delivery.permanent:
            state = "failed"
        elif not delivery.tried:
            state = "waiting"
        else:
            state = _after_failure(database, entry, delivery.reason, given_up_before)
        asked = delivery.retry_after_seconds
        database.connection.execute(
            "UPDATE outbox SET state = ?, attempts = attempts + ?, lease_until = 0, "
            "lease_holder = '', last_error = CASE WHEN ? THEN ? ELSE last_error END, "
            "sent_at = ?, due_at = ?, asked_until = ?, "
            # Only this attempt is known not to have arrived; one before it may have.
            "is_uncertain = max(is_uncertain - ?, 0), fingerprint = ?, "
            "failing_since = CASE WHEN ? THEN coalesce(failing_since, ?) END WHERE id = ?",
            (
                state,
                int(delivery.tried),
                delivery.tried,
                delivery.reason,
                instant_text(now) if delivery.delivered else None,
                next_at.timestamp() if state == "waiting" else 0,
                now.timestamp() + asked if asked else 0,
                int(not delivery.uncertain),
                fingerprint,
                not delivery.delivered,
                instant_text(now),
                entry.id,
            ),
        )
        if delivery.delivered:
            # Those given up since it was made, too: one that may have arrived is sent as it was.
            database.connection.execute(
                "UPDATE outbox SET state = 'sent', sent_at = ?1 WHERE digest = ?2 AND (state = "
                "'joined' OR (state = 'given-up' AND created_at >= "
                "(SELECT created_at FROM outbox WHERE id = ?2)))",
                (instant_text(now), entry.id),
            )
    return state


def _after_failure(
    database: Database, entry: OutboxEntry, reason: str, given_up_before: datetime
) -> str:
    """Give up what is too old; a digest only when all of it is."""
    limit = instant_text(given_up_before)
    parts = database.connection.execute(
        "SELECT count(*), sum(created_at <= ?) FROM outbox WHERE digest = ? AND state = 'joined'",
        (limit, entry.id),
    ).fetchone()
    if not parts[0]:
        return "given-up" if instant_text(entry.created_at) <= limit else "waiting"
    if parts[1] == parts[0]:
        return "given-up"
    database.connection.execute(
        "UPDATE outbox SET state = 'given-up', last_error = ? "
        "WHERE digest = ? AND state = 'joined' AND created_at <= ?",
        (reason, entry.id, limit),
    )
    return "waiting"


def give_up(database: Database, row_id: int, reason: str, now: datetime) -> None:
    """End a row that can never be delivered; it stays, with its reason. Inside `atomic`."""
    database.connection.execute(
        "UPDATE outbox SET state = 'given-up', lease_until = 0, last_error = ?, "
        "failing_since = coalesce(failing_since, ?) WHERE id = ?",
        (reason, instant_text(now), row_id),
    )


def give_up_removed(database: Database, keys: Collection[str]) -> list[str]:
    """
    Give up what failed for good and has nowhere to go any more; inside `atomic`.

    `keys` are the destinations there are. Returns those of the rows, oldest row first.
    """
    rows = database.connection.execute(
        "SELECT id, destination FROM outbox WHERE state = 'failed' ORDER BY id"
    ).fetchall()
    removed = [(row_id, destination) for row_id, destination in rows if destination not in keys]
    database.connection.executemany(
        "UPDATE outbox SET state = 'given-up', last_error = ? WHERE id = ?",
        [(REMOVED, row_id) for row_id, _ in removed],
    )
    return [destination for _, destination in removed]


def revive(
    database: Database, fingerprints: Mapping[str, str], made_after: datetime, got_through: set[str]
) -> int:
    """
    Let what failed for good wait again where trying again makes sense; return how many rows.

    That is where the destination's URL is another one now (`fingerprints`, by destination), and
    where a later message got through (`got_through`). Older rows stay as they are, but are given
    up where it works again: nothing else would tell of them any more.
    """
    revived = 0
    with database.atomic():
        rows = database.connection.execute(
            "SELECT id, destination, fingerprint, coalesce((SELECT max(created_at) FROM outbox "
            "WHERE digest = o.id AND state = 'joined'), created_at) > ? FROM outbox o "
            "WHERE state = 'failed'",
            (instant_text(made_after),),
        ).fetchall()
        for row_id, destination, fingerprint, is_young in rows:
            now = fingerprints.get(destination)
            works = destination in got_through
            if is_young and (works or (now is not None and now != fingerprint)):
                revived += 1
                database.connection.execute(
                    "UPDATE outbox SET state = 'waiting', is_revived = 1, due_at = 0, "
                    "asked_until = 0 WHERE id = ?",
                    (row_id,),
                )
            elif works:
                database.connection.execute(
                    "UPDATE outbox SET state = 'given-up' WHERE id = ?", (row_id,)
                )
    return revived


def has_work(database: Database) -> bool:
    """Whether anything waits, or failed and might be revived."""
    with translated(database.name):
        row = database.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state IN ('waiting', 'failed'))"
        ).fetchone()
    return bool(row[0])
