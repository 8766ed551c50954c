"""`run --spread`: machines that start at the same minute do not all scan in the same second."""

import time
from hashlib import blake2b
from pathlib import Path

import click

from netwatch_notify.cli.options import Options
from netwatch_notify.model.paths import DEFAULT_ENV_FILE

MACHINE_ID = Path("/etc/machine-id")
"""Another on each machine, the same at each boot (machine-id(5))."""


def wait_spread(options: Options, minutes: int) -> None:
    """Wait for this machine's and this env file's share of `minutes`, the same each night."""
    seconds = share_of(minutes, _machine(), str(options.env_file or DEFAULT_ENV_FILE))
    if options.verbose:
        click.echo(f"netwatch-notify: begins in {seconds} s", err=True)
    time.sleep(seconds)


def share_of(minutes: int, machine: str, name: str) -> int:
    """Return between 0 and `minutes` minutes, in seconds; equal for equal machine and name."""
    digest = blake2b(f"{machine}\n{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (minutes * 60 + 1)


def _machine() -> str:
    try:
        return MACHINE_ID.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
