"""
Why a message was not delivered, in a few words that hold no secret.

apprise says little at WARNING ("A Connection error occurred"); the cause stands in its DEBUG
lines, beside whole URLs and tokens. So a cause is recognised and told in our own words or by
its number; what is quoted is masked first. For mail, its log is all there is: smtplib's errors
come no further. What HTTP servers say is heard by answers.py.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from netwatch_notify.model.message import Delivery
from netwatch_notify.model.text import clean

LIMIT = 160
"""Characters of a reason: it stands in one line of `outbox list`."""

_LOGGERS = ("apprise", "requests", "urllib3")
_SMTP_BEGINS = "Connecting to remote SMTP server..."
_SMTP_ENVELOPE = "Email To: "
_SMTP_ANSWER = re.compile(r"""\(([45]\d\d), b?(['"])(.*?)(?:\2|$)""", re.MULTILINE)
_CAUSES = (
    ("the proxy does not let us through", r"Unable to connect to proxy|Tunnel connection failed"),
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


def cause_of(text: str) -> str:
    """Return what an error's text tells of, in our own words; empty if we do not know it."""
    for cause, pattern in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return cause
    return ""


def smtp_failure(overheard: Overheard, url: str) -> Delivery | None:
    """
    Return what an SMTP session came to that failed; None if there was none.

    Any answer is certain, for the message's last line was not taken. 5yz is permanent by
    RFC 5321, 4.2.1.
    """
    texts = [text for _, text in overheard.lines]
    if _SMTP_BEGINS not in texts:
        return None
    errors = "\n".join(text for text in texts if text.startswith("Socket Exception: "))
    if answer := _SMTP_ANSWER.search(errors):
        words = mask(answer[3].replace("\\n", " "), url)
        reason = _bounded(f"SMTP {answer[1]} {words}")
        return Delivery(False, reason, permanent=answer[1].startswith("5"))
    # The envelope follows connection, STARTTLS and login.
    is_open = any(text.startswith(_SMTP_ENVELOPE) for text in texts)
    reason = cause_of(errors) or last_words(overheard, url) or "apprise gave no reason"
    return Delivery(False, reason, uncertain=is_open)


def last_words(overheard: Overheard, url: str) -> str:
    """Return the cause, or else the last complaint, that the log holds; empty if it has none."""
    causes = "\n".join(text for _, text in overheard.lines if "Exception" in text)
    if cause := cause_of(causes):
        return cause
    return _bounded(mask(overheard.complaints[-1], url)) if overheard.complaints else ""


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
