"""Mail as it arrives: at a real exim, and at a server that refuses and falls silent."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch_notify.deliver.apprise_sender import send
from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.deliver.dispatch import deliver_side_by_side
from netwatch_notify.deliver.mail import headers_of
from netwatch_notify.deliver.parcel import FILES_BYTES
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import (
    Delivery,
    Destination,
    Format,
    Message,
    OutboxEntry,
    Parcel,
    View,
)
from tests.servers.exim import Exim, exim
from tests.servers.mail import PASSWORD, MailServer, mail_server

GOLDEN = Path(__file__).parent.parent / "data" / "messages"
BODY = "<p>a &lt;b&gt;</p><pre>x  y\n  z</pre>"
REPORT = "TO CHECK\n+ nas: 8443/tcp opened → nginx é\n\n.\n. a line that begins with a dot\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    """A server that asks for nothing and takes everything."""
    with mail_server(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A server that wants STARTTLS and a login, its certificate from an authority of its own."""
    with mail_server(tmp_path_factory.mktemp("mail"), secure=True) as running:
        yield running


@pytest.fixture(scope="module")
def debian() -> Iterator[Exim]:
    """A real exim with a Maildir."""
    with exim() as running:
        yield running


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A whole report, in a place whose name means other things in a URL or a shell."""
    folder = tmp_path / "50%20 ?#&;$HOME ~"
    folder.mkdir()
    path = folder / "report.txt"
    path.write_text(REPORT, encoding="utf-8")
    return path


def parcel(
    body: str = BODY,
    subject: str = "lan: telnet",
    format: Format = Format.HTML,  # noqa: A002
    **changes: Any,
) -> Parcel:
    given = {"entry_id": 7, "run_id": 3, "network": "lan", **changes}
    return Parcel(Message(subject, body, format), **given)


def attempt(url: str, what: Parcel | None = None) -> Delivery:
    what = what or parcel()
    return send(Destination("mail", url, what.message.format), what)


def lines_of(part: Any) -> str:
    """Return a part's text with the line ends of the wire made ours."""
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def attachments(message: EmailMessage) -> list[tuple[str | None, bytes]]:
    return [
        (part.get_filename(), part.get_payload(decode=True))
        for part in message.walk()
        if part.get_content_disposition() == "attachment"
    ]


# What arrives in a Maildir


def test_a_night_arrives_as_html_beside_text_in_the_networks_thread(debian: Exim) -> None:
    html = (GOLDEN / "sample.html").read_text(encoding="utf-8")

    outcome = attempt(debian.url(), parcel(html, "lan: nas · 8443 → nginx é", run_id=412))

    assert outcome.delivered, outcome.reason
    (message,) = debian.take(1)
    assert message.get_content_type() == "multipart/alternative"
    text, markup = message.iter_parts()
    kinds = [(part.get_content_type(), part.get_content_charset()) for part in (text, markup)]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    assert lines_of(markup) == html.rstrip("\n")
    assert "! printer-2 (192.168.1.40): 23/tcp telnet opened\n" in lines_of(text)
    assert "OpenSSH 9.2p1 → 9.6p1" in lines_of(text)
    assert message["Subject"] == "lan: nas · 8443 → nginx é"
    assert message["To"] == "ops@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["X-Netwatch-Message"] == "lan-412-7"
    assert message["X-Netwatch-Network"] == "lan"
    assert re.fullmatch(
        r'"netwatch-notify lan" <lan\.netwatch-notify\.[a-z0-9.-]+>', message["List-Id"]
    )
    assert re.fullmatch(r"<lan@netwatch-notify\.[a-z0-9.-]+>", message["References"])
    for name in set(message.keys()) - {"Received"}:
        assert len(message.get_all(name, [])) == 1, name


def test_messages_of_a_network_share_a_thread_and_each_has_its_own_ids(debian: Exim) -> None:
    for entry_id, network in ((1, "lan"), (2, "lan"), (3, "dmz")):
        assert attempt(debian.url(), parcel(entry_id=entry_id, network=network)).delivered

    first, second, other = sorted(debian.take(3), key=lambda found: found["X-Netwatch-Message"][-1])
    assert first["References"] == second["References"] != other["References"]
    assert first["List-Id"] == second["List-Id"] != other["List-Id"]
    assert len({message["Message-ID"] for message in (first, second, other)}) == 3
    ids = [message["X-Netwatch-Message"] for message in (first, second, other)]
    assert ids == ["lan-3-1", "lan-3-2", "dmz-3-3"]


def test_the_whole_report_is_attached_byte_for_byte(debian: Exim, report: Path) -> None:
    outcome = attempt(debian.url(), parcel(files=(report,), run_id=412))

    assert outcome.delivered, outcome.reason
    (message,) = debian.take(1)
    assert message.get_content_type() == "multipart/mixed"
    assert attachments(message) == [("netwatch-lan-412.txt", REPORT.encode())]
    body, attached = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    assert attached.get_content_type() == "text/plain"
    assert attached.get_content_charset() == "utf-8"
    assert attached.get_content() == REPORT


@pytest.mark.parametrize("stage", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("code", "words"), [("451", "4.3.0 Try again later"), ("550", "5.7.1 Refused by policy")]
)
def test_what_exim_refuses_is_told_in_its_words_and_arrives_once_when_it_relents(
    debian: Exim, stage: str, code: str, words: str
) -> None:
    debian.refuse(stage, code)
    try:
        refused = attempt(debian.url())
    finally:
        debian.refuse("", "")
    accepted = attempt(debian.url())

    assert not refused.delivered
    assert refused.reason == f"SMTP {code} {words}"
    assert refused.permanent == (code == "550")
    assert accepted.delivered
    (message,) = debian.take(1)
    assert message["X-Netwatch-Message"] == "lan-3-7"


# What is in it


def test_the_text_part_keeps_lines_and_spaces(server: MailServer) -> None:
    body = (
        "<p><b>TO CHECK</b></p>\n"
        "<pre>+ nas (192.0.2.10): 8443/tcp opened\n"
        "  nginx &lt;1.22.1&gt;                  [0b9e]</pre>\n"
        "<p>Scan complete.</p>"
    )

    assert attempt(server.url(), parcel(body)).delivered

    (message,) = server.messages()
    assert message["X-RcptTo"] == "ops@example.org"
    text, markup = message.iter_parts()
    assert lines_of(text) == (
        "TO CHECK\n\n"
        "+ nas (192.0.2.10): 8443/tcp opened\n"
        "  nginx <1.22.1>                  [0b9e]\n\n"
        "Scan complete."
    )
    assert lines_of(markup) == body


def test_text_mail_keeps_its_spaces(server: MailServer) -> None:
    text = parcel("a <b>\n  z  y", format=Format.TEXT)

    assert attempt(server.url("&format=text"), text).delivered

    (message,) = server.messages()
    assert message.get_content_type() == "text/plain"
    assert lines_of(message) == "a <b>\n  z  y"


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("lan: nas · 8443\nBcc: x@example.org", "lan: nas · 8443 Bcc: x@example.org"),
        ("lan: a\r\n\r\n<p>body</p>", "lan: a <p>body</p>"),
        ("lan: =?utf-8?q?PROBLEM=3A?= x", "lan: = ?utf-8?q?PROBLEM=3A?= x"),
        ("é" * 150, "é" * 150),
        ("lan: 監視 · " * 12, ("lan: 監視 · " * 12)[:-1]),
        ("lan: telnet open on printer-2, +4 " * 5, ("lan: telnet open on printer-2, +4 " * 5)[:-1]),
        ("x" * 300, "x" * 199 + "…"),
    ],
    ids=["header", "body", "encoded word", "not ASCII", "mixed", "long", "too long"],
)
def test_a_subject_is_one_header_and_reads_as_written(
    server: MailServer, subject: str, read: str
) -> None:
    assert attempt(server.url(), parcel(subject=subject)).delivered

    (message,), (raw,) = server.messages(), server.raw_messages()
    assert message["Subject"] == read
    assert message["Bcc"] is None
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    # RFC 5322 and RFC 2047: a server may refuse longer lines, a reader leave longer words as
    # they are.
    assert max(len(line) for line in head.split(b"\r\n")) <= 998
    assert max((len(word) for word in re.findall(rb"=\?\S+\?=", head)), default=0) <= 75


def test_the_longest_subject_of_any_script_fits_a_line(debian: Exim) -> None:
    assert attempt(debian.url(), parcel(subject="\U00020000" * 250)).delivered

    (message,) = debian.take(1)
    assert re.fullmatch("\U00020000{100,}…", message["Subject"])


def test_no_name_makes_a_header_a_file_name_or_a_body(server: MailServer, tmp_path: Path) -> None:
    hostile = 'a"\r\nBcc: x@example.org\r\n\r\n<b>é>,;\\/../'
    path = tmp_path / 'r"\r\nX-Evil: 1\r\n\r\n;é.txt'
    path.write_text("it")

    assert attempt(server.url(), parcel(network=hostile, files=(path,))).delivered

    (message,) = server.messages()
    assert message["Bcc"] is message["X-Evil"] is None
    word = "a___Bcc__x_example.org_____b___"
    assert message["X-Netwatch-Network"].startswith(word)
    ((name, content),) = attachments(message)
    assert content == b"it"
    assert name is not None
    assert re.fullmatch(r"netwatch-[A-Za-z0-9._-]+-3\.txt", name)


@settings(max_examples=150, deadline=None)
@given(network=st.text(max_size=80), host=st.text(max_size=300))
def test_every_network_and_host_has_valid_headers(network: str, host: str) -> None:
    headers = headers_of(parcel(network=network), host)

    atom = r"[A-Za-z0-9_-]+"
    domain = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    label = rf"{atom}(\.{atom})*"
    place = rf"netwatch-notify(\.{domain})+"
    pattern = rf'"netwatch-notify {label}" <(?P<id>{label}\.{place})>'
    listed = re.fullmatch(pattern, headers["List-Id"])
    assert listed
    assert len(listed["id"]) <= 255
    assert re.fullmatch(rf"<{label}@{place}>", headers["References"])
    assert all(re.fullmatch(r"[ -~]+", value) for value in headers.values())


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("watch", "watch.localhost"),
        ("Watch.Example.org", "watch.example.org"),
        ("", "localhost"),
        ("..a_b..", "a-b.localhost"),
    ],
)
def test_a_host_without_a_domain_is_named_below_localhost(host: str, place: str) -> None:
    assert headers_of(parcel(), host)["List-Id"].endswith(f" <lan.netwatch-notify.{place}>")


def test_networks_with_different_names_stay_apart() -> None:
    names = ["lan", "lan.", "lan..", ".lan", "l.an", "l..an", "l-an", "l_an"]

    listed = {headers_of(parcel(network=name), "h")["List-Id"] for name in names}

    assert len(listed) == len(names)


# What the URL asks for


def test_a_header_of_the_url_stands_in_place_of_ours(server: MailServer) -> None:
    url = server.url("&+list-id=%3Cops.example.org%3E&+Precedence=bulk")

    assert attempt(url).delivered

    (message,) = server.messages()
    assert message.get_all("List-Id") == ["<ops.example.org>"]
    assert message["Precedence"] == "bulk"
    assert message["X-Netwatch-Message"] == "lan-3-7"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("+Message-ID=%3Cs3cret@x%3E", "+Message-ID would be a second one"),
        ("+subject=s3cret", "+Subject would be a second one"),
        ("+BCC=s3cret@example.org", "+Bcc would be a second one"),
        ("+x-netwatch-message=s3cret", "X-Netwatch- are ours"),
        ("+List-Id=s3cret%0D%0ABcc:%20x@example.org", "line break in its value"),
        ("+X%20s3cret=1", "has a name that is none"),
    ],
)
def test_a_header_that_would_spoil_the_mail_is_refused_unquoted(query: str, words: str) -> None:
    url = f"mailto://mail.example.org?from=watch@example.org&to=ops@example.org&{query}"

    with pytest.raises(UsageError, match=re.escape(words)) as raised:
        read_destinations([url], None, "lan")

    assert "s3cret" not in str(raised.value).lower()


def test_mail_takes_files_and_has_one_recipient() -> None:
    url = "mailto://mail.example.org?from=watch@example.org&to=ops@example.org"

    (destination,) = read_destinations([url], None, "lan")

    assert destination.takes_files
    assert destination.key == "mail to ops@example.org"


# Files


def test_a_file_that_cannot_go_costs_no_message(server: MailServer, tmp_path: Path) -> None:
    good, empty, huge = (tmp_path / name for name in ("good.txt", "empty.txt", "huge.txt"))
    good.write_text("good")
    empty.touch()
    with huge.open("wb") as file:
        file.truncate(FILES_BYTES + 1)
    missing = (tmp_path / "missing.txt", tmp_path, empty, huge)

    assert attempt(server.url(), parcel(files=missing)).delivered
    assert attempt(server.url(), parcel(files=(*missing, good))).delivered

    without, with_one = server.messages()
    assert without.get_content_type() == "multipart/alternative"
    assert attachments(with_one) == [("netwatch-lan-3-5.txt", b"good")]


@pytest.mark.parametrize(
    "name", ["a%20b", "a%2Fb", "a?name=x", "a#b", "~", "a b", "file:", "http:"]
)
def test_only_the_very_file_is_attached(
    server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    for decoy in ("a b", "a/b"):
        Path(decoy).write_text("another")
    Path(name).write_text("this one")

    assert attempt(server.url(), parcel(files=(Path(name),))).delivered

    assert attachments(server.messages()[0]) == [("netwatch-lan-3.txt", b"this one")]


# Servers that say no, or nothing


def test_starttls_and_a_login_work(
    strict_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(strict_server.authority))
    before = len(strict_server.messages())

    outcome = attempt(strict_server.secure_url())

    assert outcome.delivered, outcome.reason
    assert len(strict_server.messages()) == before + 1


def test_a_wrong_password_is_told_and_is_not_repeated(
    strict_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(strict_server.authority))

    outcome = attempt(strict_server.secure_url("s3cret"))

    assert not outcome.delivered
    assert outcome.permanent
    assert outcome.reason.startswith("SMTP 535 5.7.8 ")
    assert "s3cret" not in outcome.reason


def test_a_certificate_that_is_not_trusted_gets_no_password(strict_server: MailServer) -> None:
    before = len(strict_server.messages())

    outcome = attempt(strict_server.secure_url())

    assert (outcome.delivered, outcome.reason) == (False, "certificate not trusted")
    assert PASSWORD not in repr(outcome)
    assert len(strict_server.messages()) == before


def test_a_server_without_starttls_gets_nothing(server: MailServer) -> None:
    url = server.url().replace("mailto:", "mailtos:").replace("insecure", "starttls")

    outcome = attempt(url)

    assert (outcome.delivered, outcome.reason) == (False, "the server offers no STARTTLS")
    assert server.messages() == []


def test_a_refused_recipient_is_told_without_the_address(server: MailServer) -> None:
    server.mailbox.refuse = "550 5.1.1 <ops@example.org> is no user here; was"

    outcome = attempt(server.url())

    assert not outcome.delivered
    assert outcome.reason.startswith("SMTP 550 5.1.1 <***@***> is no user here")
    assert server.messages() == []


def test_a_connection_closed_instead_of_an_answer_may_have_been_a_yes(server: MailServer) -> None:
    server.mailbox.mood = "closes"

    outcome = attempt(server.url())

    assert outcome.uncertain
    assert (outcome.delivered, outcome.reason) == (False, "the server closed the connection")


@pytest.mark.parametrize("mood", ["hangs", "drips"])
def test_a_server_that_says_nothing_or_never_ends_is_left_at_the_deadline(
    server: MailServer, mood: str
) -> None:
    server.mailbox.mood = mood
    now = datetime(2026, 1, 2, tzinfo=UTC)
    entry = OutboxEntry(7, 3, "mail", View("lan", "s"), 0, now)
    outcomes: list[Delivery] = []
    begun = time.monotonic()

    deliver_side_by_side(
        {"mail": [entry]},
        lambda _: attempt(server.url()),
        lambda _, outcome: outcomes.append(outcome),
        deadline_seconds=1,
    )

    assert [(found.delivered, found.reason) for found in outcomes] == [
        (False, "no answer within 1 s")
    ]
    assert time.monotonic() - begun < 6
