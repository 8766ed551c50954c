"""
What may stand next on the command line, for a shell that completes it.

click knows; the protocol between us and the scripts is our own, one for all shells, so that a
script which a package manager installed keeps working whatever click does.
"""

from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem, ShellComplete

from netwatch_notify.cli.completion_commands import ASKED


def answer(command: click.Command, words: Sequence[str]) -> None:
    """
    Print a line for each thing that may stand in place of the last of `words`.

    The lines: kind, value and help, with tabs between. The kind is `plain`, or `file` or `dir`
    where the shell itself completes paths; help may be empty. The words before the last are
    complete.
    """
    *before, incomplete = words or [""]
    asked = ShellComplete(command, {}, "netwatch-notify", ASKED)
    for item in asked.get_completions(list(before), incomplete):
        click.echo(line_of(item))


def line_of(item: CompletionItem[str]) -> str:
    """Return one line of the answer."""
    help_text = " ".join((item.help or "").split())
    return f"{item.type}\t{item.value}\t{help_text}"
