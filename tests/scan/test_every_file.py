"""Every scan in tests/data/nmap, and in the larger corpus where it is, is read or refused."""

import csv
import re
from pathlib import Path

import pytest

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.pipeline.diff import DiffOptions, write_text
from netwatch_notify.scan.files import read_scan_file
from netwatch_notify.scan.hosts import parse_host
from netwatch_notify.scan.pair import ScanPair
from netwatch_notify.scan.stream import ScanStream
from netwatch_notify.scan.verbatim import parse_verbatim
from tests.builders import CORPUS

MORE = Path(__file__).parents[3] / "shared" / "corpus"
"""What the projects' tests hold; it lies beside the clone in CI."""

HOSTS = {
    "1_host_ping.xml": 1,
    "1_host_ping_mac_changed.xml": 1,
    "1_hosts.xml": 1,
    "1_hosts_diff.xml": 1,
    "1_hosts_incomplete.xml": 1,
    "2_hosts.xml": 2,
    "2_hosts_achange.xml": 2,
    "2_null_hosts.xml": 2,
    "2_tcp_hosts.xml": 2,
    "base_image.xml": 1,
    "current_image.xml": 1,
    "dionaea_scan.xml": 1,
    "down_host_scan.xml": 1,
    "extra_ports.xml": 1,
    "issue12411.xml": 2,
    "issue12411_before.xml": 2,
    "lan_monitor_1.xml": 5,
    "lan_monitor_2.xml": 5,
    "lan_monitor_3.xml": 5,
    "lan_monitor_4.xml": 4,
    "lan_monitor_5.xml": 5,
    "localhostHttp.xml": 1,
    "localhostHttpIpOnly.xml": 1,
    "localhostHttpSslTunnel.xml": 1,
    "masscan.xml": 8,
    "nmap-results.xml": 1,
    "nmap_0port.xml": 1,
    "nmap_1port.xml": 1,
    "nmap_results.xml": 4,
    "no-host.xml": 0,
    "scan02.xml": 1,
    "scanRunIPv6.xml": 1,
    "scan_base.xml": 1,
    "scan_invalid_services.xml": 4,
    "seccubus.xml": 2,
}
REFUSED = {
    "nmap_std.xml": r"line 4: not well-formed \(invalid token\)",
    "nmap_std~73ecc4ae.xml": r"line 4: not well-formed \(invalid token\)",
    "defused_et_included.xml": "line 2: is no nmap XML: its first element is <root>",
    "defused_et_local_includer.xml": r"line \d+: .*has an internal DTD subset; nmap writes none",
}
BEHIND_A_COMMENT = {
    # Not well-formed by the letter, so that MANIFEST.tsv has no number for them.
    "ftp.xml": 1,
    "localhost.xml": 1,
    "no-host.xml": 0,
    "no-ports.xml": 1,
    "no-service.xml": 1,
    "nmap~4ec2ab87.xml": 2,
}
NO_ADDRESS = {"localhostHttpHostnameOnly.xml": 1}
"""Hosts that carry a name alone, which cannot be compared by address."""


def manifest() -> dict[Path, int]:
    """Return the files of the corpus that are read, with their hosts."""
    if not MORE.is_dir():
        return {}
    with (MORE / "MANIFEST.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    paths = {MORE / row["file"]: row["hosts"] for row in rows}
    return {
        path: BEHIND_A_COMMENT[path.name] if hosts == "None" else int(hosts)
        for path, hosts in paths.items()
        if path.name not in REFUSED
    }


READ = {**{CORPUS / name: hosts for name, hosts in HOSTS.items()}, **manifest()}
ALL = sorted({*CORPUS.glob("*.xml"), *MORE.rglob("*.xml")})


def test_every_file_is_accounted_for() -> None:
    assert {path for path in ALL if path.name not in REFUSED} == set(READ)


@pytest.mark.parametrize("path", READ, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_scan_is_read_whole(path: Path) -> None:
    """Its hosts are as many as it lists, and both parsers read each of them."""
    stream = ScanStream(path.name)
    slices = list(stream.feed(path.read_bytes()))
    stream.close()
    assert len(slices) == READ[path]
    hosts = [parse_host(host, stream) for host in slices]
    assert hosts.count(None) == NO_ADDRESS.get(path.name, 0)
    assert len([parse_verbatim(host, stream) for host in slices]) == READ[path]
    assert len(read_scan_file(path).result.hosts) == len(hosts) - hosts.count(None)


@pytest.mark.parametrize("path", READ, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_scan_differs_from_itself_in_nothing(path: Path) -> None:
    lines: list[str] = []
    with ScanPair(path, path, everything=True) as pair:
        assert not write_text(pair, DiffOptions(), lines.append)
    assert "".join(lines) == ""


@pytest.mark.parametrize(
    "path", [path for path in ALL if path.name in REFUSED], ids=lambda path: path.name
)
def test_what_is_no_scan_is_refused_with_file_line_and_reason(path: Path) -> None:
    with pytest.raises(UnreadableInputError) as caught:
        read_scan_file(path)
    message = str(caught.value)
    assert re.fullmatch(rf"{re.escape(path.name)}: {REFUSED[path.name]}", message), message
    with pytest.raises(UnreadableInputError):
        ScanPair(path, CORPUS / "1_hosts.xml")
