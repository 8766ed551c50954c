"""The command line of `backup`."""

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def backup(context: click.Context, file: Path) -> None:
    """Copy the network's database to FILE, while a run is in progress, too. An older backup of
    the same network is written over."""
    from netwatch_notify.cli.backup import make_backup

    context.exit(make_backup(context.obj, file))
