"""The test LAN is what it says it is: judged by the real nmap, and by a real mail."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from tests.lan.network import MAIL_SERVER, Lan, LanError, LanHost, read_line, require_lan

WEB = {22: "openssh-9.2p1", 80: "nginx-1.22.1"}


@pytest.fixture(scope="module")
def shared_lan() -> Iterator[Lan]:
    require_lan()
    with Lan() as lan:
        yield lan


@pytest.fixture
def lan(shared_lan: Lan) -> Iterator[Lan]:
    """An empty LAN without faults, and again so afterwards."""
    yield shared_lan
    shared_lan.set_hosts([])
    shared_lan.loss(0)
    shared_lan.plug_in()
    shared_lan.link_up()
    shared_lan.restore_route()


def nmap(lan: Lan, *options: str) -> Element:
    result = lan.run(["nmap", "-n", "-T4", "-oX", "-", *options], timeout=60)
    assert result.returncode == 0, result.stderr
    run: Element = fromstring(result.stdout)
    return run


def attribute(element: Element, path: str, name: str) -> str | None:
    found = element.find(path)
    assert found is not None
    return found.get(name)


def addresses(run: Element) -> list[str | None]:
    return [attribute(host, "address", "addr") for host in run.findall("host")]


def states(run: Element) -> dict[str | None, str | None]:
    ports = run.findall("host/ports/port")
    return {port.get("portid"): attribute(port, "state", "state") for port in ports}


def services(run: Element) -> dict[str | None, tuple[str | None, ...]]:
    """Return name, product and version by port."""
    return {
        port.get("portid"): tuple(
            attribute(port, "service", key) for key in ("name", "product", "version")
        )
        for port in run.findall("host/ports/port")
    }


def total(run: Element) -> str | None:
    return attribute(run, "runstats/hosts", "total")


def ip(*arguments: str) -> str:
    return subprocess.run(
        ["ip", *arguments], capture_output=True, text=True, check=True, timeout=20
    ).stdout


def test_hosts_behind_a_router(lan: Lan) -> None:
    """Every host and no other answers; a host without services is up with closed ports."""
    lan.set_hosts([LanHost("10.77.1.5", WEB), LanHost("10.77.1.6")])
    run = nmap(lan, "-F", "10.77.1.4-7")
    assert addresses(run) == ["10.77.1.5", "10.77.1.6"]
    assert states(run) == {"22": "open", "80": "open"}
    assert total(run) == "4"


def test_versions_are_recognised(lan: Lan) -> None:
    lan.set_hosts(
        [
            LanHost(
                "10.77.1.5",
                {
                    21: "vsftpd-3.0.3",
                    22: "openssh-9.2p1",
                    23: "telnet",
                    25: "smtp-postfix",
                    80: "nginx-1.22.1",
                    2121: "hostile-ftp",
                    2222: "openssh-9.6p1",
                    3306: "mysql",
                    6379: "redis-7.0.15",
                    8080: "apache-2.4.57",
                },
            )
        ]
    )
    run = nmap(
        lan, "-sV", "--script", "http-title",
        "-p", "21,22,23,25,80,2121,2222,3306,6379,8080", "10.77.1.5",
    )  # fmt: skip
    hostile = "<b>b</b> <!channel> @room .[31mred `id` *x* ...left"
    assert services(run) == {
        "21": ("ftp", "vsftpd", "3.0.3"),
        "22": ("ssh", "OpenSSH", "9.2p1 Debian 2+deb12u3"),
        "23": ("telnet", "Linux telnetd", None),
        "25": ("smtp", "Postfix smtpd", None),
        "80": ("http", "nginx", "1.22.1"),
        "2121": ("ftp", "vsftpd", hostile),
        "2222": ("ssh", "OpenSSH", "9.6p1 Ubuntu 3ubuntu13.5"),
        "3306": ("mysql", "MySQL", "5.5.5-10.11.6-MariaDB-0+deb12u1"),
        "6379": ("redis", "Redis key-value store", "7.0.15"),
        "8080": ("http", "Apache httpd", "2.4.57"),
    }
    titles = {script.get("output") for script in run.iterfind(".//script[@id='http-title']")}
    assert titles == {"Welcome to nginx!", "Apache2 Debian Default Page: It works"}


def test_hosts_on_the_scanners_segment(lan: Lan) -> None:
    """Each answers ARP with its own MAC address, and nmap names the vendor."""
    raspberries = [LanHost(f"10.78.0.{n}", WEB, mac=f"B8:27:EB:00:00:{n}") for n in range(10, 22)]
    lan.set_hosts([*raspberries, LanHost("10.78.0.30", mac="24:0A:C4:00:00:30")])
    run = nmap(lan, "-p", "22", "10.78.0.2-40")
    macs = {
        attribute(host, "address", "addr"): (mac.get("addr"), mac.get("vendor"))
        for host in run.findall("host")
        for mac in host.findall("address[@addrtype='mac']")
    }
    assert macs == {
        **{host.address: (host.mac, "Raspberry Pi Foundation") for host in raspberries},
        "10.78.0.30": ("24:0A:C4:00:00:30", "Espressif"),
    }


def test_a_new_mac_at_an_old_address(lan: Lan) -> None:
    lan.set_hosts([LanHost("10.78.0.9", WEB, mac="B8:27:EB:00:00:09")])
    nmap(lan, "-p", "22", "10.78.0.9")
    lan.set_hosts([LanHost("10.78.0.9", WEB, mac="24:0A:C4:00:00:09")])
    run = nmap(lan, "-p", "22,80", "10.78.0.9")
    assert attribute(run, "host/address[@addrtype='mac']", "vendor") == "Espressif"
    assert states(run) == {"22": "open", "80": "open"}


def test_ipv6(lan: Lan) -> None:
    lan.set_hosts([LanHost("fd77::5", WEB, filtered=frozenset({443}))])
    run = nmap(lan, "-6", "-p", "22,23,443", "fd77::5", "fd77::6")
    assert addresses(run) == ["fd77::5"]
    assert states(run) == {"22": "open", "23": "closed", "443": "filtered"}


def test_filtered_ports_and_silence(lan: Lan) -> None:
    """A firewall drops what it filters; a host silent to ping is still found by nmap's TCP ones."""
    lan.set_hosts(
        [LanHost("10.77.1.5", WEB, filtered=frozenset({80, 3389})), LanHost("10.77.1.6", WEB)]
    )
    assert states(nmap(lan, "-p", "22,23,80,3389", "10.77.1.5")) == {
        "22": "open",
        "23": "closed",
        "80": "filtered",
        "3389": "filtered",
    }
    lan.set_hosts([LanHost("10.77.1.5", WEB, silent_ping=True), LanHost("10.77.1.6", WEB)])
    assert addresses(nmap(lan, "-sn", "-PE", "-PP", "10.77.1.5-6")) == ["10.77.1.6"]
    assert addresses(nmap(lan, "-sn", "10.77.1.5-6")) == ["10.77.1.5", "10.77.1.6"]


def test_changes_take_effect_at_once(lan: Lan) -> None:
    """Hosts and ports go, come and change their service between two scans."""
    lan.set_hosts([LanHost("10.77.1.5", WEB), LanHost("10.77.1.6", WEB)])
    lan.set_hosts([LanHost("10.77.1.6", {22: "openssh-9.6p1", 443: "silent"})])
    assert addresses(nmap(lan, "-sn", "10.77.1.5-6")) == ["10.77.1.6"]
    assert (
        services(nmap(lan, "-sV", "-p", "22", "10.77.1.6"))["22"][2] == "9.6p1 Ubuntu 3ubuntu13.5"
    )
    run = nmap(lan, "-p", "22,80,443", "10.77.1.6")
    assert states(run) == {"22": "open", "80": "closed", "443": "open"}


def test_two_hundred_hosts(lan: Lan) -> None:
    hosts = [
        LanHost(f"10.77.2.{n}", {**WEB, 21: "vsftpd-3.0.3", 443: "silent"}) for n in range(200)
    ]
    lan.set_hosts(hosts)
    run = nmap(lan, "-p", "21,22,80,443", "10.77.2.0-199")
    assert len(run.findall(".//state[@state='open']")) == 800


def test_loss(lan: Lan) -> None:
    lan.set_hosts([LanHost(f"10.77.1.{n}") for n in range(100)])
    lan.loss(500)
    once = ["-sn", "-PE", "--max-retries", "0", "10.77.1.0-99"]
    assert 10 < len(addresses(nmap(lan, *once))) < 90
    lan.loss(0)
    assert len(addresses(nmap(lan, *once))) == 100


def test_loss_each_way(lan: Lan) -> None:
    """What is sent to the hosts is lost too, and ARP, which finds those on the segment."""
    lan.set_hosts([LanHost(f"10.77.1.{n}") for n in range(100)])
    once = ["-sn", "-PE", "--max-retries", "0"]
    lan.loss(500, each_way=True)
    assert 5 < len(addresses(nmap(lan, *once, "10.77.1.0-99"))) < 45
    lan.set_hosts([LanHost(f"10.78.0.{n}") for n in range(10, 110)])
    assert 5 < len(addresses(nmap(lan, *once, "10.78.0.10-109"))) < 45
    lan.loss(0)
    assert len(addresses(nmap(lan, *once, "10.78.0.10-109"))) == 100


def test_without_a_route_the_total_is_short(lan: Lan) -> None:
    """nmap ends well, having skipped what it cannot reach; only the total and stderr tell."""
    lan.set_hosts([LanHost("10.77.1.5", WEB), LanHost("10.78.0.9", WEB)])
    targets = ["-sn", "10.77.1.4-7", "10.78.0.9"]
    lan.cut_route()
    cut = nmap(lan, *targets)
    assert (addresses(cut), total(cut)) == (["10.78.0.9"], "1")
    assert len(cut.findall("target[@status='skipped']")) == 4
    lan.restore_route()
    assert total(nmap(lan, *targets)) == "5"


def test_link_down_and_up(lan: Lan) -> None:
    lan.set_hosts([LanHost("10.77.1.5", WEB), LanHost("fd77::5", WEB)])
    lan.link_down()
    assert total(nmap(lan, "-sn", "10.77.1.5")) == "0"
    lan.link_up()
    assert addresses(nmap(lan, "-sn", "10.77.1.5")) == ["10.77.1.5"]
    assert addresses(nmap(lan, "-6", "-sn", "fd77::5")) == ["fd77::5"]


def test_an_unplugged_cable(lan: Lan) -> None:
    """nmap counts every target and finds it down: nothing in its report says why."""
    lan.set_hosts([LanHost("10.77.1.5", WEB), LanHost("fd77::5", WEB)])
    lan.unplug()
    run = nmap(lan, "-sn", "10.77.1.5")
    assert (addresses(run), total(run)) == ([], "1")
    lan.plug_in()
    assert addresses(nmap(lan, "-sn", "10.77.1.5")) == ["10.77.1.5"]
    assert addresses(nmap(lan, "-6", "-sn", "fd77::5")) == ["fd77::5"]


def test_mail_arrives(lan: Lan, tmp_path: Path) -> None:
    """A message sent inside the scanner's namespace is filed whole, unless it is refused."""
    refuse = tmp_path / "refuse"
    server = lan.popen(
        [sys.executable, str(MAIL_SERVER), "--directory", str(tmp_path / "mail"),
         "--refuse-file", str(refuse)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    port = read_line(server.stdout, 20).split()[1]
    send = (
        "import smtplib, sys\n"
        "with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), timeout=10) as smtp:\n"
        "    smtp.sendmail('a@lan.example', ['b@lan.example'], 'Subject: hello\\n\\nworld\\n')\n"
    )

    def sent() -> subprocess.CompletedProcess[str]:
        return lan.run([sys.executable, "-c", send, port], timeout=20)

    result = sent()
    assert result.returncode == 0, result.stderr
    refuse.write_text("451")
    assert "451" in sent().stderr
    refuse.unlink()
    assert sent().returncode == 0

    filed = sorted((tmp_path / "mail").glob("*.eml"))
    assert [path.name for path in filed] == ["001.eml", "002.eml"]
    assert filed[0].read_bytes() == (
        b"X-MailFrom: a@lan.example\r\nX-RcptTo: b@lan.example\r\nSubject: hello\r\n\r\nworld\r\n"
    )
    server.terminate()
    assert server.wait(timeout=10) == 0


def test_nothing_is_left_behind() -> None:
    """A test leaves no process and no namespace, not even a grandchild's."""
    require_lan()
    with Lan() as lan:
        lan.run(["sh", "-c", "sleep 300 >/dev/null 2>&1 &"])
        pid = ip("netns", "pids", lan.scanner).strip()
        assert Path("/proc", pid, "comm").read_text() == "sleep\n"
    # Killed before its namespace went; init buries it in its own time.
    deadline = time.monotonic() + 10
    while Path("/proc", pid).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path("/proc", pid).exists()
    assert lan.scanner not in ip("netns", "list")
    assert lan.lan not in ip("netns", "list")


def test_a_lan_that_cannot_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    require_lan()
    monkeypatch.setattr("tests.lan.network.BANNER_SERVER", Path("/nonexistent"))
    lan = Lan()
    with pytest.raises(LanError, match="nonexistent"), lan:
        pass
    assert lan.scanner not in ip("netns", "list")


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "192.0.2.1"},
        {"address": "10.78.0.1"},
        {"address": "fd77:0::5"},
        {"address": "10.77.1.5", "mac": "B8:27:EB:00:00:01"},
        {"address": "10.77.1.5", "services": {22: "openssh"}},
    ],
    ids=["elsewhere", "the-scanner", "not-canonical", "mac-of-routed", "unknown-service"],
)
def test_hosts_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=wrong["address"]):
        LanHost(**wrong)
