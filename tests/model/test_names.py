"""What people call a host, by the most specific entry of their file."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.names import NameBook, Naming
from tests.builders import at

BOOK = """\
# our hosts
192.168.1.10,nas,alice,Leeds
192.168.1.0/24,,ops,
10.0.0.0/8,office,,
10.20.0.0/16,lab,,York
24:0a:c4:00:00:01,"thermostat, hall",bob
2001:db8::/32,cloud
2001:db8::5,db-7
"""


@pytest.mark.parametrize(
    ("address", "mac", "naming"),
    [
        ("192.168.1.10", "", Naming("nas", "alice", "Leeds")),
        ("192.168.1.11", "", Naming("", "ops", "")),
        ("10.1.2.3", "", Naming("office")),
        ("10.20.2.3", "", Naming("lab", "", "York")),
        ("192.168.1.10", "24:0A:C4:00:00:01", Naming("thermostat, hall", "bob", "Leeds")),
        ("8.8.8.8", "", Naming()),
        ("2001:db8::5", "", Naming("db-7")),
        ("2001:db8::6", "", Naming("cloud")),
    ],
)
def test_each_fact_comes_from_the_most_specific_entry(
    address: str, mac: str, naming: Naming
) -> None:
    assert NameBook.parse(BOOK).of(at(address), mac) == naming


@pytest.mark.parametrize(
    "written",
    ["24:0a:c4:00:00:01", "24-0A-C4-00-00-01", "240a.c400.0001", "240ac4000001"],
)
def test_a_mac_is_taken_in_any_usual_spelling(written: str) -> None:
    book = NameBook.parse(f"{written},thermostat")
    assert book.of(at("192.0.2.1"), "24:0A:C4:00:00:01").name == "thermostat"


@pytest.mark.parametrize(
    "text",
    [
        "match,name,owner,site\n192.0.2.1,nas,alice,Leeds",
        "Site,Owner,Name,Address\nLeeds,alice,nas,192.0.2.1",
        "192.0.2.1;nas;alice;Leeds",
        "\ufeffMAC,Name,Owner,Site\n192.0.2.1,nas,alice,Leeds,,",
        "192.0.2.1,nas,alice,Leeds\n192.0.2.2,host",
        "\n\n  # comment\n192.0.2.1 , nas, alice, Leeds\r\n",
    ],
    ids=[
        "header",
        "other order",
        "semicolons",
        "byte order mark",
        "a name like a heading",
        "blanks",
    ],
)
def test_files_as_people_and_spreadsheets_write_them(text: str) -> None:
    assert NameBook.parse(text).of(at("192.0.2.1"), "") == Naming("nas", "alice", "Leeds")


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            "192.0.2.300,nas",
            ["line 1: '192.0.2.300' is neither a MAC, an address nor a CIDR block"],
        ),
        (
            "192.0.2.1,nas\n\n192.0.2.1,tv\nx,y",
            [
                "line 3: 192.0.2.1 stands in line 1 already",
                "line 4: 'x' is neither a MAC, an address nor a CIDR block",
            ],
        ),
        ("192.0.2.1,,,", ["line 1: has neither name, owner nor site"]),
        ("192.0.2.1,a,b,c,d", ["line 1: 5 columns, there are 4"]),
        ("match,name,floor\n192.0.2.1,nas,3", ["line 1: no such column: floor"]),
        ('192.0.2.1,"nas', ["line 1: is no CSV: unexpected end of data"]),
    ],
    ids=["no address", "several", "nothing said", "too many", "column", "quotes"],
)
def test_every_wrong_line_is_named(text: str, errors: list[str]) -> None:
    with pytest.raises(ValueError, match="line") as raised:
        NameBook.parse(text)
    assert str(raised.value).splitlines() == errors


def test_a_file_that_is_none_is_told_in_twenty_lines() -> None:
    with pytest.raises(ValueError, match="and 80 more") as raised:
        NameBook.parse("x,y\n" * 100)
    assert len(str(raised.value).splitlines()) == 21


def test_control_characters_do_not_survive() -> None:
    naming = NameBook.parse("192.0.2.1,\x1b[31mnas\u202e,a\x07lice").of(at("192.0.2.1"), "")
    assert naming.name.isprintable()
    assert naming.owner.isprintable()


networks = st.builds(
    lambda number, length: ip_network((number, length), strict=False),
    st.integers(0, 2**32 - 1) | st.integers(0xC0A80000, 0xC0A800FF),
    st.integers(0, 32),
)


@given(st.sets(networks, max_size=12), st.integers(0xC0A80000, 0xC0A800FF))
def test_the_longest_prefix_names_it(ranges: set, number: int) -> None:
    address = ip_address(number)
    book = NameBook.parse("\n".join(f"{network},net-{network}" for network in ranges))
    around = [network for network in ranges if address in network]
    expected = f"net-{max(around, key=lambda n: n.prefixlen)}" if around else ""
    assert len(book) == len(ranges)
    assert book.of(address, "").name == expected
