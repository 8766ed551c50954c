"""Messages through the real apprise to a stand-in for Slack, and what arrived there."""

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import (
    Delivery,
    Destination,
    Format,
    Message,
    OutboxEntry,
    Parcel,
    View,
)
from netwatch_notify.report.render import render
from netwatch_notify.report.view import shorten
from tests.report import stories
from tests.servers import slack as stand_in
from tests.servers.slack import Answer, Slack, rate_limited, refused, slack_server

TOKEN = "xoxb-1234-1234-abc124s3cret"
BOT = f"slack://{TOKEN}/%23ops"
HOOK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
WEBHOOK = f"slack://{HOOK}"


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """The stand-in, reached by whatever this process sends to Slack."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with slack_server(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def destination_of(url: str) -> Destination:
    channel, loaded = open_channel(url)
    return Destination(
        channel.key(loaded),
        url,
        channel.format(loaded),
        channel.budget(loaded),
        takes_files=channel.takes_files(loaded),
    )


def attempt(
    url: str,
    *files: Path,
    view: View = stories.SAMPLE.view,
    entry_id: int = 7,
    storage: Path | None = None,
) -> Delivery:
    destination = destination_of(url)
    short = shorten(view, destination.budget, destination.format)
    message = render(short, destination.format)
    return send(destination, Parcel(message, entry_id, 412, "lan", files), storage)


def shown(payload: dict[str, Any]) -> str:
    """Return the texts of a message's blocks, a line each."""
    texts = [block.get("text") or block["elements"][0] for block in payload["blocks"]]
    return "\n".join(text["text"] for text in texts)


# What arrives


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (WEBHOOK, {"host": "hooks.slack.com", "path": f"/services/{HOOK}"}),
        (f"https://hooks.slack.com/services/{HOOK}", {"path": f"/services/{HOOK}"}),
        (f"slack://{HOOK}?mode=gov-hook", {"host": "hooks.slack-gov.com"}),
        (BOT, {"token": TOKEN}),
    ],
    ids=["webhook", "webhook as Slack writes it", "webhook of a government", "bot"],
)
def test_a_message_arrives_in_blocks_and_in_nothing_else(
    slack: Slack, url: str, where: dict[str, str]
) -> None:
    assert attempt(url) == Delivery(True)

    (message,) = slack.messages
    assert where.items() <= message.items()
    payload = message["payload"]
    rendered = json.loads(render(shorten(stories.SAMPLE.view, 9000), Format.SLACK).body)
    assert (payload["text"], payload["blocks"]) == (rendered["text"], rendered["blocks"])
    channel = {"channel"} if url == BOT else set()
    ours = {"text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media"}
    assert set(payload) == ours | channel
    assert (payload["mrkdwn"], payload["unfurl_links"], payload["unfurl_media"]) == (False,) * 3
    assert payload.get("channel", "#ops") == "#ops"
    assert len(slack.requests) == 1


def test_the_name_of_the_bot_is_kept(slack: Slack) -> None:
    assert attempt(f"slack://nmap@{HOOK}/") == Delivery(True)

    assert slack.messages[0]["payload"]["username"] == "nmap"


def test_5000_changes_and_hostile_text_are_taken(slack: Slack) -> None:
    for entry_id, story in enumerate((stories.MANY, stories.HOSTILE, stories.PROBLEMS)):
        assert attempt(WEBHOOK, view=story.view, entry_id=entry_id) == Delivery(True)

    many, hostile, _ = (shown(message["payload"]) for message in slack.messages)
    assert "FOR INFORMATION (2,500)\nnot shown here" in many
    assert "(192.168.1.66): 23/tcp" in hostile
    assert "<" not in hostile


@pytest.mark.parametrize("query", ["", "?format=markdown", "?blocks=yes", "?image=yes&footer=yes"])
def test_a_url_does_not_choose_another_form(slack: Slack, query: str) -> None:
    assert attempt(f"{WEBHOOK}/{query}") == Delivery(True)

    assert "CRITICAL" in shown(slack.messages[0]["payload"])
    assert "attachments" not in slack.messages[0]["payload"]


def test_a_workflow_gets_plain_text(slack: Slack) -> None:
    url = "https://hooks.slack.com/triggers/T1JJ3T3L2/1234567/abcdef"
    assert destination_of(url).format is Format.TEXT

    assert attempt(url) == Delivery(True)

    (message,) = slack.messages
    assert list(message["payload"]) == ["text"]
    assert "23/tcp telnet opened" in message["payload"]["text"]


def test_no_format_of_a_url_is_ours() -> None:
    with pytest.raises(UsageError):
        open_channel("json://127.0.0.1/?format=slack")


def test_only_a_bot_takes_files() -> None:
    assert destination_of(BOT).takes_files
    assert not destination_of(WEBHOOK).takes_files


# What is no success


@pytest.mark.parametrize("url", [WEBHOOK, BOT, f"{WEBHOOK}/?redirect=yes"])
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (stand_in.REDIRECT, "302"),
        (stand_in.SERVER_ERROR, "server_error"),
        (rate_limited(30), "ratelimited"),
        (refused("invalid_auth"), "invalid_auth"),
        (refused("OK_but_channel_not_found"), "channel_not_found"),
        (Answer(200, b'{"ok": "OK"}'), "200"),
        (Answer(200, b"OK"), "200"),
        (Answer(200, b""), "200"),
        (Answer(200, b"<html>OK</html>"), "200"),
        (Answer(200, b'["OK"]'), ""),
    ],
    ids=[
        *("a redirect", "500", "429", "ok:false", "ok:false with OK in it"),
        *("ok that is no truth value", "OK", "nothing", "a portal's page", "a list"),
    ],
)
def test_an_answer_that_confirms_nothing_is_no_success(
    slack: Slack, url: str, answer: Answer, word: str
) -> None:
    slack.tell(answer)

    delivery = attempt(url)

    assert not delivery.delivered
    assert word in delivery.reason
    assert slack.messages == []
    assert len(slack.requests) == 1


@pytest.mark.parametrize("url", [WEBHOOK, BOT])
def test_no_answer_is_no_success(slack: Slack, url: str) -> None:
    slack.tell(stand_in.HANG)

    delivery = attempt(f"{url}/?rto=0.2")

    assert not delivery.delivered
    assert delivery.reason


def test_too_many_messages_are_told_with_slacks_own_patience(slack: Slack) -> None:
    slack.tell(rate_limited(30))

    delivery = attempt(BOT)

    assert (delivery.permanent, delivery.retry_after_seconds) == (False, 30)


def test_a_lost_answer_is_an_uncertain_delivery(slack: Slack) -> None:
    slack.tell(stand_in.LOSE)

    delivery = attempt(WEBHOOK)

    assert (delivery.delivered, delivery.uncertain) == (False, True)
    assert len(slack.messages) == 1


def test_an_answer_that_drips_ends_at_the_deadline(slack: Slack) -> None:
    destination = destination_of(WEBHOOK)
    message = Message("lan", render(stories.SAMPLE.view, Format.SLACK).body, Format.SLACK)
    entry = OutboxEntry(7, 412, "slack", stories.SAMPLE.view, 0, stories.RUN_AT)
    slack.tell(stand_in.DRIP)
    outcomes: list[Delivery] = []

    deliver_side_by_side(
        {"slack": [entry]},
        lambda entry: send(destination, Parcel(message, entry.id, entry.run_id, "lan")),
        lambda _, delivery: outcomes.append(delivery),
        deadline_seconds=1,
    )

    assert [delivery.delivered for delivery in outcomes] == [False]
    assert slack.counts == {stand_in.WEBHOOK: 1}


def test_no_token_is_told_in_a_reason_or_a_log(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for url in (WEBHOOK, BOT):
            for answer in (refused(TOKEN), Answer(403, HOOK.encode())):
                slack.tell(answer)
                delivery = attempt(url)
                assert not delivery.delivered
                for secret in (TOKEN, *HOOK.split("/")):
                    assert secret not in delivery.reason + caplog.text


def test_the_stand_in_outlives_clients_that_make_no_sense(slack: Slack) -> None:
    connect = b"CONNECT slack.com:443 HTTP/1.1\r\n\r\n"
    for words in (
        *(b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", connect + b"no TLS"),
        *(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Le"),
    ):
        with socket.create_connection(("127.0.0.1", slack.port)) as client:
            client.sendall(words)

    assert attempt(WEBHOOK) == Delivery(True)
    assert len(slack.requests) == 1


# The whole report


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report at a path that apprise would take for another one."""
    folder = tmp_path / "~ 100%25?a=b"
    folder.mkdir()
    path = folder / "report.txt"
    path.write_text("nginx 1.22.1 → 1.22.2\n" * 1000, encoding="utf-8")
    return path


def test_a_bot_uploads_the_report_beneath_the_message(slack: Slack, report: Path) -> None:
    assert attempt(BOT, report) == Delivery(True)

    (file,) = slack.files
    assert (file.name, file.title) == ("netwatch-lan-412.txt", "netwatch-lan-412.txt")
    assert file.channel == "C0STANDIN"
    assert file.content == report.read_bytes()
    assert len(slack.messages) == 1


def test_a_bot_uploads_several_reports(slack: Slack, report: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("other")

    assert attempt(BOT, report, other) == Delivery(True)

    names = [file.name for file in slack.files]
    assert names == ["netwatch-lan-412.txt", "netwatch-lan-412-2.txt"]
    assert len(slack.messages) == 1


def test_a_webhook_gets_no_file_and_no_warning(
    slack: Slack, report: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert attempt(WEBHOOK, report) == Delivery(True)

    assert slack.files == []
    assert caplog.text == ""


@pytest.mark.parametrize("endpoint", [stand_in.UPLOAD_URL, stand_in.UPLOAD, stand_in.COMPLETE])
@pytest.mark.parametrize(
    "answer",
    [refused("missing_scope"), stand_in.SERVER_ERROR, stand_in.HANG, Answer(200, b'["OK"]')],
    ids=["refused", "500", "a hang", "a list"],
)
def test_a_message_whose_upload_failed_is_delivered_and_not_posted_again(
    slack: Slack,
    report: Path,
    tmp_path: Path,
    endpoint: str,
    answer: Answer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slack.tell(answer, endpoint)

    assert attempt(f"{BOT}?rto=0.2", report) == Delivery(True)

    assert len(slack.messages) == 1
    assert slack.files == []
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "WARNING",
        "slack #ops: the message was posted, but not the file with the whole report",
    )


def test_a_report_that_is_gone_costs_no_message(
    slack: Slack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert attempt(BOT, tmp_path / "gone.txt") == Delivery(True)

    assert len(slack.messages) == 1
    assert "but not the file" in caplog.text


@pytest.mark.parametrize("url", [WEBHOOK, BOT])
def test_a_message_that_failed_is_not_taken_for_posted(
    slack: Slack, report: Path, tmp_path: Path, url: str
) -> None:
    slack.tell(refused("ratelimited"))
    assert not attempt(url, report, storage=tmp_path).delivered
    slack.tell(stand_in.OK)

    assert attempt(url, report, storage=tmp_path) == Delivery(True)

    assert len(slack.messages) == 1


@pytest.mark.parametrize("url", [WEBHOOK, BOT])
def test_what_was_posted_is_not_posted_by_a_later_attempt(
    slack: Slack, report: Path, tmp_path: Path, url: str
) -> None:
    """As after a kill in the upload, or before our record."""
    for entry_id in (7, 7, 8):
        assert attempt(url, report, entry_id=entry_id, storage=tmp_path) == Delivery(True)
    attempt(url, report, view=stories.QUIET.view, entry_id=7, storage=tmp_path)

    assert len(slack.messages) == 3


def test_a_sender_that_ends_in_a_dripping_upload_posts_once(
    slack: Slack, report: Path, tmp_path: Path
) -> None:
    destination = destination_of(BOT)
    message = render(stories.SAMPLE.view, Format.SLACK)
    entry = OutboxEntry(7, 412, "slack", stories.SAMPLE.view, 0, stories.RUN_AT)
    slack.tell(stand_in.DRIP, stand_in.UPLOAD)
    outcomes: list[Delivery] = []

    for deadline_seconds in (1.5, 5):
        deliver_side_by_side(
            {"slack": [entry]},
            lambda entry: send(
                destination, Parcel(message, entry.id, entry.run_id, "lan", (report,)), tmp_path
            ),
            lambda _, delivery: outcomes.append(delivery),
            deadline_seconds=deadline_seconds,
        )

    assert [delivery.delivered for delivery in outcomes] == [False, True]
    assert len(slack.messages) == 1
