"""The byte stream: any chunks give the same hosts; what is hostile is refused, bounded."""

import gzip
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import Host, HostStatus
from netwatch_notify.model.port import PortState
from netwatch_notify.scan import stream as stream_module
from netwatch_notify.scan.hosts import read_hosts
from netwatch_notify.scan.stream import ScanStream
from tests.builders import CORPUS, at, key
from tests.scan.documents import HEAD, TAIL, WHOLE, host_xml


def read(data: bytes | str, size: int = 1 << 16) -> tuple[list[Host], ScanStream]:
    data = data.encode() if isinstance(data, str) else data
    stream = ScanStream("scan.xml")
    hosts: list[Host] = []
    for start in range(0, len(data), size):
        hosts += read_hosts(stream, data[start : start + size])
    stream.close()
    return hosts, stream


WHOLE_FILES = [
    "1_hosts.xml",
    "2_hosts.xml",
    "base_image.xml",
    "current_image.xml",
    "masscan.xml",
    "nmap-results.xml",
]


@pytest.mark.parametrize("name", WHOLE_FILES)
@given(size=st.integers(1, 4000))
def test_any_chunk_size_gives_the_same_hosts(name: str, size: int) -> None:
    data = (CORPUS / name).read_bytes()
    hosts, stream = read(data)
    chunked_hosts, chunked = read(data, size)
    assert hosts
    assert chunked_hosts == hosts
    assert stream.is_complete
    assert chunked.is_complete
    assert (chunked.header, chunked.ending) == (stream.header, stream.ending)


def test_a_host_comes_as_soon_as_it_closes() -> None:
    stream = ScanStream("scan.xml")
    assert list(read_hosts(stream, HEAD.encode())) == []
    text = host_xml(1).rstrip("\n")
    assert list(read_hosts(stream, text[:-1].encode())) == []
    assert len(list(read_hosts(stream, b">"))) == 1


def test_the_header_and_the_ending_are_read() -> None:
    _, stream = read(WHOLE)
    assert stream.header.version == "7.93"
    assert stream.header.arguments == "nmap -p22 192.0.2.0/30"
    (info,) = stream.header.scan_infos
    assert (info.type, str(info.ports)) == ("syn", "22")
    assert (stream.ending.exit, stream.ending.hosts_up, stream.ending.hosts_total) == (
        "success",
        2,
        4,
    )
    assert stream.ending.elapsed_seconds == 60.5
    assert stream.header.started_at
    assert stream.header.started_at.tzinfo


@given(cut=st.integers(0, len(WHOLE) - len("</nmaprun>\n") - 1), size=st.integers(1, 500))
def test_a_cut_file_gives_its_whole_hosts_and_is_not_complete(cut: int, size: int) -> None:
    text = WHOLE[:cut]
    if "<nmaprun" not in text or ">" not in text[text.index("<nmaprun") :]:
        with pytest.raises(UnreadableInputError):
            read(text, size)
        return
    hosts, stream = read(text, size)
    assert not stream.is_complete
    assert len(hosts) == text.count("</host>")


def test_a_real_file_cut_in_the_middle_of_a_host_has_no_host() -> None:
    data = (CORPUS / "nmap-results.xml").read_bytes()
    hosts, stream = read(data[: data.index(b"</host>")])
    assert (hosts, stream.is_complete) == ([], False)


BOMB = "<!DOCTYPE nmaprun [" + "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(9)
)
HOSTILE = {
    "gzip": gzip.compress(WHOLE.encode()),
    "empty": b"",
    "blank": b" \n\n  ",
    "html": b"<!DOCTYPE html><html><body>Login</body></html>",
    "html-unclosed-tag": b"<html><br><p>x</html>",
    "text": b"Starting Nmap 7.93",
    "json": b'{"nmaprun": 1}',
    "another-root": b"<scan></scan>",
    "utf-16": WHOLE.replace("UTF-8", "UTF-16").encode("utf-16"),
    "utf-7": WHOLE.replace("UTF-8", "UTF-7").encode(),
    "utf-16-without-mark": WHOLE.encode("utf-16-le"),
    "binary": b"\x00\x01\x02\x03" * 100,
    "entity-bomb": (BOMB + "]>" + WHOLE.split("\n", 2)[2]).replace("7.93", "&e8;").encode(),
    "external-entity": b'<!DOCTYPE nmaprun [<!ENTITY x SYSTEM "file:///etc/passwd">]><nmaprun/>',
    "internal-dtd": b"<!DOCTYPE nmaprun [<!ELEMENT host ANY>]><nmaprun></nmaprun>",
    "entity-in-a-host": (HEAD + host_xml(1, "<x>&e8;</x>") + TAIL).encode(),
    "cdata-with-a-host": (HEAD + f"<![CDATA[{host_xml(1)}]]>" + TAIL).encode(),
    "cdata": (HEAD + "<![CDATA[x]]>" + TAIL).encode(),
    "cdata-in-a-host": (HEAD + host_xml(1, "<![CDATA[x]]>") + TAIL).encode(),
    "declaration-in-a-host": (HEAD + host_xml(1, "<!ELEMENT x ANY>") + TAIL).encode(),
    "instruction-in-a-host": (HEAD + host_xml(1, "<?x?>") + TAIL).encode(),
    "host-after-a-comment-in-an-attribute": (HEAD + f"<x y='<!--'/>{host_xml(1)}" + TAIL).encode(),
    "empty-host": (HEAD + "<host/>" + TAIL).encode(),
    "two-comments-before-the-declaration": f"<!-- a --><!-- b -->{WHOLE}".encode(),
    "host-in-an-attribute": (HEAD + f"<x y='{host_xml(1)}'/>" + TAIL).encode(),
    "nested-host": (HEAD + host_xml(1, host_xml(2)) + TAIL).encode(),
    "host-below-the-root": (HEAD + f"<x>{host_xml(1)}</x>" + TAIL).encode(),
    "host-after-the-root": (WHOLE + host_xml(1)).encode(),
    "host-is-the-root": host_xml(1).encode(),
    "nested": (HEAD + "<x>" * 10_000 + "</x>" * 10_000 + TAIL).encode(),
    "nested-in-a-host": (
        HEAD + host_xml(1, "<table>" * 10_000 + "</table>" * 10_000) + TAIL
    ).encode(),
    "huge-attribute": (HEAD + f'<x y="{"a" * (9 << 20)}"/>' + TAIL).encode(),
    "huge-comment": (HEAD + f"<!-- {'a' * (9 << 20)} -->" + TAIL).encode(),
    "no-numbers-in-scaninfo": (HEAD.replace('services="22"', 'services="ssh"') + TAIL).encode(),
    "protocol-unknown": (HEAD.replace('protocol="tcp"', 'protocol="x"') + TAIL).encode(),
    "crossed-tags": (HEAD + "<a><b></a></b>" + TAIL).encode(),
    "crossed-tags-in-a-host": (HEAD + host_xml(1, "<a><b></a></b>") + TAIL).encode(),
    "two-documents": (WHOLE + WHOLE).encode(),
}


@pytest.mark.parametrize("size", [1 << 16, 4093], ids=["64k", "4k"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line_soon_and_in_little_memory(
    name: str, size: int
) -> None:
    data = HOSTILE[name]
    started = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableInputError) as caught:
            read(data, size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith("scan.xml: ")
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 300
    assert peak < 60 << 20
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("size", [1 << 16, 7], ids=["64k", "7"])
@pytest.mark.parametrize(
    "comment",
    ["<!-- x -->", f"<!-- {host_xml(9)} -->", "<!-- </host> -->", "<!---->", "<!-- <![CDATA[ -->"],
)
def test_comments_are_passed_over_wherever_they_stand(comment: str, size: int) -> None:
    inside = host_xml(1, comment)
    text = HEAD + comment + inside + comment + host_xml(2) + comment + TAIL
    hosts, stream = read(text, size)
    assert hosts == read(WHOLE)[0]
    assert stream.is_complete
    assert stream.ending == read(WHOLE)[1].ending


def test_a_comment_before_the_declaration_is_passed_over() -> None:
    """Licence tools put one there, where XML allows none."""
    hosts, _ = read(f"<!--\nlicence\n-->\n\n{WHOLE}")
    assert hosts == read(WHOLE)[0]


def test_a_slice_says_where_it_stands() -> None:
    text = (HEAD + host_xml(1, "<!-- x -->") + host_xml(2) + host_xml(3) + TAIL).encode()
    for size in (1, 50, 1 << 16):
        stream = ScanStream("scan.xml")
        places = []
        for start in range(0, len(text), size):
            for host in stream.feed(text[start : start + size]):
                places.append((stream.host_start, stream.host_end))
                raw = text[stream.host_start : stream.host_end]
                assert raw.replace(b"<!-- x -->", b"") == host
        assert len(places) == 3


def test_a_host_in_a_processing_instruction_is_refused() -> None:
    with pytest.raises(UnreadableInputError):
        read(HEAD + f"<?x {host_xml(1)} ?>" + TAIL)


def test_the_error_names_the_line() -> None:
    with pytest.raises(UnreadableInputError, match=r"scan\.xml: line 7:"):
        read(HEAD + host_xml(1) + host_xml(2) + "<a></b>\n" + TAIL)


def test_a_host_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MAX_HOST_BYTES", 1 << 20)
    stream = ScanStream("scan.xml")
    list(stream.feed(HEAD.encode() + b"<host>"))
    part = b"<x/>" * (1 << 14)
    for _ in range(15):
        assert list(stream.feed(part)) == []
    with pytest.raises(UnreadableInputError, match="a host of more than 1 MB"):
        list(stream.feed(part))


def test_a_real_file_without_its_last_tag_keeps_its_host_and_is_not_complete() -> None:
    data = (CORPUS / "1_hosts_incomplete.xml").read_bytes()
    hosts, stream = read(data)
    assert [str(host.address) for host in hosts] == ["127.0.0.1"]
    assert not stream.is_complete
    assert stream.ending.finished


def test_a_host_hint_is_no_host() -> None:
    hint = '<hosthint><status state="up"/><address addr="192.0.2.9" addrtype="ipv4"/></hosthint>\n'
    hosts, _ = read(HEAD + hint + host_xml(1) + TAIL)
    assert [str(host.address) for host in hosts] == ["192.0.2.1"]


def test_bytes_that_are_not_utf_8_in_a_host_do_not_lose_it() -> None:
    data = (HEAD + host_xml(1, '<x y="?"/>') + TAIL).encode().replace(b'"?"', b'"\xff"')
    hosts, stream = read(data)
    assert len(hosts) == 1
    assert stream.is_complete


def test_progress_is_nmaps_own() -> None:
    _, stream = read(HEAD + '<taskprogress task="SYN Stealth Scan" percent="12.5"/>' + TAIL)
    assert stream.progress
    assert (stream.progress.task, stream.progress.percent) == ("SYN Stealth Scan", 12.5)


def test_a_skipped_target_is_noticed() -> None:
    _, stream = read(HEAD + '<target specification="x" status="skipped" reason="invalid"/>' + TAIL)
    assert stream.ending.skipped_targets == ("x",)


def test_a_real_host_is_read_whole() -> None:
    ((host,), _) = read((CORPUS / "nmap-results.xml").read_bytes())
    assert host.address == at("45.33.32.156")
    assert [str(port.key) for port in host.open_ports] == [
        "22/tcp",
        "80/tcp",
        "9929/tcp",
        "31337/tcp",
    ]
    assert host.state_of(key("135")) is PortState.FILTERED
    assert host.state_of(key("3")) is PortState.CLOSED


def test_a_host_with_an_osmatch_that_libnmap_cannot_read_keeps_its_ports() -> None:
    ((host,), _) = read((CORPUS / "current_image.xml").read_bytes())
    assert [port.key.number for port in host.open_ports] == [22, 80, 6548]
    assert host.mac == "03:F9:5B:1F:19:AE"
    assert host.ports[0].service
    assert host.ports[0].service.description == "OpenSSH 3.5p1"


def test_a_down_host_is_down() -> None:
    ((host,), stream) = read((CORPUS / "down_host_scan.xml").read_bytes())
    assert host.status is HostStatus.DOWN
    assert not host.is_present
    assert stream.is_complete


def test_masscan_lists_ports_and_its_pings_are_none() -> None:
    hosts, _ = read((CORPUS / "masscan.xml").read_bytes())
    assert {host.address for host in hosts} == {at("93.184.216.34")}
    assert all(host.is_present for host in hosts)
    assert {port.key for host in hosts for port in host.ports} == {key("80"), key("443")}


@pytest.mark.parametrize(
    ("xml", "count"),
    [
        pytest.param("<host><status state='up'/></host>", 0, id="no-address"),
        pytest.param("<host><address addr='nas' addrtype='ipv4'/></host>", 0, id="name"),
        pytest.param(
            "<host><address addr='02:00:00:00:00:01' addrtype='mac'/></host>", 0, id="mac"
        ),
        pytest.param("<host><address addr='2001:db8::1' addrtype='ipv6'/></host>", 1, id="ipv6"),
    ],
)
def test_only_hosts_with_an_ip_address_count(xml: str, count: int) -> None:
    assert len(read(HEAD + xml + TAIL)[0]) == count


def test_extraports_name_their_ports_where_nmap_says_so() -> None:
    extra = (
        '<ports><extraports state="closed" count="2"><extrareasons reason="reset" count="2" '
        'proto="tcp" ports="80,443"/></extraports><extraports state="filtered" count="1">'
        '<extrareasons reason="no-response" count="1" proto="tcp" ports="23"/></extraports></ports>'
    )
    xml = f"<host><address addr='192.0.2.1' addrtype='ipv4'/>{extra}</host>"
    ((host,), _) = read(HEAD + xml + TAIL)
    assert host.state_of(key("80")) is PortState.CLOSED
    assert host.state_of(key("23")) is PortState.FILTERED
    assert host.state_of(key("22")) is None
    assert host.state_of(key("80/udp")) is None


def test_a_host_that_timed_out_says_so() -> None:
    ((host,), _) = read(HEAD + host_xml(1, attributes=' timedout="true"') + TAIL)
    assert host.timed_out


def test_what_a_network_says_is_cleaned() -> None:
    name = "<hostnames><hostname name='a\u202eb\tc&#10;d' type='PTR'/></hostnames>"
    ((host,), _) = read(HEAD + host_xml(1, name) + TAIL)
    assert host.hostnames == ("ab c d",)


@pytest.mark.parametrize(
    "odd",
    [
        '<port protocol="tcp" portid="70000"><state state="open"/></port>',
        '<port protocol="tcp" portid="x"><state state="open"/></port>',
        '<port protocol="tcp" portid="80"/>',
        '<port portid="80"><state state="open"/></port>',
        (
            '<port protocol="tcp" portid="80"><state state="closed"/>'
            '<service name="x"><cpe/></service></port>'
        ),
    ],
)
def test_what_libnmap_raises_on_costs_no_other_fact(odd: str) -> None:
    inside = f'<ports>{odd}</ports><os><osmatch name="Linux 2.4"/></os>'
    ((host,), _) = read(HEAD + host_xml(1, inside) + TAIL)
    assert [port.key for port in host.open_ports] == [key("22")]
    assert host.os_matches == ("Linux 2.4",)
