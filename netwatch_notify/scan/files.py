"""Scans made elsewhere: an nmap XML file to a part's result."""

import shlex
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import Host
from netwatch_notify.model.scan import Part, PartResult, ScanHeader
from netwatch_notify.model.target import AddressSet, parse_target
from netwatch_notify.model.text import clean
from netwatch_notify.scan.ending import Fault, coverage_of, find_fault
from netwatch_notify.scan.hosts import read_hosts
from netwatch_notify.scan.stream import ScanStream

CHUNK_BYTES = 1 << 16

_TAKES_A_WORD = frozenset(
    "-p -T -oX -oN -oG -oA -oS -D -S -e -g -b -sI --top-ports --port-ratio --exclude-ports "
    "--script --script-args --script-timeout --host-timeout --min-rate --max-rate --max-retries "
    "--min-hostgroup --max-hostgroup --min-parallelism --max-parallelism --min-rtt-timeout "
    "--max-rtt-timeout --initial-rtt-timeout --scan-delay --max-scan-delay --stats-every "
    "--version-intensity --dns-servers --datadir --servicedb --versiondb --stylesheet --ttl "
    "--data-length --source-port --mtu --proxies --spoof-mac --max-os-tries".split()
)
"""nmap options whose value is the next word, so that it is not taken for a target."""


@dataclass(frozen=True, slots=True)
class ScanFile:
    """One file as it was read."""

    result: PartResult
    content: str
    """A digest of its bytes, by which the same scan is recognised."""


def read_scan_file(path: Path) -> ScanFile:
    """
    Read an nmap XML file. Raises UnreadableInputError where it is none.

    A file that is cut, or whose scan failed, is a result with its problem.
    """
    stream = ScanStream(path.name)
    hosts: list[Host] = []
    digest = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                digest.update(data)
                hosts += read_hosts(stream, data)
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from error
    stream.close()
    addresses, open_only = _asked(stream.header)
    fault: Fault | None = find_fault(
        stream.ending,
        is_complete=stream.is_complete,
        outcome=None,
        asked=addresses,
    )
    part = Part(
        number=1,
        version=4,
        targets=(),
        label=clean(path.name, 60),
        addresses=addresses or _seen(hosts),
    )
    coverage = None
    if addresses is not None and fault is None:
        coverage = coverage_of(stream.header, addresses, hosts, open_only=open_only)
    seconds = stream.ending.elapsed_seconds or 0.0
    result = PartResult(
        part,
        stream.header,
        tuple(hosts),
        coverage,
        fault.problem if fault else "",
        fault.remedy if fault else "",
        seconds,
    )
    return ScanFile(result, digest.hexdigest())


def _asked(header: ScanHeader) -> tuple[AddressSet | None, bool]:
    """Return the addresses a command line asked for, None if they cannot be known; and `--open`."""
    try:
        words = shlex.split(header.arguments)[1:]
    except ValueError:
        return None, False
    addresses, excluded = AddressSet(), AddressSet()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        name, _, value = word.partition("=")
        if name in ("-iL", "-iR", "--excludefile", "--resume") or word.startswith(("-iL", "-iR")):
            return None, False
        if name == "--exclude":
            if not value and position < len(words):
                value = words[position]
                position += 1
            for piece in filter(None, value.split(",")):
                more = _addresses(piece)
                if more is None:
                    return None, False
                excluded |= more
        elif word.startswith("-"):
            position += 1 if word in _TAKES_A_WORD else 0
        else:
            more = _addresses(word)
            if more is None:
                return None, False
            addresses |= more
    return (addresses - excluded or None), "--open" in words


def _addresses(word: str) -> AddressSet | None:
    try:
        target = parse_target(word)
    except ValueError:
        return None
    return target.addresses or None


def _seen(hosts: list[Host]) -> AddressSet:
    seen = AddressSet()
    for host in hosts:
        seen |= AddressSet.single(str(host.address))
    return seen
