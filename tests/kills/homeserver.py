"""
A homeserver that takes messages and knows a repeated transaction.

A transaction id counts within the device of the access token and the path it is used on: the same
one again gets the same event id, and there is no second event
(https://spec.matrix.org/v1.16/client-server-api/#transaction-identifiers, 2026-11).
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.kills.arrivals import Post

ROOM = "!watch:example.org"
TOKEN = "s3cret-token"
_SEND = re.compile(r"/_matrix/client/v3/rooms/([^/]+)/send/m\.room\.message/([^/]+)")
_STATE = re.compile(r"/_matrix/client/v3/rooms/[^/]+/state/m\.room\.encryption")
_ENTRY = re.compile(r"netwatch-(\d+)-")


def entry_of(transaction: str) -> int | None:
    """Return the outbox row that a transaction id names."""
    found = _ENTRY.match(transaction)
    return int(found[1]) if found else None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, post: Post) -> None:
        self.post = post
        self.events: dict[str, str] = {}
        """By path, which ends with the transaction id: there is one token, of one device."""
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed here; what they leave half done is no fault."""


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = 60.0

    def do_GET(self) -> None:
        if _STATE.fullmatch(self._path()):
            self._say(404, {"errcode": "M_NOT_FOUND", "error": "no such event"})
        else:
            self._say(404, {"errcode": "M_UNRECOGNIZED", "error": "not here"})

    def do_PUT(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            return  # its sender died
        sent = _SEND.fullmatch(self._path())
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._say(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "who?"})
        elif sent is None or unquote(sent[1]) != ROOM:
            self._say(404, {"errcode": "M_UNRECOGNIZED", "error": "not here"})
        else:
            event = self._keep(json.loads(body), unquote(sent[2]))
            time.sleep(self.server.post.answer_seconds())
            self._say(200, {"event_id": event})

    def _keep(self, content: dict[str, Any], transaction: str) -> str:
        server, path = self.server, self._path()
        with server.lock:
            if path in server.events:
                server.post.repeat()
            else:
                server.events[path] = f"$event-{len(server.events)}"
                server.post.accept("matrix", content["body"], entry_of(transaction))
            return server.events[path]

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""


@contextmanager
def homeserver(post: Post) -> Iterator[str]:
    """Serve until the block ends; yield apprise's URL of the room."""
    server = _Server(post)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"matrix://{TOKEN}@127.0.0.1:{server.server_port}/{ROOM}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
