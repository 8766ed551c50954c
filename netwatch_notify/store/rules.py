"""What people said: ignore and expect rules, acceptances."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from netwatch_notify.errors import UsageError
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Acceptance, Match, Rule, RuleKind
from netwatch_notify.store.codec import instant_of, instant_text, optional_instant
from netwatch_notify.store.database import Database, translated
from netwatch_notify.store.rows import select

_COLUMNS = "id, kind, match, port, gone_only, reason, author, created_at, until, used_at, hidden"


def add_rule(database: Database, rule: Rule) -> int:
    """Keep a new rule and return its number; `rule.id` is not looked at."""
    with database.atomic():
        cursor = database.connection.execute(
            "INSERT INTO rules (kind, match, port, gone_only, reason, author, created_at, until) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rule.kind.value,
                rule.match.written,
                str(rule.key or ""),
                rule.gone_only,
                rule.reason,
                rule.author,
                instant_text(rule.created_at),
                instant_text(rule.until) if rule.until else None,
            ),
        )
        return int(cursor.lastrowid or 0)


def standing_rules(database: Database) -> tuple[Rule, ...]:
    """Return the rules that have not ended, oldest first; some may be over and not told so yet."""
    with translated(database.name):
        query = f"SELECT {_COLUMNS} FROM rules WHERE ended = '' ORDER BY id"  # noqa: S608
        rows = database.connection.execute(query).fetchall()
    return tuple(map(_rule, rows))


def rules_of(database: Database, numbers: Collection[int]) -> dict[int, Rule]:
    """Return rules by their numbers, those that have ended among them."""
    rules = {}
    with translated(database.name):
        for number in numbers:
            query = f"SELECT {_COLUMNS} FROM rules WHERE id = ?"  # noqa: S608
            row = database.connection.execute(query, (number,)).fetchone()
            if row:
                rules[number] = _rule(row)
    return rules


def _rule(row: Sequence[Any]) -> Rule:
    return Rule(
        id=row[0],
        kind=RuleKind(row[1]),
        match=Match.parse(row[2]),
        key=PortKey.parse(row[3]) if row[3] else None,
        gone_only=bool(row[4]),
        reason=row[5],
        author=row[6],
        created_at=instant_of(row[7]),
        until=optional_instant(row[8]),
        used_at=optional_instant(row[9]),
        hidden=row[10],
    )


def remove_rules(database: Database, numbers: Iterable[int], kind: RuleKind) -> None:
    """End standing rules, all or none. UsageError where there is no such rule."""
    with database.atomic():
        for number in dict.fromkeys(numbers):
            cursor = database.connection.execute(
                "UPDATE rules SET ended = 'removed' WHERE id = ? AND kind = ? AND ended = ''",
                (number, kind.value),
            )
            if not cursor.rowcount:
                raise UsageError(f"{number}: there is no such {kind.value} rule")


def record_use(database: Database, used: Iterable[Rule], over: Iterable[Rule]) -> None:
    """Keep which rules fitted something and which are over; inside `Database.atomic`."""
    database.connection.executemany(
        "UPDATE rules SET used_at = ?, hidden = ? WHERE id = ?",
        [(instant_text(r.used_at) if r.used_at else None, r.hidden, r.id) for r in used],
    )
    database.connection.executemany(
        "UPDATE rules SET ended = 'over' WHERE id = ?", [(rule.id,) for rule in over]
    )


def accept(database: Database, acceptances: Collection[Acceptance]) -> None:
    """Keep that these changes are known, and take them off the ledger; the last word counts."""
    with database.atomic():
        database.connection.executemany(
            "UPDATE acceptances SET is_over = 1 WHERE change_id = ?",
            [(a.change_id,) for a in acceptances],
        )
        database.connection.executemany(
            "INSERT OR REPLACE INTO acceptances (change_id, accepted_at, author, reason, until) "
            "VALUES (?, ?, ?, ?, ?)",
            [
                (
                    a.change_id,
                    instant_text(a.accepted_at),
                    a.author,
                    a.reason,
                    instant_text(a.until) if a.until else None,
                )
                for a in acceptances
            ],
        )
        database.connection.executemany(
            "DELETE FROM ledger WHERE change_id = ?", [(a.change_id,) for a in acceptances]
        )


def words_on(database: Database, change_ids: Collection[str]) -> dict[str, list[Acceptance]]:
    """Return every acceptance of these changes, the oldest first."""
    found: dict[str, list[Acceptance]] = {}
    columns = "change_id, author, accepted_at, reason, until"
    with translated(database.name):
        rows = list(select(database, columns, "acceptances", change_ids, "change_id"))
    for change_id, author, at, reason, until in rows:
        word = Acceptance(change_id, author, instant_of(at), reason, optional_instant(until))
        found.setdefault(change_id, []).append(word)
    return {i: sorted(words, key=lambda word: word.accepted_at) for i, words in found.items()}


def expired_acceptances(database: Database, now: datetime) -> tuple[Acceptance, ...]:
    """Return the acceptances whose time is up and that were not told so yet."""
    with translated(database.name):
        rows = database.connection.execute(
            "SELECT change_id, author, accepted_at, reason, until FROM acceptances "
            "WHERE until IS NOT NULL AND NOT is_over AND until <= ? ORDER BY until, change_id",
            (instant_text(now),),
        ).fetchall()
    return tuple(
        Acceptance(i, author, instant_of(at), reason, instant_of(until))
        for i, author, at, reason, until in rows
    )


def record_expired(database: Database, acceptances: Iterable[Acceptance]) -> None:
    """Keep that these are over; inside `Database.atomic`."""
    database.connection.executemany(
        "UPDATE acceptances SET is_over = 1 WHERE change_id = ? AND accepted_at = ?",
        [(a.change_id, instant_text(a.accepted_at)) for a in acceptances],
    )
