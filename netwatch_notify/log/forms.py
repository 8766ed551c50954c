"""How a record is written: one line for people, or one JSON object, whatever is in it."""

import json
import logging
import time
from datetime import UTC, datetime

from netwatch_notify.log.about import present

IDENT = "netwatch-notify"
MOST_BYTES = 7_000
"""
Of one line that goes to syslog: rsyslog cuts at 8 kB, with its own heading (`maxMessageSize`).
"""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HIGHEST = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
)
_DAEMON = 3
"""The facility of syslog(3) that services have."""


class LongForm(logging.Formatter):
    """Time, level, who and what, as stderr has it; a traceback stands on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        head = f"{at:%Y-%m-%d %H:%M:%S},{record.msecs:03.0f} {record.levelname} {record.name}"
        text = f"{head}: {_whose()}{one_line(record.getMessage())}"
        return "\n".join(filter(None, (text, trace_of(record))))


class ShortForm(logging.Formatter):
    """What syslog and the journal do not know themselves: the run, how bad, and what."""

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        text = f"{_whose()}{level}{one_line(record.getMessage())}"
        trace = one_line(trace_of(record))
        return f"{text} {trace}" if trace else text


class JsonForm(logging.Formatter):
    """One JSON object a line, in ASCII, with `most_bytes` at most if that is not 0."""

    def __init__(self, most_bytes: int = 0) -> None:
        super().__init__()
        self._most_bytes = most_bytes

    def format(self, record: logging.LogRecord) -> str:
        whose = present()
        body = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "network": whose.network or None,
            "run": whose.run,
            "message": record.getMessage(),
            "exc": trace_of(record) or None,
        }
        text = json.dumps(body)
        # The end of a traceback says most, and the beginning of a message.
        while self._most_bytes and len(text) > self._most_bytes:
            if body["exc"]:
                exc = str(body["exc"])
                body["exc"] = exc[len(exc) // 2 + 1 :] or None
            else:
                message = str(body["message"])
                body["message"] = message[: len(message) // 2]
            text = json.dumps(body)
        return text


def syslog_line(record: logging.LogRecord, text: str) -> bytes:
    """Return a datagram for /dev/log, as syslog(3) sends it: priority, local time, who, what."""
    at = time.localtime(record.created)
    clock = f"{_MONTHS[at.tm_mon - 1]} {at.tm_mday:2} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    head = f"<{_DAEMON * 8 + priority(record.levelno)}>{clock} {IDENT}[{record.process}]: "
    line = text.encode(errors="backslashreplace")[:MOST_BYTES].decode(errors="ignore")
    return (head + line).encode()


def priority(level: int) -> int:
    """Return syslog's number for a level; debug is 7."""
    return next((number for least, number in _HIGHEST if level >= least), 7)


def one_line(text: str) -> str:
    r"""Return text without line breaks, written `\n` instead: no message makes a second line."""
    return text.replace("\n", r"\n").replace("\t", " ")


def trace_of(record: logging.LogRecord) -> str:
    """Return a record's exception and stack; the filter has written both down before."""
    return "\n".join(filter(None, (record.exc_text, record.stack_info)))


def _whose() -> str:
    """Return `lan run 412: `, or what of it is known."""
    whose = present()
    words = [whose.network] if whose.network else []
    words += [f"run {whose.run}"] if whose.run is not None else []
    return f"{' '.join(words)}: " if words else ""
