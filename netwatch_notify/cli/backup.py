"""`backup`: a copy of the database that can be put back."""

from pathlib import Path

import click

from netwatch_notify.cli.options import Options
from netwatch_notify.errors import UsageError
from netwatch_notify.model.text import clean
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store.backup import copy_database, place_for
from netwatch_notify.store.database import Database


def make_backup(options: Options, file: Path) -> int:
    """Write the copy, and say so."""
    if str(file) == "-":
        raise UsageError("backup writes a file, not standard output: name one, such as lan.db")
    settings = load_fields(("network", "state_dir"), options.env_file)
    network, state = settings["network"], settings["state_dir"]
    database = Database.to_copy(state, network)
    try:
        place = place_for(file, network, state / "netwatch.db")
        if not options.dry_run:
            copy_database(database.connection, place)
    finally:
        database.close()
    if not options.quiet:
        done = "would be written" if options.dry_run else f"{_size(place)}, written and checked"
        click.echo(f"{clean(str(file))}: backup of the network {network}, {done}")
    return 0


def _size(path: Path) -> str:
    """Return `412 kB` or `1.2 MB`."""
    kilobytes = path.stat().st_size / 1000
    return f"{kilobytes:.0f} kB" if kilobytes < 1000 else f"{kilobytes / 1000:.1f} MB"
