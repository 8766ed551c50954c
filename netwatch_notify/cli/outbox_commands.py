"""The command line of `outbox`."""

import click


@click.group()
def outbox() -> None:
    """What has not arrived: list it, try it again, or drop it."""


@outbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the messages as JSON.")
@click.pass_context
def list_them(context: click.Context, as_json: bool) -> None:
    """List what waits, failed for good or was given up, and why."""
    from netwatch_notify.cli.outbox import list_outbox

    context.exit(list_outbox(context.obj.also(as_json=as_json)))


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID...]")
@click.option("--all", "everything", is_flag=True, help="All that `outbox list` shows.")
@click.pass_context
def retry(context: click.Context, ids: tuple[int, ...], everything: bool) -> None:
    """Make messages due now, those that failed for good, too."""
    from netwatch_notify.cli.outbox import retry_messages

    context.exit(retry_messages(context.obj, ids, everything=everything))


@outbox.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
@click.pass_context
def drop(context: click.Context, ids: tuple[int, ...]) -> None:
    """Give messages up; what they told stays in the history."""
    from netwatch_notify.cli.outbox import drop_messages

    context.exit(drop_messages(context.obj, ids))
