"""Pings to a real server, in Healthchecks' protocol."""

import logging
import subprocess
import sys
import threading
import time
from uuid import UUID

import pytest

from netwatch_notify.deliver.heartbeat import Heartbeat
from tests.deliver.servers import closed_port, drip_server, eventually, http_server

RID = "0b6ad5b3-6a3f-4e0e-9a43-0a5b0c9d1f11"


def test_a_run_pings_start_and_success_with_one_id() -> None:
    with http_server() as server:
        heartbeat = Heartbeat(f"{server.url}/check", RID)

        assert heartbeat.start() == ""
        assert heartbeat.success("two changes") == ""

    assert server.requests == [
        ("POST", f"/check/start?rid={RID}", b""),
        ("POST", f"/check?rid={RID}", b"two changes"),
    ]


def test_a_failed_run_pings_fail_and_keeps_the_urls_own_query() -> None:
    with http_server() as server:
        assert Heartbeat(f"{server.url}/key/lan/?create=1", RID).fail("no route") == ""

    assert server.requests == [("POST", f"/key/lan/fail?create=1&rid={RID}", b"no route")]


def test_a_body_is_cut_at_10000_bytes_between_characters() -> None:
    with http_server() as server:
        Heartbeat(server.url, RID).success("x" + "ä" * 9000)

    body = server.requests[0][2]
    assert len(body) == 9999
    assert body.decode().endswith("ä")


def test_a_run_id_that_is_no_uuid_becomes_the_same_one_each_time() -> None:
    with http_server() as server:
        Heartbeat(server.url, "lan-42").start()
        Heartbeat(server.url, "lan-42").success("")

    first, second = (path.partition("rid=")[2] for _, path, _ in server.requests)
    assert first == second
    assert UUID(first)


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (500, b"", "heartbeat: HTTP 500"),
        (302, b"", "heartbeat: HTTP 302"),
        (200, b"OK (not found)", "heartbeat: not found"),
        (200, b"OK", ""),
    ],
    ids=["error", "redirect", "unknown check", "ok"],
)
def test_what_the_server_says_is_the_reason(status: int, answer: bytes, reason: str) -> None:
    with http_server() as server:
        server.status, server.answer = status, answer
        server.headers = {"Location": "/elsewhere"} if status == 302 else {}

        assert Heartbeat(f"{server.url}/secret-key", RID).success("") == reason


def test_nobody_there_is_a_reason_without_the_url() -> None:
    reason = Heartbeat(f"http://127.0.0.1:{closed_port()}/secret-key", RID).start()

    assert reason == "heartbeat: connection refused"


@pytest.mark.parametrize(
    "url", ["no url", "http://[::1", "ftp://127.0.0.1/x", "http://127.0.0.1:x/"]
)
def test_a_broken_url_never_raises(url: str) -> None:
    reason = Heartbeat(url, RID).start()

    assert reason.startswith("heartbeat: ")
    assert url not in reason


def test_a_dripping_server_holds_a_run_up_for_five_seconds_and_no_thread_stays() -> None:
    with drip_server(b"HTTP/1.1 200 OK\r\nX-Slow: ") as port:
        begun = time.monotonic()
        reason = Heartbeat(f"http://127.0.0.1:{port}/", RID).success("")

        assert reason == "heartbeat: no answer within 5 s"
        assert time.monotonic() - begun < 5.5
        assert eventually(lambda: "heartbeat" not in [t.name for t in threading.enumerate()])


def test_a_dripping_body_does_not_undo_a_success() -> None:
    with drip_server(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nOK") as port:
        begun = time.monotonic()

        assert Heartbeat(f"http://127.0.0.1:{port}/", RID).success("") == ""
        assert time.monotonic() - begun < 2


def test_the_url_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with http_server() as server, caplog.at_level(logging.INFO):
        Heartbeat(f"{server.url}/secret-key", RID).start()

    assert "secret-key" not in caplog.text


def test_without_a_url_nothing_is_imported() -> None:
    code = (
        "import sys; from netwatch_notify.deliver.heartbeat import Heartbeat\n"
        "h = Heartbeat(None, 'x'); assert (h.start(), h.success('b'), h.fail('b')) == ('',) * 3\n"
        "assert 'httpx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
