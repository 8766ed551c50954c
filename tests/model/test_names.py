"""What people call a host, by the most specific entry of their file."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.model.names import ERRORS_SHOWN, TEXT_LIMIT, NameBook, Naming
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
        ("192.168.1.11", "24:0A:C4:00:00:01", Naming("thermostat, hall", "bob", "")),
        ("8.8.8.8", "24:0a:c4:00:00:01", Naming("thermostat, hall", "bob", "")),
        ("8.8.8.8", "24:0A:C4:00:00:02", Naming()),
    ],
    ids=[
        "address",
        "its range",
        "wide range",
        "narrow range",
        "MAC before address",
        "nowhere",
        "IPv6 address",
        "IPv6 range",
        "MAC, then range",
        "MAC in lower case",
        "unknown MAC",
    ],
)
def test_each_fact_comes_from_the_most_specific_entry(
    address: str, mac: str, naming: Naming
) -> None:
    assert NameBook.parse(BOOK).of(at(address), mac) == naming


@pytest.mark.parametrize(
    "written",
    ["24:0a:c4:00:00:01", "24-0A-C4-00-00-01", "240a.c400.0001", "240ac4000001"],
    ids=["colons", "dashes", "dots", "bare"],
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
        "match;name;owner;site\n192.0.2.1;nas;alice;Leeds\n192.0.2.2;a, b",
        '192.0.2.1;nas;alice;Leeds\n192.0.2.2;"a; b, c"',
        '# a, comment\n192.0.2.1;nas;alice;"Leeds"',
        '"# a; comment";;;\n;;;\n192.0.2.1;nas;alice;Leeds',
        "IP,Name,Owner,Site,,\n192.0.2.1,nas,alice,Leeds,,",
        "192.0.2.1/32,nas,alice,Leeds",
        "192.0.2.9/24,nas,alice,Leeds",
        "192.0.2.1,nas,alice,Leeds\r192.0.2.2,tv\r",
        "192.0.2.1,nas,alice,Leeds\n\n192.0.2.1/32, nas,alice,Leeds",
    ],
    ids=[
        "header",
        "other order",
        "semicolons",
        "byte order mark",
        "a name like a heading",
        "blanks",
        "commas within semicolons",
        "both in quotes",
        "a comment settles nothing",
        "comment and empty row of a spreadsheet",
        "empty columns at the end",
        "range of one",
        "host bits",
        "old Mac line ends",
        "the same said twice",
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
                "line 3: '192.0.2.1' stands in line 1 already, with other values",
                "line 4: 'x' is neither a MAC, an address nor a CIDR block",
            ],
        ),
        ("192.0.2.1,,,", ["line 1: has neither name, owner nor site"]),
        ("192.0.2.1,a,b,c,d", ["line 1: 5 columns, there are 4"]),
        ("match,name,floor\n192.0.2.1,nas,3", ["line 1: no such column: 'floor'"]),
        (
            "match,name,floor\nx,nas,3",
            [
                "line 1: no such column: 'floor'",
                "line 2: 'x' is neither a MAC, an address nor a CIDR block",
            ],
        ),
        ('192.0.2.1,"nas', ["line 1: is no CSV: unexpected end of data"]),
        (
            "# hosts\nmac,ip,name\n24:0a:c4:00:00:01,192.0.2.1,nas",
            ["line 2: more than one column is the match"],
        ),
        (
            "name,owner\nnas,alice",
            ["line 1: no column is the match (MAC, address or CIDR block)"],
        ),
        ("address\n192.0.2.1", ["line 1: no column is the name, owner or site"]),
        (
            "240a.c400.0001,nas\n24:0a:c4:00:00:01,tv",
            ["line 2: '24:0a:c4:00:00:01' stands in line 1 already, with other values"],
        ),
        (
            "192.0.2.9/24,nas\n192.0.2.0/24,tv",
            ["line 2: '192.0.2.0/24' stands in line 1 already, with other values"],
        ),
        (
            "192.0.2.300,host",
            ["line 1: '192.0.2.300' is neither a MAC, an address nor a CIDR block"],
        ),
        (
            "192.0.2.1,a\x0cb\nx,y",
            ["line 2: 'x' is neither a MAC, an address nor a CIDR block"],
        ),
    ],
    ids=[
        "no address",
        "several",
        "nothing said",
        "too many",
        "column",
        "column, and a row",
        "quotes",
        "column twice",
        "no match column",
        "match column alone",
        "MAC in two spellings",
        "range in two spellings",
        "wrong row like a header",
        "form feed ends no line",
    ],
)
def test_every_wrong_line_is_named(text: str, errors: list[str]) -> None:
    with pytest.raises(ValueError, match="line") as raised:
        NameBook.parse(text)
    assert str(raised.value).splitlines() == errors


@pytest.mark.parametrize(
    "match",
    [
        pytest.param("fe80::1%eth0", id="zone"),
        pytest.param("10.0.0.0/255.0.0.0", id="netmask"),
        pytest.param("10.0.0.0/33", id="slash-33"),
        pytest.param("10.0.0", id="three-octets"),
        pytest.param("42", id="number"),
        pytest.param("24:0a-c4:00-00:01", id="mixed-separators"),
        pytest.param("24:0a:c4:00:00", id="short-mac"),
        pytest.param("printer", id="hostname"),
        pytest.param("１.2.3.4", id="full-width-digit"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_match_is_refused(match: str) -> None:
    with pytest.raises(ValueError, match="neither a MAC, an address nor a CIDR block"):
        NameBook.parse(f"{match},nas")


def test_what_is_said_twice_is_one_entry() -> None:
    assert len(NameBook.parse("240ac4000001,nas\n24:0A:C4:00:00:01,nas\n")) == 1


def test_a_book_without_entries_is_false() -> None:
    assert not NameBook()
    assert not NameBook.parse("# nobody yet\n")
    assert NameBook.parse("192.0.2.1,nas")


def test_a_file_that_is_none_is_told_in_twenty_lines() -> None:
    with pytest.raises(ValueError, match="and 80 more") as raised:
        NameBook.parse("x,y\n" * 100)
    assert len(str(raised.value).splitlines()) == 21


def test_control_characters_do_not_survive() -> None:
    naming = NameBook.parse("192.0.2.1,\x1b[31mnas\u202e,a\x07lice").of(at("192.0.2.1"), "")
    assert naming.name.isprintable()
    assert naming.owner.isprintable()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: f"{text},nas", id="match"),
        pytest.param(lambda text: f"match,name,{text}", id="column"),
        pytest.param(lambda text: "match,name," + f"{text}," * 1000, id="many-columns"),
    ],
)
def test_a_wrong_line_is_quoted_harmless_and_short(spoil: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="line 1") as raised:
        NameBook.parse(spoil("x\x1b]0;\u202e\x07" * 500))
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


def test_a_name_is_bounded() -> None:
    assert len(NameBook.parse("192.0.2.1," + "n" * 9000).of(at("192.0.2.1"), "").name) == TEXT_LIMIT


@given(st.text(max_size=200) | st.text(' ",;#\r\n/:.%12aname', max_size=200))
def test_any_text_is_a_book_or_an_error_in_bounded_lines(text: str) -> None:
    try:
        book = NameBook.parse(text)
    except ValueError as error:
        lines = str(error).split("\n")
        assert len(lines) <= ERRORS_SHOWN + 1
        assert all(line.isprintable() and len(line) < 300 for line in lines)
        return
    namings = [*book.macs.values()]
    for entries in book.networks.values():
        namings += entries.values()
    for naming in namings:
        assert naming != Naming()
        assert f"{naming.name}{naming.owner}{naming.site}".isprintable()


Network = IPv4Network | IPv6Network


def networks_near(first: int, bits: int) -> st.SearchStrategy[Network]:
    """Ranges of one family, many of them around the addresses that are looked up."""
    kind = IPv4Network if bits == 32 else IPv6Network
    return st.builds(
        lambda number, length: kind((number, length), strict=False),
        st.integers(0, 2**bits - 1) | st.integers(first, first + 255),
        st.integers(0, bits) | st.integers(bits - 8, bits),
    )


HOME = int(ip_address("192.168.0.0"))
HOME_IPV6 = int(ip_address("2001:db8::"))
networks = networks_near(HOME, 32) | networks_near(HOME_IPV6, 128)
facts = st.sampled_from(["", "a", "b"])
namings = st.builds(Naming, facts, facts, facts).filter(lambda naming: naming != Naming())


@given(
    st.dictionaries(networks, namings, max_size=12),
    st.sampled_from([HOME, HOME_IPV6]),
    st.integers(0, 255),
)
def test_each_fact_is_that_of_the_longest_prefix_that_has_it(
    said: dict[Network, Naming], first: int, offset: int
) -> None:
    address = ip_address(first + offset)
    rows = (f"{where},{n.name},{n.owner},{n.site}" for where, n in said.items())
    book = NameBook.parse("\n".join(rows))
    around = sorted((n for n in said if address in n), key=lambda n: -n.prefixlen)
    assert len(book) == len(said)
    assert book.of(address, "") == Naming(
        next((said[n].name for n in around if said[n].name), ""),
        next((said[n].owner for n in around if said[n].owner), ""),
        next((said[n].site for n in around if said[n].site), ""),
    )
    assert ip_network(address) not in said or around[0] == ip_network(address)
