"""Outbox, digests, SEND_AT, routing, HOOK: the whole program against servers on loopback."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.deliver.servers import (
    HttpServer,
    closed_port,
    drip_server,
    eventually,
    http_server,
)

ONE, TWO = {"192.0.2.1": [22]}, {"192.0.2.1": [22], "192.0.2.2": [22]}
RISKY = {"192.0.2.1": [22, 23], "192.0.2.2": [22]}


class Channel:
    """One destination of the program, and what arrived there."""

    def __init__(self, server: HttpServer, query: str = "") -> None:
        self.server = server
        self.url = f"{server.url.replace('http', 'json')}/s3cret-token{query}"

    @property
    def messages(self) -> list[dict[str, str]]:
        return [json.loads(body) for _, _, body in self.server.requests]

    @property
    def subjects(self) -> list[str]:
        return [message["title"] for message in self.messages]


@pytest.fixture
def channel() -> Iterator[Channel]:
    with http_server() as server:
        yield Channel(server)


@pytest.fixture
def other() -> Iterator[Channel]:
    with http_server() as server:
        yield Channel(server)


def query(program: Program, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(program.state / "netwatch.db")) as database:
        rows = database.execute(sql).fetchall()
        database.commit()
    return rows


def outbox(program: Program) -> list[dict[str, object]]:
    listed = json.loads(program.run("outbox", "list", "--json").stdout)
    rows: list[dict[str, object]] = listed["messages"]
    return rows


def age(program: Program, days: float) -> None:
    """So many days ago, all of it."""
    for table, column in (("outbox", "created_at"), ("outbox", "failing_since")):
        for row_id, at in query(program, f"SELECT id, {column} FROM {table}"):  # noqa: S608
            if isinstance(at, str):
                then = (datetime.fromisoformat(at) - timedelta(days=days)).isoformat()
                query(program, f"UPDATE {table} SET {column} = '{then}' WHERE id = {row_id}")  # noqa: S608
    due_now(program)


def due_now(program: Program) -> None:
    query(program, "UPDATE outbox SET due_at = 0, asked_until = 0")


def test_what_could_not_be_sent_backs_off_and_arrives_as_one_digest(
    program: Program, channel: Channel
) -> None:
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status = 500
    for network in (ONE, TWO, RISKY):
        program.network(network)
        result = program.run()
        assert result.returncode == 4
        assert "json: not delivered" in result.stderr
        assert "s3cret" not in result.stderr
    channel.server.status = 200
    assert len(channel.server.requests) == 3
    (row,) = outbox(program)
    assert (row["runs"], row["attempts"], row["state"]) == ([1, 2, 3], 3, "waiting")
    quiet = program.run("deliver")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert len(channel.server.requests) == 3
    said = program.run("outbox", "retry", "--all")
    assert said.stdout == "1 message due now; netwatch-notify deliver sends\n"
    assert program.run("deliver").returncode == 0
    message = channel.messages[-1]
    assert "3 messages, 23/tcp open on 192.0.2.1" in message["title"]
    text = message["message"]
    assert text.index("first scan") < text.index("new device 192.0.2.2") < text.index("23/tcp")
    assert outbox(program) == []
    assert program.run("deliver").returncode == 0
    assert len(channel.server.requests) == 4


def test_a_permanent_failure_stops_and_others_hear_of_it(
    program: Program, channel: Channel, other: Channel
) -> None:
    program.environment["NETWATCH_NOTIFY"] = f"{channel.url} {other.url}"
    channel.server.status = 403
    program.network(ONE)
    result = program.run()
    assert result.returncode == 4
    assert "json: not delivered, and not tried again: HTTP 403" in result.stderr
    assert program.run("deliver").returncode == 0
    assert len(channel.server.requests) == 1
    checked = program.run("check")
    assert checked.returncode == 2
    assert "failed   outbox: json: 1 message not delivered" in checked.stdout
    assert program.run().returncode == 4
    assert len(other.messages) == 2
    assert "PROBLEM: json: messages do not arrive" in other.messages[1]["message"]
    assert len(channel.server.requests) == 1


def test_a_renewed_token_delivers_what_failed_under_the_old_one(
    program: Program, channel: Channel
) -> None:
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status = 403
    program.network(ONE)
    assert program.run().returncode == 4
    channel.server.status = 200
    assert program.run("deliver").returncode == 0
    assert len(channel.server.requests) == 1
    renewed = channel.url.replace("s3cret-token", "another")
    assert program.run("deliver", NETWATCH_NOTIFY=renewed).returncode == 0
    assert [path for _, path, _ in channel.server.requests] == ["/s3cret-token", "/another"]
    assert outbox(program) == []


def test_a_message_that_gets_through_brings_back_what_failed_before(
    program: Program, channel: Channel
) -> None:
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status = 404
    program.network(ONE)
    assert program.run().returncode == 4
    channel.server.status = 200
    program.network(TWO)
    assert program.run().returncode == 0
    assert "new device" in channel.subjects[-1]
    assert program.run("deliver").returncode == 0
    assert "first scan" in channel.subjects[-1]
    assert len(channel.server.requests) == 3


def test_what_is_too_old_is_given_up_and_told(
    program: Program, channel: Channel, other: Channel
) -> None:
    program.environment["NETWATCH_NOTIFY"] = f"{channel.url} {other.url}"
    channel.server.status = 500
    program.network(ONE)
    assert program.run().returncode == 4
    age(program, 3.1)
    result = program.run("deliver")
    assert result.returncode == 4
    assert "json: given up: HTTP 500" in result.stderr
    assert [row["state"] for row in outbox(program)] == ["given-up"]
    channel.server.status = 200
    program.network(TWO)
    assert program.run().returncode == 0
    for heard in (channel, other):
        assert "to json was given up" in heard.messages[-1]["message"]
        assert "netwatch-notify show 1" in heard.messages[-1]["message"]
    program.network(RISKY)
    assert program.run().returncode == 0
    assert "given up" not in other.messages[-1]["message"]


def test_a_destination_that_was_taken_out_gives_its_message_up_visibly(
    program: Program, channel: Channel
) -> None:
    program.network(ONE)
    dead = f"mailto://127.0.0.1:{closed_port()}?from=a@example.org&to=ops@example.org&mode=insecure"
    assert program.run(NETWATCH_NOTIFY=dead).returncode == 4
    program.network(TWO)
    result = program.run(NETWATCH_NOTIFY=channel.url)
    assert result.returncode == 4
    assert "mail to ops@example.org: given up: the destination is not configured" in result.stderr
    program.network(RISKY)
    assert program.run(NETWATCH_NOTIFY=channel.url).returncode == 0
    assert "mail to ops" in channel.messages[-1]["message"]


def test_retry_after_is_honoured(program: Program, channel: Channel) -> None:
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status, channel.server.headers = 429, {"Retry-After": "5000"}
    program.network(ONE)
    assert program.run().returncode == 4
    program.network(TWO)
    assert program.run().returncode == 4
    assert len(channel.server.requests) == 1


def test_a_dead_destination_delays_no_other(program: Program, other: Channel) -> None:
    dead = f"json://127.0.0.1:{closed_port()}/x"
    program.environment["NETWATCH_NOTIFY"] = f"{dead} {other.url}"
    program.network(ONE)
    assert program.run().returncode == 4
    assert len(other.messages) == 1
    query(program, "UPDATE outbox SET due_at = 0")
    assert program.run("deliver").returncode == 4
    assert len(other.messages) == 1


def test_many_deliver_at_once_send_each_message_once(program: Program, channel: Channel) -> None:
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status = 500
    program.network(ONE)
    program.run()
    channel.server.status = 200
    due_now(program)
    running = [
        subprocess.Popen(program.command("deliver"), env=program.environment) for _ in range(8)
    ]
    assert [process.wait(60) for process in running] == [0] * 8
    assert len(channel.server.requests) == 2


def test_a_run_that_is_ended_while_it_sends_has_told_what_it_had_to_tell(program: Program) -> None:
    program.network(ONE)
    with drip_server() as port:
        program.environment["NETWATCH_NOTIFY"] = f"json://127.0.0.1:{port}/x"
        running = subprocess.Popen(program.command("run"), env=program.environment)
        claimed = "SELECT 1 FROM outbox WHERE lease_until > 0"
        # The lock is taken when the database has its tables.
        lock = program.state / "lock"
        assert eventually(lambda: lock.exists() and query(program, claimed), 30)
        running.terminate()
        assert running.wait(30) == 3
    with http_server() as server:
        program.environment["NETWATCH_NOTIFY"] = f"json://127.0.0.1:{server.port}/x"
        assert program.run().returncode == 0
        due_now(program)
        assert program.run("deliver").returncode == 0
        (message,) = Channel(server).messages
    assert "first scan" in message["title"]
    assert "interrupted" not in message["message"]


def test_a_problem_that_nobody_may_hear_makes_no_message(
    program: Program, channel: Channel
) -> None:
    """The only destination does not hear that it does not work; the quiet week is still counted."""
    program.environment["NETWATCH_NOTIFY"] = channel.url
    channel.server.status = 403
    program.network(ONE)
    assert program.run().returncode == 4
    assert program.run().returncode == 4
    assert program.run().returncode == 4
    assert len(channel.server.requests) == 1
    assert len(outbox(program)) == 1


# SEND_AT and URGENT


def in_an_hour() -> str:
    return f"{datetime.now() + timedelta(hours=1):%H:%M}"  # noqa: DTZ005  # SEND_AT is local


def test_a_message_waits_for_its_time_and_is_no_failure(program: Program, channel: Channel) -> None:
    program.environment |= {"NETWATCH_NOTIFY": channel.url, "NETWATCH_SEND_AT": in_an_hour()}
    program.network(ONE)
    result = program.run()
    assert (result.returncode, result.stderr) == (0, "")
    assert channel.messages == []
    assert program.run("deliver").returncode == 0
    assert channel.messages == []
    assert program.run("check", NETWATCH_TARGETS="127.0.0.0/24").returncode == 0
    query(program, "UPDATE outbox SET held_until = 1")
    assert program.run("deliver").returncode == 0
    assert len(channel.messages) == 1


@pytest.mark.parametrize(
    ("urgent", "network", "waits"),
    [
        ("critical", TWO, True),
        ("critical", RISKY, False),
        ("warning", TWO, False),
        ("never", RISKY, True),
    ],
)
def test_what_is_urgent_does_not_wait(
    program: Program, channel: Channel, urgent: str, network: dict[str, list[int]], waits: bool
) -> None:
    program.environment |= {"NETWATCH_NOTIFY": channel.url, "NETWATCH_URGENT": urgent}
    program.network(ONE)
    program.run()
    program.network(network)
    preview = program.run("--dry-run", NETWATCH_SEND_AT=in_an_hour())
    assert ("(leaves " in preview.stdout) is waits
    assert program.run(NETWATCH_SEND_AT=in_an_hour()).returncode == 0
    assert len(channel.messages) == (1 if waits else 2)


# Routing


def test_each_hears_of_what_it_is_tagged_with(
    program: Program, channel: Channel, other: Channel
) -> None:
    with http_server() as third, http_server() as fourth:
        elsewhere, broken = Channel(third), Channel(fourth)
        program.environment["NETWATCH_NOTIFY"] = " ".join(
            (
                f"critical={channel.url}",
                f"warning,info,network:lan={other.url}",
                f"network:dmz={elsewhere.url}",
                f"problem={broken.url}",
            )
        )
        program.network(ONE)
        assert program.run().returncode == 0
        program.network(RISKY)
        assert program.run().returncode == 0
        program.network(RISKY, fast={"exit": 1})
        assert program.run().returncode == 3
    assert [len(c.messages) for c in (channel, other, elsewhere, broken)] == [1, 2, 0, 1]
    assert "23/tcp" in channel.messages[0]["message"]
    assert "new device" not in channel.messages[0]["message"]
    assert "new device 192.0.2.2" in other.messages[1]["message"]
    assert "23/tcp" not in other.messages[1]["message"]
    assert "PROBLEM" in broken.messages[0]["message"]


def test_a_file_that_others_can_read_is_named_before_the_scan(
    program: Program, channel: Channel, tmp_path: Path
) -> None:
    env_file, config = tmp_path / "net.env", tmp_path / "apprise.conf"
    env_file.write_text(f"NETWATCH_APPRISE_CONFIG={config}\n")
    config.write_text(f"{channel.url}\n")
    for path in (env_file, config):
        path.chmod(0o644)
    program.network(ONE)
    said = program.run("-v", "--env-file", str(env_file)).stderr.splitlines()
    for line, path in zip(said, (env_file, config), strict=False):
        assert f"others can read {path}, which holds secrets; chmod 600 {path}" in line
    assert "s3cret" not in "".join(said)
    assert program.run("--env-file", str(env_file)).stderr == ""
    checked = program.run("--env-file", str(env_file), "check").stdout
    assert checked.count("others can read") == 2


def test_a_tag_that_means_nothing_is_named_before_the_scan(program: Program) -> None:
    result = program.run(NETWATCH_NOTIFY="critcal=json://127.0.0.1/s3cret")
    assert result.returncode == 2
    assert "NETWATCH_NOTIFY, 1st URL (json): the tag 'critcal' means nothing here" in result.stderr
    assert "s3cret" not in result.stderr
    assert not program.state.exists()


# HOOK


def test_a_hook_gets_the_report_once_and_is_tried_again(program: Program, tmp_path: Path) -> None:
    hook = tmp_path / "hook.sh"
    hook.write_text(f'#!/bin/sh\ncd "{tmp_path}"; cat >>got; echo >>got; exit $(cat exit)\n')
    hook.chmod(0o755)
    (tmp_path / "exit").write_text("1")
    program.environment["NETWATCH_HOOK"] = str(hook)
    program.network(ONE)
    result = program.run()
    assert result.returncode == 4
    assert "hook hook.sh: not delivered: exit status 1" in result.stderr
    program.network(TWO)
    assert program.run().returncode == 4
    (tmp_path / "exit").write_text("0")
    due_now(program)
    assert program.run("deliver").returncode == 0
    decoder, text, reports = json.JSONDecoder(), (tmp_path / "got").read_text(), []
    while text.strip():
        report, end = decoder.raw_decode(text.lstrip())
        reports.append(report)
        text = text.lstrip()[end:]
    assert [report["run"]["id"] for report in reports] == [1, 1, 1, 2]
    assert reports[-1]["counts"] == {"host-new": 1}


# Standard output


def test_what_was_not_printed_is_printed_by_the_next(program: Program) -> None:
    program.network(ONE)
    full = subprocess.run(
        ["sh", "-c", '"$@" >/dev/full', "sh", *program.command("run")],
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert full.returncode != 0
    printed = program.run("deliver")
    assert printed.returncode == 0
    assert printed.stdout.startswith("Subject: lan: first scan")
    assert program.run("deliver").stdout == ""


def test_json_is_the_message_where_there_is_no_destination(program: Program) -> None:
    program.network(ONE)
    assert program.report()["run"]["id"] == 1
    assert program.run("deliver").stdout == ""
    assert outbox(program) == []


# Secrets


def test_no_secret_is_said_or_stored_however_it_fails(program: Program, channel: Channel) -> None:
    port = closed_port()
    urls = (
        channel.url,
        f"mailto://s3cret-user:s3cret-pass@127.0.0.1:{port}?from=a@example.org&to=b@example.org",
        f"matrix://s3cret-matrix-token@127.0.0.1:{port}/!room:example.org",
        f"json://s3cret-name:s3cret%40word@127.0.0.1:{port}/x?+X-Key=s3cret-header",
    )
    program.environment |= {
        "NETWATCH_NOTIFY": " ".join(urls),
        "NETWATCH_HEARTBEAT_URL": f"http://127.0.0.1:{port}/s3cret-ping",
        "NETWATCH_HOOK": "false --key s3cret-hook-word",
    }
    channel.server.status, channel.server.answer = 401, b'{"error": "bad s3cret-token"}'
    program.network(ONE)
    said = []
    for words in (["-v"], ["-v", "deliver"], ["outbox", "list"], ["-v", "check", "--send"]):
        result = program.run(*words)
        said += [result.stdout, result.stderr]
    said.append(program.run("-v", "--dry-run").stdout)
    assert "s3cret" not in "".join(said)
    for path in program.state.rglob("*"):
        if path.is_file():
            assert b"s3cret" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "url",
    [
        "slack://s3cret-a/s3cret-b",
        "mailto://u:s3cret@[::1",
        "zzz://x:s3cret@host",
        "critical=matrixs://s3cret@host/%23alias",
    ],
)
def test_a_malformed_url_is_named_by_its_place(program: Program, url: str) -> None:
    for words in (["-v"], ["-v", "deliver"], ["-v", "check", "--send"]):
        result = program.run(*words, NETWATCH_NOTIFY=f"json://127.0.0.1/a {url}")
        assert "s3cret" not in result.stdout + result.stderr
        if words != ["-v", "deliver"]:
            assert result.returncode == 2
            assert "2" in result.stdout + result.stderr


# check --send


def test_check_sends_a_marked_message_to_each_and_says_how_it_went(
    program: Program, channel: Channel
) -> None:
    dead = f"json://127.0.0.1:{closed_port()}/x"
    program.environment["NETWATCH_NOTIFY"] = f"{channel.url} {dead}"
    begun = time.monotonic()
    result = program.run("check", "--send")
    assert result.returncode == 2
    assert "ok       destination: json: took a test message" in result.stdout
    assert "failed   destination: json (2): connection refused" in result.stdout
    assert "lan: TEST, nothing happened" in channel.subjects[0]
    assert time.monotonic() - begun < 20
    assert not program.state.exists()
    assert datetime.now(UTC).year >= 2026
