"""
A real SMTP server that files every message it accepts, and refuses when told.

Prints `ready PORT` once it listens on 127.0.0.1; SIGTERM ends it. A message appears whole as
NNN.eml, below two lines of its envelope: X-MailFrom and X-RcptTo.
"""

import argparse
import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

REFUSALS = {"451": "4.3.0 Try again later", "550": "5.7.1 Refused by policy"}


@dataclass(slots=True)
class Mailbox:
    """aiosmtpd calls the handle_ methods; what they return is the server's answer."""

    directory: Path
    refuse: str | None = None
    refuse_file: Path | None = None
    refuse_at: str = "rcpt"
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.count = max((int(path.stem) for path in self.directory.glob("*.eml")), default=0)

    def refusal(self, stage: str) -> str | None:
        """Return the answer that refuses this stage, or None when it may go on."""
        code = self.refuse
        if self.refuse_file is not None:
            with suppress(FileNotFoundError):
                code = self.refuse_file.read_text().strip()
        if not code or stage != self.refuse_at:
            return None
        return f"{code} {REFUSALS.get(code, 'Refused')}"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds it by this name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if answer := self.refusal("rcpt"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if answer := self.refusal("data"):
            return answer
        self.count += 1
        head = f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n"
        content = envelope.content
        body = content.encode() if isinstance(content, str) else content or b""
        partial = self.directory / f".{self.count:03}.partial"
        partial.write_bytes(head.encode() + body)
        partial.rename(self.directory / f"{self.count:03}.eml")
        return f"250 2.0.0 Ok: queued as {self.count:03}"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--refuse", metavar="CODE", help="refuse every message, e.g. 451 or 550")
    parser.add_argument(
        "--refuse-file", metavar="PATH", type=Path, help="while it exists, refuse with its content"
    )
    parser.add_argument("--refuse-at", choices=("rcpt", "data"), default="rcpt")
    options = parser.parse_args()
    mailbox = Mailbox(options.directory, options.refuse, options.refuse_file, options.refuse_at)

    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mail.lan.example", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        options.port,
    )
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
