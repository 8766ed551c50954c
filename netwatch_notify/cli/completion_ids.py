"""
Ids for a shell to complete: what waits for a word, and messages that have not arrived.

Read from the state directory of the env file on the line; where it cannot be read (another user,
no run yet) there are none. Called while somebody waits for a TAB: 0.2 s, most of it for settings.
"""

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from netwatch_notify.errors import NetwatchError
from netwatch_notify.model.ledger import OpenItem
from netwatch_notify.model.text import clean
from netwatch_notify.report.serial import view_from_json
from netwatch_notify.report.view import short_ids
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store.database import Database
from netwatch_notify.store.history import held_ids, near_ids
from netwatch_notify.store.ledger import load_ledger
from netwatch_notify.store.outbox_people import listed


def open_changes(context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Return the ids `accept` takes, the newest first, each with what it is about."""

    def read(database: Database) -> list[CompletionItem[str]]:
        items = sorted(load_ledger(database), key=lambda item: item.told_at, reverse=True)
        ids = [item.change_id for item in items]
        short = short_ids(ids, near_ids(database, ids) | held_ids(database))
        return [
            CompletionItem(short[item.change_id], help=_about(item))
            for item in items
            if short[item.change_id].startswith(incomplete)
        ]

    return _read(context, read)


def messages(context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Return the ids `outbox retry` and `outbox drop` take, each with its destination."""

    def read(database: Database) -> list[CompletionItem[str]]:
        return [
            CompletionItem(str(row.id), help=clean(f"{row.state}, {row.destination}"))
            for row in listed(database, view_from_json)
            if str(row.id).startswith(incomplete)
        ]

    return _read(context, read)


def _about(item: OpenItem) -> str:
    return " ".join(str(part) for part in (item.kind.value, item.address, item.key) if part)


def _read(
    context: click.Context, read: Callable[[Database], list[CompletionItem[str]]]
) -> list[CompletionItem[str]]:
    env_file = context.find_root().params.get("env_file")
    taken = {str(value) for value in context.params.get("ids") or ()}
    try:
        settings = load_fields(("network", "state_dir"), Path(env_file) if env_file else None)
        database = Database.to_read(settings["state_dir"], settings["network"])
        try:
            found = read(database)
        finally:
            database.close()
    except NetwatchError:
        return []
    return [item for item in found if item.value not in taken]
