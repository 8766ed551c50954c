"""The command line of `hosts`, `show` and `history`."""

import click


@click.command()
@click.argument("match", required=False)
@click.option("--gone", is_flag=True, help="Also list those that are gone.")
@click.option("--json", "as_json", is_flag=True, help="Print the hosts as JSON.")
@click.pass_context
def hosts(context: click.Context, match: str | None, gone: bool, as_json: bool) -> None:
    """List the known hosts, or those that MATCH fits: an address, a CIDR block, a MAC, or a
    pattern (*, ?) of a name or vendor."""
    from netwatch_notify.cli.inventory import list_hosts

    context.exit(list_hosts(context.obj.also(as_json=as_json), match, gone=gone))


@click.command()
@click.argument("what", metavar="HOST|RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the host or run as JSON.")
@click.pass_context
def show(context: click.Context, what: str, as_json: bool) -> None:
    """Show all that is known of a host, by its address, MAC or name, or all that a run told, by
    its number."""
    from netwatch_notify.cli.inventory import show_one

    context.exit(show_one(context.obj.also(as_json=as_json), what))


@click.command()
@click.argument("about", nargs=-1, metavar="[HOST] [PORT/PROTO]")
@click.option("--open", "only_open", is_flag=True, help="Only what nobody has accepted yet.")
@click.option("--since", metavar="DATE", help="Not what is older, such as 2026-12-24.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    metavar="N",
    help="The N latest changes; 0: all. Default: 50.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.pass_context
def history(
    context: click.Context,
    about: tuple[str, ...],
    only_open: bool,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what was told, the latest first, with who accepted it or which rule kept it quiet."""
    from netwatch_notify.cli.inventory import list_history

    options = context.obj.also(as_json=as_json)
    context.exit(list_history(options, about, since, limit, only_open=only_open))
