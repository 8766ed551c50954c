"""Reading destinations, and sending through the real apprise to servers on loopback."""

import email
import email.policy
import logging
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.deliver.reasons import mask
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, Destination, Format, Message, Parcel
from tests.deliver.servers import HttpServer, closed_port, drip_server, http_server

TOKEN = "syt_c2VjcmV0_QUFBQUFBQUFB"
HOOK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
BODY = "<p>a &lt;b&gt;</p><pre>x  y\n  z</pre>"


class Mailbox:
    """Keeps what it accepts; refuses when told."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusal = ""

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds it by this name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and its server's port."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=closed_port())
    controller.start()
    yield mailbox, controller.port
    controller.stop()


@pytest.fixture
def matrix() -> Iterator[HttpServer]:
    """A stand-in that says yes to everything a homeserver is asked."""
    with http_server() as server:
        server.answer = b'{"user_id": "@watch:example.org", "room_id": "!room:example.org",'
        server.answer += b' "event_id": "$1"}'
        yield server


def mail_url(port: int, query: str = "") -> str:
    return (
        f"mailto://127.0.0.1:{port}?from=watch@example.org&to=ops@example.org"
        f"&smtp=127.0.0.1&mode=insecure{query}"
    )


def matrix_url(server: HttpServer) -> str:
    return f"matrix://{TOKEN}@127.0.0.1:{server.port}/!room:example.org"


def lines_of(part: Any) -> str:
    """Return a part's text with the line ends of the wire made ours."""
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def only(url: str) -> Destination:
    (destination,) = read_destinations([url], None)
    return destination


def attempt(
    destination: Destination, body: str = BODY, subject: str = "lan: telnet", entry_id: int = 7
) -> Delivery:
    message = Message(subject, body, destination.format)
    return send(destination, Parcel(message, entry_id, 3, "lan"))


# Reading


@pytest.mark.parametrize(
    ("url", "key", "format", "budget"),
    [
        (mail_url(25), "mail to ops@example.org", Format.HTML, 200_000),
        (mail_url(25, "&format=text"), "mail to ops@example.org", Format.TEXT, 200_000),
        (f"matrixs://{TOKEN}@m.org/!r:m.org", "matrix !r:m.org", Format.HTML, 12_000),
        ("slack://xoxb-1234-1234-abc124/#ops", "slack #ops", Format.TEXT, 3_000),
        (f"slack://{HOOK}", "slack", Format.TEXT, 3_000),
        (f"slack://{HOOK}?format=markdown", "slack", Format.TEXT, 3_000),
        (f"https://hooks.slack.com/services/{HOOK}", "slack", Format.TEXT, 3_000),
        ("json://127.0.0.1:8/secret", "json", Format.TEXT, 30_000),
        ("ntfy://topic-secret?format=markdown", "ntfy", Format.MARKDOWN, 7_800),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram", Format.TEXT, 3_896),
    ],
    ids=[
        *(
            "mail",
            "mail as text",
            "matrix",
            "slack bot",
            "slack webhook",
            "slack asked for markdown",
        ),
        *("slack's own URL", "json", "ntfy in markdown", "telegram, subject in the body"),
    ],
)
def test_a_url_becomes_a_destination(url: str, key: str, format: Format, budget: int) -> None:  # noqa: A002
    found = only(url)
    assert (found.key, found.url, found.format, found.budget) == (key, url, format, budget)


def test_equal_targets_are_numbered() -> None:
    urls = ["json://127.0.0.1/a", "json://127.0.0.1/b", "json://127.0.0.1/c"]

    keys = [destination.key for destination in read_destinations(urls, None)]

    assert keys == ["json", "json (2)", "json (3)"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("matrix://t0ken-s3cret@m.example.org/!r:m.example.org", "use matrixs://"),
        ("matrixs://t0ken-s3cret@m.example.org/?mode=off", "it names no room"),
        ("matrixs://t0ken-s3cret@m.example.org/%23alias", "rooms by id only"),
        ("matrixs://t0ken-s3cret@m.example.org/@user:m.example.org", "rooms by id only"),
        ("matrixs://t0ken-s3cret@m.example.org/!a:m.org/!b:m.org", "names 2 targets"),
        ("mailto://u:s3cret@example.org?to=a@example.org,b@example.org", "names 2 targets"),
        ("mailto://u:s3cret@example.org?to=a@example.org&cc=b@example.org", "cc and bcc"),
        ("mailto://u:s3cret@example.org?to=a@example.org&bcc=b@example.org", "cc and bcc"),
        ("mailto://u:s3cret@example.org?to=nonsense", "cannot be used"),
        (f"slack://{HOOK}?template=/s3cret.json", "template"),
        ("json://u:s3cret@example.org?optional=yes", "optional=yes"),
        ("slack://s3cret-token/wrong", "cannot be used"),
        ("mailot://u:s3cret@example.org", "cannot be used: apprise knows no such URL"),
        ("s3cret-token-alone", "(no schema): cannot be used"),
    ],
)
def test_a_url_that_would_lie_is_refused_by_its_place_alone(
    url: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(UsageError) as raised:
        read_destinations(["json://127.0.0.1/a", url], None)

    text = str(raised.value)
    schema = url.partition("://")[0] if "://" in url else "no schema"
    assert text.startswith(f"NETWATCH_NOTIFY, 2nd URL ({schema}): ")
    assert words in text
    assert "s3cret" not in text + caplog.text
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_text_file_is_read_whole(tmp_path: Path) -> None:
    config = tmp_path / "apprise.conf"
    config.write_text(f"# ours\nops={mail_url(25)}\n\njson://127.0.0.1/a\n")

    destinations = read_destinations([], config)

    assert [destination.key for destination in destinations] == ["mail to ops@example.org", "json"]
    assert destinations[0].url == mail_url(25)


def test_a_yaml_file_is_read_whole(tmp_path: Path) -> None:
    config = tmp_path / "apprise.yml"
    config.write_text(
        "version: 1\n# urls: here\nurls:\n"
        "  - mailto://u:p%40ss@example.org?smtp=mail.example.org:\n"
        "      - to: a@example.org\n      - to: b@example.org\n"
        "  # - json://127.0.0.1/off\n\n"
        "  - json://127.0.0.1/a\n"
        "groups:\n  - all: ops\n  - day: ops\n  - night: ops\n"
    )

    destinations = read_destinations([], config)

    keys = [destination.key for destination in destinations]
    assert keys == ["mail to a@example.org", "mail to b@example.org", "json"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text", "json://127.0.0.1/a\nslack://s3cret/x\n", "line 2"),
        ("text", "json://127.0.0.1/a\nmailot://s3cret@x.org\n", "1 of 2"),
        ("text", "json://127.0.0.1/a\n!!s3cret\n", "line 2"),
        ("text", "json://127.0.0.1/a\ninclude /etc/s3cret.conf\n", "includes are not followed"),
        ("text", "json://127.0.0.1/a\n1:ops=json://127.0.0.1/s3cret\n", "line 2 (json): a tag"),
        ("text", "# nothing\n", "0 of"),
        ("yaml", "urls:\n  - json://127.0.0.1/a\n  - mailot://s3cret@x.org\n", "1 of 2"),
        ("yaml", "urls:\n  - json://127.0.0.1/a\n  - slack://s3cret/x\n", "entry 2"),
        ("yaml", "urls:\n  - json://h/a:\n      - tag: 1:s3cret\n", "1st service (json): a tag"),
        ("yaml", "urls: [json://127.0.0.1/s3cret\n", "0 of"),
    ],
)
def test_a_file_that_loads_in_part_is_refused(
    tmp_path: Path, name: str, content: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / f"apprise.{name}"
    config.write_text(content)

    with caplog.at_level(logging.DEBUG), pytest.raises(UsageError) as raised:
        read_destinations([], config)

    assert str(raised.value).startswith("NETWATCH_APPRISE_CONFIG")
    assert words in str(raised.value)
    assert "s3cret" not in str(raised.value) + caplog.text


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_destinations([], tmp_path / "none.conf")


# Mail


def test_html_mail_arrives_with_a_readable_text_part(mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    body = (
        "<p><b>TO CHECK</b></p>\n"
        "<pre>+ nas (192.0.2.10): 8443/tcp opened\n"
        "  nginx &lt;1.22.1&gt;                  [0b9e]</pre>\n"
        "<p>Scan complete.</p>"
    )

    outcome = attempt(only(mail_url(port)), body, "lan: nas · 8443\nBcc: x@example.org")

    assert outcome == Delivery(True)
    (message,) = mailbox.messages
    assert mailbox.recipients == [["ops@example.org"]]
    assert message.get_content_type() == "multipart/alternative"
    text, markup = message.iter_parts()
    assert lines_of(text) == (
        "TO CHECK\n\n"
        "+ nas (192.0.2.10): 8443/tcp opened\n"
        "  nginx <1.22.1>                  [0b9e]\n\n"
        "Scan complete."
    )
    assert lines_of(markup) == body
    assert message["Subject"] == "lan: nas · 8443 Bcc: x@example.org"
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Netwatch-Message"] == "lan-3-7"


def test_text_mail_keeps_its_spaces(mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail

    outcome = attempt(only(mail_url(port, "&format=text")), "a <b>\n  z  y")

    assert outcome == Delivery(True)
    assert mailbox.messages[0].get_content_type() == "text/plain"
    assert lines_of(mailbox.messages[0]) == "a <b>\n  z  y"


def test_a_refused_recipient_is_told_with_the_servers_words(mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    mailbox.refusal = "550 5.1.1 <ops@example.org> is no user here"

    outcome = attempt(only(mail_url(port)))

    assert outcome == Delivery(False, "SMTP 550 5.1.1 <***@***> is no user here")


def test_a_server_without_starttls_gets_nothing(mail: tuple[Mailbox, int]) -> None:
    mailbox, port = mail
    url = mail_url(port).replace("mailto:", "mailtos:").replace("insecure", "starttls")

    outcome = attempt(only(url))

    assert outcome == Delivery(False, "the server offers no STARTTLS")
    assert mailbox.messages == []


@pytest.mark.parametrize(
    "url",
    [
        "mailto://127.0.0.1:{port}?from=watch@example.org&to=ops@example.org&mode=insecure",
        "json://u:s3cret@127.0.0.1:{port}/path-s3cret",
        "matrix://s3cret@127.0.0.1:{port}/!room:example.org",
    ],
    ids=["mail", "json", "matrix"],
)
def test_nobody_there_is_told_without_the_url(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        outcome = attempt(only(url.format(port=closed_port())))

    assert outcome == Delivery(False, "connection refused")
    assert caplog.text == ""


# Matrix


def test_the_same_entry_sent_twice_is_one_event(matrix: HttpServer) -> None:
    destination = only(matrix_url(matrix))

    for entry_id in (7, 7, 8):
        assert attempt(destination, entry_id=entry_id) == Delivery(True)

    first, second, third = (path for method, path, _ in matrix.requests if method == "PUT")
    assert first == second != third
    assert first.startswith("/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/")
    assert "netwatch-7-" in first
    assert TOKEN not in repr(destination)


def test_a_new_database_that_counts_from_one_again_is_no_repetition(matrix: HttpServer) -> None:
    destination = only(matrix_url(matrix))

    attempt(destination, "<p>old</p>", entry_id=1)
    attempt(destination, "<p>new</p>", entry_id=1)

    first, second = (path for method, path, _ in matrix.requests if method == "PUT")
    assert first != second


def test_a_room_id_without_a_server_is_used_as_it_is(matrix: HttpServer) -> None:
    url = matrix_url(matrix).replace("!room:example.org", "!V12rooms-have_no_server")

    assert attempt(only(url)) == Delivery(True)
    assert any("join/%21V12rooms-have_no_server" in path for _, path, _ in matrix.requests)


def test_a_refusal_of_the_homeserver_is_told_by_its_code(matrix: HttpServer) -> None:
    destination = only(matrix_url(matrix))
    matrix.status = 403
    matrix.answer = f'{{"errcode": "M_FORBIDDEN", "error": "{TOKEN}"}}'.encode()

    assert attempt(destination) == Delivery(False, "HTTP 403 (M_FORBIDDEN)")


# Others


def test_a_redirect_is_not_followed_and_not_a_success() -> None:
    with http_server() as server:
        server.status, server.headers = 302, {"Location": f"{server.url}/elsewhere"}

        outcome = attempt(only(f"json://127.0.0.1:{server.port}/hook"))

    assert outcome == Delivery(False, "HTTP 302")
    assert [method for method, _, _ in server.requests] == ["POST"]


def test_a_drip_before_the_first_byte_of_an_answer_times_out() -> None:
    with drip_server() as port:
        outcome = attempt(only(f"json://127.0.0.1:{port}/hook?rto=0.2"))

    assert not outcome.delivered
    assert outcome.reason


def test_a_plugin_that_raises_is_a_failed_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def broken(self: NotifyJSON, **kwargs: object) -> bool:
        raise RuntimeError("json://u:s3cret@127.0.0.1/ broke")

    destination = only("json://u:s3cret@127.0.0.1/")
    monkeypatch.setattr(NotifyJSON, "send", broken)

    assert attempt(destination) == Delivery(False, "RuntimeError: json://*** broke")


def test_a_url_that_cannot_be_used_any_more_is_a_failed_delivery() -> None:
    outcome = attempt(Destination("x", "mailot://s3cret"))

    assert outcome == Delivery(
        False, "the destination's URL cannot be used; see netwatch-notify check"
    )


@pytest.mark.parametrize(
    "text",
    ["token s%40cret", "token S@CRET", "u:s@cret@host", "a HOST b", "path/s3cr3t%2Fx", "s3cr3t/x"],
)
def test_every_piece_of_a_url_is_masked_as_written_and_decoded(text: str) -> None:
    masked = mask(text, "json://u:s%40cret@host/s3cr3t%2Fx?+X-Key=val%20ue")

    for piece in ("cret", "host", "s3cr3t"):
        assert piece not in masked.lower()
