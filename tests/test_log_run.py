"""A run in the log of the machine: where it goes, and that it can be followed by its number."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.deliver.servers import http_server
from tests.servers.syslog import Syslog, require_private_log, syslog

REFUSED = "json://127.0.0.1:1/TOKEN-that-is-secret"
DAEMON, WARNING, INFO = 3, 4, 6


@pytest.fixture
def service() -> Iterator[Syslog]:
    """A syslog service, in a folder with a short name."""
    require_private_log()
    with tempfile.TemporaryDirectory() as folder, syslog(Path(folder)) as running:
        yield running


def under_cron(
    program: Program, service: Syslog, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal and with the service behind `/dev/log`."""
    return subprocess.run(
        [*service.prefix(), *program.command(*arguments)],
        env={**program.environment, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def two_nights(program: Program, service: Syslog, **environment: str) -> None:
    """An inventory, then a night whose message is refused."""
    program.network({"192.0.2.1": [22]})
    assert under_cron(program, service, "run", **environment).returncode == 4
    program.network({"192.0.2.1": [22, 80]})
    refused = under_cron(program, service, "run", **environment)
    assert refused.returncode == 4
    assert refused.stderr.splitlines() == [
        "netwatch-notify: json: not delivered: connection refused"
    ]


def test_a_run_is_followed_by_its_number_to_its_delivery(program: Program, service: Syslog) -> None:
    """`grep "lan run 2:"` gives the whole path, a later delivery with run 1's message among it."""
    two_nights(program, service, NETWATCH_NOTIFY=REFUSED)
    program.run("outbox", "retry", "--all")
    with http_server() as server:
        there = f"json://127.0.0.1:{server.port}/x"
        sent = under_cron(program, service, "deliver", NETWATCH_NOTIFY=there)

    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
    entries = service.entries()
    assert {(e.facility, e.ident) for e in entries} == {(DAEMON, "netwatch-notify")}
    path = [e for e in entries if e.text.startswith("lan run 2: ")]
    steps = (
        r"run begun, netwatch-notify \S+",
        r"scanning 1 part: 192\.0\.2\.0/24",
        r"192\.0\.2\.0/24 ended properly: 1 host, \d+\.\d s",
        r"compared: 1 host up; looked at: 1 same",
        r"second look: 2 nmaps \(1 details, 1 refresh\)",
        r"second look ended, \d+\.\d s",
        r"committed: 1 change told \(1 port-opened\), 0 kept quiet, 0 problems",
        r"message for json made",
        r"warning: message 3 to json: waits: connection refused",
        r"pruned: what is older than 90 days",
        r"ended: done, exit code 4, \d+\.\d s",
        r"message 3 to json: sent",
    )
    for step, entry in zip(steps, path, strict=True):
        assert re.fullmatch(step, entry.text.removeprefix("lan run 2: "))
    run, delivery = path[0].pid, path[-1].pid
    assert [e.pid for e in path] == [run] * 11 + [delivery]
    assert run != delivery
    assert [e.severity for e in path] == [INFO] * 8 + [WARNING] + [INFO] * 3


def test_cron_has_nothing_to_mail_and_no_secret_is_written(
    program: Program, service: Syslog
) -> None:
    """A part that fails and a refused message are one line on stderr, all else is in syslog."""
    hostile = {"exit_text": "error", "errormsg": "no route\x1b[2J\nforged: line"}
    program.network({"192.0.2.1": [22]}, fast=hostile)
    broken = under_cron(program, service, "run", NETWATCH_NOTIFY=REFUSED)

    assert broken.returncode == 3
    assert len(broken.stderr.splitlines()) == 1
    entries = service.entries()
    assert any(e.severity == WARNING and "did not end properly" in e.text for e in entries)
    assert entries[-1].text.startswith("lan run 1: ended: failed, exit code 3, ")
    assert not [e for e in entries if "TOKEN" in e.text or "\n" in e.text or "\x1b" in e.text]


def test_json_is_one_object_a_datagram(program: Program, service: Syslog) -> None:
    """The same facts for machines: when, how bad, who, which run."""
    two_nights(program, service, NETWATCH_NOTIFY=REFUSED, NETWATCH_LOG_FORMAT="json")

    bodies = [json.loads(entry.text) for entry in service.entries()]
    assert {tuple(body) for body in bodies} == {
        ("ts", "level", "logger", "network", "run", "message", "exc")
    }
    assert {(body["network"], body["run"]) for body in bodies} == {("lan", 1), ("lan", 2)}
    assert all(body["ts"].endswith("+00:00") for body in bodies)


@pytest.mark.parametrize(("level", "number"), [("warning", 1), ("error", 0)])
def test_a_level_that_is_set_holds_for_syslog(
    program: Program, service: Syslog, level: str, number: int
) -> None:
    """Who wants less than each step says so."""
    program.network({"192.0.2.1": [22]})
    under_cron(program, service, "run", NETWATCH_NOTIFY=REFUSED, NETWATCH_LOG_LEVEL=level)

    assert len(service.entries()) == number


def test_what_ends_a_run_before_it_began_is_logged(program: Program, service: Syslog) -> None:
    """A state directory that cannot be used: no run has a number, and the log has the reason."""
    program.state.write_text("a file")
    result = under_cron(program, service, "run")

    assert result.returncode == 6
    (entry,) = service.entries()
    assert entry.text.startswith("lan: error: ended: ")
    assert entry.text.endswith(", exit code 6")


def test_under_systemd_each_line_begins_with_its_priority(program: Program) -> None:
    """JOURNAL_STREAM names the very pipe that stderr is."""
    program.network({"192.0.2.1": [22]})
    reading, writing = os.pipe()
    status = os.fstat(writing)
    stream = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    with os.fdopen(reading, encoding="utf-8") as journal:
        with os.fdopen(writing, "wb") as stderr:
            ended = subprocess.run(
                program.command("run"),
                env={**program.environment, **stream, "NETWATCH_NOTIFY": REFUSED},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                timeout=60,
            )
        lines = journal.read().splitlines()

    assert ended.returncode == 4
    assert lines[0].startswith(f"<{INFO}>lan run 1: run begun, ")
    assert f"<{WARNING}>lan run 1: warning: message 1 to json: waits: connection refused" in lines
    assert lines[-1] == "netwatch-notify: json: not delivered: connection refused"


def test_with_v_everything_is_on_stderr(program: Program, service: Syslog) -> None:
    """Who asks to be told more looks at stderr."""
    result = under_cron(program, service, "-v", "run")

    assert "INFO netwatch_notify.run: lan run 1: run begun" in result.stderr
    assert service.entries() == []
