"""The command line of `status`."""

from pathlib import Path

import click

from netwatch_notify.cli.networks_commands import all_options, asked_for


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    default=7,
    metavar="N",
    help="The N latest runs; 0: all. Default: 7.",
)
@all_options
@click.pass_context
def status(
    context: click.Context,
    as_json: bool,
    limit: int,
    everything: bool,
    env_dir: Path | None,
    parallel: int | None,
) -> None:
    """Say how the last runs went, what has not arrived, and what the state takes."""
    every = asked_for(context, everything, env_dir, parallel)
    if every is not None:
        from netwatch_notify.cli.together import look_at_all

        words = ["status", "--limit", str(limit)]
        context.exit(look_at_all(context.obj.also(as_json=as_json), every, words))
    from netwatch_notify.cli.status import show_status

    context.exit(show_status(context.obj.also(as_json=as_json), limit))
