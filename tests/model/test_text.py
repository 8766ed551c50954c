"""Text of a network, cleaned: it is on one line, and what is there is seen."""

import pytest

from netwatch_notify.model.text import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x1b[31mb\x9b0m\x00", "a[31mb0m"),
        ("a\r\nb\u2028c\u0085d", "a b c d"),
        ("a\u202eb\u200bc\ud800d", "abcd"),
        ("\u3164\u115f\uffa0\u2800\ufe0f\U000e0100", ""),
        ("☠\ufe0f 設備", "☠ 設備"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("e" + "\u0301" * 40 + "f", "e" + "\u0301" * 6 + "f"),
        ("e" + "\u0301\x1b" * 40 + "f", "e" + "\u0301" * 6 + "f"),
    ],
    ids=[
        *("escapes", "line breaks", "bidirectional and lone", "letters nobody sees"),
        *("emoji and letters", "accents", "a pile of marks", "a pile with controls between"),
    ],
)
def test_cleaned_text_is_what_a_reader_sees(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean(clean(text)) == cleaned
