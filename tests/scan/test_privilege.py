"""What gives nmap raw sockets is told apart rightly: the kernel and a real nmap are the judges."""

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from netwatch_notify.scan.privilege import (
    CAP_NET_RAW,
    FileCapabilities,
    Privilege,
    ProcessCapabilities,
    decide,
    file_capabilities,
    parse_capabilities,
    privilege_of,
    read_status,
)
from tests.lan.network import Lan, LanHost, require_lan
from tests.unprivileged import NOBODY, only, open_folder

RAW = 1 << CAP_NET_RAW
ADMIN = 1 << 12
ALL = (1 << 41) - 1
USER = ProcessCapabilities(bounding=ALL)


def attribute(revision: int, *words: int, flag: int = 1, owner: int | None = None) -> bytes:
    tail = b"" if owner is None else struct.pack("<I", owner)
    return struct.pack(f"<I{len(words)}I", revision << 24 | flag, *words) + tail


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(attribute(1, RAW, 0), FileCapabilities(RAW, 0, True), id="v1"),
        pytest.param(attribute(2, RAW, 0, 0, 0), FileCapabilities(RAW, 0, True), id="v2"),
        pytest.param(attribute(2, 0, RAW, 1, 0, flag=0), FileCapabilities(1 << 32, RAW, False),
                     id="v2-high-words-inheritable-not-effective"),
        pytest.param(attribute(3, RAW, 0, 0, 0, owner=0), FileCapabilities(RAW, 0, True), id="v3"),
        pytest.param(attribute(3, RAW, 0, 0, 0, owner=1000), None, id="another-namespace-s"),
        pytest.param(attribute(2, RAW, 0), None, id="cut-short"),
        pytest.param(attribute(9, RAW, 0, 0, 0), None, id="unknown-revision"),
        pytest.param(b"", None, id="empty"),
    ],
)  # fmt: skip
def test_the_attribute_is_read_as_the_kernel_lays_it_out(
    data: bytes, found: FileCapabilities | None
) -> None:
    assert parse_capabilities(data) == found


RAW_FILE = FileCapabilities(RAW, 0, True)


@pytest.mark.parametrize(
    ("process", "file", "is_root", "privilege"),
    [
        pytest.param(ProcessCapabilities(effective=ALL), None, True, "root", id="root"),
        pytest.param(ProcessCapabilities(), None, True, "none", id="root-of-a-bare-container"),
        pytest.param(USER, None, False, "none", id="user"),
        pytest.param(ProcessCapabilities(effective=RAW, permitted=RAW), None, False, "none",
                     id="own-but-not-ambient"),
        pytest.param(ProcessCapabilities(effective=RAW, ambient=RAW), None, False, "ambient",
                     id="ambient"),
        pytest.param(USER, RAW_FILE, False, "file", id="file"),
        pytest.param(USER, FileCapabilities(RAW, 0, False), False, "none",
                     id="file-not-effective"),
        pytest.param(USER, FileCapabilities(0, RAW, True), False, "none", id="inherits-nothing"),
        pytest.param(ProcessCapabilities(inheritable=RAW, bounding=ALL),
                     FileCapabilities(0, RAW, True), False, "file", id="inherits"),
        pytest.param(ProcessCapabilities(bounding=RAW), FileCapabilities(RAW | ADMIN, 0, True),
                     False, "none", id="bounded-so-it-does-not-start"),
        pytest.param(ProcessCapabilities(bounding=ALL, no_new_privileges=True), RAW_FILE, False,
                     "none", id="no-new-privileges"),
        pytest.param(ProcessCapabilities(permitted=RAW, bounding=RAW, no_new_privileges=True),
                     RAW_FILE, False, "file", id="nothing-new"),
        pytest.param(ProcessCapabilities(ambient=RAW, bounding=ALL),
                     FileCapabilities(ADMIN, 0, True), False, "none",
                     id="a-file-s-clear-the-ambient"),
    ],
)  # fmt: skip
def test_privileges_follow_the_rules_of_execve(
    process: ProcessCapabilities, file: FileCapabilities | None, is_root: bool, privilege: str
) -> None:
    assert decide(process, file, is_root=is_root) == privilege


def test_what_cannot_be_read_gives_nothing(tmp_path: Path) -> None:
    assert read_status(tmp_path / "none") == ProcessCapabilities()
    assert file_capabilities(tmp_path / "none") is None
    plain = tmp_path / "plain"
    plain.touch()
    assert file_capabilities(plain) is None


def test_without_an_nmap_the_process_counts(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nCapEff:\t{ALL:016x}\nCapAmb:\t{RAW:016x}\n")
    expected = Privilege.ROOT if os.geteuid() == 0 else Privilege.AMBIENT
    assert privilege_of(None, status) is expected
    assert privilege_of("no-such-nmap", status) is expected


# --- On a real LAN, as a user who is nobody.

WAYS = {
    "root": [],
    "ambient": [*NOBODY, *only("net_raw"), "--no-new-privs"],
    "file": [*NOBODY, *only()],
    "none": [*NOBODY, *only()],
    "no-new-privs": [*NOBODY, *only(), "--no-new-privs"],
}
HOST = LanHost("10.78.0.10", {22: "openssh-9.2p1"}, mac="00:17:88:00:00:01")


@pytest.fixture(scope="module")
def lan() -> Iterator[Lan]:
    require_lan()
    with Lan() as lan:
        lan.set_hosts([HOST])
        yield lan


class Place:
    """netwatch-notify in the scanner's place, as one user or another."""

    def __init__(self, lan: Lan, folder: Path, way: str) -> None:
        self.lan = lan
        self.way = WAYS[way]
        self.state = folder / "state"
        nmap = folder / "nmap"
        found = shutil.which("nmap")
        assert found
        shutil.copy(found, nmap)
        nmap.chmod(0o755)
        if way in ("file", "no-new-privs"):
            subprocess.run(["setcap", "cap_net_raw+eip", nmap], check=True)
        # Not measured: nobody may not write where the coverage is kept.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NETWATCH_NMAP_PATH": str(nmap),
            "NETWATCH_TARGETS": "10.78.0.8/29",
            "NETWATCH_PORTS": "22",
            "NETWATCH_STATE_DIR": str(self.state),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.way, sys.executable, "-m", "netwatch_notify", *arguments]
        result = self.lan.run(command, env=self.environment)
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def check(self) -> dict[str, Any]:
        """Return the last of what `check` says of privileges."""
        found = json.loads(self.run("check", "--json").stdout)["checks"]
        return [check for check in found if check["item"] == "privileges"][-1]


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.mark.parametrize(
    ("way", "privilege", "word"),
    [
        ("root", "root", None),
        ("ambient", "ambient", "--privileged"),
        ("file", "file", "--privileged"),
        ("none", "none", "--unprivileged"),
        ("no-new-privs", "none", "--unprivileged"),
    ],
)
def test_a_scan_is_as_privileged_as_it_can_be(
    lan: Lan, folder: Path, way: str, privilege: str, word: str | None
) -> None:
    """A SYN scan with MAC addresses as root or with cap_net_raw, else a connect scan."""
    place = Place(lan, folder, way)
    result = place.run("--json")
    assert result.returncode == 0, result.stderr
    scan = fromstring((place.state / "latest" / "fast.xml").read_text())
    kind = "connect" if privilege == "none" else "syn"
    assert [info.get("type") for info in scan.iter("scaninfo")] == [kind]
    found = [address.get("addrtype") for address in scan.findall("host/address")]
    assert found == (["ipv4"] if privilege == "none" else ["ipv4", "mac"])
    said = [w for w in scan.get("args", "").split() if w.endswith("privileged")]
    assert said == ([word] if word else [])
    check = place.check()
    assert check["status"] == ("warning" if privilege == "none" else "ok")
    assert ("connect scan" in check["text"]) is (privilege == "none")


def test_a_connect_scan_after_a_syn_scan_is_a_warning(lan: Lan, folder: Path) -> None:
    """What one kind saw is not compared with the other, so `check` says so before the night."""
    place = Place(lan, folder, "ambient")
    assert place.run("run").returncode == 0
    place.way = WAYS["none"]
    check = place.check()
    assert check["status"] == "warning"
    assert "the last run made a syn scan, tonight's will be a connect scan" in check["text"]
