"""Logging to stderr, with destination URLs and their tokens kept out of every record."""

import logging
import re
from collections.abc import Iterable
from typing import TextIO
from urllib.parse import parse_qsl, unquote, urlsplit

MASK = "***"
PIECE_LENGTH = 8
"""Shorter pieces of a URL are masked only as part of the whole: `slack` alone tells nothing."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HANDLER_NAME = "netwatch-notify"
_PLAIN_OPTIONS = frozenset({"format", "mode", "overflow", "smtp", "name"})
"""Options of apprise URLs that hold nothing secret, so that their words stay readable."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Scanned machines write parts of what is logged; no terminal escape of theirs gets out."""


class SecretFilter(logging.Filter):
    """Replaces secrets in a record's message, exception and stack by a mask."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        pieces = {piece for secret in secrets if secret for piece in (secret, *_pieces(secret))}
        # Longest first, or a token inside a URL would be masked and the rest of it shown.
        alternatives = sorted(pieces, key=lambda piece: (-len(piece), piece))
        self._pattern = re.compile("|".join(map(re.escape, alternatives))) if pieces else None
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place, for every handler after this one too."""
        record.msg, record.args = self.masked(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.masked(record.exc_text)
        if record.stack_info:
            record.stack_info = self.masked(record.stack_info)
        return True

    def masked(self, text: str) -> str:
        """Return `text` without any secret and without control characters."""
        text = self._pattern.sub(MASK, text) if self._pattern else text
        return _CONTROL.sub("", text)


def setup_logging(level: int | str, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """
    Log to `stream` from `level` on; calling it again, with secrets, replaces the first set-up.

    httpx and urllib3 tell of every request only at DEBUG. apprise is held at INFO even then:
    its DEBUG logs the whole URL and body.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == _HANDLER_NAME]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(stream)
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    root.setLevel(level.upper() if isinstance(level, str) else level)
    secret_filter = SecretFilter(secrets)
    for handler in root.handlers:
        for old in [f for f in handler.filters if isinstance(f, SecretFilter)]:
            handler.removeFilter(old)
        handler.addFilter(secret_filter)
    debugging = root.level <= logging.DEBUG
    logging.getLogger("apprise").setLevel(logging.INFO if debugging else logging.WARNING)
    for name in ("httpx", "httpcore", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET if debugging else logging.WARNING)


def _pieces(secret: str) -> set[str]:
    """Return the credentials, path and query pieces of a URL, as written and decoded."""
    try:
        url = urlsplit(secret)
    except ValueError:
        return {piece for piece in re.split(r"[/:@?&=#]", secret) if len(piece) >= PIECE_LENGTH}
    user, _, host = url.netloc.rpartition("@")
    # Without a password the user is the token; with one it is a name, and stays readable.
    found = [user.rpartition(":")[2]]
    # `slack://TOKEN/…` has its first token where others have a host; a host has a dot.
    if "." not in host and not host.startswith("localhost"):
        found += host.split(":")
    found += [*url.path.split("/"), *url.fragment.split("/")]
    found += [value for key, value in parse_qsl(url.query) if key not in _PLAIN_OPTIONS]
    return {piece for raw in found for piece in (raw, unquote(raw)) if len(piece) >= PIECE_LENGTH}
