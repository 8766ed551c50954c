"""
Why a message was not delivered, in a few words that hold no secret.

apprise says little at WARNING ("A Connection error occurred"); the cause stands in its DEBUG
lines, beside whole URLs and tokens. So a cause is recognised and told in our own words or by
its number; what is quoted is masked first.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from netwatch_notify.model.text import clean

LIMIT = 160
"""Characters of a reason: it stands in one line of `outbox list`."""

_LOGGERS = ("apprise", "requests", "urllib3")
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")
_HTTP_CODE = re.compile(r"""["'](?:errcode|error)["']:\s*["']([A-Za-z][A-Za-z_]{2,60})["']""")
_SMTP_ANSWER = re.compile(r"""\(([45]\d\d), b?(['"])(.*?)\2""")
_CAUSES = (
    ("connection refused", r"Connection refused"),
    (
        "host name not found",
        r"Name or service not known|name resolution|NameResolutionError|No address associated",
    ),
    ("timed out", r"timed out|TimeoutError"),
    ("certificate not trusted", r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"),
    ("no route to host", r"No route to host|Network is unreachable"),
    ("the server offers no STARTTLS", r"STARTTLS extension not supported"),
    ("the server takes no login", r"AUTH extension not supported|No suitable authentication"),
    (
        "the server closed the connection",
        r"Connection reset|Connection aborted|RemoteDisconnected|unexpectedly closed|Broken pipe",
    ),
    ("TLS failed", r"\[SSL|SSLError|SSLEOFError"),
)
_DELIMITERS = re.compile(r"[:/@?&=,;#+\s<>\"']+")


@dataclass(slots=True)
class Overheard:
    """What the libraries logged while we listened: level and text."""

    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        """Their warnings and errors; apprise's notes on old syntax are neither."""
        return [text for level, text in self.lines if level in (logging.WARNING, logging.ERROR)]


class _Listener(logging.Handler):
    def __init__(self, overheard: Overheard) -> None:
        super().__init__()
        self.overheard = overheard

    def emit(self, record: logging.LogRecord) -> None:
        self.overheard.lines.append((record.levelno, record.getMessage()[:4000]))


@contextmanager
def overhear() -> Iterator[Overheard]:
    """Listen to what apprise and its HTTP library log; none of it reaches any other log."""
    overheard = Overheard()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [_Listener(overheard)], False
        logger.setLevel(logging.DEBUG)
    try:
        yield overheard
    finally:
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def failure_reason(overheard: Overheard, url: str) -> str:
    """Return why the last send to `url` failed, as far as the log tells."""
    everything = "\n".join(text for _, text in overheard.lines)
    causes = "\n".join(text for _, text in overheard.lines if "Exception" in text)
    if status := _HTTP_STATUS.search(everything):
        code = _HTTP_CODE.search(everything)
        # The code is the server's own word (M_FORBIDDEN, not_in_channel), never ours to trust.
        said = f" ({mask(code[1], url)})" if code else ""
        return _bounded(f"HTTP {status[1]}{said}")
    if answer := _SMTP_ANSWER.search(causes):
        return _bounded(f"SMTP {answer[1]} {mask(answer[3], url)}")
    for cause, pattern in _CAUSES:
        if re.search(pattern, causes, re.IGNORECASE):
            return cause
    if overheard.complaints:
        return _bounded(mask(overheard.complaints[-1], url))
    return "apprise gave no reason"


def mask(text: str, url: str) -> str:
    """Return `text` with every piece of `url`, as written or decoded, replaced by `***`."""
    for piece in _pieces(url):
        whole = re.escape(piece)
        if len(piece) < 4:
            # A two-letter word of the URL would otherwise tear holes in every other word.
            whole = rf"(?<!\w){whole}(?!\w)"
        text = re.sub(whole, "***", text, flags=re.IGNORECASE)
    return text


def _pieces(url: str) -> Sequence[str]:
    """Return the secrets a URL may hold, longest first; the schema is none."""
    _, _, rest = url.partition("://")
    written = {rest, *re.split(r"[/@?&=]", rest), *_DELIMITERS.split(rest)}
    decoded = {unquote(piece) for piece in written}
    pieces = written | decoded | {part for whole in decoded for part in _DELIMITERS.split(whole)}
    return sorted((piece for piece in pieces if piece.strip()), key=len, reverse=True)


def _bounded(text: str) -> str:
    return clean(text, LIMIT)
