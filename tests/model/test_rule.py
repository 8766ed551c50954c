"""What a rule is about, as a person writes it."""

import pytest

from netwatch_notify.model.rule import Match
from tests.builders import at


@pytest.mark.parametrize(
    ("written", "fits", "does_not"),
    [
        ("192.0.2.5", ("192.0.2.5",), ("192.0.2.6",)),
        ("192.0.2.0/30", ("192.0.2.3",), ("192.0.2.4",)),
        ("192.0.2.1-9", ("192.0.2.9",), ("192.0.2.10",)),
        ("192.0.*.1", ("192.0.77.1",), ("192.0.77.2",)),
        ("2001:db8::/64", ("2001:db8::ffff",), ("2001:db8:1::1", "192.0.2.1")),
        ("2001:db8::5", ("2001:db8::5",), ("2001:db8::6",)),
    ],
)
def test_addresses_and_ranges(
    written: str, fits: tuple[str, ...], does_not: tuple[str, ...]
) -> None:
    match = Match.parse(written)
    assert all(match.fits(at(one), "", "", ()) for one in fits)
    assert not any(match.fits(at(one), "", "", ()) for one in does_not)


@pytest.mark.parametrize(
    ("written", "is_fit"),
    [
        ("24:0a:c4:00:00:01", True),
        ("24-0A-C4-00-00-01", True),
        ("24:0a:c4:*", True),
        ("24:0a:c4:00:00:02", False),
        ("espressif", True),
        ("Espr*", True),
        ("press", False),
        ("laptop-7", True),
        ("LAPTOP-?", True),
        ("laptop-7.example.org", True),
        ("*.example.org", True),
        ("laptop", False),
        ("*", True),
    ],
)
def test_macs_vendors_and_names(written: str, is_fit: bool) -> None:
    """A name fits with its domain or without, in any case."""
    facts = ("24:0A:C4:00:00:01", "Espressif", ("", "laptop-7.Example.org"))
    assert Match.parse(written).fits(at("192.0.2.1"), *facts) is is_fit


def test_a_host_nobody_named_fits_no_name() -> None:
    assert not Match.parse("laptop-*").fits(at("192.0.2.1"), "", "", ("", ""))


@pytest.mark.parametrize(
    "written", ["", "  ", "x" * 101, "192.0.2.300/24", "1.2.3", "2001:db8::/200"]
)
def test_what_can_match_nothing_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Match.parse(written)


def test_what_is_stored_reads_back() -> None:
    for written in ("192.0.2.0/24", "24:0a:c4:00:00:01", "Apple*", "*"):
        assert Match.parse(Match.parse(written).written) == Match.parse(written)
