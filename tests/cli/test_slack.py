"""The program, as cron starts it, with a Slack webhook or bot for its destination."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Program
from tests.servers.slack import POST, Slack, refused, slack_server

WEBHOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
BOT = "slack://xoxb-1234-1234-abc124/%23ops"


@pytest.fixture
def slack(program: Program) -> Iterator[Slack]:
    """A stand-in that the program takes for Slack."""
    with slack_server(program.folder) as server:
        program.environment |= {"NETWATCH_NOTIFY": WEBHOOK, **server.environment}
        yield server


def shown(message: dict[str, Any]) -> str:
    """Return the texts of a message's blocks, a line each."""
    texts = [block.get("text") or block["elements"][0] for block in message["payload"]["blocks"]]
    return "\n".join(text["text"] for text in texts)


def test_a_webhook_gets_the_message_once(program: Program, slack: Slack) -> None:
    program.network({"192.0.2.1": [22]})
    result = program.run()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    program.network({"192.0.2.1": [22, 23]})
    assert program.run().returncode == 0

    first, second = slack.messages
    assert "first scan, 1 host known" in first["payload"]["text"]
    assert "CRITICAL\n! 192.0.2.1: 23/tcp" in shown(second)


def test_a_bot_that_is_not_in_the_channel_is_told_by_slacks_own_word(
    program: Program, slack: Slack
) -> None:
    program.environment["NETWATCH_NOTIFY"] = BOT
    program.network({"192.0.2.1": [22]})
    slack.tell(refused("not_in_channel"), POST)

    result = program.run()

    assert result.returncode == 4
    assert "slack #ops: not delivered" in result.stderr
    assert "Slack says not_in_channel" in result.stderr
    assert slack.counts == {POST: 1}


def test_a_dry_run_shows_the_blocks_and_posts_nothing(program: Program, slack: Slack) -> None:
    program.network({"192.0.2.1": [22]})

    result = program.run("--dry-run")

    head, _, body = result.stdout.partition("To: slack (slack)\n")
    assert "nmap commands:" in head
    assert json.loads(body[body.index("{") :])["blocks"][0]["type"] == "header"
    assert slack.requests == []


def test_a_bot_gets_the_whole_report_of_a_message_that_was_shortened(
    program: Program, slack: Slack
) -> None:
    program.environment["NETWATCH_NOTIFY"] = BOT
    hosts = {f"192.0.2.{n}": [22] for n in range(1, 41)}
    program.network(hosts)
    assert program.run().returncode == 0
    new = ([300 + 10 * n + more for more in range(5)] for n in range(40))
    program.network({address: [22, *ports] for address, ports in zip(hosts, new, strict=True)})

    result = program.run()

    assert (result.returncode, result.stderr) == (0, "")
    (report,) = slack.files
    assert "192.0.2.40: 694/tcp" in report.content.decode()
    assert "192.0.2.40: 694/tcp" not in shown(slack.messages[-1])
