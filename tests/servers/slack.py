"""
Our stand-in for Slack: the webhook, the methods a bot calls, and the upload, over TLS.

A client reaches it by its real names through a loopback CONNECT proxy, told by `environment`, so
that nothing of it is patched and nothing leaves this machine. It answers as Slack does, or as
told, and keeps what arrived.
"""

import contextlib
import email.policy
import itertools
import json
import socket
import socketserver
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import trustme

from tests.servers.block_kit import objections_to

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com", "slack.com", "files.slack.com")
WEBHOOK = "webhook"
POST = "chat.postMessage"
UPLOAD_URL = "files.getUploadURLExternal"
UPLOAD = "upload"
COMPLETE = "files.completeUploadExternal"
DRIP_SECONDS = 0.2
LONGEST_SECONDS = 120.0
"""No connection lives longer, whatever it was told to do."""


@dataclass(frozen=True)
class Answer:
    """What to say to a request; without a body, what Slack says to it by itself."""

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "answer"
    """`answer`; `hang`: take the request and say nothing; `drip`: a byte at a time, without end;
    `lose`: do what is asked and hang up without a word."""


OK = Answer()
HANG = Answer(manner="hang")
DRIP = Answer(manner="drip")
LOSE = Answer(manner="lose")
SERVER_ERROR = Answer(500, b"server_error")
REDIRECT = Answer(302, b"", {"Location": "https://slack.com/elsewhere"})


def refused(code: str) -> Answer:
    """Return the Web API's way of saying no: 200, and the code in the body."""
    return Answer(200, json.dumps({"ok": False, "error": code}).encode())


def rate_limited(seconds: int) -> Answer:
    """Return the answer to those who send too much."""
    body = json.dumps({"ok": False, "error": "ratelimited"}).encode()
    return Answer(429, body, {"Retry-After": str(seconds)})


@dataclass(frozen=True)
class Request:
    """One request as it arrived, whatever came of it."""

    method: str
    host: str
    path: str
    authorization: str
    body: bytes

    @property
    def endpoint(self) -> str:
        """Return which of the endpoints above it asks for, or the bare path."""
        if self.host.startswith("hooks."):
            return WEBHOOK
        if self.host == "files.slack.com":
            return UPLOAD
        return urlsplit(self.path).path.removeprefix("/api/")


@dataclass(frozen=True)
class File:
    """One uploaded file that was completed, so that the channel shows it."""

    name: str
    title: str
    channel: str
    content: bytes


class Slack:
    """
    Serves until its block ends; what it is told and what it keeps may be used by any thread.

    `requests` has every request, `messages` and `files` those that were accepted. `faults` is
    what went wrong within the stand-in itself, to be found empty.
    """

    def __init__(self, folder: Path) -> None:
        self.requests: list[Request] = []
        self.messages: list[dict[str, Any]] = []
        """Their JSON, with `host` and `path` of a webhook or `token` of a bot beside `payload`."""
        self.files: list[File] = []
        self.faults: list[BaseException] = []
        self.certificate = folder / "slack-ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.certificate)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self.tls)
        self.stopped = threading.Event()
        self._told: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._pending: dict[str, list[Any]] = {}
        """By file id: name, and what was uploaded for it."""
        self._open: set[socket.socket] = set()
        self._server = _Server(self)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Slack":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self._server.server_close()  # waits for the threads of its connections

    @property
    def environment(self) -> dict[str, str]:
        """Return what makes a client come here instead of to the real Slack."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }

    def tell(self, answer: Answer, endpoint: str = "") -> None:
        """Have all endpoints, or one, answer like that from now on."""
        with self._lock:
            if not endpoint:
                self._told.clear()
            self._told[endpoint] = answer

    @property
    def counts(self) -> Counter[str]:
        """Return how many requests each endpoint had."""
        with self._lock:
            return Counter(request.endpoint for request in self.requests)

    def take(self, request: Request) -> Answer:
        """Keep a request, do what it asks unless told otherwise, and return what to say."""
        with self._lock:
            self.requests.append(request)
            told = self._told.get(request.endpoint, self._told.get("", OK))
            if told.manner == "lose":
                self._accept(request)
            if told.manner != "answer" or told.status != 200 or told.body is not None:
                return told
            return self._accept(request)

    def keep(self, connection: socket.socket) -> None:
        """Remember an open connection, to end it with the server."""
        with self._lock:
            self._open.add(connection)
            if self.stopped.is_set():
                _hang_up(connection)

    def forget(self, connection: socket.socket) -> None:
        """The connection has ended."""
        with self._lock:
            self._open.discard(connection)

    def _accept(self, request: Request) -> Answer:
        match request.endpoint:
            case "webhook":
                return self._webhook(request)
            case "upload":
                return self._upload(request)
        token = request.authorization.removeprefix("Bearer ")
        if not token.startswith("xox"):
            return refused("not_authed")
        match request.endpoint:
            case "chat.postMessage":
                return self._post(request, token)
            case "files.getUploadURLExternal":
                return self._upload_url(request)
            case "files.completeUploadExternal":
                return self._complete(request)
        return refused("unknown_method")

    def _webhook(self, request: Request) -> Answer:
        payload = _parsed(request.body)
        if not payload:
            return Answer(400, b"invalid_payload")
        if objection := _objection(payload):
            return Answer(400, objection.encode())
        self.messages.append({"host": request.host, "path": request.path, "payload": payload})
        return Answer(200, b"ok", {"Content-Type": "text/html"})

    def _post(self, request: Request, token: str) -> Answer:
        payload = _parsed(request.body)
        if not payload:
            return refused("invalid_json")
        if not payload.get("channel"):
            return refused("channel_not_found")
        if objection := _objection(payload):
            return refused(objection)
        self.messages.append({"token": token, "payload": payload})
        number = next(self._numbers)
        return _said({"channel": "C0STANDIN", "ts": f"1764000000.{number:06}", "message": payload})

    def _upload_url(self, request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.path).query)
        if not asked.get("filename") or not asked.get("length"):
            return refused("invalid_arguments")
        file_id = f"F{next(self._numbers):08}"
        self._pending[file_id] = [asked["filename"][0], None]
        url = f"https://files.slack.com/upload/v1/{file_id}"
        return _said({"upload_url": url, "file_id": file_id})

    def _upload(self, request: Request) -> Answer:
        pending = self._pending.get(urlsplit(request.path).path.rpartition("/")[2])
        if pending is None:
            return Answer(404, b"not found")
        pending[1] = request.body
        return Answer(200, f"OK - {len(request.body)}".encode())

    def _complete(self, request: Request) -> Answer:
        asked = _parsed(request.body)
        done = []
        for entry in asked.get("files") or ():
            name, content = self._pending.get(entry.get("id"), ("", None))
            if content is None:
                return refused("file_not_found")
            title = entry.get("title", "")
            self.files.append(File(name, title, asked.get("channel_id", ""), content))
            done.append({"id": entry["id"], "title": title})
        return _said({"files": done})


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """The CONNECT proxy and, at its other end, the TLS server."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        super().__init__(("127.0.0.1", 0), _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Keep what should not have happened; a client that goes away may do so."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.slack.faults.append(error)


class _Connection(BaseHTTPRequestHandler):
    """One connection: CONNECT in the clear, then requests within TLS."""

    protocol_version = "HTTP/1.1"
    timeout = LONGEST_SECONDS
    server: _Server
    host = ""

    def setup(self) -> None:
        super().setup()
        self._current: socket.socket = self.connection
        self.server.slack.keep(self._current)

    def finish(self) -> None:
        self.server.slack.forget(self._current)
        with contextlib.suppress(OSError):
            super().finish()
        if self._current is not self.request:
            self._current.close()

    def do_CONNECT(self) -> None:  # http.server finds it by name
        host, _, port = self.path.rpartition(":")
        if host not in HOSTS or port != "443" or self.host:
            self.send_error(403)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        slack, plain = self.server.slack, self._current
        slack.forget(plain)
        secure = slack.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._current = self.connection = secure
        slack.keep(secure)
        secure.do_handshake()
        self.host = host
        self.rfile = self._current.makefile("rb")
        self.wfile = cast("Any", self._current.makefile("wb", buffering=0))
        self.close_connection = False

    def handle_any(self) -> None:
        """Answer a request within TLS."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.host:
            self.send_error(405)
            return
        if (kind := self.headers.get("Content-Type", "")).startswith("multipart/"):
            body = _uploaded(kind, body)
        authorization = self.headers.get("Authorization", "")
        request = Request(self.command, self.host, self.path, authorization, body)
        answer = self.server.slack.take(request)
        self.close_connection = True
        match answer.manner:
            case "hang":
                self.connection.recv(1)  # ends when the client or the server does
            case "drip":
                self._drip()
            case "answer":
                self._say(answer)

    do_GET = do_POST = handle_any  # noqa: N815  # http.server finds them by name

    def _say(self, answer: Answer) -> None:
        body = answer.body or b""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """Send a header that has no end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(int(LONGEST_SECONDS / DRIP_SECONDS)):
            if self.server.slack.stopped.wait(DRIP_SECONDS):
                return
            self.wfile.write(b"X")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""


@contextlib.contextmanager
def slack_server(folder: Path) -> Iterator[Slack]:
    """Serve until the block ends, which also says whether the stand-in itself was sound."""
    with Slack(folder) as slack:
        yield slack
    assert not slack.faults, slack.faults


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _said(more: dict[str, Any]) -> Answer:
    body = json.dumps({"ok": True, **more}).encode()
    return Answer(200, body, {"Content-Type": "application/json; charset=utf-8"})


def _parsed(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        payload = json.loads(body)
        if isinstance(payload, dict):
            return payload
    return {}


def _objection(payload: dict[str, Any]) -> str:
    if not payload.get("text") and not payload.get("blocks") and not payload.get("attachments"):
        return "no_text"
    return "invalid_blocks" if payload.get("blocks") and objections_to(payload["blocks"]) else ""


def _uploaded(kind: str, body: bytes) -> bytes:
    """Return the file of a form."""
    parser = BytesParser(EmailMessage, policy=email.policy.HTTP)
    form = parser.parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    return b""
