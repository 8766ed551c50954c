"""Each oracle finds what it is there for: in one unsafe piece, and in renderings that forgot."""

import email
import email.policy
import json
from collections.abc import Callable, Iterable, Iterator
from email.message import EmailMessage
from html import escape, unescape
from itertools import islice

import pytest

from netwatch_notify.model.message import Format, View
from netwatch_notify.report.render import render
from tests.report.hostile import hostile_strings
from tests.report.hostile_channels import mail_faults
from tests.report.hostile_checks import our_elements, unsaid
from tests.report.hostile_night import hostile_night
from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.html import html_faults, parts
from tests.report.oracles.links import linked_text, live_text
from tests.report.oracles.markdown import markdown_faults
from tests.report.oracles.matrix import matrix_faults
from tests.report.oracles.slack import slack_faults
from tests.report.oracles.terminal import screen_faults, terminal_faults

NOTICE = {"msgtype": "m.notice", "body": "x", "m.mentions": {}}


def in_html(markup: str) -> Iterator[str]:
    return html_faults(markup, our_elements())


def in_bold(text: str) -> Iterator[str]:
    return terminal_faults(text, bold=frozenset({"HEAD"}))


def in_slack(text: str) -> Iterator[str]:
    return slack_faults({"text": "x", "blocks": [{"type": "section", "text": _mrkdwn(text)}]})


def in_blocks(text: str) -> Iterator[str]:
    return slack_faults({"blocks": [{"type": "section", "text": _mrkdwn(text, "plain_text")}]})


def in_attachment(text: str) -> Iterator[str]:
    return slack_faults({"attachments": [{"color": "#fff", "title": text, "text": "x"}]})


def in_payload(text: str) -> Iterator[str]:
    return slack_faults(json.loads(text))


def in_matrix(text: str) -> Iterator[str]:
    return matrix_faults(NOTICE | {"body": text}, set())


def in_event(text: str) -> Iterator[str]:
    return matrix_faults(NOTICE | json.loads(text), parts("<p>x</p>"))


def in_formatted_body(text: str) -> Iterator[str]:
    more = {"format": "org.matrix.custom.html", "formatted_body": text}
    return matrix_faults(NOTICE | more, parts("<p>x</p>"))


def _mrkdwn(text: str, kind: str = "mrkdwn") -> dict[str, str]:
    return {"type": kind, "text": text}


@pytest.mark.parametrize(
    ("oracle", "unsafe", "fault"),
    [
        (in_html, "<div>a <img src=x></div>", "('img', '', '')"),
        (in_html, "<div>a <a href=x>b</a></div>", "'href'"),
        (in_html, "<div onclick=x>a</div>", "'onclick'"),
        (in_html, '<div style="background:url(x)">a</div>', "style"),
        (in_html, "<div>a<!-- b --></div>", "comment"),
        (in_html, "<div>a<!--[if mso]>b<![endif]--></div>", "comment"),
        (in_html, "<div>a<![CDATA[b]]></div>", "declaration"),
        (in_html, "<div>a<?php b ?></div>", "instruction"),
        (in_html, "<div>&lt;!channel&gt;</div>", "live"),
        (in_html, "<div>&#64;room</div>", "live"),
        (in_html, "<div>a&#x202e;b</div>", "steers"),
        (in_html, "<div>a\u202eb</div>", "steers"),
        (in_html, "<div>\u3164</div>", "unseen"),
        (markdown_faults, "[x](y)", "element a"),
        (markdown_faults, "![x](y)", "element img"),
        (markdown_faults, "<b>x</b>", "element b"),
        (markdown_faults, "# x", "element h1"),
        (markdown_faults, "x\n===", "element h1"),
        (markdown_faults, "a\n\n    code", "element pre"),
        (markdown_faults, "1. x", "element ol"),
        (markdown_faults, "> x", "element blockquote"),
        (markdown_faults, "a *b* c", "element em"),
        (markdown_faults, "~~x~~", "CommonMark: element s"),
        (markdown_faults, "|a|b|\n|-|-|\n|c|d|", "element table"),
        (markdown_faults, "x\n{: onclick=y }", "with additions: attribute"),
        (markdown_faults, "a http\\://x", "live"),
        (live_text, "a@b", "live"),
        (live_text, "mailto:b", "live"),
        (live_text, "TEL:+49", "live"),
        (live_text, "#room:x", "live"),
        (live_text, "www.x", "live"),
        (live_text, "http://x", "live"),
        (live_text, "//x", "live"),
        (live_text, "<!channel>", "live"),
        (linked_text, "a //evil.example b", "linked"),
        (linked_text, "a@evil.com", "linked"),
        (steering_characters, "a\x9bb", "steers"),
        (steering_characters, "a\ud800b", "steers"),
        (steering_characters, "a\u2028b", "steers"),
        (unseen_characters, "a\u200bb", "unseen"),
        (unseen_characters, "a\U000e0100b", "unseen"),
        (unseen_characters, "a" + "\u0301" * 9, "piled up"),
        (terminal_faults, "a\x1b[31mb", "select_graphic_rendition"),
        (terminal_faults, "a\x1b[2Jb", "erase_in_display"),
        (terminal_faults, "a\x9b1;1Hb", "cursor_position"),
        (terminal_faults, "a\x1b]0;t\x07b", "set_title"),
        (terminal_faults, "a\x07b", "bell"),
        (terminal_faults, "a\rb", "carriage_return"),
        (terminal_faults, "a\tb", "tab"),
        (terminal_faults, "a\x08b", "backspace"),
        (terminal_faults, "a\x00b", "steers"),
        (terminal_faults, "a\x1bcb", "reset"),
        (in_bold, "\x1b[1mHEAD evil\x1b[0m", "bold: 'evil'"),
        (in_bold, "\x1b[1mHEAD", "left in bold"),
        (in_bold, "\x1b[8mx\x1b[0m", "select_graphic_rendition"),
        (screen_faults, "a\x1b]0;t\x07b\n", "title"),
        (screen_faults, "a\x07b\n", "1 bells"),
        (screen_faults, "a\x1b[6nb\n", "answers ["),
        (screen_faults, "a\x1b[?25lb\n", "modes"),
        (screen_faults, "a\n\x1b[Ab\nc\n", "the cursor is in line"),
        (in_slack, "a <!channel>", "not escaped"),
        (in_slack, "a & b", "not escaped"),
        (in_slack, "a &lt;@U1&gt;", "live"),
        (in_slack, "a *b* c", "formatted"),
        (in_slack, "a `b` c", "formatted"),
        (in_slack, "a http://x", "live"),
        (in_slack, "a\u202eb", "steers"),
        (in_blocks, "a <!here>", "plain_text, not escaped"),
        (in_attachment, "<https://x|y>", "not escaped"),
        (in_payload, '{"text": "x", "link_names": 1}', "link_names"),
        (in_payload, '{"text": "x", "parse": "full"}', "parse=full"),
        (in_payload, '{"blocks": [{"type": "image", "image_url": "x"}]}', "image_url"),
        (
            in_payload,
            '{"blocks": [{"type": "rich_text", "elements": [{"type": "user", "user_id": "U1"}]}]}',
            "element",
        ),
        (in_matrix, "a @room", "body, live"),
        (in_matrix, "a\x1b[31m", "body, line 1 steers"),
        (in_event, '{"m.mentions": {"room": true}}', "mentions"),
        (in_event, '{"m.relates_to": {}}', "key"),
        (in_event, '{"msgtype": "m.emote"}', "msgtype"),
        (in_formatted_body, "<p>x <a href='https://matrix.to/#/@b:c'>b</a></p>", "('a', '', '')"),
        (in_formatted_body, "<p>x</p><mx-reply>y</mx-reply>", "mx-reply"),
        (in_formatted_body, "<p data-mx-spoiler>x</p>", "data-mx-spoiler"),
    ],
)
def test_an_unsafe_piece_is_found(
    oracle: Callable[[str], Iterable[str]], unsafe: str, fault: str
) -> None:
    faults = list(oracle(unsafe))

    assert any(fault in one for one in faults), faults


def forgets_html(text: str) -> Iterator[str]:
    return in_html(f"<div>{text}</div>")


def forgets_slack(text: str) -> Iterator[str]:
    return in_blocks(unescape(text))


def forgets_nothing_but_mentions(text: str) -> Iterator[str]:
    return in_html(f"<div>{escape(text)}</div>")


@pytest.mark.parametrize(
    ("rendered", "least"),
    [
        (forgets_html, 500),
        (forgets_nothing_but_mentions, 300),
        (forgets_slack, 350),
        (markdown_faults, 600),
        (terminal_faults, 200),
        (in_matrix, 300),
    ],
)
def test_a_rendering_that_escapes_nothing_is_found_by_many_of_the_strings(
    rendered: Callable[[str], Iterable[str]], least: int
) -> None:
    """Of 1,000 strings, so many do harm where nothing holds them back."""
    strings = islice(hostile_strings("unsafe"), 1000)

    assert sum(any(rendered(text)) for text in strings) >= least


HEADERS = ["Content-Type", "MIME-Version", "Subject", "To"]


def a_mail(subject: str, more: str = "", text: str = "", markup: str = "") -> EmailMessage:
    """A mail as it would come in of the view below."""
    alternative = 'multipart/alternative; boundary="=="'
    source = (
        f"Subject: {subject}\nTo: ops@example.org\nMIME-Version: 1.0\n{more}"
        f"Content-Type: {alternative}\n\n--==\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text or VIEW_TEXT}\n--==\n"
        f"Content-Type: text/html; charset=utf-8\n\n{markup or VIEW_HTML}\n--==--\n"
    )
    parsed = email.message_from_bytes(source.encode(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


VIEW: View = hostile_night(["plain"]).view
VIEW_TEXT = render(VIEW, Format.TEXT).body
VIEW_HTML = render(VIEW, Format.HTML).body
SUBJECT = (
    "=?utf-8?q?"
    + "".join(f"={byte:02X}" for byte in render(VIEW, Format.HTML).subject.encode())
    + "?="
)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (a_mail(SUBJECT), ""),
        (a_mail(SUBJECT, "Bcc: a@evil.example\n"), "headers: ['Bcc'"),
        (a_mail("=?utf-8?q?=3Cb=3E?="), "subject: '<b>'"),
        (a_mail(SUBJECT, text="something else"), "text, not said"),
        (a_mail(SUBJECT, text=f"{VIEW_TEXT}\x1b[31m"), "text, select_graphic_rendition"),
        (a_mail(SUBJECT, markup=f"{VIEW_HTML}<img src=x>"), "html, element"),
        (a_mail(SUBJECT, text=f"{VIEW_TEXT}\n--==\nContent-Type: text/x\n\nx"), "parts"),
    ],
    ids=["sound", "header", "subject", "unsaid", "escape", "tag", "part"],
)
def test_an_unsafe_mail_is_found(message: EmailMessage, fault: str) -> None:
    faults = list(mail_faults(message, HEADERS, VIEW))

    assert bool(faults) == bool(fault)
    assert any(one.startswith(fault) for one in faults) or not fault, faults


def test_a_line_that_is_missing_or_out_of_place_is_found() -> None:
    lines = VIEW_TEXT.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("PROBLEM"))

    assert not list(unsaid(VIEW, VIEW_TEXT))
    assert list(unsaid(VIEW, "\n".join(lines[:first] + lines[first + 1 :])))
    assert list(unsaid(VIEW, "\n".join([*lines[first + 1 :], lines[first]])))
