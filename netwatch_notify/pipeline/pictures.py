"""What is known of hosts, runs and changes, put together for people and machines; only reads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from netwatch_notify.errors import UsageError
from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.host import Address
from netwatch_notify.model.inventory import Absence, Habit, KnownHost, KnownPort
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.listing import HostPicture, ListedHost, RunPicture, Standing, Told
from netwatch_notify.model.names import NameBook
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Acceptance, Match, Rule
from netwatch_notify.pipeline.lookup import FoundHost
from netwatch_notify.report.change_of import change_of
from netwatch_notify.report.words import day
from netwatch_notify.store import history, listing, rules
from netwatch_notify.store.codec import instant_text
from netwatch_notify.store.database import Database
from netwatch_notify.store.inventory import load_absences, load_kin
from netwatch_notify.store.ledger import load_ledger
from netwatch_notify.store.pruning import history_since

LAST_CHANGES = 10
"""Changes of a host that are shown with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the history is asked for."""

    address: Address | None = None
    """Of a host; what was told of it at its former addresses belongs to it."""
    mac: str = ""
    key: PortKey | None = None
    since: datetime | None = None
    limit: int = 0
    """0: all."""
    only_open: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the history says, the latest first."""

    told: tuple[Told, ...]
    left_out: bool = False
    """There is more than the limit."""
    oldest: tuple[Told, ...] = ()
    """All that fits the host and port, whatever the limit and date."""


def hosts_that_fit(
    database: Database, book: NameBook, match: Match | None
) -> tuple[ListedHost, ...]:
    """Return the known hosts, here or gone, that are meant; all without a match."""
    if match is None:
        return tuple(listing.list_hosts(database, lambda *_: True))
    return tuple(
        listing.list_hosts(
            database,
            lambda address, mac, vendor, name: match.fits(
                address, mac, vendor, (name, book.of(address, mac).name)
            ),
        )
    )


def host_picture(
    database: Database, book: NameBook, found: FoundHost, now: datetime
) -> HostPicture:
    """Return all that is known of one host."""
    known = found.known
    naming = book.of(known.address, known.mac)
    absences: Mapping[PortKey | None, Absence] = {}
    habits: Mapping[PortKey | None, Habit] = {}
    if found.displaced is None:
        everything = load_absences(database)
        absences = {key: a for (at, key), a in everything.items() if at == known.address}
        habits = listing.habits_of(database, known.address)
    names = (naming.name, known.name)
    fitting = (
        rule
        for rule in rules.standing_rules(database)
        if not rule.is_over(now) and rule.match.fits(known.address, known.mac, known.vendor, names)
    )
    others = load_kin(database, (known.mac,), ()) if known.mac else ()
    return HostPicture(
        known=known,
        naming=naming,
        standing=found.displaced or _standing(known, absences.get(None), habits.get(None)),
        ports={
            key: _port_standing(port, absences.get(key), habits.get(key))
            for key, port in sorted(known.ports.items())
        },
        others=tuple(
            other for other in others if other.address != known.address or found.displaced
        ),
        rules=tuple(fitting),
        still_open=tuple(i for i in load_ledger(database) if i.address == known.address),
        told=history_of(database, Asked(known.address, known.mac, limit=LAST_CHANGES)).told,
    )


def _standing(known: KnownHost, absence: Absence | None, habit: Habit | None) -> Standing:
    since = habit.silent_since if habit else None
    flaps = bool(habit and habit.is_flapping)
    return Standing(known.present, since or known.gone_at, absence, flaps)


def _port_standing(port: KnownPort, absence: Absence | None, habit: Habit | None) -> Standing:
    flaps = bool(habit and habit.is_flapping)
    return Standing(port.is_open, port.closed_at, absence, flaps)


def run_picture(database: Database, run_id: int) -> RunPicture | None:
    """Return a run with every change it told or kept quiet, None where there is no such run."""
    run = listing.load_run(database, run_id)
    if run is None:
        return None
    changes = history.changes_where(database, "run_id = ?", (run_id,))
    is_first = listing.first_scan_at(database) == run.started_at
    since = history_since(database)
    return replace(
        run,
        told=_told(database, changes),
        took_inventory=is_first,
        is_forgotten=since is not None and run.started_at < since,
    )


def no_such_run(database: Database, run_id: int, zone: tzinfo) -> UsageError:
    """Return what to say of a run that there is not, or not any more."""
    numbers, since = listing.run_numbers(database), history_since(database)
    if numbers and since and 0 < run_id < numbers[1]:
        return UsageError(
            f"{run_id}: this run is not kept any more; NETWATCH_KEEP_DAYS says for how long, and "
            f"the history begins on {day(since, zone, None)}"
        )
    there = "no run was made yet"
    if numbers:
        there = f"the last is {numbers[1]}" if since else f"there are {numbers[0]} to {numbers[1]}"
    return UsageError(f"{run_id}: there is no such run; {there}")


def history_of(database: Database, asked: Asked) -> Answer:
    """Return what was told and kept quiet, or only what waits for somebody's word."""
    if asked.only_open:
        items = [item for item in load_ledger(database) if _is_asked(item, asked)]
        told = _told(database, _latest(database, items))
        newest = sorted(told, key=lambda one: (one.open_since or one.told_at, one.id))
        return _cut(tuple(reversed(newest)), asked)
    if asked.address is not None:
        changes = _changes_of(database, asked.address, asked.mac)
    elif asked.key is not None:
        # As SQL, as far as it can say it; `is_about` says the rest.
        text = f'%"port": {asked.key.number}, "protocol": "{asked.key.protocol.value}"%'
        changes = history.changes_where(database, "body LIKE ?", (text,))
    else:
        where = "started_at >= ?" if asked.since else "1"
        values = (instant_text(asked.since),) if asked.since else ()
        limit = asked.limit + 1 if asked.limit else -1
        return _cut(_told(database, history.changes_where(database, where, values, limit)), asked)
    key = asked.key
    fitting = tuple(o for o in _told(database, changes) if key is None or o.is_about(key))
    recent = tuple(one for one in fitting if not asked.since or one.told_at >= asked.since)
    return replace(_cut(recent, asked), oldest=fitting)


def _changes_of(database: Database, address: Address, mac: str) -> list[history.ToldChange]:
    """Return what was told at an address, and of the device with this MAC where it was before."""
    found: list[history.ToldChange] = []
    seen = {str(address)}
    wanted = [str(address)]
    while wanted:
        here = wanted.pop()
        for change in history.changes_where(database, "address = ?", (here,)):
            is_its_own = bool(mac) and change.body["mac"] == mac
            if here == str(address) or is_its_own:
                found.append(change)
            moved = change.body["kind"] in (ChangeKind.HOST_MOVED, ChangeKind.HOST_BACK)
            before = change.body["was"]
            if moved and is_its_own and before and before not in seen:
                seen.add(before)
                wanted.append(before)
    return sorted(found, key=lambda change: (change.told_at, change.run_id), reverse=True)


def _cut(told: tuple[Told, ...], asked: Asked) -> Answer:
    limit = asked.limit or len(told)
    return Answer(told[:limit], len(told) > limit, told)


def _is_asked(item: OpenItem, asked: Asked) -> bool:
    return (
        (asked.address is None or item.address == asked.address)
        and (asked.key is None or item.key == asked.key)
        and (asked.since is None or item.told_at >= asked.since)
    )


def _latest(database: Database, items: Iterable[OpenItem]) -> list[history.ToldChange]:
    found = []
    for item in items:
        found += history.changes_where(database, "changes.id = ?", (item.change_id,), 1)
    return found


def _told(database: Database, changes: Sequence[history.ToldChange]) -> tuple[Told, ...]:
    """Add to each change what people said about it."""
    numbers = {change.hidden_by for change in changes if change.hidden_by is not None}
    hiding = rules.rules_of(database, numbers)
    ids = {change.id for change in changes}
    words = rules.words_on(database, ids)
    open_since = {item.change_id: item.told_at for item in load_ledger(database)}
    told = []
    for change in changes:
        last = _last_word(database, change, words.get(change.id, ()))
        rule = hiding.get(change.hidden_by) if change.hidden_by is not None else None
        since = None if last else open_since.get(change.id)
        told.append(_one(change, rule, last, since))
    return tuple(told)


def _one(
    change: history.ToldChange, rule: Rule | None, word: Acceptance | None, since: datetime | None
) -> Told:
    return Told(
        run_id=change.run_id,
        told_at=change.told_at,
        id=change.id,
        group=change.group,
        change=change_of(change.body),
        body=change.body,
        hidden_by=rule,
        accepted=word,
        open_since=since,
    )


def _last_word(
    database: Database, change: history.ToldChange, words: Collection[Acceptance]
) -> Acceptance | None:
    """The last acceptance after this telling and before the next one of the same change."""
    if not words:
        return None
    later = [at for at in listing.tellings(database, change.id) if at > change.told_at]
    until = later[0] if later else None
    fitting = [
        word
        for word in words
        if word.accepted_at >= change.told_at and (until is None or word.accepted_at < until)
    ]
    return fitting[-1] if fitting else None
