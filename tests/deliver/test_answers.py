"""What a failed attempt comes to, through real apprise, against servers on loopback."""

import gzip
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread

import pytest
import requests
import trustme

from netwatch_notify.deliver.answers import LONGEST_RETRY_AFTER_SECONDS, listen
from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.model.message import Delivery, Destination, Format, Message, Parcel
from tests.deliver.servers import HttpServer, closed_port, drip_server, http_server
from tests.servers.slack import Answer as Said
from tests.servers.slack import Slack, rate_limited, slack_server
from tests.servers.slack import refused as says_no

HOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
BOT = "slack://xoxb-1234-1234-abc124/#operators"
NO_BROADCAST = "255.255.255.255"
"""No TCP connection can be made there, and the kernel says so without a packet."""


def attempt(url: str) -> Delivery:
    message = Message("lan: telnet", "telnet opened", Format.TEXT)
    return send(Destination("x", url), Parcel(message, 7, 3, "lan"))


def refused(reason: str) -> Delivery:
    return Delivery(False, reason, permanent=True)


def passing(reason: str, *, uncertain: bool = False, after: float | None = None) -> Delivery:
    return Delivery(False, reason, uncertain=uncertain, retry_after_seconds=after)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as running:
        yield running


@contextmanager
def talking(answers: dict[bytes, bytes]) -> Iterator[int]:
    """
    Yield the port of a server that knows one answer to each beginning of a line.

    To b"" it answers at once. An answer that is empty ends the connection, `...` is none.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def converse(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            heard = b""
            while True:
                found = next((a for begin, a in answers.items() if _begins(heard, begin)), None)
                if found == b"":
                    return
                if found not in (None, b"..."):
                    connection.sendall(found or b"")
                try:
                    heard = lines.readline()
                except OSError:
                    return
                if not heard:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            converse(connection)

    thread = Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _begins(heard: bytes, begin: bytes) -> bool:
    return heard.startswith(begin) if begin else heard == b""


# What HTTP servers say


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 405, 410, 413, 422])
def test_a_refusal_is_permanent(server: HttpServer, status: int) -> None:
    server.status = status

    assert attempt(f"json://127.0.0.1:{server.port}/") == refused(f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 409, 423, 425, 429])
def test_a_status_that_speaks_of_this_moment_is_passing_and_certain(
    server: HttpServer, status: int
) -> None:
    server.status = status

    assert attempt(f"json://127.0.0.1:{server.port}/") == passing(f"HTTP {status}")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_after_a_servers_own_error_nobody_knows(server: HttpServer, status: int) -> None:
    server.status, server.answer = status, b'{"error": "invalid_auth"}'

    outcome = attempt(f"json://127.0.0.1:{server.port}/")

    assert outcome == passing(f"HTTP {status} (invalid_auth)", uncertain=True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "no_such_hook"}', "HTTP 403 (no_such_hook)"),
        (b'{"errcode": "M_FORBIDDEN", "error": "You may not"}', "HTTP 403 (M_FORBIDDEN)"),
        (b"Forbidden\n", "HTTP 403 (Forbidden)"),
        (b"<b>run: curl evil | sh</b>", "HTTP 403"),
        (b'{"error": "call 555-0100 now"}', "HTTP 403"),
        (b'{"error": {"ok": []}}', "HTTP 403"),
        (b'{"error": "my_secret_hook"}', "HTTP 403 (***)"),
        (b'{"error": "' + b"a" * 61 + b'"}', "HTTP 403"),
        (b"[" * 100_000, "HTTP 403"),
        (b"\xff\xfe\x00", "HTTP 403"),
        (b"", "HTTP 403"),
    ],
    ids=[
        *("json", "matrix", "plain", "markup", "sentence", "odd", "echo", "long", "deep"),
        *("binary", "empty"),
    ],
)
def test_of_what_a_server_says_only_a_code_is_quoted(
    server: HttpServer, body: bytes, reason: str
) -> None:
    server.status, server.answer = 403, body

    assert attempt(f"json://127.0.0.1:{server.port}/my_secret_hook") == refused(reason)


# When to come back


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3),
        ("0", 0),
        ("-5", None),
        ("9" * 29, LONGEST_RETRY_AFTER_SECONDS),
        ("soon", None),
        ("٣", None),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0),
        (format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), 21600),
    ],
    ids=["seconds", "now", "negative", "huge", "word", "other digits", "past", "next week"],
)
def test_retry_after_is_read_within_bounds(
    server: HttpServer, header: str, seconds: float | None
) -> None:
    server.status = 503
    server.headers = {"Retry-After": header.encode().decode("latin-1")}

    outcome = attempt(f"json://127.0.0.1:{server.port}/")

    assert outcome == passing("HTTP 503", uncertain=True, after=seconds)


def test_retry_after_may_be_a_date(server: HttpServer) -> None:
    server.status = 429
    at = datetime.now(UTC) + timedelta(hours=2)
    server.headers = {"Retry-After": format_datetime(at, usegmt=True)}

    asked = attempt(f"json://127.0.0.1:{server.port}/").retry_after_seconds

    assert asked is not None
    assert 7190 < asked <= 7200


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [("90000", 90), ("1e400", 21600), ("9" * 400, 21600)],
    ids=["a minute and a half", "infinity", "400 digits"],
)
def test_a_matrix_server_that_asks_for_long_patience_is_not_waited_for(
    server: HttpServer, milliseconds: str, seconds: float
) -> None:
    server.status = 429
    server.answer = b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": %s}' % milliseconds.encode()
    begun = time.monotonic()

    outcome = attempt(f"matrix://t0ken_s3cret@127.0.0.1:{server.port}/!room:example.org?hsreq=no")

    assert outcome == passing("HTTP 429 (M_LIMIT_EXCEEDED)", after=seconds)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("status", "answer", "is_permanent"),
    [
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, True),
        (401, {"errcode": "M_UNKNOWN_TOKEN", "soft_logout": True}, False),
        (401, {"errcode": "M_MISSING_TOKEN"}, True),
        (401, {"errcode": "M_USER_LOCKED"}, False),
        (403, {"errcode": "M_FORBIDDEN"}, True),
        (403, {"errcode": "M_RESOURCE_LIMIT_EXCEEDED"}, False),
        (404, {"errcode": "M_NOT_FOUND"}, True),
        (400, {"errcode": "M_UNKNOWN"}, False),
        (413, {"errcode": "M_TOO_LARGE"}, True),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_a_matrix_code_says_whether_to_try_again(
    server: HttpServer, status: int, answer: dict[str, object], is_permanent: bool
) -> None:
    server.status, server.answer = status, json.dumps(answer).encode()

    outcome = attempt(f"json://127.0.0.1:{server.port}/")

    assert outcome == Delivery(
        False, f"HTTP {status} ({answer['errcode']})", permanent=is_permanent
    )


# When no answer comes


def test_a_connection_that_never_stood_carried_nothing() -> None:
    with ExitStack() as stack:
        stranger = trustme.CA().issue_cert("127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        stranger.configure_cert(context)
        tls = stack.enter_context(tls_server(context))
        plain = stack.enter_context(http_server()).port
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(full.getsockname()))

        outcomes = {
            url: attempt(url)
            for url in (
                f"json://127.0.0.1:{closed_port()}/",
                f"json://{NO_BROADCAST}/",
                f"json://127.0.0.1:{full.getsockname()[1]}/?cto=0.2",
                f"jsons://127.0.0.1:{tls}/",
                f"jsons://127.0.0.1:{plain}/",
            )
        }

    assert list(outcomes.values()) == [
        passing("connection refused"),
        passing("no route to host"),
        passing("timed out"),
        passing("certificate not trusted"),
        passing("TLS failed"),
    ]


def test_a_name_that_cannot_be_found_is_told() -> None:
    # Longer than a name may be, so that nobody is asked for it.
    with listen() as answers, suppress(requests.exceptions.ConnectionError):
        requests.get(f"http://{'name.' * 60}example/", timeout=5)

    assert [(a.trouble, a.was_connected) for a in answers] == [("host name not found", False)]


def test_a_plugin_that_lets_a_long_wait_through_is_judged_by_the_answer(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def careless(self: NotifyJSON, **_: object) -> bool:
        return requests.post(server.url, timeout=5).ok

    monkeypatch.setattr(NotifyJSON, "send", careless)
    server.status, server.headers = 429, {"Retry-After": "60"}

    assert attempt("json://127.0.0.1/") == passing("HTTP 429", after=60)


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Yield the port of a server that says no more than its certificate."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    thread = Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({b"POST": b"..."}, "timed out"),
        ({b"POST": b""}, "the server closed the connection"),
        (
            {b"POST": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"},
            "HTTP 200, then timed out",
        ),
    ],
    ids=["silence", "hangs up", "half a body"],
)
def test_a_request_that_left_may_have_arrived(answers: dict[bytes, bytes], reason: str) -> None:
    with talking(answers) as port:
        outcome = attempt(f"json://127.0.0.1:{port}/?rto=0.2")

    assert outcome == passing(reason, uncertain=True)


def test_a_refusal_whose_body_never_ends_is_a_refusal() -> None:
    with talking({b"POST": b"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nhalf"}) as port:
        assert attempt(f"json://127.0.0.1:{port}/?rto=0.2") == refused("HTTP 403")


def test_a_body_that_drips_does_not_undo_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwatch_notify.deliver.answers.BODY_SECONDS", 1)
    begun = time.monotonic()

    with drip_server(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n") as port:
        outcome = attempt(f"json://127.0.0.1:{port}/")

    assert outcome == Delivery(True)
    assert time.monotonic() - begun < 3


def test_a_body_that_unpacks_to_gigabytes_is_cut(server: HttpServer) -> None:
    server.answer = gzip.compress(b"x" * 50_000_000)
    server.headers = {"Content-Encoding": "gzip"}

    with listen() as answers:
        response = requests.get(server.url, timeout=5)

    assert response.content == b"x" * (1 << 20)
    assert [answer.status for answer in answers] == [200]


def test_who_streams_an_answer_still_has_all_of_it(server: HttpServer) -> None:
    server.answer = b"x" * 100_000

    with listen() as answers, requests.get(server.url, timeout=5, stream=True) as response:
        assert b"".join(response.iter_content(1000)) == server.answer

    assert [answer.is_failure for answer in answers] == [False]


def test_after_the_block_requests_is_as_it_was(server: HttpServer) -> None:
    before = requests.Session.send
    with suppress(ZeroDivisionError), listen() as answers:
        raise ZeroDivisionError

    requests.get(server.url, timeout=5)
    assert requests.Session.send is before
    assert answers == []


def test_nothing_that_is_kept_shows_a_secret(server: HttpServer) -> None:
    server.status, server.answer = 403, b'{"error": "my_secret_hook"}'

    with listen() as answers:
        requests.post(f"{server.url}/my_secret_hook", timeout=5, headers={"X": "my_secret_hook"})

    assert "secret" not in repr(answers)


# Slack


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with slack_server(tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("invalid_auth", refused("Slack says invalid_auth")),
        ("token_revoked", refused("Slack says token_revoked")),
        ("channel_not_found", refused("Slack says channel_not_found")),
        ("is_archived", refused("Slack says is_archived")),
        ("msg_too_long", refused("Slack says msg_too_long")),
        ("ratelimited", passing("Slack says ratelimited")),
        ("request_timeout", passing("Slack says request_timeout")),
        ("team_added_to_org", passing("Slack says team_added_to_org")),
        ("fatal_error", passing("Slack says fatal_error", uncertain=True)),
        ("a_word_of_tomorrow", passing("Slack says a_word_of_tomorrow")),
        ("BOOK OK", passing("HTTP 200")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_slacks_ok_false_is_a_failure(slack: Slack, word: str, outcome: Delivery) -> None:
    slack.tell(says_no(word))

    assert attempt(BOT) == outcome


def test_ok_somewhere_in_slacks_refusal_is_no_success(slack: Slack) -> None:
    slack.tell(Said(200, b'{"ok": false, "error": "not_in_channel", "channel": "BOOKS"}'))

    assert attempt(BOT) == refused("Slack says not_in_channel")


def test_slack_says_how_long_it_wants_to_be_left_alone(slack: Slack) -> None:
    slack.tell(rate_limited(30))

    assert attempt(BOT) == passing("Slack says ratelimited", after=30)


def test_slacks_ok_is_a_success(slack: Slack) -> None:
    slack.tell(Said(200, b'{"ok": true, "error": "not_in_channel"}'))

    assert attempt(BOT) == Delivery(True)


@pytest.mark.parametrize(
    ("status", "answer", "outcome"),
    [
        (200, b"ok", Delivery(True)),
        (404, b"no_service", refused("Slack says no_service")),
        (403, b"invalid_token", refused("Slack says invalid_token")),
        (410, b"channel_is_archived", refused("Slack says channel_is_archived")),
        (400, b"invalid_payload", refused("Slack says invalid_payload")),
        (500, b"rollup_error", passing("Slack says rollup_error", uncertain=True)),
        (200, b"<p>Log in", passing("HTTP 200, but it confirms nothing", uncertain=True)),
    ],
    ids=["ok", "gone", "token", "archived", "payload", "500", "portal"],
)
def test_a_slack_webhook_answers_in_plain_words(
    slack: Slack, status: int, answer: bytes, outcome: Delivery
) -> None:
    slack.tell(Said(status, answer))

    assert attempt(HOOK) == outcome


def test_a_proxy_that_is_not_there_carried_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")

    assert attempt(BOT) == passing("the proxy does not let us through")


def test_a_proxy_that_refuses_carried_nothing(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)  # it knows no CONNECT

    assert attempt(BOT) == passing("the proxy does not let us through")


# Mail

SMTP = {
    b"": b"220 mail.example.org\r\n",
    b"ehlo": b"250-mail.example.org\r\n250 AUTH PLAIN\r\n",
    b"AUTH": b"235 in\r\n",
    b"mail": b"250 ok\r\n",
    b"rcpt": b"250 ok\r\n",
    b"data": b"354 go on\r\n",
    b".\r\n": b"250 queued\r\n",
    b"rset": b"250 ok\r\n",
    b"quit": b"221 bye\r\n",
}


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        (b"quit", b"", Delivery(True)),
        (b"", b"554 no service\r\n", refused("SMTP 554 no service")),
        (b"", b"421 too busy\r\n", passing("SMTP 421 too busy")),
        (b"", b"", passing("the server closed the connection")),
        (b"", b"...", passing("timed out")),
        (b"ehlo", b"", passing("the server closed the connection")),
        (b"ehlo", b"250 mail.example.org\r\n", passing("the server takes no login")),
        (b"AUTH", b"535 5.7.8 bad password\r\n", refused("SMTP 535 5.7.8 bad password")),
        (b"AUTH", b"454 4.7.0 try later\r\n", passing("SMTP 454 4.7.0 try later")),
        (b"mail", b"550 not you\r\n", refused("SMTP 550 not you")),
        (b"rcpt", b"450 greylisted\r\n", passing("SMTP 450 greylisted")),
        (b"rcpt", b"550-no such\r\n550 user\r\n", refused("SMTP 550 no such user")),
        (b"data", b"452 disk full\r\n", passing("SMTP 452 disk full")),
        (b".\r\n", b"554 5.6.0 spam\r\n", refused("SMTP 554 5.6.0 spam")),
        (b".\r\n", b"451 4.3.0 scanner\r\n", passing("SMTP 451 4.3.0 scanner")),
        (b".\r\n", b"", passing("the server closed the connection", uncertain=True)),
        (b".\r\n", b"...", passing("timed out", uncertain=True)),
    ],
    ids=lambda value: value.decode().strip() if isinstance(value, bytes) else "",
)
def test_mail_is_refused_for_good_by_5yz_and_uncertain_only_once_it_was_handed_over(
    verb: bytes, answer: bytes, outcome: Delivery
) -> None:
    with talking({**SMTP, verb: answer}) as port:
        url = f"mailto://watch:s3cret@127.0.0.1:{port}?smtp=127.0.0.1&mode=insecure&cto=0.3"
        assert attempt(f"{url}&from=watch@example.org&to=ops@example.org") == outcome


def test_a_mail_server_that_talks_without_end_still_refuses() -> None:
    with talking({**SMTP, b"rcpt": b"550 no" + b" no" * 2000 + b"\r\n"}) as port:
        url = f"mailto://watch:s3cret@127.0.0.1:{port}?smtp=127.0.0.1&mode=insecure&cto=5"
        outcome = attempt(f"{url}&from=watch@example.org&to=ops@example.org")

    assert outcome.permanent
    assert outcome.reason.startswith("SMTP 550 no no no")
    assert len(outcome.reason) <= 160
