"""`outbox`: what has not arrived, and a person's word on it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.tables import print_json, print_tables
from netwatch_notify.errors import UsageError
from netwatch_notify.report.outbox_list import outbox_json, outbox_table
from netwatch_notify.report.serial import view_from_json
from netwatch_notify.report.words import counted
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store import outbox_people
from netwatch_notify.store.database import Database
from netwatch_notify.store.handover import NETWORK

SCHEMA = 1
"""Changes when a field goes or means something else; new fields may come at any time."""


def list_outbox(options: Options) -> int:
    """Print what has not arrived."""
    network, state = _place(options)
    database = Database.to_read(state, network)
    try:
        rows = outbox_people.listed(database, view_from_json)
    finally:
        database.close()
    if options.as_json:
        body = {"schema": SCHEMA, "network": network, "messages": outbox_json(rows)}
        print_json(body)
    elif rows:
        print_tables([outbox_table(rows, datetime.now(UTC), LocalZone())])
    elif not options.quiet:
        click.echo("netwatch-notify: every message has arrived", err=True)
    return 0


def retry_messages(options: Options, ids: Collection[int], *, everything: bool) -> int:
    """Make messages due now."""
    if bool(ids) == everything:
        raise UsageError("outbox retry takes the ids of messages, or --all")
    with _opened(options) as database:
        count = outbox_people.retry(database, None if everything else ids)
    _said(options, f"{counted(count, 'message')} due now; netwatch-notify deliver sends")
    return 0


def drop_messages(options: Options, ids: Collection[int]) -> int:
    """Give messages up."""
    with _opened(options) as database:
        count = outbox_people.drop(database, ids)
    _said(options, f"{counted(count, 'message')} dropped")
    return 0


def _place(options: Options) -> tuple[str, Path]:
    """Return whose outbox is meant, and where it lies."""
    if options.shared:
        return NETWORK, options.shared
    settings = load_fields(("network", "state_dir"), options.env_file)
    return settings["network"], settings["state_dir"]


@contextmanager
def _opened(options: Options) -> Iterator[Database]:
    network, state = _place(options)
    if not (state / "netwatch.db").exists():
        raise UsageError(f"{state}: no run was made yet, so nothing waits")
    database = Database.open(state, network)
    try:
        yield database
    finally:
        database.close()


def _said(options: Options, text: str) -> None:
    if not options.quiet:
        click.echo(text)
