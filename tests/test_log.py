"""Logging: to one stream, from one level on, without secrets."""

import io
import logging
from collections.abc import Iterator

import apprise
import httpx
import pytest

from netwatch_notify.log.secrets import MASK, SecretFilter
from netwatch_notify.log.setup import setup_logging

TOKEN = "TIiajkdnlazkcOXrIdevi7FQ"
SLACK = f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN}/#alerts"
HEARTBEAT = "https://hc.example.org/ping/0b9e55aa-1c07-e0d4"
FOREIGN = ("apprise", "httpx", "httpcore", "urllib3")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what a test set up for the whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in FOREIGN}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for handler in handlers:
        handler.filters[:] = [f for f in handler.filters if not isinstance(f, SecretFilter)]
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_records_go_to_the_stream_from_the_level_on() -> None:
    """INFO is quiet at WARNING; a line says when, how bad, and who."""
    stream = io.StringIO()
    setup_logging("warning", stream)

    logging.getLogger("netwatch_notify.scan").info("quiet")
    logging.getLogger("netwatch_notify.scan").warning("part %d cut", 3)

    (line,) = stream.getvalue().splitlines()
    assert line.endswith(" WARNING netwatch_notify.scan: part 3 cut")


def test_a_message_is_one_line_whatever_is_in_it() -> None:
    """What a scanned host wrote cannot look like a record of ours."""
    stream = io.StringIO()
    setup_logging("info", stream)

    logging.getLogger("x").warning("banner %s", "a\n2026-01-01 00:00:00,000 ERROR x: forged")

    (line,) = stream.getvalue().splitlines()
    assert line.endswith(r" WARNING x: banner a\n2026-01-01 00:00:00,000 ERROR x: forged")


def test_setting_up_again_replaces_the_first_time() -> None:
    """The command line logs before the settings are read; no record is then written twice."""
    first, second = io.StringIO(), io.StringIO()
    setup_logging(logging.INFO, first)
    setup_logging("info", second, [SLACK])

    logging.getLogger("x").info("to %s", SLACK)

    assert first.getvalue() == ""
    assert second.getvalue().endswith(f"INFO x: to {MASK}\n")
    ours = [f for h in logging.getLogger().handlers for f in h.filters]
    assert sum(isinstance(f, SecretFilter) for f in ours) == len(logging.getLogger().handlers)


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        (SLACK, f"cannot send to {SLACK}", f"cannot send to {MASK}"),
        (SLACK, f"POST /services/T1JJ3T3L2/A1BRTD4JD/{TOKEN} 500", f"POST /services/{MASK}/"),
        (HEARTBEAT, f"GET {HEARTBEAT}/fail", f"GET {MASK}/fail"),
        (HEARTBEAT, "no answer from hc.example.org", "no answer from hc.example.org"),
        (
            "matrixs://syt_abcdefgh@matrix.example.org/!room:example.org",
            "Authorization: Bearer syt_abcdefgh at matrix.example.org",
            f"Authorization: Bearer {MASK} at matrix.example.org",
        ),
        (
            "mailtos://netwatch:p%40ssw0rd%21@mail.example.org?to=admin@example.org",
            "netwatch: p@ssw0rd! or p%40ssw0rd%21 refused",
            f"netwatch: {MASK} or {MASK} refused",
        ),
        (
            "tgram://123456789:AAH-abcdefghijkl/42",
            "https://api.telegram.org/bot123456789:AAH-abcdefghijkl/",
            f"https://api.telegram.org/bot{MASK}:{MASK}/",
        ),
        (
            "json://127.0.0.1/?token=abcdefghij&format=markdown",
            "markdown with abcdefghij",
            f"markdown with {MASK}",
        ),
        ("json://[broken/abcdefghij", "cannot read abcdefghij", f"cannot read {MASK}"),
    ],
)
def test_a_secret_and_its_pieces_are_masked(secret: str, text: str, masked: str) -> None:
    """Whole URLs and their tokens are masked; host names and common words stay readable."""
    assert SecretFilter([secret]).masked(text).startswith(masked)


def test_the_longer_secret_is_masked_first() -> None:
    """A token inside a URL does not leave the rest of the URL standing."""
    secrets = [TOKEN, f"json://127.0.0.1/hidden/{TOKEN}/tail"]

    assert SecretFilter(secrets).masked(f"to {secrets[1]}.") == f"to {MASK}."


def test_no_secrets_mask_nothing() -> None:
    """An empty list, or an empty string in it, leaves text alone."""
    assert SecretFilter([]).masked("plain") == "plain"
    assert SecretFilter([""]).masked("plain") == "plain"


def test_a_secret_in_an_exception_or_stack_is_masked() -> None:
    """Tracebacks of a library quote URLs; the handler never writes them."""
    stream = io.StringIO()
    setup_logging("info", stream, [HEARTBEAT])
    logger = logging.getLogger("netwatch_notify.deliver")

    try:
        raise RuntimeError(f"refused: {HEARTBEAT}")
    except RuntimeError:
        logger.exception("ping failed")
    logger.warning("here", stack_info=True)

    written = stream.getvalue()
    assert f"RuntimeError: refused: {MASK}" in written
    assert "0b9e55aa" not in written
    assert "Stack (most recent call last)" in written


def test_a_terminal_escape_in_a_record_is_dropped() -> None:
    """A scanned host cannot colour, clear or reverse the administrator's terminal."""
    stream = io.StringIO()
    setup_logging("info", stream)

    logging.getLogger("x").warning("banner %s", "\x1b[2Jev\u202eil\r")

    assert stream.getvalue().endswith("banner [2Jevil\n")


# apprise's mail plugin looks for imghdr when it is loaded (Python 3.11 and 3.12).
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("level", ["info", "debug"])
def test_apprise_never_logs_at_debug(level: str) -> None:
    """apprise's DEBUG prints the whole URL and body, so it stays off however loud we are."""
    stream = io.StringIO()
    setup_logging(level, stream)

    # A real send, refused at once: nothing listens on port 1.
    apprise.Apprise([f"json://127.0.0.1:1/{TOKEN}?retry=0"]).notify("private body")

    assert not logging.getLogger("apprise").isEnabledFor(logging.DEBUG)
    assert "private body" not in stream.getvalue()
    assert "apprise: " in stream.getvalue()


@pytest.mark.parametrize(("level", "requests"), [("info", 0), ("debug", 1)])
def test_requests_are_logged_at_debug_only_and_masked(level: str, requests: int) -> None:
    """httpx tells every request at INFO, with its URL; we see it only when debugging."""
    stream = io.StringIO()
    setup_logging(level, stream, [HEARTBEAT])
    transport = httpx.MockTransport(lambda _: httpx.Response(200))

    with httpx.Client(transport=transport) as client:
        client.get(HEARTBEAT)

    assert stream.getvalue().count("HTTP Request: GET ***") == requests
    assert "0b9e55aa" not in stream.getvalue()
