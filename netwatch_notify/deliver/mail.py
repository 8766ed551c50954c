"""Mail: HTML beside text, with headers that filters and mail readers go by."""

import re
import socket
from collections.abc import Iterator, Mapping
from email.charset import SHORTEST, Charset
from email.header import Header

from apprise.attachment.memory import AttachMemory

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.parcel import network_word, reports_of
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Parcel

BUDGET = 48_000
"""Characters of HTML: about 130 facts, more than anybody reads; the whole report is attached.
Gmail is widely reported to fold what is longer than 102 kB."""
SUBJECT_BYTES = 900
"""As it is sent; exim and others refuse lines of more than 998 (RFC 5322, section 2.1.1)."""

_MADE_BY_APPRISE = frozenset(
    {
        *("Bcc", "Cc", "Content-Transfer-Encoding", "Content-Type", "Date", "From"),
        *("MIME-Version", "Message-ID", "Subject", "To"),
    }
)
_OURS = "x-netwatch-"
_HEADER_NAME = re.compile(r"[!-9;-~]+")


class Mail(Channel):
    """`mailto://` and `mailtos://`, one recipient each."""

    schemas = ("mailto", "mailtos")

    def objections(self, loaded: Loaded) -> Iterator[str]:
        if loaded.service.cc or loaded.service.bcc:
            yield (
                "cc and bcc are not supported: when one of them is refused, every retry reaches "
                "the others again; write one URL for each recipient"
            )
        yield from _header_objections(loaded.service.headers)

    def key(self, loaded: Loaded) -> str:
        return f"mail to {loaded.service.targets[0][1]}"

    def format(self, loaded: Loaded) -> Format:
        return Format(loaded.format) if loaded.format in set(Format) else Format.HTML

    def budget(self, loaded: Loaded) -> int:  # noqa: ARG002
        return BUDGET

    def takes_files(self, loaded: Loaded) -> bool:  # noqa: ARG002
        return True

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        message, headers = parcel.message, loaded.service.headers
        asked = {name.lower() for name in headers}
        for name, value in headers_of(parcel, socket.gethostname()).items():
            # Who wrote +List-Id=… into the URL has a filter for it.
            if name.lower() not in asked:
                headers[name] = value
        files = [_Report(content, name, "text/plain") for name, content in reports_of(parcel)]  # type: ignore[no-untyped-call]
        return bool(
            loaded.service.notify(
                body=message.body,
                title=self.title(loaded, parcel),
                body_format=message.format.value,
                attach=files or None,
            )
        )

    def title(self, loaded: Loaded, parcel: Parcel) -> str:
        # A mail reader decodes whatever looks like an encoded word (RFC 2047), whoever wrote it.
        return _encoded(super().title(loaded, parcel).replace("=?", "= ?"))


class _Report(AttachMemory):
    """A report with its charset, without which readers show `?` for `→`; apprise knows none."""

    @property
    def mimetype(self) -> str:
        return "text/plain; charset=utf-8"


def _encoded(subject: str) -> str:
    """
    Return a subject as encoded words of at most 75 characters, if it is not ASCII.

    apprise 2.2 makes a single one of it, however long, and folds no header. So the words are
    ours, on one line that no server finds too long.
    """
    if subject.isascii():
        return subject
    charset = Charset("utf-8")
    charset.header_encoding = SHORTEST  # apprise sets another one for the whole process
    while len(encoded := Header(subject, charset, maxlinelen=75).encode()) > SUBJECT_BYTES:
        subject = subject[:-2] + "…"
    return " ".join(encoded.split())


def _header_objections(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the headers a URL asks for (`+Name=value`), no value quoted."""
    names = {name.lower() for name in headers}
    for name in sorted(_MADE_BY_APPRISE):
        if name.lower() in names:
            yield f"+{name} would be a second one in each mail; take it out"
    if any(name.startswith(_OURS) for name in names):
        yield "headers whose names begin with X-Netwatch- are ours; take yours out"
    if not all(map(_HEADER_NAME.fullmatch, headers)):
        yield "a header (+Name=value) has a name that is none; letters, digits and hyphens do"
    if any(re.search(r"[\r\n\0]", value) for value in headers.values()):
        yield "a header (+Name=value) has a line break in its value"


def headers_of(parcel: Parcel, host: str) -> dict[str, str]:
    """
    Return the headers of one message.

    Not among them: Precedence, which nobody needs who knows List-Id and which files a critical
    alert as bulk; In-Reply-To, which adds nothing to References and lets rules take the message
    for an answer to a mail that never was.
    """
    network, place = network_word(parcel.network), _domain(host)
    return {
        "Auto-Submitted": "auto-generated",  # RFC 3834: no vacation answers
        # Exchange goes by this one. Reports of failed delivery stay wanted, so not `All`.
        # [MS-OXCMAIL] 2.1.3.2.20, 2026-11.
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "List-Id": f'"netwatch-notify {network}" <{network}.netwatch-notify.{place}>',
        # The root of the network's thread; no message has it, and readers do without.
        "References": f"<{network}@netwatch-notify.{place}>",
        # Message-ID is apprise's own, and another one at each attempt.
        "X-Netwatch-Message": f"{network}-{parcel.run_id}-{parcel.entry_id}",
        "X-Netwatch-Network": network,
    }


def _domain(host: str) -> str:
    """Return a domain name for a host's; `.localhost` where it has none (RFC 2919, section 3)."""
    cleaned = re.sub(r"[^a-z0-9.-]", "-", host.lower())[:100]
    kept = [label for part in cleaned.split(".") if (label := part[:63].strip("-"))]
    return ".".join(kept if len(kept) > 1 else [*kept, "localhost"])
