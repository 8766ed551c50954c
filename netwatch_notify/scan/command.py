"""ScanProfile to nmap command lines; pure."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from netwatch_notify.errors import UsageError
from netwatch_notify.model.host import Address
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import Part, ScanProfile
from netwatch_notify.model.target import AddressSet, Target

SMALL_TARGET = 16
"""Targets of at most so many addresses share an nmap: each nmap costs a start-up of its own."""
CONFIRM_RETRIES = 10
"""nmap's own number at `-T3`; the fast scan's `-T4` makes it 6."""
PRINTER_PORTS = "9100-9107"
"""A printer prints what is sent there."""
SEPARATE_LABELS = 3
"""So many targets of a shared nmap are named one by one."""


def plan_parts(profile: ScanProfile) -> tuple[Part, ...]:
    """
    Divide the targets into parts: one nmap per target and address family, small ones joined.

    Hostnames must have been resolved. What an earlier target already holds is not asked twice.
    Raises UsageError where nothing is left to scan.
    """
    excluded = AddressSet()
    for target in profile.exclude:
        excluded |= target.addresses
    seen = AddressSet()
    drafts: list[tuple[int, list[Target], AddressSet]] = []
    small: dict[int, int] = {}
    for target in profile.targets:
        for version in (4, 6):
            numbers = target.addresses.family(version)
            addresses = AddressSet.of_family(version, numbers) - excluded
            if not addresses - seen:
                continue
            seen |= addresses
            if len(addresses) > SMALL_TARGET:
                drafts.append((version, [target], addresses))
            elif version in small:
                index = small[version]
                _, joined, before = drafts[index]
                drafts[index] = (version, [*joined, target], before | addresses)
            else:
                small[version] = len(drafts)
                drafts.append((version, [target], addresses))
    if not drafts:
        raise UsageError("NETWATCH_TARGETS: nothing is left to scan after NETWATCH_EXCLUDE")
    return tuple(
        Part(
            number=number,
            version=version,
            targets=tuple(word for target in targets for word in _words(target, version)),
            label=_label([target.written for target in targets]),
            addresses=addresses,
        )
        for number, (version, targets, addresses) in enumerate(drafts, 1)
    )


def _words(target: Target, version: int) -> list[str]:
    """A name is given to nmap as the addresses it resolved to, so that the coverage is certain."""
    if not target.hostname:
        return [target.written]
    return [str(_address(number, version)) for number in target.addresses.family(version)]


def _address(number: int, version: int) -> Address:
    return ip_address(number.to_bytes(4 if version == 4 else 16, "big"))


def _label(written: Sequence[str]) -> str:
    if len(written) <= SEPARATE_LABELS:
        return " ".join(written)
    return f"{written[0]} and {len(written) - 1} other small targets"


def fast_command(nmap: str, profile: ScanProfile, part: Part) -> list[str]:
    """
    Return the fast scan's argument list for one part; XML goes to stdout.

    Neither `--open` (a host without open ports would leave no trace) nor reverse DNS (a dead
    resolver made a /26 take 91 s instead of 0.5 s).
    """
    exclude = [
        word
        for target in profile.exclude
        if target.addresses.family(part.version)
        for word in _words(target, part.version)
    ]
    return [
        nmap,
        *profile.arguments,
        *profile.privilege_arguments,
        *("-n", "--unique", "--resolve-all", "--stats-every", "5s"),
        *(["-6"] if part.version == 6 else []),
        *profile.port_arguments,
        *(["--exclude", ",".join(exclude)] if exclude else []),
        *("-oX", "-"),
        *part.targets,
    ]


def detail_command(
    nmap: str,
    arguments: Sequence[str],
    ports: Iterable[PortKey],
    addresses: Sequence[Address],
    output: str,
    privilege: Sequence[str] = (),
) -> list[str]:
    """
    Return the detail scan of some ports of some hosts; `output` is the base name for `-oA`.

    `privilege` is the profile's `privilege_arguments`.

    `-Pn`: the fast scan has just seen these hosts, and discovery would lose the quiet ones.
    """
    return [
        nmap,
        *("-n", "-Pn", "-T4"),
        *privilege,
        *arguments,
        *_family(addresses),
        *_port_words(ports),
        *("--exclude-ports", PRINTER_PORTS),
        *("-oA", output),
        *map(str, addresses),
    ]


def confirm_command(
    nmap: str,
    ports: Iterable[PortKey],
    addresses: Sequence[Address],
    output: str,
    *,
    known_up: bool,
    privilege: Sequence[str] = (),
    arp: bool = True,
) -> list[str]:
    """
    Return the scan that asks again, gently, for what seems gone.

    Discovery pings and tries the host's own ports: one that drops ICMP, 80 and 443 but serves
    22 reads as down by nmap's default. `-Pn` (`known_up`) only for hosts just seen. Hosts of the
    scanner's own segment are asked by ARP, whatever else is said, but not without `arp`.
    """
    keys = sorted(ports)
    tcp = ",".join(str(key.number) for key in keys if key.protocol == "tcp")
    discovery = ["-Pn"] if known_up else ["-PE", f"-PS{tcp}" if tcp else "-PS"]
    return [
        nmap,
        *("-n", "-T3", "--max-retries", str(CONFIRM_RETRIES)),
        *privilege,
        *([] if arp else ["--disable-arp-ping"]),
        *discovery,
        *_family(addresses),
        *(_port_words(keys) if keys else ["-sn"]),
        *("-oX", output),
        *map(str, addresses),
    ]


def _family(addresses: Sequence[Address]) -> list[str]:
    return ["-6"] if addresses[0].version == 6 else []


def _port_words(ports: Iterable[PortKey]) -> list[str]:
    """`-p 22,80`, or `-sU -p 53`; all ports of one command share their protocol."""
    keys = sorted(ports)
    scan_type = {"tcp": [], "udp": ["-sU"], "sctp": ["-sY"], "ip": ["-sO"]}[keys[0].protocol.value]
    return [*scan_type, "-p", ",".join(str(key.number) for key in keys)]
