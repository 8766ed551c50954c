"""
Synapse, the homeserver that most of Matrix runs on, from its own venv; and people in its rooms.

`tools/setup.sh test` makes the venv. SQLite, loopback, no federation, no key servers: nothing
leaves the machine. Once plain and once over TLS, because rooms are encrypted over TLS only.
"""

import hmac
import os
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
import trustme

PYTHON = Path(__file__).parents[2] / ".venv-synapse/bin/python"
START_SECONDS = 60
STOP_SECONDS = 10
SERVER_NAME = "matrix.example"
SHARED_SECRET = "for-tests-on-loopback"

# Passwords are hashed as cheaply as bcrypt allows, and nobody is slowed down unless a test asks.
CONFIGURATION = """\
server_name: {server_name}
public_baseurl: https://127.0.0.1:{https_port}/
pid_file: {folder}/homeserver.pid
log_config: {folder}/log.yaml
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
tls_certificate_path: {folder}/tls.pem
tls_private_key_path: {folder}/tls.pem
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
listeners:
  - {{port: {http_port}, type: http, bind_addresses: [127.0.0.1], resources: [{{names: [client]}}]}}
  - port: {https_port}
    type: http
    tls: true
    bind_addresses: [127.0.0.1]
    resources: [{{names: [client]}}]
registration_shared_secret: {shared_secret}
macaroon_secret_key: {shared_secret}
form_secret: {shared_secret}
password_config: {{pepper: "", policy: {{enabled: false}}}}
bcrypt_rounds: 4
trusted_key_servers: []
suppress_key_server_warning: true
federation_domain_whitelist: []
report_stats: false
enable_registration: false
presence: {{enabled: false}}
url_preview_enabled: false
rc_message: &free {{per_second: 1000, burst_count: 1000}}
rc_registration: *free
rc_admin_redaction: *free
rc_joins: {{local: *free, remote: *free}}
rc_joins_per_room: *free
rc_login: {{address: *free, account: *free, failed_attempts: *free}}
rc_invites: {{per_room: *free, per_user: *free, per_issuer: *free}}
"""
LOGGING = """\
version: 1
handlers: {{file: {{class: logging.FileHandler, filename: {folder}/homeserver.log}}}}
root: {{level: WARNING, handlers: [file]}}
"""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account, signed in once."""

    name: str
    user_id: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    device: str


@dataclass(frozen=True, slots=True)
class Synapse:
    """A running homeserver, asked through its plain listener."""

    http_port: int
    https_port: int
    ca: Path
    """What trusts the certificate of its other listener: REQUESTS_CA_BUNDLE."""
    client: httpx.Client

    def call(
        self, method: str, path: str, token: str = "", body: Any | None = None, **query: Any
    ) -> Any:
        """Return what the server answers, below /_matrix/client/v3 unless the path says else."""
        path = path if path.startswith("/_") else f"/_matrix/client/v3{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.client.request(method, path, json=body, params=query, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def register(self, name: str = "watch", *, admin: bool = False) -> Member:
        """Make an account with a name that begins so."""
        name, password = f"{name}-{uuid4().hex[:8]}", uuid4().hex
        path = "/_synapse/admin/v1/register"
        nonce = self.call("GET", path)["nonce"]
        kind = "admin" if admin else "notadmin"
        said = "\0".join((nonce, name, password, kind)).encode()
        mac = hmac.new(SHARED_SECRET.encode(), said, sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        made = self.call("POST", path, body=body)
        return Member(name, made["user_id"], password, made["access_token"], made["device_id"])

    def sign_in(self, member: Member) -> Member:
        """Return the member with a token and a device of their own."""
        who = {"type": "m.id.user", "user": member.name}
        body = {"type": "m.login.password", "identifier": who, "password": member.password}
        made = self.call("POST", "/login", body=body)
        return Member(
            member.name, member.user_id, member.password, made["access_token"], made["device_id"]
        )

    def create_room(self, owner: Member, *guests: Member, encrypted: bool = False) -> str:
        """Return the id of a private room in which all of them are."""
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        state = [{"type": "m.room.encryption", "state_key": "", "content": content}]
        body = {
            "preset": "private_chat",
            "invite": [guest.user_id for guest in guests],
            "initial_state": state if encrypted else [],
        }
        room: str = self.call("POST", "/createRoom", owner.token, body)["room_id"]
        for guest in guests:
            self.call("POST", f"/join/{quote(room)}", guest.token, {})
        return room

    def invite(self, owner: Member, room: str, guest: Member) -> None:
        self.call("POST", f"/rooms/{quote(room)}/invite", owner.token, {"user_id": guest.user_id})

    def kick(self, owner: Member, room: str, guest: Member) -> None:
        self.call("POST", f"/rooms/{quote(room)}/kick", owner.token, {"user_id": guest.user_id})

    def events(self, member: Member, room: str) -> list[dict[str, Any]]:
        """Return the messages in a room, encrypted or not, oldest first."""
        path = f"/rooms/{quote(room)}/messages"
        found = self.call("GET", path, member.token, dir="b", limit=100)["chunk"]
        told = ("m.room.message", "m.room.encrypted")
        return [event for event in reversed(found) if event["type"] in told]

    def devices(self, member: Member) -> set[str]:
        """Return the ids of all the member's devices."""
        found = self.call("GET", "/devices", member.token)["devices"]
        return {device["device_id"] for device in found}


@contextmanager
def running_synapse() -> Iterator[Synapse]:
    """Start one, wait until it is healthy, and end it with the block."""
    with tempfile.TemporaryDirectory(prefix="synapse-") as name:
        folder, http_port, https_port = Path(name), _free_port(), _free_port()
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            str(folder / "tls.pem")
        )
        seed = b64encode(os.urandom(32)).decode().rstrip("=")
        (folder / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        (folder / "log.yaml").write_text(LOGGING.format(folder=folder))
        (folder / "homeserver.yaml").write_text(
            CONFIGURATION.format(
                folder=folder,
                http_port=http_port,
                https_port=https_port,
                server_name=SERVER_NAME,
                shared_secret=SHARED_SECRET,
            )
        )
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [PYTHON, "-m", "synapse.app.homeserver", "-c", folder / "homeserver.yaml"],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": name},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=30) as client:
                _wait_until_healthy(process, client, folder)
                yield Synapse(http_port, https_port, folder / "ca.pem", client)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_healthy(
    process: subprocess.Popen[bytes], client: httpx.Client, folder: Path
) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends_at:
        try:
            if client.get("/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    log = folder / "homeserver.log"
    told = (folder / "output").read_text() + (log.read_text() if log.exists() else "")
    pytest.fail(f"Synapse did not start:\n{told[-4000:]}")


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """One homeserver for all tests."""
    if not PYTHON.exists():
        reason = "Synapse is not installed: tools/setup.sh test makes .venv-synapse"
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    with running_synapse() as server:
        yield server
