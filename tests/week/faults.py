"""How each kind of destination fails; the longest asked rest fits between two nights."""

from tests.servers import slack
from tests.servers.gate import Fault

REST_SECONDS = 3 * 3600
"""What a server asks for with 429: longer than our own longest wait, so that it shows."""


def _http(status: str, body: str, headers: str = "") -> bytes:
    said = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(said)}\r\nConnection: close\r\n\r\n".encode() + said


REFUSE = Fault("connection refused", "refuse")
HANG = Fault("hang", "hang")
DRIP = Fault("drip", "drip")
CLOSE = Fault("closed before it was taken", "close")
ERROR_500 = Fault("500", answer=_http("500 Internal Server Error", "{}"))

JSON = (
    Fault("403", answer=_http("403 Forbidden", "{}"), is_permanent=True),
    Fault("302", answer=_http("302 Found", "", "Location: /elsewhere\r\n"), is_permanent=True),
    Fault(
        "429",
        answer=_http("429 Too Many Requests", "{}", f"Retry-After: {REST_SECONDS}\r\n"),
        rest_seconds=REST_SECONDS,
    ),
    ERROR_500,
    REFUSE,
    HANG,
    DRIP,
    CLOSE,
    Fault("taken, but the answer was lost", "lose", "POST"),
)
MATRIX = (
    Fault(
        "403 M_FORBIDDEN",
        answer=_http("403 Forbidden", '{"errcode": "M_FORBIDDEN", "error": "not in room"}'),
        is_permanent=True,
    ),
    Fault(
        "401 M_UNKNOWN_TOKEN",
        answer=_http("401 Unauthorized", '{"errcode": "M_UNKNOWN_TOKEN", "error": "unknown"}'),
        is_permanent=True,
    ),
    Fault(
        "429 M_LIMIT_EXCEEDED",
        answer=_http(
            "429 Too Many Requests",
            f'{{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": {REST_SECONDS * 1000}}}',
        ),
        rest_seconds=REST_SECONDS,
    ),
    ERROR_500,
    REFUSE,
    HANG,
    DRIP,
    CLOSE,
    Fault("taken, but the answer was lost", "lose", "PUT"),
    Fault("hang with the event", "hang", "PUT"),
)
MAIL = (
    Fault("451 to the recipient", stage="RCPT", answer=b"451 4.3.0 Try again later\r\n"),
    Fault(
        "550 to the recipient",
        stage="RCPT",
        answer=b"550 5.1.1 No such user\r\n",
        is_permanent=True,
    ),
    Fault("451 to the message", stage="MESSAGE", answer=b"451 4.3.0 Try again later\r\n"),
    Fault(
        "550 to the message", stage="MESSAGE", answer=b"550 5.7.1 Refused\r\n", is_permanent=True
    ),
    REFUSE,
    HANG,
    DRIP,
    Fault("hang with the message", "hang", "MESSAGE"),
    Fault("closed before it was taken", "close", "MESSAGE"),
    Fault("taken, but the answer was lost", "lose", "MESSAGE"),
)
HOOK = (Fault("exit status 1"), HANG, Fault("taken, but the answer was lost", "lose"))


def slack_faults(*, is_bot: bool) -> dict[Fault, slack.Answer]:
    """Return how a bot's method fails, or a webhook, and what the stand-in is told for it."""
    no = slack.refused("channel_not_found") if is_bot else slack.Answer(404, b"no_service")
    return {
        Fault("ok: false" if is_bot else "404 no_service", is_permanent=True): no,
        Fault("302", is_permanent=True): slack.REDIRECT,
        Fault("429", rest_seconds=REST_SECONDS): slack.rate_limited(REST_SECONDS),
        Fault("500"): slack.SERVER_ERROR,
        HANG: slack.HANG,
        DRIP: slack.DRIP,
        Fault("taken, but the answer was lost", "lose"): slack.LOSE,
    }
