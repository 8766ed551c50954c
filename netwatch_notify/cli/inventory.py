"""`hosts`, `show`, `history`: ask the state, and print what it knows. Nothing is written."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import click

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.tables import print_json, print_tables
from netwatch_notify.errors import UsageError
from netwatch_notify.model.listing import Told
from netwatch_notify.model.names import NameBook
from netwatch_notify.model.text import clean
from netwatch_notify.pipeline import pictures
from netwatch_notify.pipeline.lookup import (
    find_host,
    find_in_history,
    match_of,
    split_host_and_port,
)
from netwatch_notify.pipeline.names import read_names
from netwatch_notify.report.host_list import hosts_json, hosts_table
from netwatch_notify.report.host_page import host_json, host_page
from netwatch_notify.report.run_page import run_json, run_page
from netwatch_notify.report.standing import instant_json
from netwatch_notify.report.told_lines import (
    beginning,
    end_of_history,
    known_before,
    told_json,
    told_rows,
)
from netwatch_notify.report.view import short_ids
from netwatch_notify.report.words import counted
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store.database import Database
from netwatch_notify.store.history import held_ids, near_ids
from netwatch_notify.store.listing import first_scan_at
from netwatch_notify.store.pruning import history_since

SCHEMA = 1
"""Changes when a field goes or means something else; new fields may come at any time."""
PORTS_SHOWN = 6
"""Open ports of a host that a terminal shows; a pipe gets them all, to be searched."""

_RUN = re.compile(r"(run:)?([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class State:
    """What each of these commands reads from."""

    network: str
    database: Database
    book: NameBook
    now: datetime
    zone: LocalZone

    def short(self, told: Iterable[Told], others: Iterable[str] = ()) -> dict[str, str]:
        """Return for ids, groups' among them, the shortest that `accept` takes for no other."""
        ids = {*others, *(i for one in told for i in (one.id, one.group) if i)}
        return short_ids(ids, near_ids(self.database, ids) | held_ids(self.database))

    def json(self, **body: object) -> dict[str, object]:
        return {"schema": SCHEMA, "network": self.network, **body}


def list_hosts(options: Options, match: str | None, *, gone: bool) -> int:
    """Print the known hosts."""
    chosen = match_of(match) if match else None
    with _opened(options) as state:
        fitting = pictures.hosts_that_fit(state.database, state.book, chosen)
    hosts = fitting if gone else tuple(host for host in fitting if not host.standing.is_gone)
    if options.as_json:
        print_json(state.json(hosts=hosts_json(hosts, state.book)))
        return 0
    most = PORTS_SHOWN if sys.stdout.isatty() else None
    if hosts:
        print_tables([hosts_table(hosts, state.book, state.now, state.zone, most)])
    elif fitting:
        _note(options, f"{counted(len(fitting), 'host')} gone; --gone lists them")
    else:
        _note(options, f"{clean(match)}: fits no known host" if match else "no host is known yet")
    return 0


def show_one(options: Options, what: str) -> int:
    """Print all about a host or a run."""
    with _opened(options) as state:
        number = _RUN.fullmatch(what)
        run = pictures.run_picture(state.database, int(number[2])) if number else None
        if run is not None:
            ids = state.short(run.told)
            body, tables = state.json(**run_json(run)), run_page(run, ids, state.now, state.zone)
        elif number:
            raise pictures.no_such_run(state.database, int(number[2]), state.zone)
        else:
            found = find_host(state.database, state.book, what)
            picture = pictures.host_picture(state.database, state.book, found, state.now)
            ids = state.short(picture.told, [item.change_id for item in picture.still_open])
            body = state.json(host=host_json(picture))
            tables = host_page(picture, ids, state.now, state.zone)
    if options.as_json:
        print_json(body)
    else:
        print_tables(tables)
    return 0


def list_history(
    options: Options, about: Sequence[str], since: str | None, limit: int, *, only_open: bool
) -> int:
    """Print what was told."""
    word, key = split_host_and_port(about)
    start = _start_of(since) if since else None
    with _opened(options) as state:
        address, known = find_in_history(state.database, state.book, word) if word else (None, None)
        mac = known.mac if known else ""
        asked = pictures.Asked(address, mac, key, start, limit, only_open)
        answer = pictures.history_of(state.database, asked)
        before = None
        if word and not only_open:
            before = known_before(known, key, answer.oldest)
        first, kept_since = first_scan_at(state.database), history_since(state.database)
        ids = state.short(answer.told)
    if options.as_json:
        changes = [told_json(one) for one in answer.told]
        instants = {"known_before": instant_json(before), "kept_since": instant_json(kept_since)}
        print_json(state.json(changes=changes, **instants))
        return 0
    last = list(filter(None, [beginning(known, key, before, first, state.now, state.zone)]))
    if kept_since and not (only_open or answer.left_out or (start and start >= kept_since)):
        last.append(end_of_history(kept_since, state.now, state.zone))
    table = told_rows(answer.told, ids, state.now, state.zone)
    print_tables([table] if table.rows else [], last=last)
    if answer.left_out:
        _note(options, f"the {len(answer.told):,} latest; --limit 0 lists all")
    elif not (table.rows or last):
        _note(options, "nothing waits for a word" if only_open else "nothing was told")
    return 0


def _start_of(text: str) -> datetime:
    """Return the beginning of a day, local time. Raises UsageError."""
    try:
        return datetime.combine(date.fromisoformat(text), time()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--since {clean(text)}: is no date such as 2026-12-24") from error


def _note(options: Options, text: str) -> None:
    if not options.quiet:
        click.echo(f"netwatch-notify: {text}", err=True)


@contextmanager
def _opened(options: Options) -> Iterator[State]:
    """
    Open the network's state to read; it is closed before anything is printed.

    While it is open no run can commit, and a pager may take its time. Names that cannot be read
    are no reason to show nothing.
    """
    names = ("network", "state_dir", "names_file")
    settings = load_fields(names, options.env_file)
    try:
        book = read_names(settings["names_file"])
    except ValueError as error:
        _note(options, f"{str(error).splitlines()[0]}; shown without its names")
        book = NameBook()
    database = Database.to_read(settings["state_dir"], settings["network"])
    try:
        yield State(settings["network"], database, book, datetime.now(UTC), LocalZone())
    finally:
        database.close()
