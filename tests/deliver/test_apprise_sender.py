"""Reading destinations, and sending through the real apprise to servers on loopback."""

import logging
from pathlib import Path

import pytest

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.deliver.reasons import mask
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Delivery, Destination, Format, Message, Parcel
from tests.deliver.servers import closed_port, drip_server, http_server

TOKEN = "syt_c2VjcmV0_QUFBQUFBQUFB"
HOOK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
BODY = "<p>a &lt;b&gt;</p><pre>x  y\n  z</pre>"


def mail_url(port: int, query: str = "") -> str:
    return (
        f"mailto://127.0.0.1:{port}?from=watch@example.org&to=ops@example.org"
        f"&smtp=127.0.0.1&mode=insecure{query}"
    )


def only(url: str) -> Destination:
    (destination,) = read_destinations([url], None, "lan")
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
        (mail_url(25), "mail to ops@example.org", Format.HTML, 48_000),
        (mail_url(25, "&format=text"), "mail to ops@example.org", Format.TEXT, 48_000),
        (f"matrixs://{TOKEN}@m.org/!r:m.org", "matrix !r:m.org", Format.HTML, 10_000),
        ("slack://xoxb-1234-1234-abc124/#ops", "slack #ops", Format.SLACK, 9_000),
        (f"slack://{HOOK}", "slack", Format.SLACK, 9_000),
        (f"slack://{HOOK}?format=markdown", "slack", Format.SLACK, 9_000),
        (f"https://hooks.slack.com/services/{HOOK}", "slack", Format.SLACK, 9_000),
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

    keys = [destination.key for destination in read_destinations(urls, None, "lan")]

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
        read_destinations(["json://127.0.0.1/a", url], None, "lan")

    text = str(raised.value)
    schema = url.partition("://")[0] if "://" in url else "no schema"
    assert text.startswith(f"NETWATCH_NOTIFY, 2nd URL ({schema}): ")
    assert words in text
    assert "s3cret" not in text + caplog.text
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_text_file_is_read_whole(tmp_path: Path) -> None:
    config = tmp_path / "apprise.conf"
    config.write_text(f"# ours\ncritical,network:lan={mail_url(25)}\n\njson://127.0.0.1/a\n")

    destinations = read_destinations([], config, "lan")

    assert [destination.key for destination in destinations] == ["mail to ops@example.org", "json"]
    assert destinations[0].url == mail_url(25)
    assert destinations[0].tags == {"critical"}
    assert [d.key for d in read_destinations([], config, "dmz")] == ["json"]


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

    destinations = read_destinations([], config, "lan")

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
        read_destinations([], config, "lan")

    assert str(raised.value).startswith("NETWATCH_APPRISE_CONFIG")
    assert words in str(raised.value)
    assert "s3cret" not in str(raised.value) + caplog.text


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_destinations([], tmp_path / "none.conf", "lan")


# Nobody there


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


# Others


def test_a_redirect_is_not_followed_and_not_a_success() -> None:
    with http_server() as server:
        server.status, server.headers = 302, {"Location": f"{server.url}/elsewhere"}

        outcome = attempt(only(f"json://127.0.0.1:{server.port}/hook"))

    assert outcome == Delivery(False, "HTTP 302", permanent=True)
    assert [method for method, _, _ in server.requests] == ["POST"]


def test_a_drip_before_the_first_byte_of_an_answer_times_out() -> None:
    with drip_server() as port:
        outcome = attempt(only(f"json://127.0.0.1:{port}/hook?rto=0.2"))

    assert outcome == Delivery(False, "timed out", uncertain=True)


def test_a_plugin_that_raises_is_a_failed_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def broken(self: NotifyJSON, **kwargs: object) -> bool:
        raise RuntimeError("json://u:s3cret@127.0.0.1/ broke")

    destination = only("json://u:s3cret@127.0.0.1/")
    monkeypatch.setattr(NotifyJSON, "send", broken)

    outcome = attempt(destination)

    assert outcome == Delivery(False, "RuntimeError: json://*** broke", uncertain=True)


def test_a_url_that_cannot_be_used_any_more_is_a_failed_delivery() -> None:
    outcome = attempt(Destination("x", "mailot://s3cret"))

    reason = "the destination's URL cannot be used; see netwatch-notify check"
    assert outcome == Delivery(False, reason, permanent=True)


@pytest.mark.parametrize(
    "text",
    ["token s%40cret", "token S@CRET", "u:s@cret@host", "a HOST b", "path/s3cr3t%2Fx", "s3cr3t/x"],
)
def test_every_piece_of_a_url_is_masked_as_written_and_decoded(text: str) -> None:
    masked = mask(text, "json://u:s%40cret@host/s3cr3t%2Fx?+X-Key=val%20ue")

    for piece in ("cret", "host", "s3cr3t"):
        assert piece not in masked.lower()
