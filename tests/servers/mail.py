"""
aiosmtpd in a thread of the test: with or without STARTTLS and a login, refusing, falling silent.

Messages are filed as in the test LAN (tests/lan/mail_server.py), whose mailbox this is.
"""

import asyncio
import email
import email.policy
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.lan.mail_server import Mailbox

USER, PASSWORD = "watch", "corr3ct-horse"


@dataclass(slots=True)
class _MoodyMailbox(Mailbox):
    """Refuses when told, like its parent, or says nothing sensible to a whole message."""

    mood: str = ""
    """`closes`, `hangs` or `drips`, once the message is there; empty: it answers."""

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.mood == "closes":
            server.transport.close()
        elif self.mood == "hangs":
            await asyncio.Event().wait()
        elif self.mood == "drips":
            for _ in range(200):
                await server.push("250-still thinking")  # each line resets a client's patience
                await asyncio.sleep(0.05)
        return await Mailbox.handle_DATA(self, server, session, envelope)


@dataclass(slots=True)
class MailServer:
    """A server that runs, what it was sent, and how it is to behave."""

    port: int
    mailbox: _MoodyMailbox
    authority: Path
    """PEM of the authority behind its certificate; to be trusted through SSL_CERT_FILE."""

    def url(self, query: str = "") -> str:
        """Return apprise's URL for it, without TLS."""
        return (
            f"mailto://127.0.0.1:{self.port}?from=watch@example.org&to=ops@example.org"
            f"&smtp=127.0.0.1&mode=insecure{query}"
        )

    def secure_url(self, password: str = PASSWORD) -> str:
        """Return apprise's URL for it, with STARTTLS and a login."""
        return (
            f"mailtos://{USER}:{password}@localhost:{self.port}?from=watch@example.org"
            "&to=ops@example.org&smtp=localhost&mode=starttls"
        )

    def raw_messages(self) -> list[bytes]:
        """Return what was accepted, oldest first, below two lines of its envelope."""
        return [path.read_bytes() for path in sorted(self.mailbox.directory.glob("*.eml"))]

    def messages(self) -> list[EmailMessage]:
        return [parse(raw) for raw in self.raw_messages()]


def parse(raw: bytes) -> EmailMessage:
    """Return a message as a modern mail reader takes it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def mail_server(directory: Path, *, secure: bool = False) -> Iterator[MailServer]:
    """Serve until the block ends; `secure`: only after STARTTLS and with the right login."""
    mailbox = _MoodyMailbox(directory / "inbox")
    authority = directory / "authority.pem"
    settings: dict[str, Any] = {}
    if secure:
        settings = _secure(authority)
    started: Future[tuple[int, Callable[[], None]]] = Future()
    thread = threading.Thread(target=_serve, args=(mailbox, settings, started))
    thread.start()
    port, stop = started.result(timeout=10)
    try:
        yield MailServer(port, mailbox, authority)
    finally:
        stop()
        thread.join(10)


def _secure(authority: Path) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer = trustme.CA()
    issuer.issue_cert("localhost").configure_cert(context)
    issuer.cert_pem.write_to_path(str(authority))
    return {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": _check_login,
    }


def _check_login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
) -> AuthResult:
    right = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=given == right, handled=False)


def _serve(
    mailbox: Mailbox,
    settings: dict[str, Any],
    started: "Future[tuple[int, Callable[[], None]]]",
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        server = await loop.create_server(
            lambda: SMTP(mailbox, hostname="mail.example", loop=loop, **settings), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        started.set_result((port, lambda: loop.call_soon_threadsafe(ended.set) and None))
        await ended.wait()
        server.close()

    asyncio.run(main())
