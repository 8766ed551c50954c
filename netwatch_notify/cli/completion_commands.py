"""The command line of `completion`, and how a shell asks for what may stand next."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ASKED = "_NETWATCH_NOTIFY_COMPLETE"
"""Set to ANSWER by the scripts: the arguments are words to complete, and nothing is done."""
ANSWER = "words"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands, options and ids."""
    from netwatch_notify.cli.completion_scripts import SCRIPTS

    click.echo(SCRIPTS[shell], nl=False)


def open_changes(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Offer what waits for somebody's word, to an argument's `shell_complete`."""
    from netwatch_notify.cli import completion_ids

    return completion_ids.open_changes(context, incomplete)


def messages(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Offer what has not arrived, to an argument's `shell_complete`."""
    from netwatch_notify.cli import completion_ids

    return completion_ids.messages(context, incomplete)
