"""What a network says of itself never becomes markup, a link, a mention or a terminal escape."""

import json
import re
from html.parser import HTMLParser

import markdown
import pytest
from hypothesis import given

from netwatch_notify.model.message import Format, Item, Section, View
from netwatch_notify.report.markdown import escape_markdown
from netwatch_notify.report.render import render
from netwatch_notify.report.text import render_text
from tests.report.stories import HOSTILE, SAMPLE
from tests.report.strategies import hostile_text, relaxed, views

OUR_TAGS = {"div", "h3", "p", "br", "b", "span"}
MARKDOWN_TAGS = {"p", "ul", "li", "strong", "code"}
MENTION_OR_LINK = re.compile(r"@\S|<\S|://|www\.\S", re.IGNORECASE)


class Page(HTMLParser):
    """Collects the tags, attributes, declarations and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.others: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "br":
            self.text += "\n"  # which ends a line, for whoever looks for links, too

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def assert_printable(text: str) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]", text)


@relaxed
@given(views)
def test_html_holds_only_our_tags(view: View) -> None:
    """Parsed as a browser would, nothing hostile is a tag, an attribute or a comment."""
    body = render(view, Format.HTML).body
    page = Page(body)

    assert page.tags <= OUR_TAGS
    assert page.attributes <= {"style"}
    assert not page.others
    assert not MENTION_OR_LINK.search(page.text)
    assert_printable(body)


@relaxed
@given(views)
def test_markdown_becomes_only_our_elements(view: View) -> None:
    """Made HTML by python-markdown (as apprise does), only our bold, lists and ids remain."""
    body = render(view, Format.MARKDOWN).body
    page = Page(markdown.markdown(body))

    assert page.tags <= MARKDOWN_TAGS
    assert not page.attributes
    assert not page.others
    assert not MENTION_OR_LINK.search(page.text)
    assert not re.search(r"@\w|<|://|www\.\S", body, re.IGNORECASE)
    assert_printable(body)


@relaxed
@given(hostile_text)
def test_markdown_leaves_no_special_character_bare(text: str) -> None:
    """Whatever the dialect: each special character is escaped or an entity."""
    escaped = escape_markdown(text)

    bare = re.sub(r"\\.|&(?:lt|gt|amp|#\d+);", "", escaped)
    assert not re.search(r"[\\`*_\[\]{}#<>&~|$]", bare)
    assert not re.match(r"[-+=]|\d+[.)](\s|$)", escaped)


@relaxed
@given(views)
def test_text_holds_no_mention_link_or_control(view: View) -> None:
    """Chats look for mentions and links in plain text as well."""
    body = render(view, Format.TEXT).body

    assert not MENTION_OR_LINK.search(body)
    assert_printable(body)


@relaxed
@given(views)
def test_subject_is_one_plain_line_in_every_format(view: View) -> None:
    """No header can be smuggled in, and it needs no escaping anywhere."""
    for format_ in Format:
        subject = render(view, format_).subject

        assert not re.search(r"[\r\n<>&@`*\[\]\\~|#{}$]|://|www\.\S", subject, re.IGNORECASE)
        assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", subject)
        assert_printable(subject)


@pytest.mark.parametrize("format_", Format)
def test_every_format_says_the_same(format_: Format) -> None:
    """Names, addresses, versions and ids are in each of them."""
    body = render(SAMPLE.view, format_).body
    if format_ is Format.SLACK:
        body = json.dumps(json.loads(body), ensure_ascii=False)

    for fact in ("printer-2 (192.168.1.40)", "OpenSSH 9.2p1 → 9.6p1", "9711", "38 up (usually 37)"):
        assert fact in body


def test_text_breaks_no_address_and_keeps_to_its_width() -> None:
    """Lines wrap at spaces; an address too long for a line stays whole."""
    address = "2001:db8:1234:5678:9abc:def0:1234:5678"
    name = f"a-rather-long-hostname-with-hyphens ({address})"
    view = View("lan", "", (Section("TO CHECK", (Item(f"{name}: 8443/tcp opened", "+"),)),))
    body = render_text(view)

    assert address in body
    assert max(map(len, body.splitlines())) <= 60


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ("x" * 46, f"  {'x' * 46} [7f3a]"),
        ("x" * 50, f"  {'x' * 50} [7f3a]"),
        ("x" * 58, " " * 49 + "[7f3a]"),
    ],
    ids=["at the edge", "beyond the edge", "below"],
)
def test_id_stands_at_the_right_of_the_last_line_if_it_fits(detail: str, line: str) -> None:
    """Otherwise it takes a line of its own."""
    view = View("lan", "", (Section("X", (Item("a", "+", (detail,), "7f3a"),)),))

    assert render_text(view).splitlines()[-1] == line


def test_empty_view_is_an_empty_body() -> None:
    """Nothing to say is no line break either."""
    assert render_text(View("lan", "lan")) == ""
    assert render(View("lan", "lan"), Format.MARKDOWN).body == ""


def test_hostile_story_keeps_its_facts() -> None:
    """Made harmless, the address and the port are still there."""
    body = render_text(HOSTILE.view)

    assert "(192.168.1.66): 23/tcp" in body
    assert "@ room" in body
