"""`--all`: one command for every network, each in a process of its own."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from netwatch_notify.cli.children import Ended, Job, run_children
from netwatch_notify.cli.networks_commands import EveryNetwork
from netwatch_notify.cli.options import Options
from netwatch_notify.errors import NetwatchError, UsageError
from netwatch_notify.settings.reading import load_fields
from netwatch_notify.settings.settings import variable_name

SCHEMA = 1
"""Changes when a field goes or means something else; new fields may come at any time."""
OF_ONE_NETWORK = ("network", "targets", "state_dir")
"""Settings that no two networks have in common."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One network, as far as its env file could be read."""

    path: Path
    network: str
    """The file's own name where the network's is not to be had."""
    state: Path | None
    """None where the file is wrong; the command itself says how."""


def find_networks(env_dir: Path, environment: Mapping[str, str] = os.environ) -> list[EnvFile]:
    """
    Return the networks whose env files lie in a directory, in the order of the files' names.

    Raises UsageError where there is none, where two are the same network, and where the
    environment would give all of them the same settings.
    """
    fixed = [name for field in OF_ONE_NETWORK if (name := variable_name(field)) in environment]
    if fixed:
        raise UsageError(
            f"{', '.join(fixed)}: set in the environment, which wins over every env file, so all "
            "networks would be one; unset it"
        )
    try:
        paths = sorted(p for p in env_dir.iterdir() if p.suffix == ".env" and p.is_file())
    except OSError as error:
        raise UsageError(
            f"{env_dir}: {error.strerror}; name the env files' directory with --env-dir, or call "
            "it as a user who may read it"
        ) from error
    if not paths:
        raise UsageError(
            f"{env_dir}: no env file (*.env) is there; write one for each network, or name their "
            "directory with --env-dir"
        )
    found = [_read(path, environment) for path in paths]
    _refuse_twins(found)
    return found


def _read(path: Path, environment: Mapping[str, str]) -> EnvFile:
    try:
        fields = load_fields(("network", "state_dir"), path, environment)
    except NetwatchError:
        return EnvFile(path, path.name, None)
    return EnvFile(path, fields["network"], fields["state_dir"])


def _refuse_twins(files: Sequence[EnvFile]) -> None:
    lines = []
    networks: dict[str, Path] = {}
    states: dict[Path, Path] = {}
    for file in files:
        if file.state is None:
            continue
        other = networks.setdefault(file.network, file.path)
        if other is not file.path:
            lines.append(
                f"{other} and {file.path} are both the network {file.network}; give one another "
                "NETWATCH_NETWORK"
            )
        elif (other := states.setdefault(file.state.resolve(), file.path)) is not file.path:
            lines.append(
                f"{other} and {file.path} have the same state directory {file.state}; give one "
                "another NETWATCH_STATE_DIR"
            )
    if lines:
        raise UsageError("\n".join(lines))


def for_every_network(options: Options, every: EveryNetwork, words: Sequence[str]) -> int:
    """Run the command `words` for every network, print it, and return the highest exit code."""
    output = Output(options)
    codes = outcomes_of(options, find_networks(every.env_dir), every.parallel, words, output)
    output.close()
    return max(codes.values())


class Output:
    """What the networks print, each whole and under its name; JSON is one object."""

    def __init__(self, options: Options) -> None:
        self.as_json = options.as_json
        self.entries: list[dict[str, Any]] = []
        self._printed = False

    def add(self, label: str, code: int, text: str, errors: Sequence[str] = ()) -> None:
        """Print what one network has to say, or keep it for the end."""
        if self.as_json:
            self.entries.append(
                {
                    "network": label,
                    "exit_code": code,
                    "errors": list(errors),
                    "report": _report(text),
                }
            )
        elif text:
            _print(f"{chr(10) if self._printed else ''}== {label}\n{text.rstrip(chr(10))}")
            self._printed = True

    def close(self) -> None:
        """Print what was kept."""
        if self.as_json:
            _print(json.dumps({"schema": SCHEMA, "networks": self.entries}, indent=2))


def outcomes_of(
    options: Options,
    files: Sequence[EnvFile],
    parallel: int,
    words: Sequence[str],
    output: Output,
) -> dict[Path, int]:
    """Run a command for each of the networks and return their exit codes by env file."""
    flags = [flag for flag, is_on in _flags(options) if is_on]
    jobs = [Job(f.network, (*flags, "--env-file", str(f.path), *words)) for f in files]

    def done(ended: Ended) -> None:
        output.add(ended.label, ended.code, ended.stdout, ended.errors)

    outcomes = run_children(jobs, parallel, say, done)
    return {file.path: ended.code for file, ended in zip(files, outcomes, strict=True)}


def _report(text: str) -> Any:
    """Return what a command printed as JSON; None if it did not come to its end."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def say(network: str, line: str) -> None:
    """Print a line of a network's on stderr."""
    _print(f"netwatch-notify: {network}: {line}", err=True)


def _print(text: str, *, err: bool = False) -> None:
    """Print it at once; where nobody reads any more, no network's run ends for that."""
    try:
        click.echo(text, err=err)
    except OSError:
        # What is still buffered must not fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())


def _flags(options: Options) -> list[tuple[str, bool]]:
    return [
        ("--verbose", options.verbose),
        ("--quiet", options.quiet),
        ("--json", options.as_json),
        ("--dry-run", options.dry_run),
    ]
