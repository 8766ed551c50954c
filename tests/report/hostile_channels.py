"""What arrives of a hostile night by mail, Matrix and Slack: by apprise, to servers on loopback."""

import email
import email.policy
import json
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.model.message import Destination, Format, Parcel, View
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from tests.deliver.servers import closed_port
from tests.report.hostile_checks import CHECKS, TAME, Check, our_elements, unsaid
from tests.report.hostile_night import hostile_night, squash
from tests.report.oracles.characters import unseen_characters
from tests.report.oracles.html import Part, html_faults, parts, text_of
from tests.report.oracles.links import live_text
from tests.report.oracles.matrix import matrix_faults
from tests.report.oracles.slack import slack_faults, slack_text
from tests.report.oracles.terminal import terminal_faults
from tests.servers.slack import slack_server

_ids = count(1)


def _send(destination: Destination, view: View) -> Iterator[str]:
    message = render(view, destination.format)
    outcome = send(destination, Parcel(message, next(_ids), 3, view.network or "lan"))
    if not outcome.delivered:
        yield f"not delivered: {outcome.reason}"


def _only(url: str) -> Destination:
    (destination,) = read_destinations([url], None, "lan")
    return destination


class _Mailbox:
    """Keeps what it accepts."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.received.append(envelope)
        return "250 OK"


@contextmanager
def mail_check() -> Iterator[Check]:
    """Send by SMTP; the message is parsed, and each of its parts is looked at."""
    mailbox = _Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=closed_port())
    controller.start()
    destination = _only(
        f"mailto://127.0.0.1:{controller.port}?from=watch@example.org&to=ops@example.org"
        "&smtp=127.0.0.1&mode=insecure"
    )

    def arrived(view: View) -> Iterator[EmailMessage | str]:
        mailbox.received.clear()
        yield from _send(destination, view)
        if len(mailbox.received) != 1:
            yield f"{len(mailbox.received)} messages"
        for envelope in mailbox.received:
            if (envelope.mail_from, envelope.rcpt_tos) != (
                "watch@example.org",
                ["ops@example.org"],
            ):
                yield f"envelope: {envelope.mail_from} {envelope.rcpt_tos}"
            content = envelope.content
            assert isinstance(content, bytes)
            parsed = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            yield parsed

    def check(texts: Sequence[str]) -> Iterator[str]:
        view = hostile_night(texts).view
        for message in arrived(view):
            if isinstance(message, str):
                yield message
            else:
                yield from mail_faults(message, names, view)

    try:
        (tame,) = (one for one in arrived(hostile_night(TAME).view) if not isinstance(one, str))
        names = sorted(tame.keys())
        yield check
    finally:
        controller.stop()


def mail_faults(message: EmailMessage, names: Sequence[str], view: View) -> Iterator[str]:
    """Yield what is wrong with a mail that should have these headers and say this view."""
    if sorted(message.keys()) != names:
        yield f"headers: {sorted(message.keys())}"
    for name, value in message.items():
        yield from (f"{name}, {fault}" for fault in terminal_faults(str(value)))
    subject = str(message["Subject"])
    if squash(subject) != squash(render(view, Format.HTML).subject):
        yield f"subject: {subject!a}"
    yield from (f"subject, {fault}" for fault in live_text(subject))
    yield from (f"subject, {fault}" for fault in unseen_characters(subject))
    kinds = [part.get_content_type() for part in message.walk()]
    if kinds != ["multipart/alternative", "text/plain", "text/html"]:
        yield f"parts: {kinds}"
        return
    for part in message.walk():
        yield from (f"defect: {defect!r}" for defect in part.defects)
    text, markup = (str(part.get_content()).replace("\r\n", "\n") for part in message.iter_parts())
    yield from (f"text, {fault}" for fault in terminal_faults(text))
    yield from (f"text, {fault}" for fault in live_text(text))
    yield from (f"text, {fault}" for fault in unseen_characters(text))
    yield from (f"text, {fault}" for fault in unsaid(view, text))
    yield from (f"html, {fault}" for fault in html_faults(markup, our_elements()))
    yield from (f"html, {fault}" for fault in unsaid(view, text_of(markup)))


@contextmanager
def homeserver() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield the port of a stand-in for a homeserver, and the events that it is sent."""
    events: list[dict[str, Any]] = []
    yes = b'{"user_id": "@w:example.org", "room_id": "!r:example.org", "event_id": "$1"}'

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.command == "PUT":
                events.append(json.loads(body))
            is_unknown = self.path.endswith("/state/m.room.encryption")
            answer = b'{"errcode": "M_NOT_FOUND"}' if is_unknown else yes
            self.send_response(404 if is_unknown else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815  # http.server finds them by name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield int(server.server_address[1]), events
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def matrix_check() -> Iterator[Check]:
    """Send an event, whole, and look at both its bodies."""
    with homeserver() as (port, events):
        destination = _only(f"matrix://syt_c2VjcmV0_QUFB@127.0.0.1:{port}/!r:example.org")

        def check(texts: Sequence[str]) -> Iterator[str]:
            view = hostile_night(texts).view
            events.clear()
            yield from _send(destination, view)
            if len(events) != 1:
                yield f"{len(events)} events"
            for event in events:
                yield from matrix_faults(event, ours)
                yield from (f"body, {fault}" for fault in unsaid(view, event["body"]))
                said = text_of(event["formatted_body"])
                yield from (f"html, {fault}" for fault in unsaid(view, said))

        faults = list(_send(destination, hostile_night(TAME).view))
        assert not faults, faults
        ours: set[Part] = parts(events[0]["formatted_body"])
        yield check


@contextmanager
def slack_check() -> Iterator[Check]:
    """Send what fits into the budget; the stand-in refuses what Slack is known to refuse."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(slack_server(folder))
        stack.enter_context(_environment(server.environment))
        destination = _only("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")

        def check(texts: Sequence[str]) -> Iterator[str]:
            whole = hostile_night(texts).view
            view = shorten(whole, destination.budget, destination.format)
            server.messages.clear()
            yield from _send(destination, view)
            if len(server.messages) != 1:
                yield f"{len(server.messages)} messages"
            for message in server.messages:
                yield from slack_faults(message["payload"])
                yield from unsaid(view, slack_text(message["payload"]))

        yield check


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables until the block ends: apprise's HTTP library reads them at each request."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def every_check() -> Iterator[dict[str, Check]]:
    """All of them, by format; the channels' servers run until the block ends."""
    with ExitStack() as stack:
        yield CHECKS | {
            "mail": stack.enter_context(mail_check()),
            "Matrix": stack.enter_context(matrix_check()),
            "Slack": stack.enter_context(slack_check()),
        }
