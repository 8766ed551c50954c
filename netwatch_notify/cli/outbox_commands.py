"""The command line of `outbox`."""

from dataclasses import replace
from pathlib import Path

import click

from netwatch_notify.cli.completion_commands import messages
from netwatch_notify.cli.networks_commands import asked_for, env_dir_option


@click.group()
@click.option(
    "--together", is_flag=True, help="The messages that tell of several networks: `run --together`."
)
@env_dir_option
@click.pass_context
def outbox(context: click.Context, together: bool, env_dir: Path | None) -> None:
    """What has not arrived: list it, try it again, or drop it."""
    every = asked_for(context, together, env_dir, None, word="--together")
    if every is not None:
        from netwatch_notify.cli.networks import find_networks
        from netwatch_notify.cli.together import shared_directory

        directory = shared_directory(find_networks(every.env_dir))
        context.obj = replace(context.obj, shared=directory)


@outbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the messages as JSON.")
@click.pass_context
def list_them(context: click.Context, as_json: bool) -> None:
    """List what waits, failed for good or was given up, and why."""
    from netwatch_notify.cli.outbox import list_outbox

    context.exit(list_outbox(context.obj.also(as_json=as_json)))


@outbox.command()
@click.argument(
    "ids",
    nargs=-1,
    type=click.IntRange(min=1),
    metavar="[ID...]",
    shell_complete=messages,
)
@click.option("--all", "everything", is_flag=True, help="All that `outbox list` shows.")
@click.pass_context
def retry(context: click.Context, ids: tuple[int, ...], everything: bool) -> None:
    """Make messages due now, those that failed for good, too."""
    from netwatch_notify.cli.outbox import retry_messages

    context.exit(retry_messages(context.obj, ids, everything=everything))


@outbox.command()
@click.argument(
    "ids",
    nargs=-1,
    required=True,
    type=click.IntRange(min=1),
    metavar="ID...",
    shell_complete=messages,
)
@click.pass_context
def drop(context: click.Context, ids: tuple[int, ...]) -> None:
    """Give messages up; what they told stays in the history."""
    from netwatch_notify.cli.outbox import drop_messages

    context.exit(drop_messages(context.obj, ids))
