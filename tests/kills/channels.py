"""Mail, Slack and Matrix for one watch, each accepting at once and answering a little later."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.kills.arrivals import Post
from tests.kills.homeserver import entry_of, homeserver
from tests.servers.mail import parse
from tests.servers.slack import POST, Answer, Request, Slack
from tests.servers.synapse import Member, Synapse

BOT = "slack://xoxb-1234-1234-abc124s3cret/%23ops"
_ENTRY = re.compile(r"-(\d+)$")


@dataclass(frozen=True, slots=True)
class Channels:
    """Where a watch sends to: the URLs, and what its processes need to reach them."""

    urls: tuple[str, ...]
    environment: dict[str, str]
    collect: Callable[[], None]
    """Have in the post what is read back at the end only."""


@contextmanager
def open_channels(folder: Path, post: Post, synapse: Synapse | None = None) -> Iterator[Channels]:
    """Serve until the block ends; on Matrix it is Synapse if there is one, else our stand-in."""
    with ExitStack() as stack:
        mail = stack.enter_context(_mail(post))
        slack = stack.enter_context(_PacedSlack(folder, post))
        if synapse:
            room = _Room(synapse, post)
            matrix, collect = room.url, room.collect
        else:
            matrix, collect = stack.enter_context(homeserver(post)), lambda: None
        yield Channels((mail, BOT, matrix), slack.environment, collect)
        assert not slack.faults, slack.faults


@dataclass(frozen=True, slots=True)
class _Mailbox:
    """aiosmtpd calls the handle_ method; what it returns is the server's answer."""

    post: Post

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        message = parse(content if isinstance(content, bytes) else str(content).encode())
        body = message.get_body(("plain",))
        assert body is not None
        entry = _ENTRY.search(message["X-Netwatch-Message"])
        self.post.accept("mail", body.get_content(), int(entry[1]) if entry else None)
        await asyncio.sleep(self.post.answer_seconds())
        return "250 2.0.0 Ok"


@contextmanager
def _mail(post: Post) -> Iterator[str]:
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(
            lambda: SMTP(_Mailbox(post), hostname="mail.example", loop=loop), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        started.set_result((port, lambda: loop.call_soon_threadsafe(ended.set)))
        await ended.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    port, stop = started.result(timeout=10)
    try:
        yield (
            f"mailto://127.0.0.1:{port}?from=watch@example.org&to=ops@example.org"
            "&smtp=127.0.0.1&mode=insecure"
        )
    finally:
        stop()
        thread.join(10)


class _PacedSlack(Slack):
    """Says when a message stands in the channel, and takes its time to say so to the sender."""

    def __init__(self, folder: Path, post: Post) -> None:
        super().__init__(folder)
        self.post = post

    def take(self, request: Request) -> Answer:
        answer = super().take(request)
        if request.endpoint == POST and json.loads(answer.body or b"{}").get("ok"):
            self.post.accept("slack", request.body.decode(), None)
            time.sleep(self.post.answer_seconds())
        return answer


class _Room:
    """A room of a real Synapse, read back when all is over."""

    def __init__(self, synapse: Synapse, post: Post) -> None:
        self.synapse, self.post = synapse, post
        self.member: Member = synapse.register()
        self.room = synapse.create_room(self.member)
        self.url = f"matrix://{self.member.token}@127.0.0.1:{synapse.http_port}/{self.room}"

    def collect(self) -> None:
        for event in self.synapse.events(self.member, self.room):
            transaction = event.get("unsigned", {}).get("transaction_id", "")
            self.post.accept("matrix", event["content"]["body"], entry_of(transaction))
