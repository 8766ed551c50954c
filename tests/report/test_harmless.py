"""Links and mentions are broken by a space; what is none stays as it is."""

import pytest

from netwatch_notify.report.harmless import harmless


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@room", "@ room"),
        ("<!channel>", "< !channel>"),
        ("https://a.example/b", "https: // a.example/b"),
        ("//a.example", "// a.example"),
        ("www.a.example", "www. a.example"),
        ("mailto:a", "mailto: a"),
        ("Tel:+49 30", "Tel: +49 30"),
        ("#ops:a.example", "# ops:a.example"),
    ],
)
def test_what_a_client_would_link_is_broken(text: str, told: str) -> None:
    assert harmless(text) == told
    assert harmless(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "nas.example.org (192.0.2.10): 8443/tcp opened",
        "2001:db8::1",
        "cpe:/a:nginx:nginx:1.22.1",
        "/usr/share//doc",
        "C#, #1, #ops",
        "team:x",
        "a < b",
    ],
)
def test_what_is_no_link_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
