"""Messages in the rooms of a real homeserver: once, readable, and never in clear by mistake."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import lxml.html
import pytest

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.channels import open_channel
from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.deliver.matrix import BUDGET
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import (
    Delivery,
    Destination,
    Format,
    Item,
    Message,
    Parcel,
    Section,
    View,
)
from netwatch_notify.report.render import render
from tests.deliver.servers import http_server
from tests.servers.matrix_reader import Reader
from tests.servers.synapse import Member, Synapse

BODY = '<p style="margin:0"><b>+</b> nas &lt;new&gt;<br>\nport 23</p>'

# What a second process does: send one message, and print how that went.
SENDER = """
import json, sys
from pathlib import Path
from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.model.message import Destination, Format, Message, Parcel
url, storage, body, entry = json.loads(sys.argv[1])
message = Message("lan: nas", body, Format.HTML)
outcome = send(Destination("room", url), Parcel(message, entry, 3, "lan"), Path(storage))
print("delivered" if outcome.delivered else outcome.reason)
"""


@pytest.fixture
def watch(synapse: Synapse, monkeypatch: pytest.MonkeyPatch) -> Member:
    """The account that messages come from."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(synapse.ca))
    return synapse.register("watch")


@pytest.fixture
def anna(synapse: Synapse) -> Member:
    """Somebody who reads them."""
    return synapse.register("anna")


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "services"
    folder.mkdir(mode=0o700)
    return folder


def plain_url(server: Synapse, room: str, who: str) -> str:
    return f"matrix://{who}@127.0.0.1:{server.http_port}/{room}"


def tls_url(server: Synapse, room: str, who: str) -> str:
    return f"matrixs://{who}@127.0.0.1:{server.https_port}/{room}"


def attempt(
    url: str,
    body: str = BODY,
    entry_id: int = 7,
    storage: Path | None = None,
    format: Format = Format.HTML,  # noqa: A002
    network: str = "lan",
) -> Delivery:
    message = Message("lan: nas", body, format)
    return send(Destination("room", url), Parcel(message, entry_id, 3, network), storage)


def start_sender(
    url: str, storage: Path, entry_id: int = 7, **environment: str
) -> subprocess.Popen[str]:
    words = json.dumps([url, str(storage), BODY, entry_id])
    return subprocess.Popen(
        [sys.executable, "-c", SENDER, words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends_of(senders: Sequence[subprocess.Popen[str]]) -> list[str]:
    ends = [sender.communicate(timeout=60) for sender in senders]
    assert [errors for _, errors in ends if errors] == []
    return [output.strip() for output, _ in ends]


# Once


def test_a_token_shows_each_entry_once(synapse: Synapse, watch: Member, anna: Member) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, watch.token)

    for entry_id in (7, 7, 8):
        assert attempt(url, entry_id=entry_id) == Delivery(True)

    assert len(synapse.events(anna, room)) == 2
    (destination,) = read_destinations([url], None, "lan")
    assert destination.knows_repetitions
    assert watch.token not in repr(destination)


def test_a_new_database_or_another_network_that_counts_from_one_is_no_repetition(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, watch.token)

    for body, network in (("<p>old</p>", "lan"), ("<p>new</p>", "lan"), ("<p>new</p>", "dmz")):
        assert attempt(url, body, entry_id=1, network=network) == Delivery(True)

    assert len(synapse.events(anna, room)) == 3


def test_a_password_shows_each_entry_once_and_leaves_one_device(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, f"{watch.name}:{watch.password}")

    for entry_id in (7, 7, 8):
        assert attempt(url, entry_id=entry_id, storage=storage) == Delivery(True)

    assert len(synapse.events(anna, room)) == 2
    assert len(synapse.devices(watch) - {watch.device}) == 1


def test_a_password_without_storage_leaves_no_device(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)

    assert attempt(plain_url(synapse, room, f"{watch.name}:{watch.password}")) == Delivery(True)

    assert synapse.devices(watch) == {watch.device}


def test_a_kept_token_that_was_revoked_is_exchanged_for_one_of_the_same_device(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    reader = Reader(synapse, anna)
    url = tls_url(synapse, room, f"{watch.name}:{watch.password}")
    assert attempt(url, storage=storage) == Delivery(True)
    (device,) = synapse.devices(watch) - {watch.device}
    synapse.call("POST", "/logout/all", watch.token, {})

    assert attempt(url, entry_id=8, storage=storage) == Delivery(True)

    assert synapse.devices(synapse.sign_in(watch)) >= {device}
    assert [message["msgtype"] for message in reader.read(room)] == ["m.notice", "m.notice"]


def test_what_is_kept_is_for_us_alone_and_holds_no_password(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    attempt(tls_url(synapse, room, f"{watch.name}:{watch.password}"), storage=storage)

    (account,) = storage.iterdir()
    assert account.stat().st_mode & 0o777 == 0o700
    kept = {path.name: path for path in account.rglob("*") if path.is_file()}
    assert all(kept[name].stat().st_mode & 0o077 == 0 for name in kept if name != "lock")
    facts = json.loads(gzip.decompress(kept["cache.psdata"].read_bytes()))
    assert {"access_token", "user_id", "device_id", "e2ee_account"} <= set(facts)
    assert watch.password not in json.dumps(facts)
    assert kept["lock"].read_bytes() == b""


# Read


@pytest.mark.parametrize(("query", "kind"), [("", "m.notice"), ("?msgtype=text", "m.text")])
def test_a_message_begins_with_its_subject_and_mentions_nobody(
    synapse: Synapse, watch: Member, anna: Member, query: str, kind: str
) -> None:
    room = synapse.create_room(anna, watch)

    assert attempt(plain_url(synapse, room, watch.token) + query) == Delivery(True)

    (event,) = synapse.events(anna, room)
    assert event["content"] == {
        "msgtype": kind,
        "m.mentions": {},
        "format": "org.matrix.custom.html",
        "formatted_body": "<p><b>lan: nas</b></p>\n<p><b>+</b> nas &lt;new&gt;<br>port 23</p>",
        "body": "lan: nas\n\n+ nas <new>\nport 23",
    }


def test_text_stays_text_and_markdown_becomes_html(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, watch.token)

    attempt(url, "a <b>\n  b", 1, format=Format.TEXT)
    attempt(url, "**TO CHECK**\n\n- nas &lt;x&gt;", 2, format=Format.MARKDOWN)

    text, markdown = (event["content"] for event in synapse.events(anna, room))
    assert text == {
        "msgtype": "m.notice",
        "m.mentions": {},
        "body": "lan: nas\n\na <b>\n  b",
    }
    assert "<strong>TO CHECK</strong>" in markdown["formatted_body"]
    assert "<li>nas &lt;x&gt;</li>" in markdown["formatted_body"]
    assert markdown["body"].startswith("lan: nas\n\nTO CHECK\n\n")


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_the_longest_message_fits_into_an_event_whatever_its_letters(
    synapse: Synapse, watch: Member, anna: Member, storage: Path, encrypted: bool
) -> None:
    room = synapse.create_room(anna, watch, encrypted=encrypted)
    reader = Reader(synapse, anna)
    lines = ["😀" * 900] * (BUDGET // 900)
    body = "<p>" + "<br>".join(lines)[: BUDGET - len("lan: nas<p></p>")] + "</p>"

    assert attempt(tls_url(synapse, room, watch.token), body, storage=storage) == Delivery(True)

    (told,) = reader.read(room)
    assert body in told["formatted_body"]
    assert told["body"].startswith("lan: nas\n")
    assert told["body"].endswith("\n… the rest is in the formatted text")


def test_what_a_network_says_is_neither_markup_nor_mention(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, watch.token)
    hostile = (
        "@room everyone",
        anna.user_id,
        f"<a href='https://matrix.to/#/{anna.user_id}'>x</a>",
        "https://matrix.to/#/@anna:matrix.example",
        "<script>alert(1)</script>",
        "<mx-reply>x</mx-reply>",
        "<span data-mx-spoiler data-mx-color='#fff'>x</span>",
        '" data-mx-bg-color="red',
        "[x](https://evil.example) **b** `c` <@here>",
    )
    items = tuple(Item(text, "+", (text,), "0b9e") for text in hostile)
    view = View("lan", "lan: <h1>@room", (Section("TO CHECK", items),))

    for number, format in enumerate(Format):  # noqa: A001
        message = render(view, format)
        outcome = send(Destination("room", url), Parcel(message, number, 3, "lan"))
        assert outcome == Delivery(True)

    for event in synapse.events(anna, room):
        content = event["content"]
        assert content["m.mentions"] == {}
        everything = content["body"] + unescape(content.get("formatted_body", ""))
        assert not re.search(r"@(?=\S)|://", everything)
        if "formatted_body" in content:
            whole = lxml.html.fragment_fromstring(content["formatted_body"], create_parent="div")
            elements = [element for element in whole.iter() if isinstance(element.tag, str)]
            assert {element.tag for element in elements} <= set(
                "div p b br h3 span strong ul li code".split()
            )
            assert [element.attrib for element in elements if element.attrib] == []


# Encrypted


def test_an_encrypted_room_gets_ciphertext_that_its_members_can_read(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    url = tls_url(synapse, room, watch.token)
    phone = Reader(synapse, anna)

    assert attempt(url, storage=storage) == Delivery(True)
    laptop = Reader(synapse, anna)  # signed in when the first message was there already
    assert attempt(url, "<p>second</p>", 8, storage) == Delivery(True)

    assert [message["body"] for message in phone.read(room)] == [
        "lan: nas\n\n+ nas <new>\nport 23",
        "lan: nas\n\nsecond",
    ]
    assert laptop.read(room)[1]["m.mentions"] == {}
    events = synapse.events(anna, room)
    assert {event["type"] for event in events} == {"m.room.encrypted"}
    assert "nas" not in json.dumps([event["content"] for event in events])
    assert len({event["content"]["sender_key"] for event in events}) == 1
    # A key for each message: who has left cannot read on.
    assert len({event["content"]["session_id"] for event in events}) == 2


def test_an_encrypted_room_shows_each_entry_once_and_readably(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    reader = Reader(synapse, anna)

    for _ in range(2):
        assert attempt(tls_url(synapse, room, watch.token), storage=storage) == Delivery(True)

    assert [message["msgtype"] for message in reader.read(room)] == ["m.notice"]


def test_two_processes_that_share_an_account_share_its_device(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    reader = Reader(synapse, anna)
    url = tls_url(synapse, room, f"{watch.name}:{watch.password}")

    ends = ends_of([start_sender(url, storage, entry_id) for entry_id in (7, 7, 8)])

    assert ends == ["delivered"] * 3
    assert [message["msgtype"] for message in reader.read(room)] == ["m.notice"] * 2
    assert len(synapse.devices(watch) - {watch.device}) == 1


def test_what_another_process_learned_meanwhile_is_used(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    url = tls_url(synapse, room, f"{watch.name}:{watch.password}")
    channel, loaded = open_channel(url, storage)
    assert attempt(url, storage=storage) == Delivery(True)

    message = Message("lan: nas", BODY, Format.HTML)
    assert channel.notify(loaded, Parcel(message, 8, 3, "lan"))

    assert len({event["content"]["device_id"] for event in synapse.events(anna, room)}) == 1


def test_a_room_that_became_encrypted_gets_ciphertext_at_once(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch)
    url = tls_url(synapse, room, watch.token)
    assert attempt(url, storage=storage) == Delivery(True)
    path = f"/rooms/{room}/state/m.room.encryption/"
    synapse.call("PUT", path, anna.token, {"algorithm": "m.megolm.v1.aes-sha2"})

    assert attempt(url, entry_id=8, storage=storage) == Delivery(True)

    kinds = [event["type"] for event in synapse.events(anna, room)]
    assert kinds == ["m.room.message", "m.room.encrypted"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("matrixs", "matrix"), "that takes matrixs://"),
        (("e2ee=yes", "e2ee=no"), "take e2ee=no out of the URL"),
        (("", ""), "there is no folder to keep its keys in"),
    ],
    ids=["http", "e2ee=no", "no storage"],
)
def test_nothing_goes_in_clear_to_an_encrypted_room(
    synapse: Synapse, watch: Member, anna: Member, change: tuple[str, str], words: str
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    url = f"{tls_url(synapse, room, watch.token)}?e2ee=yes".replace(*change)
    if url.startswith("matrix:"):
        url = url.replace(str(synapse.https_port), str(synapse.http_port))

    outcome = attempt(url)

    assert outcome.permanent
    assert outcome.reason.startswith("the room is encrypted")
    assert words in outcome.reason
    assert synapse.events(anna, room) == []


def test_without_the_package_it_is_said_what_to_install(
    synapse: Synapse, watch: Member, anna: Member, storage: Path, tmp_path: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    missing = tmp_path / "missing/cryptography"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError('not here')\n")
    path = f"{missing.parent}:{Path(__file__).parents[2]}"

    url = tls_url(synapse, room, watch.token)
    (end,) = ends_of([start_sender(url, storage, PYTHONPATH=path)])

    assert end == "the room is encrypted: install netwatch-notify[matrix]"
    assert synapse.events(anna, room) == []


def test_a_token_of_another_program_does_not_lose_its_keys(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch, encrypted=True)
    element = Reader(synapse, watch)

    outcome = attempt(tls_url(synapse, room, element.member.token), storage=storage)

    assert outcome.permanent
    assert "keys of another program" in outcome.reason
    body = {"device_keys": {watch.user_id: [element.member.device]}}
    found = synapse.call("POST", "/keys/query", watch.token, body)["device_keys"]
    keys = found[watch.user_id][element.member.device]["keys"]
    assert element.account.ed25519_key.to_base64() in keys.values()
    assert synapse.events(anna, room) == []


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, b"{}"), (404, b"<html>"), (404, b'{"errcode": "M_UNRECOGNIZED"}')],
    ids=["error", "web server", "unknown path"],
)
def test_a_room_that_may_be_encrypted_for_all_we_know_gets_nothing(
    status: int, answer: bytes
) -> None:
    with http_server() as server:
        server.status, server.answer = status, answer
        outcome = attempt(f"matrix://s3cret-token@127.0.0.1:{server.port}/!room:example.org")

    assert not outcome.delivered
    assert {method for method, _, _ in server.requests} == {"GET"}


# Failures


def test_an_invited_account_joins(synapse: Synapse, watch: Member, anna: Member) -> None:
    room = synapse.create_room(anna)
    synapse.invite(anna, room, watch)

    assert attempt(plain_url(synapse, room, watch.token)) == Delivery(True)

    assert len(synapse.events(anna, room)) == 1


def test_who_was_removed_and_invited_again_is_back(
    synapse: Synapse, watch: Member, anna: Member, storage: Path
) -> None:
    room = synapse.create_room(anna, watch)
    url = plain_url(synapse, room, watch.token)
    assert attempt(url, storage=storage) == Delivery(True)
    synapse.kick(anna, room, watch)

    gone = attempt(url, entry_id=8, storage=storage)
    synapse.invite(anna, room, watch)
    back = attempt(url, entry_id=8, storage=storage)

    assert (gone.permanent, back) == (True, Delivery(True))
    assert gone.reason == "HTTP 403 (M_FORBIDDEN)"


def test_an_unknown_room_is_told(synapse: Synapse, watch: Member) -> None:
    outcome = attempt(plain_url(synapse, "!nowhere:matrix.example", watch.token))

    assert outcome.permanent
    assert outcome.reason == "not in the room, and not let in; invite the user (HTTP 404)"


def test_a_revoked_token_is_told(synapse: Synapse, watch: Member, anna: Member) -> None:
    room = synapse.create_room(anna, watch)
    synapse.call("POST", "/logout", watch.token, {})

    outcome = attempt(plain_url(synapse, room, watch.token))

    assert outcome == Delivery(
        False, "the access token is not valid, or not any more (HTTP 401)", permanent=True
    )


def test_a_wrong_password_is_told_and_makes_no_account(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)
    with http_server() as server:
        server.status, server.answer = 403, b'{"errcode": "M_FORBIDDEN"}'
        attempt(f"matrix://nobody:s3cret@127.0.0.1:{server.port}/{room}")

    outcome = attempt(plain_url(synapse, room, f"{watch.name}:wr0ng"))

    assert outcome.permanent
    assert "403" in outcome.reason
    assert {path for _, path, _ in server.requests} == {"/_matrix/client/v3/login"}


def test_who_may_not_speak_is_told(synapse: Synapse, watch: Member, anna: Member) -> None:
    room = synapse.create_room(anna, watch)
    path = f"/rooms/{room}/state/m.room.power_levels/"
    levels = synapse.call("GET", path, anna.token)
    synapse.call("PUT", path, anna.token, {**levels, "events_default": 50})

    outcome = attempt(plain_url(synapse, room, watch.token))

    assert (outcome.reason, outcome.permanent) == ("HTTP 403 (M_FORBIDDEN)", True)


def test_a_short_wait_that_the_server_asks_for_is_waited(
    synapse: Synapse, watch: Member, anna: Member
) -> None:
    room = synapse.create_room(anna, watch)
    admin = synapse.register("admin", admin=True)
    path = f"/_synapse/admin/v1/users/{watch.user_id}/override_ratelimit"
    synapse.call("POST", path, admin.token, {"messages_per_second": 1, "burst_count": 1})
    url = plain_url(synapse, room, watch.token)

    outcomes = [attempt(url, entry_id=entry_id) for entry_id in (1, 2)]

    assert outcomes == [Delivery(True)] * 2


def test_a_long_wait_is_left_to_the_outbox() -> None:
    with http_server() as server:
        server.status = 429
        server.answer = b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 90000}'
        outcome = attempt(f"matrix://s3cret-token@127.0.0.1:{server.port}/!room:example.org")

    assert (outcome.permanent, outcome.retry_after_seconds) == (False, 90.0)
    assert "M_LIMIT_EXCEEDED" in outcome.reason


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("matrixs://t0ken-s3cret@m.example.org/!r:m.example.org?autoverify=yes", "autoverify"),
        ("matrixs://m.example.org/!r:m.example.org", "neither an access token nor"),
    ],
)
def test_a_url_that_cannot_work_is_refused(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        read_destinations([url], None, "lan")

    assert "s3cret" not in str(raised.value)
