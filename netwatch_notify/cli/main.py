"""The command line: global options, commands, and errors turned into one line and an exit code."""

import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from netwatch_notify import __version__
from netwatch_notify.cli.inventory_commands import history, hosts, show
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.outbox_commands import outbox
from netwatch_notify.cli.people_commands import accept, expect, ignore
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
    if context.invoked_subcommand is None:
        from netwatch_notify.cli.run import make_run

        context.exit(make_run(context.obj))


@cli.command()
@click.option("--dry-run", is_flag=True, help="Preview: scan and compare, send and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def run(context: click.Context, dry_run: bool, as_json: bool) -> None:
    """Scan, compare, look closer, and tell: what cron calls."""
    from netwatch_notify.cli.run import make_run

    context.exit(make_run(context.obj.also(dry_run=dry_run, as_json=as_json)))


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
@click.pass_context
def deliver(context: click.Context) -> None:
    """Send what is due: what waited for its time, or could not be delivered before.

    Cron calls it every ten minutes. Without a terminal it says once why a message does not
    arrive, and once when it gives it up.
    """
    from netwatch_notify.cli.run import send_waiting

    context.exit(send_waiting(context.obj))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--send", is_flag=True, help="Send a marked test message to each destination.")
@click.pass_context
def check(context: click.Context, as_json: bool, send: bool) -> None:
    """Say whether tonight's run will work: settings, nmap, state, destinations."""
    from netwatch_notify.cli.check import run_checks

    context.exit(run_checks(context.obj.also(as_json=as_json), send=send))


for command in (outbox, hosts, show, history, accept, ignore, expect):
    cli.add_command(command)


def main() -> None:
    """Run the command line and end the process with the documented exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # cron's locale is POSIX: an arrow must not end the run that wants to print it.
            stream.reconfigure(errors="backslashreplace")
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
