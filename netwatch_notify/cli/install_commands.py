"""The command line of `install` and `uninstall`."""

import click


@click.command()
@click.argument("kind", required=False, type=click.Choice(["cron", "systemd"]))
@click.option("--at", metavar="HH:MM", help="When the run starts, by this machine's clock.")
@click.option("--user", help="Run as NAME, a system user that is made if it is not there.")
@click.option(
    "--all", "everything", is_flag=True, help="Schedule `run --all`: every network at once."
)
@click.option("--together", is_flag=True, help="With --all: one message to each recipient.")
@click.option(
    "--print", "print_only", is_flag=True, help="Show what would be written; write nothing."
)
@click.pass_context
def install(
    context: click.Context,
    kind: str | None,
    at: str | None,
    user: str | None,
    everything: bool,
    together: bool,
    print_only: bool,
) -> None:
    """Schedule the nightly run and the deliveries, with cron or systemd, whichever is here.

    A second time it changes only what differs, and shows the difference.
    """
    from netwatch_notify.cli.install import Wish, install_schedule

    wish = Wish(kind, at, user, everything, together, print_only)
    context.exit(install_schedule(context.obj, wish))


@click.command()
@click.pass_context
def uninstall(context: click.Context) -> None:
    """Take back what `install` did, for all networks or with --env-file for one.

    Settings and what is known of the networks stay.
    """
    from netwatch_notify.cli.uninstall import take_back

    context.exit(take_back(context.obj))
