"""
A stand-in for a Matrix homeserver: rooms without encryption, and events known by transaction.

For tests that need many failures and no Synapse; those of Matrix itself have the real one.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Homeserver:
    """What a room has, and the port to say more."""

    port: int = 0
    events: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    """Arrival in seconds since 1970, room and content, in their order."""


@contextmanager
def homeserver() -> Iterator[Homeserver]:
    """Serve until the block ends."""
    told, known, lock = Homeserver(), set[tuple[str, str]](), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not urlsplit(self.path).path.endswith("/state/m.room.encryption"):
                self.answer(404, {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"})
                return
            self.answer(404, {"errcode": "M_NOT_FOUND", "error": "Event not found."})

        def do_PUT(self) -> None:
            """`/rooms/{room}/send/{kind}/{transaction}`: each transaction of a token once."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            *_, room, send, _, transaction = urlsplit(self.path).path.split("/")
            assert send == "send", self.path
            with lock:
                key = (self.headers.get("Authorization", ""), transaction)
                if key not in known:
                    known.add(key)
                    told.events.append((time.time(), unquote(room), json.loads(body)))
            self.answer(200, {"event_id": f"${transaction}:example.org"})

        def answer(self, status: int, body: dict[str, str]) -> None:
            said = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
