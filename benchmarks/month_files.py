"""A month's nights as nmap 7.93 XML files, for benchmarks.month."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from benchmarks.month_network import RISKY, SERVICES, TARGETS, Month, Night, NightKind, Sighting

FIRST_NIGHT = 1_735_696_800
"""2025-01-01T02:00:00Z; the other nights follow a day apart."""
NIGHT_SECONDS = 86_400
ADDRESSES = sum(target.num_addresses for target in TARGETS)
FAILED_AFTER = (3, 8)
"""The scan that failed has from 3 to 7 hosts."""
CUT_AFTER = (0.3, 0.7)
"""The share of the hosts that the cut file has whole."""


def write_month(month: Month, folder: Path) -> tuple[Path, ...]:
    """Write the files and return them, in the order of the nights."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for night in month.nights:
        path = folder / f"night-{night.number:02}.xml"
        # No secret: equal seeds are to give equal bytes.
        draw = Random(f"night {month.seed} {night.number}")  # noqa: S311
        path.write_text(night_xml(night, draw), encoding="ascii", newline="\n")
        paths.append(path)
    return tuple(paths)


def night_xml(night: Night, draw: Random) -> str:
    """Return the night's file; `draw` gives the times, and where the file is cut."""
    start = FIRST_NIGHT + night.number * NIGHT_SECONDS
    end = start + 1500 + draw.randrange(300)
    hosts = [_host(host, night.ports, start, draw) for host in night.hosts]
    if night.kind is NightKind.CUT:
        whole = round(draw.uniform(*CUT_AFTER) * len(hosts))
        part = hosts[whole]
        return "".join([_head(night, start), *hosts[:whole], part[: draw.randrange(1, len(part))]])
    if night.kind is NightKind.FAILED:
        hosts = hosts[: draw.randrange(*FAILED_AFTER)]
        end = start + 60
    return "".join([_head(night, start), *hosts, _tail(night, start, end, len(hosts))])


def _head(night: Night, start: int) -> str:
    first, last = night.ports[0], night.ports[-1]
    targets = " ".join(map(str, TARGETS))
    words = f"nmap -sS -sV -T4 -p {first}-{last} -oX lan-{night.number:02}.xml {targets}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<!DOCTYPE nmaprun>\n"
        '<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>\n'
        f"<!-- Nmap 7.93 scan initiated {_said(start)} as: {words} -->\n"
        f'<nmaprun scanner="nmap" args="{words}" start="{start}" startstr="{_said(start)}"'
        ' version="7.93" xmloutputversion="1.05">\n'
        f'<scaninfo type="syn" protocol="tcp" numservices="{len(night.ports)}"'
        f' services="{first}-{last}"/>\n'
        '<verbose level="0"/>\n'
        '<debugging level="0"/>\n'
    )


def _tail(night: Night, start: int, end: int, up: int) -> str:
    exit_words, total = 'exit="success"', ADDRESSES
    if night.kind is NightKind.FAILED:
        exit_words = 'exit="error" errormsg="nexthost: failed to determine route to 10.20.8.1"'
        total = up
    seconds = end - start
    return (
        f'<runstats><finished time="{end}" timestr="{_said(end)}"'
        f' summary="Nmap done at {_said(end)}; {total} IP addresses ({up} hosts up) scanned in'
        f' {seconds}.00 seconds" elapsed="{seconds}.00" {exit_words}/>'
        f'<hosts up="{up}" down="{total - up}" total="{total}"/>\n'
        "</runstats>\n"
        "</nmaprun>\n"
    )


def _host(host: Sighting, scanned: range, start: int, draw: Random) -> str:
    begun = start + draw.randrange(600)
    srtt, variance = draw.randrange(300, 30_000), draw.randrange(50, 3_000)
    return (
        f'<host starttime="{begun}" endtime="{begun + draw.randrange(5, 900)}">'
        '<status state="up" reason="arp-response" reason_ttl="0"/>\n'
        f'<address addr="{host.address}" addrtype="ipv4"/>\n'
        f'<address addr="{host.mac}" addrtype="mac" vendor="{host.vendor}"/>\n'
        f'<hostnames>\n<hostname name="{host.name}" type="PTR"/>\n</hostnames>\n'
        f"<ports>{''.join(_ports(host, scanned))}</ports>\n"
        f'<times srtt="{srtt}" rttvar="{variance}" to="{max(100_000, srtt + 4 * variance)}"/>\n'
        "</host>\n"
    )


def _ports(host: Sighting, scanned: range) -> Iterator[str]:
    """Yield the ports: nmap sums up those in the state that most are in, and lists the others."""
    closed, filtered = ("closed", "reset", 64), ("filtered", "no-response", 0)
    rest, rest_reason, _ = filtered if host.drops else closed
    listed = dict.fromkeys(host.services, ("open", "syn-ack", 64))
    if host.drops:
        listed |= dict.fromkeys(host.refused, closed)
    else:
        listed |= dict.fromkeys(host.silent, filtered)
    listed = {port: listed[port] for port in sorted(listed) if port in scanned}
    count = len(scanned) - len(listed)
    yield (
        f'<extraports state="{rest}" count="{count}">\n'
        f'<extrareasons reason="{rest_reason}" count="{count}" proto="tcp"'
        f' ports="{_ranges(scanned, listed)}"/>\n'
        "</extraports>\n"
    )
    for port, (state, reason, ttl) in listed.items():
        yield (
            f'<port protocol="tcp" portid="{port}">'
            f'<state state="{state}" reason="{reason}" reason_ttl="{ttl}"/>'
            f"{_service(port, host.services.get(port))}</port>\n"
        )


def _service(port: int, version: int | None) -> str:
    service = SERVICES.get(port) or RISKY[port]
    if version is None:
        # Nobody answered -sV: the name is what nmap's table has for the number.
        name = service.words.split('"')[1]
        return f'<service name="{name}" method="table" conf="3"/>'
    told = service.versions[version]
    return (
        f'<service {service.words.format(v=told)} method="probed" conf="10">'
        f"<cpe>cpe:/a:{service.cpe.format(v=told.split()[0])}</cpe></service>"
    )


def _ranges(scanned: range, without: Iterable[int]) -> str:
    pieces, first = [], scanned[0]
    for number in (*without, scanned[-1] + 1):
        if first < number:
            pieces.append(str(first) if first == number - 1 else f"{first}-{number - 1}")
        first = number + 1
    return ",".join(pieces)


def _said(instant: int) -> str:
    """Return the time as C's ctime writes it, in UTC."""
    return time.asctime(time.gmtime(instant))
