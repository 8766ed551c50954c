"""Two scan files side by side: which hosts are parsed, and what the files say of themselves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.port import PortProtocol
from netwatch_notify.pipeline.diff import DiffOptions, changes_of, problems_of
from netwatch_notify.scan.pair import ScanPair
from tests.builders import CORPUS, addresses, at
from tests.diff.scan_documents import any_pairs
from tests.scan_files import (
    FAILED_ENDING,
    GOOD_ENDING,
    host_xml,
    lines_of,
    port_xml,
    scan_xml,
)

MAC = "00:11:32:00:00:01"
OPTIONS = DiffOptions()
KEY = {"ssh-hostkey": "\n  2048 aa:bb:cc:dd (RSA)"}

Opener = Callable[..., ScanPair]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Write two files and open them."""

    def open_pair(old: str, new: str, *, everything: bool = False) -> ScanPair:
        (tmp_path / "old.xml").write_text(old, encoding="utf-8")
        (tmp_path / "new.xml").write_text(new, encoding="utf-8")
        return ScanPair(tmp_path / "old.xml", tmp_path / "new.xml", everything=everything)

    return open_pair


def told(pair: ScanPair) -> list[str]:
    with pair:
        return lines_of(changes_of(pair, OPTIONS).changes)


def problems(pair: ScanPair) -> list[str]:
    with pair:
        return problems_of(pair, changes_of(pair, OPTIONS))


# Which hosts are parsed


def test_only_hosts_that_differ_are_parsed(opened: Opener) -> None:
    """What differs from night to night makes no difference."""
    same = [host_xml(f"192.0.2.{n}", "22", attributes=f' starttime="{n}"') for n in range(1, 50)]
    later = [host_xml(f"192.0.2.{n}", "22", attributes=' starttime="9"') for n in range(1, 50)]
    new = host_xml("192.0.2.99", "22")
    with opened(scan_xml(*same), scan_xml(*later, new)) as pair:
        assert [after and after.address for _, after in pair.hosts()] == [at("192.0.2.99")]


def test_with_everything_all_hosts_are_parsed(opened: Opener) -> None:
    scan = scan_xml(host_xml("192.0.2.1", "22"), host_xml("192.0.2.2"))
    with opened(scan, scan, everything=True) as pair:
        assert len(list(pair.hosts())) == 2


def test_host_listed_several_times_is_joined(opened: Opener) -> None:
    """masscan writes one `<host>` for each port; one that is the same still counts."""
    old = scan_xml(host_xml("192.0.2.1", "22"), host_xml("192.0.2.1", "80"))
    new = scan_xml(host_xml("192.0.2.1", "443"), host_xml("192.0.2.1", "22"))

    assert told(opened(old, new)) == [
        "port-closed 192.0.2.1 80/tcp",
        "port-opened 192.0.2.1 443/tcp",
    ]


def test_hosts_listed_in_another_order_are_the_same(opened: Opener) -> None:
    one = host_xml("192.0.2.1", port_xml("80", service='name="http" product="a" method="probed"'))
    other = host_xml("192.0.2.1", port_xml("80", service='name="http" product="b" method="probed"'))
    for everything in (False, True):
        pair = opened(scan_xml(one, other), scan_xml(other, one), everything=everything)
        assert told(pair) == []


def test_port_listed_twice_keeps_its_service(opened: Opener) -> None:
    """masscan lists the port, then its banner, in any order."""
    bare = host_xml("192.0.2.1", "80")
    service = 'name="http" product="nginx" version="{}" method="probed"'
    old = host_xml("192.0.2.1", port_xml("80", service=service.format("1.22")))
    new = host_xml("192.0.2.1", port_xml("80", service=service.format("1.24")))

    for before in ((bare, old), (old, bare)):
        for after in ((bare, new), (new, bare)):
            assert told(opened(scan_xml(*before), scan_xml(*after))) == [
                "service-changed 192.0.2.1 80/tcp"
            ]


def test_hosts_without_an_ip_address_are_left_out_and_counted(opened: Opener) -> None:
    nameless = host_xml("192.0.2.1").replace('<address addr="192.0.2.1" addrtype="ipv4"/>', "")
    pair = opened(scan_xml(), scan_xml(nameless))

    assert problems(pair) == ["1 host without an IP address left out"]


# What a file says of itself


def test_scope_is_what_the_file_says(opened: Opener) -> None:
    args = "nmap -sS -sU -sV -sC -O -p T:1-1000,U:53 --open 192.0.2.0/25 nas.example"
    infos = (
        '<scaninfo type="syn" protocol="tcp" services="1-1000"/>'
        '<scaninfo type="udp" protocol="udp" services="53"/>'
    )
    with opened(scan_xml(args=args, infos=infos), scan_xml()) as pair:
        scope = pair.old.scope

    assert scope.addresses == addresses("192.0.2.0/25")
    assert scope.names == {"nas.example"}
    assert scope.types == ((PortProtocol.TCP, "syn"), (PortProtocol.UDP, "udp"))
    assert {protocol: str(ports) for protocol, ports in scope.ports.items()} == {
        PortProtocol.TCP: "1-1000",
        PortProtocol.UDP: "53",
    }
    assert scope.is_known
    assert scope.open_only
    assert scope.detects_os
    assert scope.detects_versions
    assert scope.scripts == {"default"}


@pytest.mark.parametrize(
    ("args", "ending", "problem"),
    [
        ("nmap 192.0.2.0/24", GOOD_ENDING, None),
        ("nmap 192.0.2.0/24", FAILED_ENDING, "nmap ended with 'error': \"No such device\""),
        ("nmap 192.0.2.0/24", "", "nmap's XML stops in the middle"),
        ("nmap 192.0.2.0/24", "</nmaprun>", "nmap's XML stops in the middle"),
        ("nmap 192.0.2.0/23", GOOD_ENDING, "nmap scanned 256 of 512 addresses"),
        ("nmap nas.example 192.0.2.0/23", GOOD_ENDING, None),
        ("nmap -iL hosts", GOOD_ENDING, None),
    ],
    ids=["good", "failed", "cut", "without-an-end", "too-few", "named", "listed-elsewhere"],
)
def test_fault_says_why_a_scan_did_not_end_properly(
    opened: Opener, args: str, ending: str, problem: str | None
) -> None:
    with opened(scan_xml(args=args, ending=ending), scan_xml()) as pair:
        fault = pair.old.fault

        assert (fault.problem if fault else None) == problem
        assert pair.old.scope.is_known is (problem is None and "-iL" not in args)


ONE, TWO = host_xml("192.0.2.1", "22"), host_xml("192.0.2.2", "22")


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        ({"ending": ""}, "is cut short in line 6; 1 whole host read, what it does not list proves"),
        (
            {"ending": FAILED_ENDING},
            "nmap ended with 'error': \"No such device\"; what it does not",
        ),
        ({"args": "nmap -iL hosts"}, "OLD does not prove that nobody answered there: 192.0.2.2"),
        ({"args": ""}, "OLD does not prove that nobody answered there: 192.0.2.2"),
        ({"args": "nmap 192.0.2.1"}, "only NEW covered 255 addresses"),
        ({"args": "nmap -Pn 192.0.2.0/24"}, "does not prove that nobody answered there: 192.0.2.2"),
    ],
    ids=["cut", "failed", "listed-elsewhere", "no-arguments", "fewer-addresses", "discovery"],
)
def test_host_that_only_one_scan_could_see_is_a_problem_and_no_change(
    opened: Opener, facts: dict[str, str], because: str
) -> None:
    """Neither new nor gone, whichever of the scans it is."""
    part, whole = scan_xml(ONE, **facts), scan_xml(ONE, TWO)

    assert told(opened(part, whole)) == []
    assert because in "; ".join(problems(opened(part, whole)))
    assert told(opened(whole, part)) == []
    turned = because.replace("OLD", "NEW") if "OLD" in because else because.replace("NEW", "OLD")
    assert turned in "; ".join(problems(opened(whole, part)))


@pytest.mark.parametrize(
    ("infos", "because"),
    [
        ('<scaninfo type="syn" protocol="tcp" services="80"/>', "only NEW covered TCP ports 1-79,"),
        ('<scaninfo type="null" protocol="tcp" services="1-1000"/>', "TCP ports not compared: OLD"),
        (
            '<scaninfo type="udp" protocol="udp" services="22"/>',
            "only NEW covered TCP ports 1-1000",
        ),
        ("", "only NEW covered TCP ports 1-1000"),
    ],
    ids=["fewer-ports", "other-kind", "other-protocol", "ping-scan"],
)
def test_port_that_only_one_scan_could_see_is_a_problem_and_no_change(
    opened: Opener, infos: str, because: str
) -> None:
    """Also where the host sums up all its other ports in one count."""
    part = scan_xml(host_xml("192.0.2.1", "80"), infos=infos)
    whole = scan_xml(host_xml("192.0.2.1", "22", "80"))

    for pair in (opened(part, whole), opened(whole, part)):
        assert told(pair) == []
    assert because in "; ".join(problems(opened(part, whole)))


def test_masscan_that_does_not_say_its_ports_is_a_problem_and_no_change(opened: Opener) -> None:
    """Between two of its scans, and beside nmap's."""
    facts = {"args": "", "infos": '<scaninfo type="syn" protocol="tcp" services=""/>'}
    one = scan_xml(host_xml("192.0.2.1", "80", rest=""), **facts)
    other = scan_xml(host_xml("192.0.2.1", "80", "443", rest=""), **facts)

    assert told(opened(one, other)) == []
    assert problems(opened(one, other)) == [
        (
            "1 open port only in NEW not counted as opened, because OLD does not say that it asked "
            "about it: 192.0.2.1 443/tcp"
        )
    ]
    assert problems(opened(other, one)) == [
        (
            "1 open port only in OLD not counted as closed, because NEW does not say that it asked "
            "about it: 192.0.2.1 443/tcp"
        )
    ]
    nmap = scan_xml(host_xml("192.0.2.1", "80", "443"))
    assert told(opened(one, nmap)) == []
    assert problems(opened(one, nmap)) == [
        "scopes differ: OLD does not say which TCP ports it covered"
    ]


def test_host_that_timed_out_is_a_problem_and_no_change(opened: Opener) -> None:
    late = scan_xml(host_xml("192.0.2.1", rest="", attributes=' timedout="true"'))
    whole = scan_xml(host_xml("192.0.2.1", "22"))

    for pair in (opened(late, whole), opened(whole, late)):
        assert told(pair) == []
    assert problems(opened(late, whole)) == [
        (
            "1 host timed out in one of the scans, so what only the other shows is not counted: "
            "192.0.2.1"
        )
    ]


def test_open_scan_that_lists_no_host_is_a_problem_for_hosts_without_open_ports(
    opened: Opener,
) -> None:
    open_only = scan_xml(args="nmap --open -p1-1000 192.0.2.0/24")
    whole = scan_xml(host_xml("192.0.2.1"), ONE.replace("192.0.2.1", "192.0.2.2"))

    assert told(opened(whole, open_only)) == ["port-closed 192.0.2.2 22/tcp"]
    assert problems(opened(whole, open_only)) == [
        (
            "1 host only in OLD not counted as gone, because NEW does not prove that nobody "
            "answered there: 192.0.2.1"
        )
    ]


# What proves a move


def test_mac_that_a_host_has_which_is_not_parsed_proves_no_move(opened: Opener) -> None:
    """A router answers for 192.0.2.50 in both scans; that host did not change."""
    router = host_xml("192.0.2.50", "22", mac=MAC)
    before, after = host_xml("192.0.2.1", mac=MAC), host_xml("192.0.2.9", mac=MAC)

    assert told(opened(scan_xml(before), scan_xml(after))) == ["host-moved 192.0.2.9"]
    pair = opened(scan_xml(before, router), scan_xml(after, router))
    assert told(pair) == ["host-gone 192.0.2.1", "host-new 192.0.2.9"]


def test_mac_is_found_however_it_is_written(opened: Opener) -> None:
    """In lower case, or by a tool that quotes with apostrophes."""
    before, after = host_xml("192.0.2.1", mac=MAC), host_xml("192.0.2.9", mac=MAC)
    for routers in (
        [host_xml("192.0.2.50", mac=MAC.lower())],
        [host_xml(f"192.0.2.{n}", mac=MAC.replace("01", "02")).replace('"', "'") for n in (50, 51)],
    ):
        one = before if len(routers) == 1 else before.replace(MAC, MAC.replace("01", "02"))
        other = after if len(routers) == 1 else after.replace(MAC, MAC.replace("01", "02"))
        pair = opened(scan_xml(one, *routers), scan_xml(other, *routers))
        assert told(pair) == ["host-gone 192.0.2.1", "host-new 192.0.2.9"]


def test_ssh_key_that_a_host_has_which_is_not_parsed_proves_no_move(opened: Opener) -> None:
    """Machines copied from one image."""
    before, after, copy = (
        host_xml(f"192.0.2.{n}", port_xml("22", scripts=KEY)) for n in (1, 9, 50)
    )

    assert told(opened(scan_xml(before), scan_xml(after))) == ["host-moved 192.0.2.9"]
    pair = opened(scan_xml(before, copy), scan_xml(after, copy))
    assert told(pair) == ["host-gone 192.0.2.1", "host-new 192.0.2.9"]


def test_host_that_is_listed_twice_does_not_share_its_mac(opened: Opener) -> None:
    before = scan_xml(host_xml("192.0.2.1", "22", mac=MAC), host_xml("192.0.2.1", "80", mac=MAC))
    after = scan_xml(host_xml("192.0.2.9", "22", "80", mac=MAC))

    assert told(opened(before, after)) == ["host-moved 192.0.2.9"]


def test_name_that_dns_moved_is_a_move(opened: Opener) -> None:
    args = "nmap -p1-1000 nas.example"
    before = scan_xml(host_xml("192.0.2.1", "22", asked=["nas.example"]), args=args)
    after = scan_xml(host_xml("198.51.100.9", "22", asked=["nas.example"]), args=args)

    assert told(opened(before, after)) == ["host-moved 198.51.100.9"]


# Real pairs

PAIRS = {
    "1_hosts → 1_hosts_diff": ["port-closed 127.0.0.1 3306/tcp"],
    "2_hosts → 2_hosts_achange": [
        "port-opened 127.0.0.1 23/tcp",
        "port-closed 127.0.0.1 25/tcp",
        "port-closed 127.0.0.1 111/tcp",
    ],
    "2_hosts → 2_null_hosts": [],
    "2_hosts → 2_tcp_hosts": [],
    "1_host_ping → 1_host_ping_mac_changed": ["mac-changed 172.28.1.3"],
    "dionaea_scan → extra_ports": [],
    "base_image → current_image": ["port-opened 127.0.0.1 6548/tcp"],
    "lan_monitor_1 → lan_monitor_2": ["host-moved 192.168.0.200"],
    "lan_monitor_2 → lan_monitor_3": ["hostname-changed 192.168.0.200"],
    "lan_monitor_4 → lan_monitor_5": [
        "host-new 192.168.0.192",
        "hostname-changed 192.168.0.2",
    ],
    "nmap_0port → nmap_1port": ["port-opened 127.0.0.1 5432/tcp"],
    "issue12411_before → issue12411": ["hostname-changed 172.217.18.238"],
    "localhostHttp → localhostHttpIpOnly": [],
    "localhostHttp → localhostHttpSslTunnel": [
        "port-closed 127.0.0.1 80/tcp",
        "port-opened 127.0.0.1 443/tcp",
    ],
    "scan02 → scan_base": ["os-changed 66.35.250.168"],
}


@pytest.mark.parametrize("names", PAIRS)
def test_pairs_found_in_public_differ_in_exactly_this(names: str) -> None:
    old, new = (CORPUS / f"{name}.xml" for name in names.split(" → "))
    for everything in (False, True):
        assert told(ScanPair(old, new, everything=everything)) == PAIRS[names]


def test_other_kind_of_scan_is_said_of_a_public_pair() -> None:
    pair = ScanPair(CORPUS / "2_hosts.xml", CORPUS / "2_null_hosts.xml")

    assert problems(pair) == [
        "scopes differ: TCP ports not compared: OLD made a syn scan, NEW a null scan"
    ]


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xml")), ids=lambda path: path.stem)
def test_file_compared_with_itself_has_no_changes(path: Path) -> None:
    try:
        pair = ScanPair(path, path, everything=True)
    except UnreadableInputError:
        return
    assert told(pair) == []


# The fast lane

services = st.sampled_from(
    [
        "",
        'name="http" method="table"',
        'name="http" product="nginx" version="1" method="probed"',
        'name="http" product="nginx" version="2" tunnel="ssl" method="probed"',
    ]
)
script_sets = st.dictionaries(
    st.sampled_from(["ssh-hostkey", "http-title", "ssl-date"]),
    st.sampled_from(["2048 aa:bb (RSA)", "2048 cc:dd (RSA)", "x"]),
    max_size=2,
)
states = st.sampled_from(["open", "closed", "filtered", "open|filtered"])
ports = st.lists(
    st.tuples(st.integers(20, 24), states, services, script_sets),
    max_size=3,
    unique_by=lambda port: port[0],
).map(lambda found: [port_xml(str(n), *rest) for n, *rest in found])


@st.composite
def hosts(draw: st.DrawFn) -> str:
    address = f"192.0.2.{draw(st.integers(1, 9))}"
    host = host_xml(
        address,
        *draw(ports),
        mac=draw(st.sampled_from(["", MAC, MAC, "00:11:32:00:00:02", "02:11:32:00:00:02"])),
        names=draw(st.lists(st.sampled_from(["a.example", "b.example"]), max_size=2)),
        rest=draw(
            st.sampled_from(
                ["", '<extraports state="closed" count="9"/>', '<extraports state="filtered"/>']
            )
        ),
        systems=draw(st.lists(st.sampled_from(["Linux 4", "Linux 5"]), max_size=1)),
        status=draw(
            st.sampled_from(
                ['<status state="up" reason="arp-response"/>'] * 3
                + ['<status state="down"/>', '<status state="up" reason="user-set"/>', ""]
            )
        ),
        attributes=draw(st.sampled_from([' starttime="1"'] * 4 + [' timedout="true"'])),
    )
    return host.replace('"', "'") if draw(st.integers(0, 9)) == 0 else host


arguments = st.sampled_from(
    [
        "nmap -sC 192.0.2.0/24",
        "nmap -sC 192.0.2.0/24",
        "nmap -A 192.0.2.0/29",
        "nmap --open 192.0.2.0/24",
        "nmap -Pn 192.0.2.0/24",
        "nmap -iL hosts",
    ]
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Most hosts as they were, in another order, with other times; some moved or changed."""
    old = draw(st.lists(hosts(), max_size=8))
    kept = [host for host in old if draw(st.integers(0, 4))]
    later = [
        host.replace('starttime="1"', f'starttime="{draw(st.integers(1, 3))}"') for host in kept
    ]
    new = later + draw(st.lists(hosts(), max_size=3))
    args = draw(arguments)
    other = draw(st.sampled_from([args, args, draw(arguments)]))
    return scan_xml(*old, args=args), scan_xml(*draw(st.permutations(new)), args=other)


documents = any_pairs.map(lambda pair: (pair[0].xml().decode(), pair[1].xml().decode()))


@given(pairs() | documents)
def test_hosts_that_are_not_parsed_would_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, pair: tuple[str, str]
) -> None:
    """Several `<host>` of an address, other orders, moves, MACs that others have."""
    folder = tmp_path_factory.mktemp("pair")
    old, new = folder / "old.xml", folder / "new.xml"
    old.write_text(pair[0], encoding="utf-8")
    new.write_text(pair[1], encoding="utf-8")
    with ScanPair(old, new) as fast, ScanPair(old, new, everything=True) as whole:
        assert changes_of(fast, OPTIONS) == changes_of(whole, OPTIONS)


@given(pairs() | documents)
def test_generated_file_compared_with_itself_has_no_changes(
    tmp_path_factory: pytest.TempPathFactory, pair: tuple[str, str]
) -> None:
    path = tmp_path_factory.mktemp("pair") / "scan.xml"
    path.write_text(pair[0], encoding="utf-8")

    assert told(ScanPair(path, path, everything=True)) == []
