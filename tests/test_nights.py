"""Four nights on a real LAN: real nmap, real SMTP, and every fact checked where it arrives."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import coverage_variables
from tests.lan.network import MAIL_SERVER, Lan, LanHost, read_line, require_lan

PORT = 2525
TARGETS = "10.77.1.0/25 10.78.0.0/27 fd77::/124"

HOSTS = {
    **{
        f"10.77.1.{n}": LanHost(f"10.77.1.{n}", {22: "openssh-9.2p1", 80: "nginx-1.22.1"})
        for n in range(1, 46)
    },
    **{
        f"10.78.0.{n}": LanHost(
            f"10.78.0.{n}", {22: "openssh-9.6p1"}, mac=f"b8:27:eb:00:00:{n:02x}"
        )
        for n in range(10, 18)
    },
    **{f"fd77::{n}": LanHost(f"fd77::{n}", {22: "openssh-9.2p1"}) for n in range(1, 4)},
}

NEW = {
    "10.77.1.100": LanHost("10.77.1.100", {21: "vsftpd-3.0.3"}),
    "10.77.1.101": LanHost("10.77.1.101"),
    "10.78.0.20": LanHost("10.78.0.20", mac="24:0a:c4:00:00:20"),
    "fd77::9": LanHost("fd77::9", {80: "apache-2.4.57"}),
}
"""New hosts; the second and the third without any open port."""

OPENED = LanHost(
    "10.77.1.5", {22: "openssh-9.2p1", 80: "nginx-1.22.1", 6379: "redis-7.0.15", 23: "telnet"}
)
CLOSED = LanHost("10.77.1.6", {22: "openssh-9.2p1"})
FILTERED = LanHost("10.77.1.7", {22: "openssh-9.2p1", 80: "nginx-1.22.1"}, filtered=frozenset({80}))
SILENT = ("10.77.1.8", "10.78.0.12")


class Network:
    """The LAN, its mail server, and netwatch-notify in the scanner's place."""

    def __init__(self, lan: Lan, folder: Path) -> None:
        self.lan = lan
        self.mails = folder / "mails"
        self.mails.mkdir()
        self.refusal = folder / "refusal"
        self.state = folder / "state"
        self.environment = {
            "PATH": os.environ["PATH"],
            **coverage_variables(),
            "HOME": str(folder),
            "NETWATCH_TARGETS": TARGETS,
            "NETWATCH_PORTS": "20-25,80,443,6379,8000-8100",
            "NETWATCH_STATE_DIR": str(self.state),
            # tests/test_versions.py looks at known services again; it takes time.
            "NETWATCH_VERSION_REFRESH_DAYS": "0",
            "NETWATCH_NOTIFY": f"mailto://127.0.0.1:{PORT}/?from=netwatch@lan.example"
            "&to=ops@lan.example&mode=insecure",
        }
        command = [sys.executable, str(MAIL_SERVER), "--port", str(PORT)]
        options = ["--directory", str(self.mails), "--refuse-file", str(self.refusal)]
        server = lan.popen([*command, *options], stdout=subprocess.PIPE)
        assert server.stdout
        assert read_line(server.stdout, 20).startswith("ready")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "netwatch_notify", *arguments]
        result = self.lan.run(command, env=self.environment, timeout=180)
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def night(self) -> tuple[dict[str, Any], list[EmailMessage]]:
        """Make a run and return its report and the mails that came of it."""
        before = set(self.mails.glob("*.eml"))
        result = self.run("--json")
        assert result.returncode == 0, result.stderr
        new = sorted(set(self.mails.glob("*.eml")) - before)
        return json.loads(result.stdout), [read_mail(path) for path in new]


def read_mail(path: Path) -> EmailMessage:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    require_lan()
    with Lan() as lan:
        lan.set_hosts(list(HOSTS.values()))
        yield Network(lan, tmp_path)


def test_four_nights(network: Network) -> None:
    """First night, changes, silence on its second night, and a quiet night without a mail."""
    report, mails = network.night()
    assert report["changes"] == []
    # The scanner's own address on the segment is a host like the others.
    assert f"first scan, {len(HOSTS) + 1} hosts known" in mails[0]["Subject"]

    now = {**HOSTS, **NEW}
    for host in (OPENED, CLOSED, FILTERED):
        now[host.address] = host
    for address in SILENT:
        del now[address]
    network.lan.set_hosts(list(now.values()))
    report, mails = network.night()
    facts = {(c["kind"], c["address"], c["port"], c["state"]) for c in report["changes"]}
    assert facts == {
        ("host-new", "10.77.1.100", None, None),
        ("host-new", "10.77.1.101", None, None),
        ("host-new", "10.78.0.20", None, None),
        ("host-new", "fd77::9", None, None),
        ("port-opened", "10.77.1.5", 6379, "open"),
        ("port-opened", "10.77.1.5", 23, "open"),
        ("port-closed", "10.77.1.6", 80, "closed"),
    }
    assert all(change["confirmed"] for change in report["changes"])
    by_address = {c["address"]: c for c in report["changes"] if c["kind"] == "host-new"}
    assert by_address["10.78.0.20"]["mac"] == "24:0A:C4:00:00:20"
    assert by_address["10.78.0.20"]["vendor"] == "Espressif"
    (ftp,) = by_address["10.77.1.100"]["ports"]
    assert (ftp["service"]["product"], ftp["service"]["version"]) == ("vsftpd", "3.0.3")
    (mail,) = mails
    text = text_of(mail)
    print(mail["Subject"], text, sep="\n\n")
    for words in (
        "CRITICAL",
        "6379/tcp",
        "7.0.15",
        "23/tcp",
        "10.77.1.100",
        "vsftpd 3.0.3",
        "10.77.1.101",
        "no open ports",
        "10.78.0.20, Espressif",
        "Apache httpd 2.4.57",
        "80/tcp closed",
    ):
        assert words in text, words
    for address in (*SILENT, "10.77.1.7"):
        assert f"{address})" not in text
        assert f"{address}:" not in text

    report, mails = network.night()
    facts = {(c["kind"], c["address"], c["port"], c["state"]) for c in report["changes"]}
    assert facts == {
        ("host-gone", "10.77.1.8", None, None),
        ("host-gone", "10.78.0.12", None, None),
        ("port-closed", "10.77.1.7", 80, "filtered"),
    }
    text = text_of(mails[0])
    assert "10.77.1.8" in text
    assert "10.78.0.12" in text
    assert "no longer answers" in text

    report, mails = network.night()
    assert (report["changes"], report["problems"], mails) == ([], [], [])
    result = network.run()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    folder = network.state / "scans" / "2"
    names = {path.name for path in folder.iterdir()}
    assert {"fast-1.xml", "fast-2.xml", "fast-3.xml", "details.sh", "details-1.nmap"} <= names
    assert (network.state / "latest").resolve().name == "5"


def test_what_is_refused_waits_and_is_delivered_later_once(network: Network) -> None:
    network.refusal.write_text("451")
    result = network.run()
    assert result.returncode == 4
    assert result.stderr.count("\n") == 1
    assert not list(network.mails.glob("*.eml"))
    assert network.run("outbox", "retry", "--all").returncode == 0
    assert network.run("deliver").returncode == 4
    network.refusal.unlink()
    assert network.run("outbox", "retry", "--all").returncode == 0
    assert network.run("deliver").returncode == 0
    assert network.run("deliver").returncode == 0
    assert len(list(network.mails.glob("*.eml"))) == 1


def test_a_cut_route_is_a_problem_and_nobody_is_gone(network: Network) -> None:
    network.night()
    network.lan.cut_route()
    result = network.run("--json")
    report = json.loads(result.stdout)
    assert result.returncode == 3
    assert report["changes"] == []
    assert "10.77.1.0/25" in report["problems"][0]
    assert "ip route get 10.77.1." in report["problems"][0]
    newest = max(network.mails.glob("*.eml"))
    assert "10.77.1.0/25" in read_mail(newest)["Subject"].lower()
