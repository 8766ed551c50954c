"""Where the log goes: to stderr, through it to the journal, or to syslog."""

import logging
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from netwatch_notify.log.forms import (
    MOST_BYTES,
    JsonForm,
    LongForm,
    ShortForm,
    priority,
    syslog_line,
)

SYSLOG = Path("/dev/log")
"""Both rsyslog and journald listen there."""
SEND_SECONDS = 1.0
"""A logging service that hangs must not hold a run up."""
TOLD = {"is_told": True}
"""
`extra` of a record of which people hear otherwise: in the message, or in stderr's last line.

It is for syslog and the journal; under cron, stderr would be mailed beside the message.
"""


class Sink(StrEnum):
    """Where records go."""

    STDERR = "stderr"
    JOURNAL = "journal"
    """stderr, which systemd reads, each line with its priority before it."""
    SYSLOG = "syslog"


def choose_sink(
    stream: TextIO, environment: Mapping[str, str], *, verbose: bool, syslog: Path = SYSLOG
) -> Sink:
    """
    Return where to log: syslog where nobody looks at stderr (cron mails it) and there is one.

    systemd.exec(5): JOURNAL_STREAM names the device and inode of the journal's stream, so that a
    program whose stderr was redirected since is not mistaken.
    """
    if _is_journal(stream, environment.get("JOURNAL_STREAM", "")):
        return Sink.JOURNAL
    if verbose or stream.isatty() or not _is_socket(syslog):
        return Sink.STDERR
    return Sink.SYSLOG


def level_for(sink: Sink, configured: str | None, *, verbose: bool, quiet: bool) -> str:
    """
    Return from which level on is logged there.

    Where nothing is set, syslog and the journal get each step of a run, stderr only what somebody
    has to see. `-q` is about stderr alone.
    """
    if verbose:
        return "debug"
    if sink is Sink.STDERR:
        return "error" if quiet else configured or "warning"
    return configured or "info"


def handler_of(sink: Sink, stream: TextIO, form: str, syslog: Path = SYSLOG) -> logging.Handler:
    """Return the handler for a sink, in the form `text` or `json`."""
    if sink is Sink.SYSLOG:
        return SyslogHandler(syslog, stream, form)
    handler = JournalHandler(stream) if sink is Sink.JOURNAL else StderrHandler(stream)
    short = ShortForm() if sink is Sink.JOURNAL else LongForm()
    handler.setFormatter(JsonForm() if form == "json" else short)
    return handler


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes what is not told otherwise, unless somebody debugs."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "is_told", False) and logging.getLogger().level > logging.DEBUG:
            return
        super().emit(record)


class JournalHandler(logging.StreamHandler[TextIO]):
    """Begins each line with its priority, as sd-daemon(3) has it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{priority(record.levelno)}>{super().format(record)}"


class SyslogHandler(logging.Handler):
    """
    Sends each record as one datagram; a service that was started anew is found again.

    What does not get there goes to stderr if it is a warning or worse. A service that hangs is
    tried no more.
    """

    def __init__(self, path: Path, stream: TextIO, form: str) -> None:
        super().__init__()
        self._path = path
        self._socket: socket.socket | None = None
        self._hangs = False
        self._otherwise = handler_of(Sink.STDERR, stream, form)
        self.setFormatter(JsonForm(MOST_BYTES) if form == "json" else ShortForm())

    def emit(self, record: logging.LogRecord) -> None:
        line = syslog_line(record, self.format(record))
        if not (self._sent(line) or self._sent(line)) and record.levelno >= logging.WARNING:
            self._otherwise.emit(record)

    def _sent(self, line: bytes) -> bool:
        if self._hangs:
            return False
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.settimeout(SEND_SECONDS)
                self._socket.connect(str(self._path))
            self._socket.send(line)
        except OSError as error:
            self._hangs = isinstance(error, TimeoutError)
            self.close_socket()
            return False
        return True

    def close_socket(self) -> None:
        """Let go of the connection; the next record makes another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Let go of the connection for good."""
        self.close_socket()
        super().close()


def _is_journal(stream: TextIO, named: str) -> bool:
    if not named:
        return False
    with suppress(OSError, ValueError):
        status = os.fstat(stream.fileno())
        return named == f"{status.st_dev}:{status.st_ino}"
    return False


def _is_socket(path: Path) -> bool:
    with suppress(OSError):
        return stat.S_ISSOCK(path.stat().st_mode)
    return False
