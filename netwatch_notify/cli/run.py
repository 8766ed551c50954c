"""`run`, `ingest`, `deliver`: call the pipeline and print what it says."""

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from netwatch_notify.cli.local_time import LocalZone
from netwatch_notify.cli.options import Options
from netwatch_notify.cli.plan import load, start_logging
from netwatch_notify.cli.progress import progress_bar
from netwatch_notify.errors import DeliveryError, StateError
from netwatch_notify.model.message import Format, Message
from netwatch_notify.pipeline.delivery import deliver_due, print_due, tell_without_state
from netwatch_notify.pipeline.ingest import ingest
from netwatch_notify.pipeline.metrics import write_metrics
from netwatch_notify.pipeline.plan import Outcome, Outgoing, Plan
from netwatch_notify.pipeline.run import run_scan
from netwatch_notify.report.json_report import report_text
from netwatch_notify.report.render import render
from netwatch_notify.report.words import day
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.store.database import Database
from netwatch_notify.store.outbox import has_work


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
    """Send what is due and return the exit code."""
    settings = load_fields(
        ("network", "state_dir", "log_level", "log_format", "metrics_file"), options.env_file
    )
    network, state = settings["network"], settings["state_dir"]
    if not (state / "netwatch.db").exists():
        return 0
    start_logging(options, network, settings["log_level"], settings["log_format"])
    try:
        return _send_waiting(options, state, network)
    finally:
        write_metrics(settings["metrics_file"], state, network, is_said=True)


def _send_waiting(options: Options, state: Path, network: str) -> int:
    database = Database.open(state, network)
    try:
        # Cron asks every ten minutes; reading the destinations takes longer than all the rest.
        if not has_work(database):
            return 0
        _, plan = load(options)
        failed = deliver_due(database, plan)
        if not plan.destinations:
            print_due(database, _say)
    finally:
        database.close()
    everything = sys.stderr.isatty() or options.verbose
    _complain([str(attempt) for attempt in failed if attempt.is_news or everything])
    return DeliveryError.exit_code if failed else 0


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
        click.echo(report_text(outcome.report))
        sys.stdout.flush()
    elif options.dry_run:
        _preview(outcome)
    elif sys.stdout.isatty() and not options.quiet:
        for message in outcome.messages:
            if message.destination:
                click.echo(f"To {message.destination.key}: {message.view.subject}{_when(message)}")
    if not plan.destinations and not plan.dry_run:
        _print_due(options, plan, outcome)
    if sys.stderr.isatty() or outcome.exit_code:
        _complain(outcome.failures)
    if options.verbose:
        click.echo(f"netwatch-notify: network {plan.network}, exit {outcome.exit_code}", err=True)
    return outcome.exit_code


def _print_due(options: Options, plan: Plan, outcome: Outcome) -> None:
    """Print what waits for standard output; of this run alone if its JSON stands there."""
    run = outcome.report["run"]
    if options.as_json and run is None:
        return
    database = Database.open(plan.state, plan.network)
    try:
        if options.as_json:
            print_due(database, lambda _: None, run["id"])
        else:
            print_due(database, _say)
    finally:
        database.close()
        write_metrics(plan.metrics_file, plan.state, plan.network, is_said=True)


def _say(message: Message) -> None:
    click.echo(f"Subject: {message.subject}\n\n{message.body}")
    sys.stdout.flush()


def _when(message: Outgoing) -> str:
    """Return when it leaves, if not at once."""
    if message.held_until is None:
        return ""
    at = message.held_until.astimezone(LocalZone())
    return f" (leaves {day(at, LocalZone())} {at:%H:%M})"


def _preview(outcome: Outcome) -> None:
    click.echo("nmap commands:")
    for command in outcome.commands:
        click.echo(f"  {shlex.join(command)}")
    if not outcome.messages:
        click.echo("\nNo message: nothing changed.")
    for outgoing in outcome.messages:
        destination = outgoing.destination
        to = destination.key if destination else "standard output"
        if destination and destination.command:
            click.echo(f"\nTo: {to} (JSON){_when(outgoing)}\n\n{report_text(outcome.report)}")
            continue
        message = render(outgoing.view, destination.format if destination else Format.TEXT)
        form = message.format.value
        click.echo(f"\nTo: {to} ({form}){_when(outgoing)}\nSubject: {message.subject}\n")
        click.echo(message.body)


def _complain(failures: Sequence[str]) -> None:
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        click.echo(f"netwatch-notify: {failures[0]}{more}", err=True)
