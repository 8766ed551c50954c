"""Scan files changed by chance, mostly so that they still look like nmap's."""

import re
from collections.abc import Callable
from random import Random

SEPARATOR = b"\0\0the other file\0\0"
"""Between the two files of one input."""

_ELEMENT = re.compile(rb"<[A-Za-z][^<>]*>")
_SIMPLE = re.compile(rb"<([a-z]+)[^<>]*/>|<([a-z]+)[^<>]*>[^<>]*</\2>")
_ATTRIBUTE = re.compile(rb' ([a-z_]+)=(["\'])([^"\'<>]*)\2')
_HOST = re.compile(rb"<host[\s>].*?</host>", re.DOTALL)
_ADDRESS = re.compile(rb"<address [^<>]*>")
_TWO_ADDRESSES = re.compile(rb"(<address [^<>]*>)\s*(<address [^<>]*>)")
_MAC = b'<address addr="02:00:00:00:00:01" addrtype="mac" vendor="x"/>'
_IPV6 = b'<address addr="2001:db8::1" addrtype="ipv6"/>'
_PIECES = re.compile(rb"<!--|-->|</?[a-z]+|/?>|[ \n]")

INSERTED = (
    *(b"<!-- x -->", b"<!---->", b"<!-- <host> -->", b"<!-- </host> -->", b"<!--", b"-->", b"<!"),
    *(b"<![CDATA[x]]>", b"<![CDATA[</host>]]>", b"<![CDATA[", b"]]>", b"<?x?>", b"<?xml?>", b"<?"),
    *(b"<!DOCTYPE nmaprun>", b'<!DOCTYPE x [<!ENTITY e "eeee">]>', b"<!ENTITY e SYSTEM 'x'>"),
    *(b"&amp;", b"&e;", b"&#0;", b"&#9;", b"&#10;", b"&#x202e;", b"&#xd800;", b"&#xffff;"),
    *(b"&#x1f600;", b"&quot;", b"&", b"&#99999999999;", b"&lt;host&gt;"),
    *(b"\0", b"\x01", b"\x1b[2J", b"\x7f", b"\xc2\x85", b"\t", b"\r", b"\n", b"\x0b"),
    *("\u202e".encode(), "\u2028".encode(), "\ufeff".encode(), "\ufffe".encode(), b"\xed\xa0\x80"),
    *(b"\xff", b"\xc3", b"\xf0\x9f", "é".encode(), b"\xe9", "１".encode(), "ſ".encode()),
    *(b"<", b">", b'"', b"'", b"/", b"<host>", b"<host/>", b"</host>", b"<host ", b"<hosthint/>"),
    *(b"</nmaprun>", b"<nmaprun>", b"<table>" * 70, b"<a>" * 120, b"<cpe/>", b"<hostname/>"),
    *(b"<script/>", b"<port/>", b"<status/>", b"<address/>", b'<address addr="x"/>', b"<ports/>"),
    *(b'<address addr="fe80::1%a&#10;b" addrtype="ipv6"/>', b"<address addr='192.0.2.9'/>"),
    *(b'<script id="x" output="y"/>', b'<extraports state="closed" count="9"/>', b"<extraports"),
    *(
        b'<target status="skipped" specification="x"/>',
        b"<prescript>",
        b"<postscript></postscript>",
    ),
    *(b'<taskprogress task="x" percent="nan"/>', b"<osmatch/>", b"<os><osmatch name='x'/></os>"),
)
VALUES = (
    *(
        b"",
        b"0",
        b"-1",
        b"1e999",
        b"nan",
        b"inf",
        b"65536",
        b"1_0",
        b" 7 ",
        b"0x10",
        b"99999999999",
    ),
    *(b"9" * 400, b"9" * 5000, b"253402300799", b"-62135596800", b"0.0000001", b"1-", b"-", b","),
    *(b"0-99999999999", b"5-1", b"a" * 3000, "\u202eabc".encode(), b"&#10;", b"&#x2028;", b"tcp"),
    *(b"udp", b"sctp", b"ip", b"icmp", b"open", b"closed", b"open|filtered", b"up", b"down"),
    *(b"user-set", b"ipv4", b"ipv6", b"mac", b"192.0.2.1", b"::1", b"fe80::1%eth0", b"1.2.3"),
    *(b"00:11:22:33:44:55", b"cpe:/a:x", b"cpe:", b"success", b"error", b"skipped", b"true"),
    *(b"nmap -p- 192.0.2.0/24", b"nmap ' 192.0.2.1", b"nmap --exclude", b"nmap -iL x", b"\\"),
)
ENCODINGS = (
    *(b"UTF-8", b"utf8", b"UTF-16", b"UTF-7", b"ascii", b"iso-8859-1", b"iso-8859-12", b"latin1"),
    *(b"iso-8859-15", b"windows-1252", b"windows-1259", b"cp037", b"x", b"idna", b"rot13", b"hex"),
)

Mutation = Callable[[bytes, Random], bytes]


def mutate(data: bytes, random: Random, most: int = 6) -> bytes:
    """Return `data` after one to `most` changes."""
    for _ in range(random.randint(1, most)):
        data = random.choice(MUTATIONS)(data, random)
    return data


def _one(pattern: re.Pattern[bytes], data: bytes, random: Random) -> re.Match[bytes] | None:
    """Return one match, near a place chosen by chance."""
    start = random.randrange(len(data) + 1)
    return pattern.search(data, start) or pattern.search(data)


def _between(data: bytes, random: Random) -> int:
    """Return a place, mostly one where something begins or ends."""
    place = random.randrange(len(data) + 1)
    if random.random() < 0.7 and (found := _PIECES.search(data, place)):
        return random.choice(found.span())
    return place


def _insert(data: bytes, random: Random) -> bytes:
    place = _between(data, random)
    return data[:place] + random.choice(INSERTED) + data[place:]


def _delete_element(data: bytes, random: Random) -> bytes:
    found = _one(random.choice((_SIMPLE, _ELEMENT, _HOST)), data, random)
    return data[: found.start()] + data[found.end() :] if found else data


def _duplicate_element(data: bytes, random: Random) -> bytes:
    found = _one(random.choice((_SIMPLE, _ELEMENT, _HOST)), data, random)
    if not found:
        return data
    place = found.end() if random.random() < 0.5 else _between(data, random)
    times = random.choice((1, 1, 1, 2, 70))
    return data[:place] + found[0] * (times if len(found[0]) < 500 else 1) + data[place:]


def _swap_elements(data: bytes, random: Random) -> bytes:
    pattern = random.choice((_SIMPLE, _HOST))
    one, other = _one(pattern, data, random), _one(pattern, data, random)
    if not one or not other or one.span() == other.span():
        return data
    if one.start() > other.start():
        one, other = other, one
    if one.end() > other.start():
        return data
    between = data[one.end() : other.start()]
    return data[: one.start()] + other[0] + between + one[0] + data[other.end() :]


def _change_value(data: bytes, random: Random) -> bytes:
    found = _one(_ATTRIBUTE, data, random)
    if not found:
        return data
    value = random.choice(VALUES)
    if random.random() < 0.3 and (other := _one(_ATTRIBUTE, data, random)):
        value = other[3]
    return data[: found.start(3)] + value + data[found.end(3) :]


def _change_quotes(data: bytes, random: Random) -> bytes:
    found = _one(_ATTRIBUTE, data, random)
    if not found:
        return data
    quote = b"'" if found[2] == b'"' else b'"'
    inside = random.choice((found[3], found[3] + found[2] + b" to=" + found[2]))
    changed = b" " + found[1] + random.choice((b"=", b" = ", b"\n=")) + quote + inside + quote
    return data[: found.start()] + changed + data[found.end() :]


def _drop_attribute(data: bytes, random: Random) -> bytes:
    found = _one(_ATTRIBUTE, data, random)
    return data[: found.start()] + data[found.end() :] if found else data


def _move_attribute(data: bytes, random: Random) -> bytes:
    found, place = _one(_ATTRIBUTE, data, random), _between(data, random)
    return data[:place] + found[0] + data[place:] if found else data


def _cut(data: bytes, random: Random) -> bytes:
    return data[: _between(data, random)] if random.random() < 0.3 else data


def _cut_out(data: bytes, random: Random) -> bytes:
    start = _between(data, random)
    return data[:start] + data[start + random.choice((1, 1, 2, 10, 100, 1000)) :]


def _copy_part(data: bytes, random: Random) -> bytes:
    start, place = _between(data, random), _between(data, random)
    return data[:place] + data[start : start + random.choice((1, 10, 100, 1000))] + data[place:]


def _flip(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


def _encoding(data: bytes, random: Random) -> bytes:
    encoding = random.choice(ENCODINGS)
    if data.startswith(b"<?xml"):
        end = data.find(b"?>") + 2
        data = data[end:]
    return b'<?xml version="1.0" encoding="%b"?>' % encoding + data


def _insert_in_hosts(data: bytes, random: Random) -> bytes:
    """What stands in every host, or between all of them."""
    what = random.choice(INSERTED)
    end = random.choice((b"</host>", b"</port>", b"<host"))
    return data.replace(end, what + end, random.choice((1, 2, 1000)))


def _second_sighting(data: bytes, random: Random) -> bytes:
    """A host listed twice, the second time a little different."""
    found, place = _one(_HOST, data, random), _one(_HOST, data, random)
    if not found or not place:
        return data
    again = found[0]
    for _ in range(random.randint(0, 2)):
        again = random.choice(SMALL)(again, random)
    at = random.choice(place.span())
    return data[:at] + again + data[at:]


def _shuffle_hosts(data: bytes, random: Random) -> bytes:
    hosts = _HOST.findall(data)
    random.shuffle(hosts)
    return _HOST.sub(lambda _: hosts.pop(), data)


def _swap_addresses(data: bytes, random: Random) -> bytes:
    """Which address stands first, is another for each sighting."""
    found = _one(_TWO_ADDRESSES, data, random)
    if not found:
        return _insert_address(data, random)
    return data[: found.start()] + found[2] + found[1] + data[found.end() :]


def _insert_address(data: bytes, random: Random) -> bytes:
    found = _one(_ADDRESS, data, random)
    if not found:
        return data
    other = random.choice((_MAC, _IPV6, found[0].replace(b'"', b"'")))
    return data[: found.start()] + other + data[found.start() :]


def _change_letters(data: bytes, random: Random) -> bytes:
    """Letters that are others in another encoding."""
    found = _one(_ATTRIBUTE, data, random)
    return data[: found.end(3)] + "ä€".encode() + data[found.end(3) :] if found else data


SMALL: tuple[Mutation, ...] = (
    *(_delete_element, _duplicate_element, _change_value, _change_quotes, _swap_addresses),
)
MUTATIONS: tuple[Mutation, ...] = (
    *(_insert, _insert, _delete_element, _duplicate_element, _swap_elements, _change_value),
    *(_change_value, _change_quotes, _drop_attribute, _move_attribute, _cut, _cut_out),
    *(_copy_part, _flip, _encoding, _insert_in_hosts, _second_sighting, _second_sighting),
    *(_shuffle_hosts, _swap_addresses, _change_letters),
)
