"""The command line of `accept`, `ignore` and `expect`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from netwatch_notify.cli.completion_commands import open_changes

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _said(command: _Command) -> _Command:
    """Add the options that say why, and until when."""
    command = click.option(
        "--until", metavar="DATE", help="Last day on which it holds, such as 2026-12-24."
    )(command)
    return click.option("--reason", metavar="TEXT", default="", help="Why, for others.")(command)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=open_changes)
@_said
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
@_said
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
@click.argument("match", nargs=-1, metavar="[MATCH [PORT/PROTO]]")
@click.option("--list", "is_list", is_flag=True, help="List what is expected.")
@click.option("--remove", type=int, metavar="NUMBER", help="Expect it no more.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_said
@click.pass_context
def expect(
    context: click.Context,
    match: tuple[str, ...],
    is_list: bool,
    remove: int | None,
    as_json: bool,
    reason: str,
    until: str | None,
) -> None:
    """Announce a planned change: it is told as planned when it comes, and as missing if it does
    not."""
    if sum((bool(match), is_list, remove is not None)) != 1:
        raise click.UsageError("give a MATCH, or --list, or --remove NUMBER")
    if match and until is None:
        raise click.UsageError("--until DATE is missing: by when is it to come?")
    from netwatch_notify.cli.people import add_rule, list_rules, remove_rules, word_of
    from netwatch_notify.model.rule import RuleKind

    options = context.obj.also(as_json=as_json)
    if is_list:
        context.exit(list_rules(options, RuleKind.EXPECT))
    if remove is not None:
        context.exit(remove_rules(options, [remove], RuleKind.EXPECT))
    context.exit(add_rule(options, RuleKind.EXPECT, match, word_of(reason, until)))
