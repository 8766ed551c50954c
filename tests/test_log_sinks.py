"""Where records go, whose they are, and what they look like there."""

import io
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from netwatch_notify.log.about import about, begin_about
from netwatch_notify.log.forms import MOST_BYTES, JsonForm, ShortForm, priority
from netwatch_notify.log.secrets import SecretFilter
from netwatch_notify.log.sinks import (
    SEND_SECONDS,
    TOLD,
    Sink,
    SyslogHandler,
    choose_sink,
    handler_of,
    level_for,
)
from tests.servers.syslog import Syslog, syslog


@pytest.fixture
def service() -> Iterator[Syslog]:
    with TemporaryDirectory() as folder, syslog(Path(folder)) as running:
        yield running


HANDLERS: list[logging.Handler] = []


@pytest.fixture(autouse=True)
def everything_as_before() -> Iterator[None]:
    yield
    begin_about("")
    while HANDLERS:
        HANDLERS.pop().close()


def logger_to(handler: logging.Handler, level: int = logging.INFO) -> logging.Logger:
    """Return a logger of its own, with the filter that every handler of ours has."""
    HANDLERS.append(handler)
    handler.addFilter(SecretFilter(["json://127.0.0.1/TOKEN-that-is-secret"]))
    logger = logging.Logger("netwatch_notify.run", level)
    logger.addHandler(handler)
    return logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_syslog_is_for_where_nobody_looks_at_stderr(service: Syslog, tmp_path: Path) -> None:
    """A terminal, -v, or a machine without syslog: stderr."""
    nobody, somebody = io.StringIO(), Terminal()
    none = tmp_path / "log"

    def chosen(stream: io.StringIO, path: Path, *, verbose: bool = False) -> Sink:
        return choose_sink(stream, {}, verbose=verbose, syslog=path)

    assert chosen(nobody, service.path) is Sink.SYSLOG
    assert chosen(nobody, service.path, verbose=True) is Sink.STDERR
    assert chosen(somebody, service.path) is Sink.STDERR
    assert chosen(nobody, none) is Sink.STDERR
    none.write_text("a file, no socket")
    assert chosen(nobody, none) is Sink.STDERR


@pytest.mark.parametrize("named", ["0:0", "", "nonsense"])
def test_a_stderr_that_was_redirected_is_not_the_journal(tmp_path: Path, named: str) -> None:
    """JOURNAL_STREAM is inherited by programs whose stderr is a file."""
    with (tmp_path / "out").open("w") as stream:
        status = os.fstat(stream.fileno())
        real = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        none = tmp_path / "log"

        assert choose_sink(stream, real, verbose=False, syslog=none) is Sink.JOURNAL
        other = {"JOURNAL_STREAM": named}
        assert choose_sink(stream, other, verbose=False, syslog=none) is Sink.STDERR


@pytest.mark.parametrize(
    ("sink", "configured", "verbose", "quiet", "level"),
    [
        (Sink.STDERR, None, False, False, "warning"),
        (Sink.SYSLOG, None, False, False, "info"),
        (Sink.JOURNAL, None, False, False, "info"),
        (Sink.SYSLOG, "error", False, False, "error"),
        (Sink.STDERR, "info", False, True, "error"),
        (Sink.SYSLOG, None, False, True, "info"),
        (Sink.STDERR, "error", True, False, "debug"),
    ],
)
def test_the_level_is_that_of_the_sink(
    sink: Sink, configured: str | None, verbose: bool, quiet: bool, level: str
) -> None:
    """Syslog and the journal get each step; -q is about stderr alone."""
    assert level_for(sink, configured, verbose=verbose, quiet=quiet) == level


def test_what_people_hear_otherwise_is_not_on_stderr_as_well() -> None:
    """cron would mail it beside the message; who debugs sees it."""
    stream = io.StringIO()
    logger = logger_to(handler_of(Sink.STDERR, stream, "text"))
    logger.warning("held", extra=TOLD)
    logger.warning("disk")

    assert "held" not in stream.getvalue()
    assert "disk" in stream.getvalue()


def test_threads_and_children_belong_to_the_run(service: Syslog) -> None:
    """nmap's threads and the processes that send log under the run's number, too."""
    logger = logger_to(SyslogHandler(service.path, io.StringIO(), "text"))
    begin_about("lan")
    logger.info("before")
    with about("lan", 412):
        thread = threading.Thread(target=logger.info, args=("in a thread",))
        thread.start()
        thread.join()
        child = os.fork()
        if child == 0:
            logger.info("in a child")
            os._exit(0)
        os.waitpid(child, 0)
        with about("lan", 411):
            logger.info("of another run")
    logger.info("after")

    entries = service.entries()
    assert [entry.text for entry in entries] == [
        "lan: before",
        "lan run 412: in a thread",
        "lan run 412: in a child",
        "lan run 411: of another run",
        "lan: after",
    ]
    assert [entry.pid for entry in entries if entry.text.endswith("child")] == [child]


HOSTILE = "a\n<3>Jan  1 00:00:00 netwatch-notify[1]: forged\r\x1b[2J\u202e\u2028b\0"


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_message_makes_a_second_line(service: Syslog, form: str) -> None:
    """Nor does an exception; control characters and secrets are gone."""
    shown = HOSTILE.translate(dict.fromkeys(map(ord, "\r\x1b\u202e\u2028\0")))
    journal = io.StringIO()
    handlers = (
        SyslogHandler(service.path, io.StringIO(), form),
        handler_of(Sink.JOURNAL, journal, form),
    )
    for handler in handlers:
        try:
            raise RuntimeError(f"json://127.0.0.1/TOKEN-that-is-secret {HOSTILE}")
        except RuntimeError:
            logger_to(handler).exception("broken: %s", HOSTILE)

    (entry,) = service.entries()
    (line,) = journal.getvalue().splitlines()
    assert line.startswith("<3>{" if form == "json" else "<3>error: broken: a")
    assert entry.severity == 3
    texts = (entry.text, line.removeprefix("<3>"))
    if form == "json":
        one, other = (json.loads(text) for text in texts)
        assert one.pop("ts") <= other.pop("ts")
        assert one["message"] == other["message"] == f"broken: {shown}"
        assert "RuntimeError" in one["exc"]
    else:
        assert texts[0] == texts[1]
    assert not set("\n\r\x1b\u202e\u2028\0") & set(entry.text)
    assert "TOKEN" not in entry.text
    assert "RuntimeError" in entry.text


def test_json_says_what_text_says() -> None:
    """One object with the same keys always; what is not known is null."""
    stream = io.StringIO()
    logger = logger_to(handler_of(Sink.STDERR, stream, "json"))
    logger.warning("ünïcode %d", 3)
    with about("lan", 7):
        logger.info("second")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert stream.getvalue().isascii()
    assert first.pop("ts").endswith("+00:00")
    assert first == {
        "level": "warning",
        "logger": "netwatch_notify.run",
        "network": None,
        "run": None,
        "message": "ünïcode 3",
        "exc": None,
    }
    assert (second["network"], second["run"]) == ("lan", 7)


def record_of(message: str, exception: str = "") -> logging.LogRecord:
    record = logging.LogRecord("x", logging.ERROR, "", 0, message, None, None)
    record.exc_text = exception or None
    return record


@pytest.mark.parametrize("message", ["m" * 100_000, "\U0001f600" * 20_000, '"' * 30_000])
def test_a_long_record_stays_json(message: str) -> None:
    """It is shortened to what syslog takes, never cut in the middle of the object."""
    text = JsonForm(MOST_BYTES).format(record_of(message, "begin" + "x" * 50_000 + "the cause"))

    assert len(text) <= MOST_BYTES
    body = json.loads(text)
    assert message.startswith(body["message"])
    assert JsonForm().format(record_of(message)).count(json.dumps(message)) == 1


def test_the_end_of_a_traceback_is_kept() -> None:
    """That is where the cause stands."""
    text = JsonForm(MOST_BYTES).format(record_of("m", "begin" + "x" * 50_000 + "the cause"))

    assert json.loads(text)["exc"].endswith("the cause")


def test_priorities_are_those_of_syslog() -> None:
    """syslog(3): 7 debug, 6 info, 4 warning, 3 error, 2 critical."""
    levels = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
    assert list(map(priority, levels)) == [7, 6, 4, 3, 2]


def test_a_service_that_was_started_anew_is_found_again() -> None:
    """A restart between two records loses neither of them."""
    with TemporaryDirectory() as folder:
        handler = SyslogHandler(Path(folder, "log"), io.StringIO(), "text")
        logger = logger_to(handler)
        for _ in range(2):
            with syslog(Path(folder)) as service:
                logger.info("there")
                assert [entry.text for entry in service.entries()] == ["there"]
            Path(folder, "log").unlink()


def test_what_syslog_does_not_take_goes_to_stderr(tmp_path: Path) -> None:
    """A warning is not lost; the steps of a run are no reason for cron to mail."""
    stream = io.StringIO()
    logger = logger_to(SyslogHandler(tmp_path / "log", stream, "text"))
    logger.info("step")
    logger.warning("disk full")
    logger.warning("held", extra=TOLD)

    (line,) = stream.getvalue().splitlines()
    assert line.endswith("WARNING netwatch_notify.run: disk full")


def test_a_service_that_hangs_holds_nothing_up() -> None:
    """It is waited for once, for a second, and not again."""
    with (
        TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf,
    ):
        deaf.bind(f"{folder}/log")
        stream = io.StringIO()
        logger = logger_to(SyslogHandler(Path(folder, "log"), stream, "text"))
        started = time.monotonic()
        for number in range(1000):
            logger.warning("%d", number)

        assert time.monotonic() - started < 5 * SEND_SECONDS
        assert stream.getvalue().splitlines()[-1].endswith(" 999")


def test_the_short_form_says_how_bad_it_is_from_a_warning_on() -> None:
    """A text file of a syslog service has no priorities."""
    assert ShortForm().format(record_of("broken")) == "error: broken"
    record = record_of("step")
    record.levelno, record.levelname = logging.INFO, "INFO"
    assert ShortForm().format(record) == "step"
