"""The command line: global options, commands, and errors turned into one line and an exit code."""

import io
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from netwatch_notify import __version__
from netwatch_notify.cli.backup_commands import backup
from netwatch_notify.cli.completion_commands import ANSWER, ASKED, completion
from netwatch_notify.cli.install_commands import install, uninstall
from netwatch_notify.cli.inventory_commands import history, hosts, show
from netwatch_notify.cli.networks_commands import all_options, asked_for
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.outbox_commands import outbox
from netwatch_notify.cli.people_commands import accept, expect, ignore
from netwatch_notify.cli.status_commands import status
from netwatch_notify.errors import InterruptedRunError, NetwatchError

EXIT_CODES = """
\b
Exit codes:
  0  done, with or without changes
  1  diff: the scans differ
  2  usage, settings, or unreadable input
  3  a scan, or a part of it, failed or was interrupted
  4  done, but something could not be delivered, yet or for good
  5  another run is in progress
  6  state directory or database unusable
"""

OF_NO_NETWORK = frozenset({"backup", "completion", "diff", "install", "uninstall"})
"""Commands that leave a network's state alone."""


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    help="Read settings from FILE; the environment wins. Default: /etc/netwatch/netwatch.env.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--dry-run", is_flag=True, help="Preview: scan and compare, send and write nothing.")
@click.version_option(__version__, prog_name="netwatch-notify")
@click.pass_context
def cli(
    context: click.Context,
    env_file: Path | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Scan the network with nmap, compare it with what is known, and tell what changed.

    Without a command it makes the whole run, as `run` does.
    """
    context.obj = Options(env_file, verbose, quiet, as_json, dry_run)
    command = context.invoked_subcommand or "run"
    if command not in OF_NO_NETWORK:
        from netwatch_notify.cli.owner import continue_as_owner

        continue_as_owner(env_file, command, sys.argv[1:])
    if context.invoked_subcommand is None:
        from netwatch_notify.cli.run import make_run

        context.exit(make_run(context.obj))


@cli.command()
@click.option("--dry-run", is_flag=True, help="Preview: scan and compare, send and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--spread",
    type=click.IntRange(min=0, max=720),
    default=0,
    metavar="MINUTES",
    help="Begin up to so many minutes later, always the same on one machine.",
)
@all_options
@click.option(
    "--together", is_flag=True, help="With --all: one message to each recipient, for all networks."
)
@click.option(
    "--keep-for",
    # A name to those who run as another user: the directory is for whoever gathers alone.
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    help="Leave the messages to who gathers them for DIRECTORY: what --together calls this with.",
)
@click.pass_context
def run(
    context: click.Context,
    dry_run: bool,
    as_json: bool,
    spread: int,
    everything: bool,
    env_dir: Path | None,
    parallel: int | None,
    together: bool,
    keep_for: Path | None,
) -> None:
    """Scan, compare, look closer, and tell: what cron calls."""
    options = context.obj.also(dry_run=dry_run, as_json=as_json)
    every = asked_for(context, everything, env_dir, parallel, together=together)
    if every is not None and keep_for is not None:
        raise click.UsageError("--keep-for is for one network; --all --together gives it to each")
    if spread and not options.dry_run:
        from netwatch_notify.cli.spread import wait_spread

        wait_spread(options, spread)
    if every is None:
        from netwatch_notify.cli.run import make_run

        context.exit(make_run(replace(options, keep_for=keep_for and keep_for.absolute())))
    if together and not options.dry_run:
        from netwatch_notify.cli.together import run_together

        context.exit(run_together(options, every, ["run"]))
    from netwatch_notify.cli.networks import for_every_network

    context.exit(for_every_network(options, every, ["run"]))


@cli.command()
@click.argument("fast", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("details", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Preview: compare, send and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def ingest(
    context: click.Context, fast: Path, details: tuple[Path, ...], dry_run: bool, as_json: bool
) -> None:
    """Make the run with nmap XML made elsewhere: FAST, and DETAILS of what is new in it."""
    from netwatch_notify.cli.run import take_in

    context.exit(take_in(context.obj.also(dry_run=dry_run, as_json=as_json), fast, details))


@cli.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Also show hosts and ports that are the same.")
@click.option("--text", is_flag=True, help="Print ndiff's text, the default.")
@click.option("--xml", is_flag=True, help="Print ndiff's XML.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.option("--markdown", is_flag=True, help="Print the changes as Markdown.")
@click.option("--html", is_flag=True, help="Print the changes as an HTML page.")
@click.option(
    "--diffout", type=click.Path(path_type=Path), help="Write the result to FILE, not to stdout."
)
@click.option(
    "--cmdout",
    type=click.Path(path_type=Path),
    help="Also write to FILE a shell script that looks closer at what is new.",
)
@click.pass_context
def diff(
    context: click.Context,
    old: Path,
    new: Path,
    verbose: bool,
    text: bool,
    xml: bool,
    as_json: bool,
    markdown: bool,
    html: bool,
    diffout: Path | None,
    cmdout: Path | None,
) -> None:
    """Compare two nmap XML files, as ndiff does. Exit 0: the same, 1: different, 2: error."""
    forms = {"text": text, "xml": xml, "json": as_json, "markdown": markdown, "html": html}
    chosen = [form for form, is_chosen in forms.items() if is_chosen]
    if context.obj.as_json and chosen != ["json"]:
        chosen.append("json")
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} contradict each other")
    from netwatch_notify.cli.diff import DiffCommand, compare_files, read_options

    form = chosen[0] if chosen else "text"
    options, details = read_options(
        context.obj,
        everything=verbose or context.obj.verbose,
        tells_changes=bool(cmdout) or form not in ("text", "xml"),
    )
    command = DiffCommand(form, options, details, diffout, cmdout, context.obj.quiet)
    context.exit(compare_files(old, new, command))


@cli.command()
@all_options
@click.pass_context
def deliver(
    context: click.Context, everything: bool, env_dir: Path | None, parallel: int | None
) -> None:
    """Send what is due: what waited for its time, or could not be delivered before.

    Cron calls it every ten minutes. Without a terminal it says once why a message does not
    arrive, and once when it gives it up.
    """
    every = asked_for(context, everything, env_dir, parallel)
    if every is not None:
        from netwatch_notify.cli.together import deliver_all

        context.exit(deliver_all(context.obj, every))
    from netwatch_notify.cli.run import send_waiting

    context.exit(send_waiting(context.obj))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--send", is_flag=True, help="Send a marked test message to each destination.")
@all_options
@click.pass_context
def check(
    context: click.Context,
    as_json: bool,
    send: bool,
    everything: bool,
    env_dir: Path | None,
    parallel: int | None,
) -> None:
    """Say whether tonight's run will work: settings, nmap, state, destinations."""
    every = asked_for(context, everything, env_dir, parallel)
    if every is not None:
        from netwatch_notify.cli.together import look_at_all

        words = ["check", *(["--send"] if send else [])]
        context.exit(look_at_all(context.obj.also(as_json=as_json), every, words))
    from netwatch_notify.cli.check import run_checks

    context.exit(run_checks(context.obj.also(as_json=as_json), send=send))


for command in (
    backup,
    outbox,
    hosts,
    show,
    history,
    accept,
    ignore,
    expect,
    status,
    completion,
    install,
    uninstall,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and end the process with the documented exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # cron's locale is POSIX: an arrow must not end the run that wants to print it.
            stream.reconfigure(errors="backslashreplace")
    if os.environ.get(ASKED) == ANSWER:
        from netwatch_notify.cli.completion import answer

        answer(cli, sys.argv[1:])
        return
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, InterruptedRunError) as error:
        click.echo(f"netwatch-notify: {error or 'interrupted'}", err=True)
        code = InterruptedRunError.exit_code
    except NetwatchError as error:
        for line in str(error).splitlines():
            click.echo(f"netwatch-notify: {line}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # What is still buffered must not fail once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _interrupted(number: int, _frame: FrameType | None) -> None:
    # A second signal while the nmaps are being ended must not leave one behind.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    name = signal.Signals(number).name
    raise InterruptedRunError(f"interrupted by {name}; what was not finished is as before")
