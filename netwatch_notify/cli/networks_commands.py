"""The options of commands that can be called for every network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from netwatch_notify.model.paths import ENV_DIRECTORY

MOST_PARALLEL = 64
PARALLEL = 2
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class EveryNetwork:
    """What `--all` was called with."""

    env_dir: Path
    parallel: int = PARALLEL
    together: bool = False


env_dir_option = click.option(
    "--env-dir",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help=f"Where the env files (*.env) of --all lie. Default: {ENV_DIRECTORY}.",
)


def all_options(command: _Command) -> _Command:
    """Add the options with which a command is called for every network."""
    for option in (
        click.option(
            "--parallel",
            type=click.IntRange(min=1, max=MOST_PARALLEL),
            metavar="N",
            help=f"Networks side by side with --all. Default: {PARALLEL}.",
        ),
        env_dir_option,
        click.option(
            "--all",
            "everything",
            is_flag=True,
            help="For every network: each env file of a directory, in a process of its own.",
        ),
    ):
        command = option(command)
    return command


def asked_for(
    context: click.Context,
    everything: bool,
    env_dir: Path | None,
    parallel: int | None,
    *,
    together: bool = False,
    word: str = "--all",
) -> EveryNetwork | None:
    """Return what `--all`, or `word`, means here; None without it. Raises click.UsageError."""
    if not everything:
        given = {"--env-dir": env_dir, "--parallel": parallel, "--together": together}
        if idle := [name for name, value in given.items() if value]:
            raise click.UsageError(f"{idle[0]} means nothing without {word}")
        return None
    if context.obj.env_file is not None:
        raise click.UsageError(f"--env-file names one network, {word} means every one; drop one")
    return EveryNetwork(env_dir or ENV_DIRECTORY, parallel or PARALLEL, together)
