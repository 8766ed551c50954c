"""
Text that no reader's program takes for a mention, a link or markup, whatever the format.

Mail readers and chats look for links and mentions even in plain text, and apprise turns one
format into another for channels that need it. So this is done in every format, before that
format's own escaping, and by a visible space rather than an invisible character: what is read
is what is there, `@ room` and `http: // example.org`.

A bare name (`nas.example.org`) is left as it is: it is what the message is about, and some
chats will still underline it.
"""

import re
import unicodedata

from netwatch_notify.model.text import clean

LIMIT = 1000
"""Characters of one line; whoever builds a view keeps far below."""

# What Element links without `//`, and rooms (`#room:host`): linkifyOptions.ts of element-web,
# 2026-11; mail readers and Slack know some of them, too.
_SCHEMES = "bitcoin|file|geo|im|magnet|mailto|matrix|news|openpgp4fpr|sip|sms|smsto|tel|urn|xmpp"
_BREAKS = re.compile(
    # linkify-it, which many readers of Markdown have, links `//example.org`, too.
    r"[@<](?=\S)|:(?=//)|(?<![\w/])//(?=[^\s/])|www\.(?=\S)"
    rf"|(?<![a-z])(?:{_SCHEMES}):(?=\S)|#(?=[^\s:]+:\S)",
    re.IGNORECASE,
)
_MARKS = ("!", "+", "~", "-")
_SUBJECT_MARKS = frozenset(" .,:;·+-/()…'%→=?")
_NOT_INSIDE_A_WORD = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")


def harmless(text: str) -> str:
    """
    Return `text` on one line, its mentions and links broken by a space.

    No `@` or `<` is followed by anything but a space; no `://`, `//name`, `www.name`,
    `mailto:name` or `#room:name` remains.
    """
    text = clean(text, LIMIT)
    return _BREAKS.sub(lambda found: f"{found.group()} ", text)


def harmless_subject(text: str) -> str:
    """
    Return a subject that means itself in a mail header, in HTML and in Markdown.

    Channels without a subject get it as part of the body, in whatever format that has. It
    cannot be escaped for all of them, so only letters, digits and plain punctuation stay.
    """
    kept = "".join(character for character in clean(text, LIMIT) if _stays(character))
    return harmless(_NOT_INSIDE_A_WORD.sub("", kept))


def harmless_mark(mark: str) -> str:
    """Return the mark if it is one of ours, else nothing."""
    return mark if mark in _MARKS else ""


def harmless_id(text: str) -> str:
    """Return an id, of which only letters, digits and hyphens stay."""
    return re.sub(r"[^0-9A-Za-z-]", "", text)


def _stays(character: str) -> bool:
    return (
        character.isalnum()
        or character in _SUBJECT_MARKS
        or character == "_"
        or unicodedata.category(character).startswith("M")
    )
