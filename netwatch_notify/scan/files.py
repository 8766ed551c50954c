"""Scans made elsewhere: an nmap XML file to a part's result."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.scan import Part, PartResult, ScanHeader
from netwatch_notify.model.target import AddressSet
from netwatch_notify.model.text import clean
from netwatch_notify.scan.asked import read_arguments
from netwatch_notify.scan.ending import Fault, coverage_of, find_fault
from netwatch_notify.scan.lanes import Lanes
from netwatch_notify.scan.stream import ScanStream

CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class ScanFile:
    """One file as it was read."""

    result: PartResult
    content: str
    """A digest of its bytes, by which the same scan is recognised."""
    resolved_names: bool
    """Whether nmap asked DNS itself: a host without a name has none."""


def read_header(path: Path) -> ScanHeader:
    """Return what a scan's file says before its first host. Raises UnreadableInputError."""
    stream = ScanStream(path.name)
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                host = next(stream.feed(data), None)
                if host or stream.header.started_at:
                    return stream.header
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from error
    stream.close()
    return stream.header


def label_of(header: ScanHeader) -> str:
    """
    Return what a scan is called: its targets as they were written.

    Not the file's name, which mostly holds a date: waits and holds go by the label.
    """
    return clean(" ".join(read_arguments(header.arguments).written), 60) or "the scan"


def read_scan_file(path: Path, settled: Mapping[bytes, bytes] | None = None) -> ScanFile:
    """
    Read an nmap XML file. Raises UnreadableInputError where it is none.

    A file that is cut, or whose scan failed, is a result with its problem. `settled` maps the
    digests of the slices that need no parsing to packed addresses.
    """
    stream = ScanStream(path.name)
    lanes = Lanes(stream, settled or {})
    digest = blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK_BYTES):
                digest.update(data)
                lanes.feed(data)
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from error
    stream.close()
    asked = read_arguments(stream.header.arguments)
    # What a name resolved to then is not known now.
    addresses = asked.addresses if asked.is_known and not asked.names else None
    hosts, unchanged = tuple(lanes.hosts), lanes.unchanged
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
        label=label_of(stream.header),
        addresses=addresses or AddressSet.of(host.address for host in hosts) | unchanged,
    )
    coverage = None
    if addresses is not None and fault is None:
        coverage = coverage_of(stream.header, addresses, hosts, open_only=asked.open_only)
    seconds = stream.ending.elapsed_seconds or 0.0
    result = PartResult(
        part,
        stream.header,
        hosts,
        coverage,
        fault.problem if fault else "",
        fault.remedy if fault else "",
        seconds,
        unchanged,
    )
    return ScanFile(result, digest.hexdigest(), asked.resolves_names)
