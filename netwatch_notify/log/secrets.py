"""Destination URLs and their tokens, kept out of every record."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

MASK = "***"
PIECE_LENGTH = 8
"""Shorter pieces of a URL are masked only as part of the whole: `slack` alone tells nothing."""

_PLAIN_OPTIONS = frozenset({"format", "mode", "overflow", "smtp", "name"})
"""Options of apprise URLs that hold nothing secret, so that their words stay readable."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
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
