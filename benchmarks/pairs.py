"""
Write the same network on two nights as nmap XML, for benchmarks.diff.

    python -m benchmarks.pairs [--hosts 4096] [--shape lean] [--seed 1] [--quiet] FOLDER

OLD is `old.xml`, NEW is `new.xml`; `--quiet` adds `quiet.xml`, OLD's hosts on the night after NEW.
Equal arguments give equal bytes. The files are written as the hosts are made, so a million of them
needs no memory.
"""

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, summarize_address_range
from pathlib import Path
from random import Random
from typing import TextIO

from benchmarks.network import LISTED, Fate, NetworkHost, network

FIRST_ADDRESS = IPv4Address("10.0.0.0")
MOST_HOSTS = 1 << 24
"""All of 10.0.0.0/8."""
GROUP = 64
"""Hosts that nmap scans together: their hints come first, then all of them."""
GROUPS_BETWEEN_PROGRESS = 4
HOSTS_BETWEEN_HINTS = 8
FIRST_NIGHT = 1_735_689_600
"""2025-01-01T00:00:00Z; the other nights follow a day apart."""
NIGHT_SECONDS = 86_400
HOSTS_PER_SECOND = 50

REAL_SCAN = Path(__file__).parent.parent / "tests" / "data" / "nmap" / "nmap-results.xml"
"""Written by nmap 7.92: the top 1000 ports and the order of all attributes are taken from it."""


class Shape(StrEnum):
    """What kind of scan the files are of; both have service versions."""

    LEAN = "lean"
    """All ports, so that the closed ones are a handful of ranges: about 1.3 kB a host."""
    REAL = "real"
    """The top 1000, whose closed ones take nmap 3.5 kB with every host: about 5 kB a host."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The files, and how many addresses differ from OLD to NEW."""

    old: Path
    new: Path
    quiet: Path | None
    changed: int


@dataclass(slots=True)
class Night:
    """One file while it is being written."""

    file: TextIO
    start: int
    is_after: bool
    """Whether the hosts are as they are in NEW."""
    up: int = 0
    hints: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


def write_pair(
    folder: Path, hosts: int, shape: Shape, *, seed: int = 1, with_quiet: bool = False
) -> Pair:
    """
    Write OLD and NEW into `folder`, with `hosts` addresses asked for.

    A host that is gone or new answers on one night only, so either file has a few hosts fewer.
    Every host that answers on both has other times and round trips, and some have another TTL.
    """
    if not 1 <= hosts <= MOST_HOSTS:
        raise ValueError(f"{hosts} hosts: 1 to {MOST_HOSTS} fit into 10.0.0.0/8")
    folder.mkdir(parents=True, exist_ok=True)
    old, new, quiet = folder / "old.xml", folder / "new.xml", folder / "quiet.xml"
    # No secret: equal seeds are to give equal bytes.
    random = Random(f"{seed} {shape}")  # noqa: S311
    changed = 0
    with ExitStack() as stack:
        nights = [
            Night(
                stack.enter_context(path.open("w", encoding="ascii", newline="\n")),
                FIRST_NIGHT + number * NIGHT_SECONDS,
                is_after=path == new,
            )
            for number, path in enumerate((old, new, quiet) if with_quiet else (old, new))
        ]
        for night in nights:
            night.file.write(_head(night.start, hosts, shape))
        # The nights draw apart from the network: OLD and NEW are the same with `quiet` and without.
        draws = [Random(random.random()) for _ in range(3)]  # noqa: S311
        for host in network(hosts, random):
            changed += host.fate is not Fate.SAME
            for night, draw in zip(nights, draws, strict=False):
                _add(night, host, shape, draw)
                if (host.number + 1) % GROUP == 0 or host.number + 1 == hosts:
                    _flush(night, host.number + 1, hosts)
        for night in nights:
            night.file.write(_tail(night.start, hosts, night.up))
    return Pair(old, new, quiet if with_quiet else None, changed)


def _add(night: Night, host: NetworkHost, shape: Shape, draw: Random) -> None:
    ports = host.ports(is_after=night.is_after)
    if ports is None:
        return
    night.up += 1
    address = FIRST_ADDRESS + host.number
    start = night.start + host.number // HOSTS_PER_SECOND
    # What takes another way one night arrives with one hop less to live.
    ttl = host.ttl - (night.is_after and draw.random() < 0.2)
    status = f'<status state="up" reason="echo-reply" reason_ttl="{ttl}"/>\n'
    addresses = f'<address addr="{address}" addrtype="ipv4"/>\n'
    if host.mac and shape is Shape.REAL:
        addresses += f'<address addr="{host.mac}" addrtype="mac" vendor="{host.vendor}"/>\n'
    name = ""
    if host.has_name:
        dashed = str(address).replace(".", "-")
        name = f'<hostname name="host-{dashed}.example.net" type="PTR"/>\n'
    if host.number % HOSTS_BETWEEN_HINTS == 0:
        night.hints.append(f"<hosthint>{status}{addresses}<hostnames>\n</hostnames>\n</hosthint>\n")
    srtt, variance = draw.randrange(300, 30_000), draw.randrange(50, 3_000)
    night.hosts.append(
        f'<host starttime="{start}" endtime="{start + draw.randrange(5, 60)}">{status}'
        f"{addresses}<hostnames>\n{name}</hostnames>\n"
        f"<ports>{_extra_ports(shape, tuple(ports))}"
        f"{''.join(_port(number, version, ttl) for number, version in ports.items())}</ports>\n"
        f'<times srtt="{srtt}" rttvar="{variance}" to="{max(100_000, srtt + 4 * variance)}"/>\n'
        "</host>\n"
    )


@lru_cache(maxsize=1024)
def _port(number: int, version: int, ttl: int) -> str:
    listed = LISTED[number]
    reason, method = f'reason="syn-ack" reason_ttl="{ttl}"', 'method="probed" conf="10"'
    if listed.state != "open":
        reason, method = 'reason="no-response" reason_ttl="0"', 'method="table" conf="3"'
    service = listed.service.format(v=listed.versions[version])
    cpe = listed.cpe.format(v=listed.versions[version])
    end = f"><cpe>{cpe}</cpe></service>" if cpe else "/>"
    return (
        f'<port protocol="tcp" portid="{number}"><state state="{listed.state}" {reason}/>'
        f"<service {service} {method}{end}</port>\n"
    )


# Hosts have some 1,500 sets of ports, each 3.5 kB at most.
@lru_cache(maxsize=4096)
def _extra_ports(shape: Shape, listed: tuple[int, ...]) -> str:
    rest = list(_without(_scanned(shape), listed))
    count = sum(last - first + 1 for first, last in rest)
    ports = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in rest)
    return (
        f'<extraports state="closed" count="{count}">\n'
        f'<extrareasons reason="reset" count="{count}" proto="tcp" ports="{ports}"/>\n'
        "</extraports>\n"
    )


def _without(spans: Sequence[tuple[int, int]], listed: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of ports, without those that are `listed`, which are in ascending order."""
    for first, last in spans:
        for number in listed:
            if first <= number <= last:
                if first < number:
                    yield first, number - 1
                first = number + 1
        if first <= last:
            yield first, last


@lru_cache
def _services(shape: Shape) -> str:
    """Return the ports scanned as `<scaninfo>` has them."""
    if shape is Shape.LEAN:
        return "1-65535"
    found = re.search(r' services="([^"]+)"', REAL_SCAN.read_text(encoding="utf-8"))
    assert found is not None, REAL_SCAN
    return found[1]


@lru_cache
def _scanned(shape: Shape) -> tuple[tuple[int, int], ...]:
    pieces = (piece.partition("-") for piece in _services(shape).split(","))
    return tuple((int(first), int(last or first)) for first, _, last in pieces)


def _head(start: int, hosts: int, shape: Shape) -> str:
    # So many addresses are asked for as are scanned, else nmap would have stopped half-way.
    targets = " ".join(map(str, summarize_address_range(FIRST_ADDRESS, FIRST_ADDRESS + hosts - 1)))
    ports = "-p- " if shape is Shape.LEAN else ""
    words = f"nmap -sS -sV -T4 {ports}--stats-every 30s -oX night.xml {targets}"
    count = sum(last - first + 1 for first, last in _scanned(shape))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<!DOCTYPE nmaprun>\n"
        '<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>\n'
        f"<!-- Nmap 7.93 scan initiated {_said(start)} as: {words.replace('--', '-&#45;')} -->\n"
        f'<nmaprun scanner="nmap" args="{words}" start="{start}" startstr="{_said(start)}"'
        ' version="7.93" xmloutputversion="1.05">\n'
        f'<scaninfo type="syn" protocol="tcp" numservices="{count}"'
        f' services="{_services(shape)}"/>\n'
        '<verbose level="0"/>\n'
        '<debugging level="0"/>\n'
    )


def _flush(night: Night, done: int, hosts: int) -> None:
    """Write the group of hosts that is complete, and now and then how far nmap is."""
    now, left = night.start + done // HOSTS_PER_SECOND, (hosts - done) // HOSTS_PER_SECOND
    night.file.writelines(night.hints)
    if done % (GROUP * GROUPS_BETWEEN_PROGRESS) == 0:
        night.file.write(
            f'<taskprogress task="Service scan" time="{now}" percent="{100 * done / hosts:.2f}"'
            f' remaining="{left}" etc="{now + left}"/>\n'
        )
    night.file.writelines(night.hosts)
    night.hints.clear()
    night.hosts.clear()


def _tail(start: int, hosts: int, up: int) -> str:
    # The last host may have taken a minute.
    seconds = hosts // HOSTS_PER_SECOND + 60
    end = _said(start + seconds)
    return (
        f'<runstats><finished time="{start + seconds}" timestr="{end}" summary="Nmap done at {end};'
        f' {hosts} IP addresses ({up} hosts up) scanned in {seconds}.00 seconds"'
        f' elapsed="{seconds}.00" exit="success"/>'
        f'<hosts up="{up}" down="{hosts - up}" total="{hosts}"/>\n'
        "</runstats>\n"
        "</nmaprun>\n"
    )


def _said(instant: int) -> str:
    """Return the time as C's ctime writes it, in UTC."""
    return time.asctime(time.gmtime(instant))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--hosts", type=int, default=4096)
    parser.add_argument("--shape", type=Shape, choices=list(Shape), default=Shape.LEAN)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args(arguments)
    if not 1 <= options.hosts <= MOST_HOSTS:
        parser.error(f"--hosts: 1 to {MOST_HOSTS}")
    pair = write_pair(
        options.folder, options.hosts, options.shape, seed=options.seed, with_quiet=options.quiet
    )
    print(pair.changed)


if __name__ == "__main__":
    main()
