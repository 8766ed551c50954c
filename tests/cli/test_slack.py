"""A Slack webhook, played by a TLS server behind a CONNECT proxy, so that nothing is patched."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program

WEBHOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


class SlackStandIn:
    """Takes what is posted to hooks.slack.com and keeps its JSON."""

    def __init__(self, folder: Path) -> None:
        self.posts: list[dict[str, Any]] = []
        self.certificate, key = folder / "slack.pem", folder / "slack.key"
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=hooks.slack.com"
        extension = ["-addext", "subjectAltName=DNS:hooks.slack.com"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run([*command.split(), *extension, *files], check=True, capture_output=True)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                assert b"CONNECT hooks.slack.com:443" in read_head(connection)
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self._tls.wrap_socket(connection, server_side=True) as secure:
                    head, _, body = read_head(secure).partition(b"\r\n\r\n")
                    (length,) = (
                        int(line.partition(b":")[2])
                        for line in head.lower().splitlines()
                        if line.startswith(b"content-length")
                    )
                    while len(body) < length:
                        body += secure.recv(65536)
                    self.posts.append(json.loads(body))
                    secure.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                    )


def read_head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


@pytest.fixture
def slack(program: Program) -> Iterator[SlackStandIn]:
    stand_in = SlackStandIn(program.folder)
    program.environment |= {
        "NETWATCH_NOTIFY": WEBHOOK,
        "HTTPS_PROXY": f"http://127.0.0.1:{stand_in.port}",
        "REQUESTS_CA_BUNDLE": str(stand_in.certificate),
    }
    yield stand_in
    stand_in.close()


def test_a_webhook_gets_the_message_once(program: Program, slack: SlackStandIn) -> None:
    program.network({"192.0.2.1": [22]})
    result = program.run()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    program.network({"192.0.2.1": [22, 23]})
    assert program.run().returncode == 0
    first, second = slack.posts
    assert "first scan, 1 host known" in json.dumps(first)
    text = json.dumps(second)
    assert "23/tcp opened" in text
    assert "CRITICAL" in text
