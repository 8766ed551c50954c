"""
Two network namespaces, the scanner's and the LAN's, joined by two wires.

    scanner                                          LAN
    10.79.0.1  routed ──────────────── routed  10.79.0.2   10.77.0.0/16, fd77::/64: local addresses
    10.78.0.1  onlink ──────────────── onlink              10.78.0.0/24: a macvlan for each host

No packet leaves them: neither has a default route, nor a link to any other namespace.
"""

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.lan.availability import lan_unavailable, require_lan
from tests.lan.host import DOOMED_GROUP, ON_LINK_SCANNER, ROUTED, ROUTED_IPV6, LanHost

__all__ = [
    "MAIL_SERVER",
    "Lan",
    "LanError",
    "LanHost",
    "lan_unavailable",
    "read_line",
    "require_lan",
]

MAIL_SERVER = Path(__file__).with_name("mail_server.py")
BANNER_SERVER = Path(__file__).with_name("banner_server.py")

TOOL_SECONDS = 20
"""For one call of ip or nft; 200 macvlans on a busy machine take a few."""

SCANNER_MAC = "02:00:00:4e:00:01"

SCANNER_LINKS = f"""\
link set lo up
link set routed up
link set onlink up
address add {ON_LINK_SCANNER}/24 dev onlink
"""

SCANNER_ROUTED = f"""\
address replace 10.79.0.1/30 dev routed
address replace fd79::1/64 dev routed nodad
route replace {ROUTED_IPV6} via fd79::2 dev routed
"""
"""Of this, taking the link down loses all but the IPv4 address."""

SCANNER_ROUTE = f"route replace {ROUTED} via 10.79.0.2 dev routed\n"

# The scanner's MAC is told: an interface without an address has none to ask it from.
LAN_LINKS = f"""\
link set lo up
link set routed up
link set onlink up
route add {ON_LINK_SCANNER}/32 dev onlink
neighbour add {ON_LINK_SCANNER} lladdr {SCANNER_MAC} dev onlink nud permanent
"""

LAN_ROUTED = """\
address replace 10.79.0.2/30 dev routed
address replace fd79::2/64 dev routed nodad
"""

SETTINGS = {
    # First, because it resets others. An address without a host is silence, not "unreachable".
    "net/ipv4/ip_forward": 0,
    "net/ipv6/conf/all/forwarding": 0,
    # No pause of a second or two before a new IPv6 address may be used.
    "net/ipv6/conf/all/accept_dad": 0,
    "net/ipv6/conf/default/accept_dad": 0,
}

LAN_SETTINGS = SETTINGS | {
    # Each macvlan answers ARP for its own address only, and names itself in what it asks.
    "net/ipv4/conf/all/arp_ignore": 1,
    "net/ipv4/conf/all/arp_announce": 2,
    # Replies to the segment leave by its parent interface.
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    # Closed UDP ports answer at once; Linux's one a second makes a scan of 100 take minutes.
    "net/ipv4/icmp_ratelimit": 0,
    "net/ipv6/icmp/ratelimit": 0,
}

FIREWALL = """\
table inet lan {
    set filtered4 { type ipv4_addr . inet_service; }
    set filtered6 { type ipv6_addr . inet_service; }
    set silent4 { type ipv4_addr; }
    set silent6 { type ipv6_addr; }
    chain input {
        type filter hook input priority 0;
        ip daddr . tcp dport @filtered4 drop
        ip6 daddr . tcp dport @filtered6 drop
        ip daddr @silent4 icmp type { echo-request, timestamp-request } drop
        ip6 daddr @silent6 icmpv6 type echo-request drop
    }
    chain output {
        type filter hook output priority 0;
    }
    # Before the one that tells hosts apart, as a wire would lose it.
    chain wire {
        type filter hook input priority -1;
    }
}
table arp lan {
    chain input {
        type filter hook input priority 0;
    }
    chain output {
        type filter hook output priority 0;
    }
}
"""

LOSSY_ONE_WAY = ("inet lan output",)
LOSSY_EACH_WAY = (*LOSSY_ONE_WAY, "inet lan wire", "arp lan input", "arp lan output")

_numbers = itertools.count(1)


class LanError(Exception):
    """The LAN could not be changed as asked; leave it, for nobody knows its state."""


class Lan:
    """A LAN of real hosts, empty at first; a context manager, usable once."""

    def __init__(self) -> None:
        name = f"netwatch-{os.getpid()}-{next(_numbers)}"
        self.scanner = f"{name}-scanner"
        self.lan = f"{name}-lan"
        self.hosts: tuple[LanHost, ...] = ()
        self._cleanup = ExitStack()
        self._route_cut = False
        self._banners: subprocess.Popen[str]
        self._banner_errors: IO[str]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for namespace in (self.scanner, self.lan):
                _tool(["ip", "netns", "add", namespace])
                stack.callback(_delete_namespace, namespace)
            for link in ("routed", "onlink"):
                _tool(["ip", "-n", self.scanner, "link", "add", link, "type", "veth",
                       "peer", "name", link, "netns", self.lan])  # fmt: skip
            _set(self.scanner, SETTINGS)
            _set(self.lan, LAN_SETTINGS)
            _tool(["ip", "-n", self.scanner, "link", "set", "onlink", "address", SCANNER_MAC])
            _batch(self.lan, LAN_LINKS + LAN_ROUTED)
            # The hosts here have no IPv6; their macvlans would only announce themselves.
            _set(self.lan, {"net/ipv6/conf/default/disable_ipv6": 1})
            _batch(self.scanner, SCANNER_LINKS + SCANNER_ROUTED + SCANNER_ROUTE)
            self._nft(FIREWALL)

            self._banner_errors = stack.enter_context(tempfile.TemporaryFile("w+"))
            self._banners = subprocess.Popen(
                [*_inside(self.lan), sys.executable, str(BANNER_SERVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._banner_errors,
                text=True,
            )
            stack.callback(_end, self._banners)
            self._serve(close=[], listen=[])
            self._cleanup = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def set_hosts(self, hosts: Sequence[LanHost]) -> None:
        """Make the LAN hold exactly these hosts; on return they answer, and the others do not."""
        old = {host.address: host for host in self.hosts}
        new = {host.address: host for host in hosts}
        if len(new) != len(hosts):
            raise ValueError("two hosts with one address")
        moved = {
            address
            for address in old.keys() & new.keys()
            if old[address].is_on_link and old[address].link_address != new[address].link_address
        }
        gone = [old[address] for address in old if address not in new or address in moved]
        come = [new[address] for address in new if address not in old or address in moved]
        old_services, new_services = _services(self.hosts), _services(hosts)

        self._serve(close=[key[:2] for key in old_services - new_services], listen=[])
        _batch(self.lan, "\n".join(line for host in gone for line in host.removed()))
        if any(host.is_on_link for host in gone):
            _batch(self.lan, f"link delete group {DOOMED_GROUP}\n")
        self._nft(_firewall_elements(hosts))
        _batch(self.lan, "\n".join(line for host in come for line in host.added()))
        self._serve(close=[], listen=sorted(new_services - old_services))
        if any(host.is_on_link for host in (*gone, *come)):
            _tool(["ip", "-n", self.scanner, "neighbour", "flush", "dev", "onlink"])
        self.hosts = tuple(hosts)

    def loss(self, permille: int, *, each_way: bool = False) -> None:
        """
        Lose this share of what the hosts send, at random; 0 ends it. ARP is not lost.

        `each_way`: of what is sent to them as well, and of ARP, as a bad cable or radio does.
        At 100, nmap 7.93 -T4 needs 4 s for one host's 1000 ports, 12 for 10 hosts', 60 for 50's.
        """
        lossy = LOSSY_EACH_WAY if each_way else LOSSY_ONE_WAY
        self._nft(
            "".join(f"flush chain {chain}\n" for chain in LOSSY_EACH_WAY)
            + "".join(
                f"add rule {chain} numgen random mod 1000 < {permille} drop\n"
                for chain in lossy
                if permille
            )
        )

    def cut_route(self) -> None:
        """Take the scanner's route to the routed IPv4 hosts away."""
        if not self._route_cut:
            _batch(self.scanner, f"route delete {ROUTED}\n")
            self._route_cut = True

    def restore_route(self) -> None:
        """Undo `cut_route`. While the link is down there is no route to restore: `link_up` does."""
        _batch(self.scanner, SCANNER_ROUTE)
        self._route_cut = False

    def link_down(self) -> None:
        """
        Take the interface to the routed hosts down; the kernel drops the routes over it.

        An nmap 7.93 that scans over it at that moment never ends, whatever its --host-timeout.
        """
        _batch(self.scanner, "link set routed down\n")

    def link_up(self) -> None:
        """Bring it up again with its routes, except one that is cut."""
        route = "" if self._route_cut else SCANNER_ROUTE
        _batch(self.scanner, "link set routed up\n" + SCANNER_ROUTED + route)

    def unplug(self) -> None:
        """Pull the routed cable at the LAN's end: routes stay, nmap finds all hosts down."""
        _batch(self.lan, "link set routed down\n")

    def plug_in(self) -> None:
        """Undo `unplug`."""
        _batch(self.lan, "link set routed up\n" + LAN_ROUTED)

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
        input: str | None = None,  # noqa: A002  # as in subprocess.run
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the scanner's namespace; `env`, as in `subprocess.run`, is all of it."""
        return subprocess.run(
            [*_inside(self.scanner), *argv],
            env=env,
            timeout=timeout,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
        )

    def popen(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[str] | None = subprocess.DEVNULL,
        stdout: int | IO[str] | None = None,
        stderr: int | IO[str] | None = None,
        start_new_session: bool = False,
    ) -> subprocess.Popen[str]:
        """Start a command in the scanner's namespace; it is ended with the LAN at the latest."""
        process = subprocess.Popen(
            [*_inside(self.scanner), *argv],
            env=env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=start_new_session,
            text=True,
        )
        self._cleanup.callback(_end, process)
        return process

    def _nft(self, commands: str) -> None:
        _tool([*_inside(self.lan), "nft", "-f", "-"], commands)

    def _serve(
        self, *, close: Sequence[tuple[str, int]], listen: Sequence[tuple[str, int, str]]
    ) -> None:
        """Have the banner server close and open these sockets, and wait until it did."""
        assert self._banners.stdin is not None
        assert self._banners.stdout is not None
        answer = ""
        with suppress(BrokenPipeError):
            self._banners.stdin.write(json.dumps({"close": close, "listen": listen}) + "\n")
            self._banners.stdin.flush()
            answer = read_line(self._banners.stdout, TOOL_SECONDS)
        if not answer or not json.loads(answer)["ok"]:
            self._banner_errors.seek(0)
            raise LanError(f"banner server: {answer.strip()} {self._banner_errors.read()}")


def read_line(stream: IO[str], timeout: float) -> str:
    """Wait for the next line of a program that prints one at a time; LanError when it is late."""
    if not select.select([stream], [], [], timeout)[0]:
        raise LanError(f"no line within {timeout} seconds")
    return stream.readline()


def _services(hosts: Sequence[LanHost]) -> set[tuple[str, int, str]]:
    return {(host.address, port, name) for host in hosts for port, name in host.services.items()}


def _firewall_elements(hosts: Sequence[LanHost]) -> str:
    elements: dict[str, list[str]] = {}
    for host in hosts:
        family = 6 if host.is_ipv6 else 4
        elements.setdefault(f"filtered{family}", []).extend(
            f"{host.address} . {port}" for port in host.filtered
        )
        elements.setdefault(f"silent{family}", []).extend([host.address] * host.silent_ping)
    sets = ("filtered4", "filtered6", "silent4", "silent6")
    return "".join(f"flush set inet lan {name}\n" for name in sets) + "".join(
        f"add element inet lan {name} {{ {', '.join(members)} }}\n"
        for name, members in elements.items()
        if members
    )


def _inside(namespace: str) -> list[str]:
    """Return the start of a command line; `ip` becomes the command, so its pid is the command's."""
    return ["ip", "netns", "exec", namespace]


def _tool(argv: Sequence[str], commands: str = "") -> str:
    result = subprocess.run(
        argv, input=commands, capture_output=True, text=True, timeout=TOOL_SECONDS
    )
    if result.returncode != 0:
        raise LanError(f"{' '.join(argv)}: {result.stderr.strip()}\n{commands}")
    return result.stdout


def _batch(namespace: str, commands: str) -> None:
    if commands:
        _tool(["ip", "-n", namespace, "-batch", "-"], commands)


def _set(namespace: str, settings: Mapping[str, int]) -> None:
    script = "".join(f"echo {value} > /proc/sys/{name}\n" for name, value in settings.items())
    _tool([*_inside(namespace), "sh", "-e"], script)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process we started, gently and then firmly, and close our ends of its pipes."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)


def _delete_namespace(name: str) -> None:
    """Kill what is left in our namespace, such as nmap whose parent was killed, and delete it."""
    for _attempt in range(50):
        pids = [int(pid) for pid in _tool(["ip", "netns", "pids", name]).split()]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not pids:
            break
        time.sleep(0.02)
    _tool(["ip", "netns", "delete", name])
