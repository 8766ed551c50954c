"""The command line of `accept`, `ignore` and `expect`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _said(*, until_required: bool = False) -> Callable[[_Command], _Command]:
    """Add the options that say why, and until when."""

    def add(command: _Command) -> _Command:
        command = click.option(
            "--until",
            metavar="DATE",
            required=until_required,
            help="Last day on which it holds, such as 2026-12-24.",
        )(command)
        return click.option("--reason", metavar="TEXT", default="", help="Why, for others.")(
            command
        )

    return add


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_said()
@click.pass_context
def accept(context: click.Context, ids: tuple[str, ...], reason: str, until: str | None) -> None:
    """Call changes known, by their ids, a group's id, or a run's number: they are reminded of no
    more."""
    from netwatch_notify.cli.people import accept_changes, word_of

    context.exit(accept_changes(context.obj, ids, word_of(reason, until)))


@click.group()
def ignore() -> None:
    """Keep quiet about some hosts or ports."""


@ignore.command("add")
@click.argument("match", nargs=-1, required=True, metavar="MATCH [PORT/PROTO]")
@click.option("--gone-only", is_flag=True, help="Only about its going and coming back.")
@_said()
@click.pass_context
def ignore_add(
    context: click.Context,
    match: tuple[str, ...],
    gone_only: bool,
    reason: str,
    until: str | None,
) -> None:
    """Ignore an address, a CIDR block, a MAC, or a pattern (*, ?) of a name or vendor."""
    from netwatch_notify.cli.people import add_rule, word_of
    from netwatch_notify.model.rule import RuleKind

    word = word_of(reason, until)
    context.exit(add_rule(context.obj, RuleKind.IGNORE, match, word, gone_only=gone_only))


@ignore.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the rules as JSON.")
@click.pass_context
def ignore_list(context: click.Context, as_json: bool) -> None:
    """List what is ignored, and how much it has kept quiet."""
    from netwatch_notify.cli.people import list_rules
    from netwatch_notify.model.rule import RuleKind

    context.exit(list_rules(context.obj.also(as_json=as_json), RuleKind.IGNORE))


@ignore.command("remove")
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@click.pass_context
def ignore_remove(context: click.Context, numbers: tuple[int, ...]) -> None:
    """Remove rules by their numbers."""
    from netwatch_notify.cli.people import remove_rules
    from netwatch_notify.model.rule import RuleKind

    context.exit(remove_rules(context.obj, numbers, RuleKind.IGNORE))


@click.command()
@click.argument("match", nargs=-1, required=True, metavar="MATCH [PORT/PROTO]")
@_said(until_required=True)
@click.pass_context
def expect(context: click.Context, match: tuple[str, ...], reason: str, until: str | None) -> None:
    """Announce a planned change: it is told as planned when it comes, and as missing if it does
    not."""
    from netwatch_notify.cli.people import add_rule, word_of
    from netwatch_notify.model.rule import RuleKind

    context.exit(add_rule(context.obj, RuleKind.EXPECT, match, word_of(reason, until)))
