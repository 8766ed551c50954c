"""HOOK: a destination that is a command; it gets the report as JSON on stdin."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, Destination, OutboxEntry
from netwatch_notify.model.text import clean

REASON_LIMIT = 120
PIECE_LENGTH = 8
"""Shorter words of the command are no secrets."""
_PATH = re.compile(r"/?([\w.+-]+/)*[\w.+-]{1,60}")
OUTPUT_BYTES = 2000
"""Of what the command said last; the last line of it is the reason told."""
TOLD_TO_THE_HOOK = ("NETWATCH_NETWORK", "NETWATCH_RUN", "NETWATCH_MESSAGE")
"""Variables of its environment that say whose message it gets, and which."""
NOT_FOR_THE_HOOK = ("NETWATCH_NOTIFY", "NETWATCH_HEARTBEAT_URL", "NETWATCH_HOOK")
"""Other destinations' secrets."""


def hook_destination(command: str) -> Destination:
    """
    Return the destination that `command`, split like a shell's words, stands for.

    No shell reads it. UsageError where it cannot be started.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"NETWATCH_HOOK: {str(error).lower()}") from None
    if not words or shutil.which(words[0]) is None:
        # Only the first word, and only if it is a path: a token comes before or in its place, too.
        if words and not _PATH.fullmatch(words[0]):
            raise UsageError("NETWATCH_HOOK: its first word is no command that can be started")
        raise UsageError(
            f"NETWATCH_HOOK: {(words or [''])[0]!r} is no command that can be started here"
        )
    return Destination(
        f"hook {clean(Path(words[0]).name, 60)}", command, budget=1 << 30, command=tuple(words)
    )


def run_hook(destination: Destination, entry: OutboxEntry, network: str) -> Delivery:
    """
    Give the entry's report to the command, and return how it ended; exit status 0 is delivered.

    Runs as long as it takes: whoever calls has a deadline and ends our process group.
    """
    message = f"{network}-{entry.run_id}-{entry.id}"
    told = (network, str(entry.run_id), message)
    environment = _without_secrets(os.environ) | dict(zip(TOLD_TO_THE_HOOK, told, strict=True))
    # A file, because a pipe that a grandchild keeps open would hold us after the command's end.
    with tempfile.TemporaryFile() as said:
        try:
            done = subprocess.run(
                destination.command,
                input=entry.report.encode(),
                stdout=said,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
            )
        except OSError as error:
            reason = f"cannot be started: {error.strerror}"
            return Delivery(False, reason, permanent=True)
        if done.returncode == 0:
            return Delivery(True)
        last = _last_line(said.seek(0, os.SEEK_END), said.fileno())
        for word in sorted(destination.command[1:], key=len, reverse=True):
            last = last.replace(word, "***") if len(word) >= PIECE_LENGTH else last
    how = f"exit status {done.returncode}"
    if done.returncode < 0:
        how = f"ended by signal {-done.returncode}"
    return Delivery(False, f"{how}: {last}" if last else how, uncertain=True)


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in NOT_FOR_THE_HOOK}


def _last_line(size: int, descriptor: int) -> str:
    text = os.pread(descriptor, OUTPUT_BYTES, max(size - OUTPUT_BYTES, 0)).decode(errors="replace")
    lines = [clean(line, REASON_LIMIT) for line in text.splitlines()]
    return next((line for line in reversed(lines) if line), "")
