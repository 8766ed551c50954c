"""
What servers answered while apprise was sending.

apprise keeps the answers to itself: from `notify()` comes True or False, and its log names a
status at best. All its HTTP goes through `requests`, so this listens there, at the one method
that every request and every answer pass. Replacing a method of a foreign class is contained: a
send has its process to itself, and the method is put back when the block ends.

Of a request nothing is kept, of an answer only what says how the send went.
"""

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from netwatch_notify.deliver.reasons import cause_of

BODY_BYTES = 1 << 20
"""Of a body, unpacked; no service answers a message with so much."""
BODY_SECONDS = 5.0
"""For the whole body, once its head is there; a drip keeps each single read within its limit."""
PATIENCE_SECONDS = 5.0
"""A longer wait is the outbox's: apprise would sleep as long as the server says."""
LONGEST_RETRY_AFTER_SECONDS = 6 * 3600.0

_CODE = re.compile(r"[A-Za-z_]{3,60}")
_TOO_MANY_REQUESTS = 429


class AskedToWaitError(requests.exceptions.RequestException):
    """The server asked for more patience than apprise should have."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request, or what came instead."""

    status: int | None
    """None: no answer came."""
    word: str = field(default="", repr=False)
    """The server's own word if it looks like a code: `M_FORBIDDEN`, `not_in_channel`."""
    says_no: bool = False
    """Whether its JSON holds `"ok": false`, whatever the status."""
    soft_logout: bool = False
    """Matrix: the token has run out, and the session can be taken up again."""
    retry_after_seconds: float | None = None
    trouble: str = ""
    """Why the answer, or its body, did not come, in our words."""
    was_connected: bool = True
    """Whether the request may have left; on a connection that never stood it has not."""

    @property
    def is_failure(self) -> bool:
        return self.says_no or bool(self.trouble) or self.status not in range(200, 300)


@contextmanager
def listen() -> Iterator[list[Answer]]:
    """Yield the list of what is answered inside the block, oldest first."""
    answers: list[Answer] = []
    original = requests.Session.send

    def send(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        streams = options.get("stream", session.stream)
        try:
            response = original(session, request, **{**options, "stream": True})
        except requests.exceptions.RequestException as error:
            answers.append(Answer(None, trouble=_trouble(error), was_connected=_stood(error)))
            raise
        if streams:  # whoever asked for it reads the body, once
            answers.append(_understand(response, b""))
            return response
        try:
            _read_body(response)
        except requests.exceptions.RequestException as error:
            answers.append(_understand(response, b"", _trouble(error)))
            raise
        answers.append(_understand(response, response.content))
        if _wants_patience(answers[-1]):
            raise AskedToWaitError(response=response)
        return response

    requests.Session.send = send  # type: ignore[method-assign,assignment]
    try:
        yield answers
    finally:
        requests.Session.send = original  # type: ignore[method-assign]


def _read_body(response: requests.Response) -> None:
    """Read the body as `requests` would have done, within limits; the rest is left out."""
    ends_at = time.monotonic() + BODY_SECONDS
    body = bytearray()
    is_whole = False
    try:
        while len(body) < BODY_BYTES and time.monotonic() < ends_at:
            piece = response.raw.read1(BODY_BYTES - len(body), decode_content=True)
            if not piece:
                is_whole = True
                break
            body += piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        response.raw.close()
        raise requests.exceptions.ConnectionError(error, response=response) from error
    if not is_whole:
        response.raw.close()
    # What reading `response.content` does.
    response._content, response._content_consumed = bytes(body), True


def _understand(response: requests.Response, body: bytes, trouble: str = "") -> Answer:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = body[:200].decode(errors="replace").strip()
    facts: dict[str, Any] = said if isinstance(said, dict) else {}
    words = (facts.get("errcode"), facts.get("error"), said)
    return Answer(
        response.status_code,
        next((word for word in words if isinstance(word, str) and _CODE.fullmatch(word)), ""),
        says_no=facts.get("ok") is False,
        soft_logout=facts.get("soft_logout") is True,
        retry_after_seconds=_retry_after(response, facts),
        trouble=trouble,
    )


def _retry_after(response: requests.Response, facts: dict[str, Any]) -> float | None:
    """Return how long to wait, from the header or from Matrix's field, within bounds."""
    header = response.headers.get("Retry-After", "").strip()
    milliseconds = facts.get("retry_after_ms")
    if re.fullmatch(r"[0-9]{1,30}", header):
        seconds = float(header)
    elif (instant := _http_date(header)) is not None:
        seconds = (instant - datetime.now(UTC)).total_seconds()
    elif isinstance(milliseconds, int | float):
        # Before it is divided: JSON has whole numbers that no float can hold.
        seconds = min(milliseconds, LONGEST_RETRY_AFTER_SECONDS * 1000) / 1000
    else:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def _http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _wants_patience(answer: Answer) -> bool:
    asked = answer.retry_after_seconds
    return answer.status == _TOO_MANY_REQUESTS and asked is not None and asked > PATIENCE_SECONDS


def _trouble(error: Exception) -> str:
    return cause_of(str(error)) or type(error).__name__


def _stood(error: BaseException) -> bool:
    """
    Whether the connection stood before the error came.

    A refused port, an unknown name, a proxy's no and a failed handshake come out of the same
    function of urllib3, and are of many types; where it was is the one thing they share.
    """
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            break
        frame = link.__traceback__
        while frame is not None:
            code = frame.tb_frame.f_code
            module = frame.tb_frame.f_globals.get("__name__")
            if code.co_name == "connect" and module == "urllib3.connection":
                return False
            frame = frame.tb_next
        link = link.__cause__ or link.__context__
    return True
