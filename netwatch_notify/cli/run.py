"""`run`, `ingest`, `deliver`: call the pipeline and print what it says."""

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from netwatch_notify.cli.options import Options
from netwatch_notify.cli.plan import load
from netwatch_notify.cli.progress import progress_bar
from netwatch_notify.errors import StateError
from netwatch_notify.model.message import Format
from netwatch_notify.pipeline.conclude import report_text
from netwatch_notify.pipeline.delivery import deliver_due, tell_without_state
from netwatch_notify.pipeline.ingest import ingest
from netwatch_notify.pipeline.plan import Outcome, Plan
from netwatch_notify.pipeline.run import run_scan
from netwatch_notify.report.render import render
from netwatch_notify.store.database import Database


def make_run(options: Options) -> int:
    """Make a run and return its exit code."""
    _, plan = load(options)
    with progress_bar(quiet=options.quiet) as bar:
        outcome = _telling(plan, lambda: run_scan(plan, bar.show))
    return _print(options, plan, outcome)


def take_in(options: Options, fast: Path, details: Sequence[Path]) -> int:
    """Make a run of files and return its exit code."""
    _, plan = load(options)
    return _print(options, plan, _telling(plan, lambda: ingest(plan, fast, details)))


def send_waiting(options: Options) -> int:
    """Send what waits and return the exit code."""
    _, plan = load(options)
    if not (plan.state / "netwatch.db").exists():
        return 0
    database = Database.open(plan.state, plan.network)
    try:
        failures = deliver_due(database, plan.destinations, plan.network)
    finally:
        database.close()
    _complain(failures)
    return 4 if failures else 0


def _telling(plan: Plan, work: Callable[[], Outcome]) -> Outcome:
    """A state that cannot be used is told to the destinations themselves."""
    try:
        return work()
    except StateError as error:
        if not plan.dry_run and plan.destinations:
            tell_without_state(plan, error)
        raise


def _print(options: Options, plan: Plan, outcome: Outcome) -> int:
    if options.as_json:
        click.echo(report_text(outcome))
    elif options.dry_run:
        _preview(outcome)
    else:
        for destination, view in outcome.views:
            message = render(view, Format.TEXT)
            if destination is None:
                click.echo(f"Subject: {message.subject}\n\n{message.body}")
            elif sys.stdout.isatty() and not options.quiet:
                click.echo(f"To {destination.key}: {message.subject}")
    if sys.stderr.isatty() or outcome.exit_code:
        _complain(outcome.failures)
    if options.verbose:
        click.echo(f"netwatch-notify: network {plan.network}, exit {outcome.exit_code}", err=True)
    return outcome.exit_code


def _preview(outcome: Outcome) -> None:
    click.echo("nmap commands:")
    for command in outcome.commands:
        click.echo(f"  {shlex.join(command)}")
    if not outcome.views:
        click.echo("\nNo message: nothing changed.")
    for destination, view in outcome.views:
        message = render(view, destination.format if destination else Format.TEXT)
        to = destination.key if destination else "standard output"
        click.echo(f"\nTo: {to} ({message.format.value})\nSubject: {message.subject}\n")
        click.echo(message.body)


def _complain(failures: Sequence[str]) -> None:
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        click.echo(f"netwatch-notify: {failures[0]}{more}", err=True)
