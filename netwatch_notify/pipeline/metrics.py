"""Write the metrics file: whole or not at all, and never a reason for a run to fail."""

import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from netwatch_notify import __version__
from netwatch_notify.errors import NetwatchError
from netwatch_notify.log.sinks import TOLD
from netwatch_notify.model.figures import Figures
from netwatch_notify.report.metrics import OWNER, metrics_text
from netwatch_notify.store.database import Database
from netwatch_notify.store.figures import count

log = logging.getLogger(__name__)

MODE = 0o644
"""The collector is another user."""
MOST_BYTES = 1 << 20
"""A file of ours is far smaller; of any other no more is read."""


def write_metrics(
    path: Path | None, state: Path, network: str, *, usable: bool = True, is_said: bool = False
) -> None:
    """
    Write what is known to `path`, unless it stands there already; without a path, do nothing.

    Not `usable`: the run could not use its state; what can be read of it is told all the same.
    What cannot be written is a warning in the log; where a run said it already (`is_said`), in
    syslog and the journal alone, because cron would mail it every ten minutes.
    """
    if path is None:
        return
    extra = TOLD if is_said else None
    text = metrics_text(_figures(state, network, usable=usable), __version__)
    try:
        there = _there(path)
        if there == text:
            return
        owner = there.partition("\n")[0]
        if there and owner != f"{OWNER}{network}":
            log.warning(
                "%s: not written, because it is not a file of the network %s; give each network "
                "its own NETWATCH_METRICS_FILE, or remove the file",
                path,
                network,
                extra=extra,
            )
            return
        _replace(path, text)
    except OSError as error:
        log.warning(
            "%s: the metrics could not be written: %s; set NETWATCH_METRICS_FILE to a file in a "
            "folder that this user may write to",
            path,
            error.strerror,
            extra=extra,
        )


def _figures(state: Path, network: str, *, usable: bool) -> Figures:
    try:
        database = Database.to_read(state, network)
    except NetwatchError:
        return Figures(network, is_usable=False, is_known=False)
    try:
        figures = count(database, network)
    except NetwatchError:
        return Figures(network, is_usable=False, is_known=False)
    finally:
        database.close()
    return replace(figures, is_usable=usable)


def _there(path: Path) -> str:
    try:
        # Without O_NONBLOCK a FIFO in its place would hold the run up for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES).decode(errors="replace")


def _replace(path: Path, text: str) -> None:
    """A reader sees the old file or the new one; only names with `.prom` at the end are read."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), MODE)
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
