"""`diff OLD NEW`: ndiff's invocation and exit codes, and the formats of our messages."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TextIO

import click

from netwatch_notify.cli.options import Options
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Format
from netwatch_notify.model.paths import DEFAULT_ENV_FILE
from netwatch_notify.pipeline.diff import (
    DiffOptions,
    details_of,
    diff_json,
    diff_view,
    ending_lines,
    scope_lines,
    write_text,
    write_xml,
)
from netwatch_notify.report.render import render
from netwatch_notify.scan.pair import ScanPair


@dataclass(frozen=True, slots=True)
class DiffCommand:
    """What was asked for, besides the two files."""

    form: str
    """`text`, `xml`, `json`, `markdown` or `html`."""
    options: DiffOptions
    details: tuple[str, ...]
    """nmap's options of the script that `--cmdout` writes."""
    diff_out: Path | None = None
    cmd_out: Path | None = None
    quiet: bool = False


def read_options(
    options: Options, *, everything: bool, tells_changes: bool
) -> tuple[DiffOptions, tuple[str, ...]]:
    """
    Return how to compare, and nmap's options for `--cmdout`.

    Settings are read only where one may have been made, or changes are told: pydantic takes
    0.15 s to import, more than most comparisons.
    """
    made = any(name.startswith("NETWATCH_") for name in os.environ)
    if not (tells_changes or made or options.env_file or os.access(DEFAULT_ENV_FILE, os.R_OK)):
        return DiffOptions(everything=everything), ()
    from netwatch_notify.settings.reading import load_fields

    names = ("volatile_scripts", "risky_ports", "detail_args")
    settings = load_fields(names, options.env_file)
    chosen = DiffOptions(everything, settings["volatile_scripts"], settings["risky_ports"])
    return chosen, settings["detail_args"]


def compare_files(old: Path, new: Path, command: DiffCommand) -> int:
    """Write how two files differ; return 0 if they do not, 1 if they do, 2 if one is cut short."""
    _check_outputs((old, new), filter(None, (command.diff_out, command.cmd_out)))
    with ScanPair(old, new, everything=command.options.everything) as pair:
        if command.diff_out:
            with _writable(command.diff_out, 0o666) as file:
                differs = _write(pair, command, file)
        else:
            differs = _print(pair, command)
        if command.cmd_out:
            script = details_of(pair, command.options, command.details)
            with _writable(command.cmd_out, 0o777) as file:
                file.write(script)
        for line in [*ending_lines(pair), *([] if command.quiet else scope_lines(pair))]:
            click.echo(f"netwatch-notify: {line}", err=True)
        if not (pair.old.stream.is_complete and pair.new.stream.is_complete):
            return 2
    return 1 if differs else 0


def _check_outputs(inputs: tuple[Path, Path], outputs: Iterable[Path]) -> None:
    """Refuse to write over what is compared."""
    for output in outputs:
        for path in inputs:
            with suppress(OSError):
                if path.is_file() and output.samefile(path):
                    raise UsageError(f"{output}: is one of the files that are compared")


def _print(pair: ScanPair, command: DiffCommand) -> bool:
    """Write to stdout. BrokenPipeError goes on: a reader that has seen enough is no failure."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # JSON and XML are UTF-8, and the page says it is; no other encoding may stop the output.
        encoding = None if command.form in ("text", "markdown") else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        differs = _write(pair, command, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_stdout()
        raise UsageError(f"stdout: cannot be written: {error.strerror}") from error
    return differs


def _drop_stdout() -> None:
    """Let nothing that is still buffered fail once more at the end of the process."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(pair: ScanPair, command: DiffCommand, out: TextIO) -> bool:
    """Write the chosen form; return whether anything differs in what it shows."""
    writers: dict[str, Callable[[ScanPair, DiffOptions, Callable[[str], object]], bool]] = {
        "text": write_text,
        "xml": write_xml,
    }
    if command.form in writers:
        return writers[command.form](pair, command.options, out.write)
    if command.form == "json":
        report = diff_json(pair, command.options)
        out.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        return bool(report["changes"])
    view = diff_view(pair, command.options, datetime.now(UTC).astimezone().tzinfo or UTC)
    message = render(view, Format(command.form))
    if command.form == "html":
        title = escape(message.subject)
        head = f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
        out.write(f"{head}<h2>{title}</h2>\n{message.body}</html>\n")
    else:
        out.write(f"# {message.subject}\n\n{message.body}")
    return any(section.title for section in view.sections)


@contextmanager
def _writable(path: Path, mode: int) -> Iterator[TextIO]:
    """Open a file for writing, `mode` less the umask; failures become one line that names it."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with open(os.open(path, flags, mode), "w", encoding="utf-8") as file:  # noqa: PTH123
            yield file
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
