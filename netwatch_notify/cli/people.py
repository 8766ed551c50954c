"""`accept`, `ignore`, `expect`: a person's word on what is or will be told."""

import getpass
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import click

from netwatch_notify.cli.options import Options
from netwatch_notify.errors import UsageError
from netwatch_notify.model.host import Address
from netwatch_notify.model.names import NameBook
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Match, Rule, RuleKind
from netwatch_notify.model.text import clean
from netwatch_notify.pipeline.accept import accept
from netwatch_notify.pipeline.names import read_names
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store import rules
from netwatch_notify.store.database import Database
from netwatch_notify.store.inventory import present_where

REASON_LIMIT = 200

_PORT = re.compile(r"(?P<number>[0-9]{1,5})(/(?P<protocol>tcp|udp|sctp))?")


@dataclass(frozen=True, slots=True)
class Word:
    """What every such command takes besides what it is about."""

    reason: str
    until: datetime | None
    author: str
    now: datetime


def word_of(reason: str, until: str | None) -> Word:
    """Check a reason and a date. Raises UsageError."""
    now = datetime.now(UTC)
    return Word(clean(reason, REASON_LIMIT), end_of(until, now) if until else None, _author(), now)


def end_of(text: str, now: datetime) -> datetime:
    """Return the end of a day, local time, written as `2026-12-24`. Raises UsageError."""
    try:
        day = date.fromisoformat(text)
        end = datetime.combine(day + timedelta(days=1), time()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--until {text}: is no date such as 2026-12-24") from error
    if end <= now:
        raise UsageError(f"--until {text}: is over already")
    return end


def _author() -> str:
    """Return who says so: the person, not the root that `sudo` makes of them."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, in a container
        name = f"uid {os.getuid()}"
    return clean(name, 40)


def split_match(words: Sequence[str]) -> tuple[Match, PortKey | None]:
    """Read `MATCH [PORT/PROTO]`, quoted as one word or not. Raises UsageError."""
    pieces = " ".join(words).split()
    key = None
    if len(pieces) > 1 and (port := _PORT.fullmatch(pieces[-1])):
        try:
            key = PortKey.parse(port.group())
        except ValueError as error:
            raise UsageError(str(error)) from error
        pieces.pop()
    try:
        return Match.parse(" ".join(pieces)), key
    except ValueError as error:
        raise UsageError(str(error)) from error


def accept_changes(options: Options, ids: Sequence[str], word: Word) -> int:
    """Call changes known."""
    with _opened(options) as database:
        lines = accept(database, ids, word.author, word.reason, word.until, word.now)
    _print(options, lines)
    return 0


def add_rule(
    options: Options, kind: RuleKind, words: Sequence[str], word: Word, *, gone_only: bool = False
) -> int:
    """Keep a rule, and say how many known hosts it fits."""
    match, key = split_match(words)
    rule = Rule(0, kind, match, key, word.author, word.now, word.reason, word.until, gone_only)
    book = _names(options)
    with _opened(options) as database:

        def fits(address: Address, mac: str, vendor: str, name: str) -> bool:
            return match.fits(address, mac, vendor, (name, book.of(address, mac).name))

        known = sum(1 for _ in present_where(database, fits))
        number = rules.add_rule(database, rule)
    fitted = f"fits {known:,} known host{'' if known == 1 else 's'}"
    line = f"{kind.value} {number}: {rule.written}, {fitted if known else 'fits no known host yet'}"
    _print(options, [line])
    return 0


def _names(options: Options) -> NameBook:
    """Read the names file; one that cannot be used stops nobody from making a rule."""
    try:
        return read_names(load_fields(("names_file",), options.env_file)["names_file"])
    except ValueError as error:
        click.echo(f"netwatch-notify: {str(error).splitlines()[0]}", err=True)
        return NameBook()


def list_rules(options: Options, kind: RuleKind) -> int:
    """Print the standing rules of one kind."""
    with _opened(options) as database:
        standing = [rule for rule in rules.standing_rules(database) if rule.kind is kind]
    if options.as_json:
        click.echo(json.dumps([rule_json(rule) for rule in standing], indent=2))
        return 0
    for rule in standing:
        click.echo(describe(rule))
    return 0


def remove_rules(options: Options, numbers: Sequence[int], kind: RuleKind) -> int:
    """End rules by their numbers, all or none."""
    with _opened(options) as database:
        rules.remove_rules(database, numbers, kind)
    _print(options, [f"{kind.value} {number}: removed" for number in numbers])
    return 0


def describe(rule: Rule) -> str:
    """Return a rule as one line."""
    only = "its going and coming" if rule.gone_only else "everything"
    what = f"{rule.kind.value} {rule.id}: {rule.written}"
    about = f" ({only})" if rule.kind is RuleKind.IGNORE else ""
    said = f"; {rule.said}, {_day(rule.created_at)}"
    until = f", until {_day(rule.until - timedelta(seconds=1))}" if rule.until else ""
    used = f"; kept {rule.hidden:,} quiet, last {_day(rule.used_at)}" if rule.used_at else ""
    return f"{what}{about}{said}{until}{used or '; never fitted yet'}"


def rule_json(rule: Rule) -> dict[str, object]:
    """Return a rule for machines."""
    return {
        "id": rule.id,
        "kind": rule.kind.value,
        "match": rule.match.written,
        "port": str(rule.key) if rule.key else None,
        "gone_only": rule.gone_only,
        "reason": rule.reason or None,
        "author": rule.author,
        "created_at": _instant(rule.created_at),
        "until": _instant(rule.until) if rule.until else None,
        "used_at": _instant(rule.used_at) if rule.used_at else None,
        "hidden": rule.hidden,
    }


def _day(at: datetime) -> str:
    return at.astimezone().date().isoformat()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _print(options: Options, lines: Sequence[str]) -> None:
    if options.as_json:
        click.echo(json.dumps({"done": list(lines)}, indent=2))
    elif not options.quiet:
        for line in lines:
            click.echo(line)


@contextmanager
def _opened(options: Options) -> Iterator[Database]:
    """Open the network's state. Raises UsageError where no run has made one yet."""
    settings = load_fields(("network", "state_dir"), options.env_file)
    if not (settings["state_dir"] / "netwatch.db").exists():
        raise UsageError(f"{settings['state_dir']}: no run was made yet, so there is nothing known")
    database = Database.open(settings["state_dir"], settings["network"])
    try:
        yield database
    finally:
        database.close()
