"""Whether a scan ended properly: decided here and nowhere else; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address

from netwatch_notify.model.host import Host
from netwatch_notify.model.port import PortProtocol
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.scan import Coverage, ScanEnding, ScanHeader
from netwatch_notify.model.target import AddressSet
from netwatch_notify.model.text import clean
from netwatch_notify.scan.runner import NmapOutcome

QUOTED = 120
"""Characters quoted of nmap's own words."""


_UNSENT = re.compile(r"sendto .*=> (Network is (?:unreachable|down)|No route to host)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a scan did not end properly, and one thing to try."""

    problem: str
    remedy: str = ""


def find_fault(
    ending: ScanEnding,
    *,
    is_complete: bool,
    outcome: NmapOutcome | None,
    asked: AddressSet | None,
) -> Fault | None:
    """
    Return what is wrong with how a scan ended, None if it ended properly.

    `outcome` is None for a scan made elsewhere; `asked` is None where the addresses asked for
    cannot be known. A missing route, a down interface or a name that does not resolve all leave
    exit code 0 and `exit="success"`; only the count of addresses gives them away.
    """
    said = clean(ending.error_message, QUOTED) or (_last_words(outcome) if outcome else "")
    quote = f': "{said}"' if said else ""
    if outcome and outcome.timed_out:
        return Fault(
            f"nmap was stopped at the time limit, after {outcome.seconds:.0f} s",
            "raise NETWATCH_SCAN_TIMEOUT_SECONDS, or divide the targets",
        )
    if outcome and outcome.returncode < 0:
        return Fault(f"nmap was killed by signal {-outcome.returncode}{quote}")
    if outcome and outcome.returncode > 0:
        return Fault(f"nmap ended with exit code {outcome.returncode}{quote}", _remedy(said))
    if ending.exit not in ("", "success"):
        return Fault(f"nmap ended with {ending.exit!r}{quote}", _remedy(said))
    if not is_complete or not ending.finished:
        return Fault(f"nmap's XML stops in the middle{quote}", "check free disk space and memory")
    if outcome and (unsent := _UNSENT.search(outcome.stderr)):
        # A route or link lost in mid-scan: exit 0, success, and every address is counted.
        return Fault(
            f'nmap could not send: "{clean(unsent[1], QUOTED)}"',
            f"ip route get {_first_address(asked)}" if asked else "",
        )
    # More than asked is no fault: targets that overlap count twice without --unique.
    total = ending.hosts_total
    if asked is not None and total is not None and total < len(asked):
        first = _first_address(asked)
        return Fault(
            f"nmap scanned {total} of {len(asked)} addresses{quote}",
            f"ip route get {first}" if first else "",
        )
    if ending.skipped_targets:
        skipped = ", ".join(ending.skipped_targets[:3])
        return Fault(f"nmap skipped {skipped}{quote}", "check how NETWATCH_TARGETS is written")
    if outcome and "Failed to resolve" in outcome.stderr:
        return Fault(f"a name did not resolve{quote}", "check the name and this machine's DNS")
    return None


def coverage_of(
    header: ScanHeader, addresses: AddressSet, hosts: Iterable[Host], *, open_only: bool = False
) -> Coverage:
    """Return what a scan covered: hosts that timed out are taken off."""
    timed_out = AddressSet.of(host.address for host in hosts if host.timed_out)
    ports: dict[PortProtocol, Ranges] = {}
    for info in header.scan_infos:
        ports[info.protocol] = ports.get(info.protocol, Ranges()) | info.ports
    types = tuple(sorted({(info.protocol, info.type) for info in header.scan_infos}))
    return Coverage(addresses - timed_out, ports, types, open_only)


def assumed_coverage(header: ScanHeader) -> Coverage:
    """
    Return the widest coverage a scan of unknown targets may have had.

    It stands for the past only: what such a scan did not list is new when it appears, but its
    silence proves nothing.
    """
    everything = AddressSet(Ranges(((0, 2**32 - 1),)), Ranges(((0, 2**128 - 1),)))
    coverage = coverage_of(header, everything, ())
    if coverage.ports:
        return coverage
    return replace(coverage, ports={p: Ranges(((0, 65535),)) for p in PortProtocol})


def _last_words(outcome: NmapOutcome) -> str:
    lines = [line for line in outcome.stderr.splitlines() if line.strip() not in ("", "QUITTING!")]
    telling = [line for line in lines if line.startswith(("Failed", "setup_target", "Error"))]
    return clean((telling or lines or [""])[-1], QUOTED)


def _remedy(said: str) -> str:
    if "root" in said or "permitted" in said:
        return "run as root, or give nmap cap_net_raw"
    return ""


def _first_address(addresses: AddressSet) -> str:
    for version, size in ((4, 4), (6, 16)):
        family = addresses.family(version)
        if family:
            return str(ip_address(family.spans[0][0].to_bytes(size, "big")))
    return ""
