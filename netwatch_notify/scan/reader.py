"""One of two scan files that are compared: where each of its hosts stands, and reading it again."""

import codecs
import re
import tempfile
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import Host
from netwatch_notify.model.scope import Scope
from netwatch_notify.model.verbatim import ADDRESS_TYPES, VerbatimHost, VerbatimRun
from netwatch_notify.scan.asked import Asked, read_arguments
from netwatch_notify.scan.ending import Fault, coverage_of, find_fault
from netwatch_notify.scan.hosts import parse_host
from netwatch_notify.scan.slices import DIGEST_BYTES, facts_of
from netwatch_notify.scan.stream import HOST_END, ScanStream
from netwatch_notify.scan.verbatim import parse_verbatim, verbatim_run

CHUNK_BYTES = 1 << 17
MOST_KEPT = 4096
"""Parsed hosts that are kept until they are asked for; above that, hosts are parsed twice."""
MOST_KEPT_BYTES = 64 << 20
"""Slices whose parsed hosts are kept, in total: a single one may be 32 MB."""

_ADDRESS = re.compile(
    rb'<address addr="([0-9A-Fa-f.:]+)" addrtype="(ipv4|ipv6|mac)"(?: vendor="[^"<>]*")? ?/>'
)
_ADDRESSES = re.compile(rb"<host[^<>]*>\s*(?:<status[^<>]*/>\s*)?((?:%b\s*)+)" % _ADDRESS.pattern)
"""The beginning of a host as nmap and masscan write it."""
_USUAL = re.compile(
    rb'<host[^<>]*>\s*(?:<status[^<>]*/>\s*)?<address addr="([0-9A-Fa-f.:]+)" addrtype="ipv[46]"'
    rb'(?: ?/>\s*<address addr="[0-9A-F:]+" addrtype="mac")?'
)
"""The beginning of nearly all of them: one IP address, and a MAC at most."""
_RANKS = {kind.encode(): rank for rank, kind in enumerate(ADDRESS_TYPES)}
UNTOLD = 0
"""Stands for the address of a host whose bytes do not tell it as nmap writes it."""
_MAC = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
_MAC_ADDRESS = re.compile(rb'\saddr=["\']([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})["\']')
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


class ScanFileReader:
    """One of the two files: its stream, and where each of its hosts stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = ScanStream(str(path))
        self.name = self.stream.name
        self.kept: dict[int, VerbatimHost] = {}
        self._file = _open(path)
        self._addresses = array("I")
        """A hash of the address that is each host's identity, or `UNTOLD`."""
        self.untold = blake2b(digest_size=DIGEST_BYTES)
        """Of what the hosts without an address say, in their order."""
        self.kept_bytes = 0
        self._starts = array("Q")
        self._end = 0

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def run(self) -> VerbatimRun:
        """What the file says of the scan as a whole."""
        return verbatim_run(self.stream)

    @cached_property
    def asked(self) -> Asked:
        """What its command line asked for; this and what follows only after `read`."""
        return read_arguments(self.stream.header.arguments)

    @cached_property
    def scope(self) -> Scope:
        """What the scan asked about; not known where it did not end properly."""
        asked = self.asked
        covered = coverage_of(self.stream.header, asked.addresses, ())
        return Scope(
            addresses=asked.addresses,
            names=asked.names,
            ports=covered.ports,
            types=covered.types,
            is_known=asked.is_known and self.fault is None,
            open_only=asked.open_only,
            scripts=asked.scripts,
            detects_versions=asked.detects_versions,
            detects_os=asked.detects_os,
            discovery=asked.discovery,
        )

    @cached_property
    def fault(self) -> Fault | None:
        """Why the scan did not end properly; None if it did."""
        asked = self.asked
        # What a name resolved to cannot be counted afterwards.
        counted = asked.addresses if asked.is_known and not asked.names else None
        return find_fault(
            self.stream.ending, is_complete=self.stream.is_complete, outcome=None, asked=counted
        )

    @property
    def encoding(self) -> str:
        """The encoding the file declares."""
        return self.stream.encoding

    def read(self) -> Iterator[bytes]:
        """Yield what each host's slice says, in the file's order, and note where it stands."""
        stream = self.stream
        add_address, add_start = self._addresses.append, self._starts.append
        while data := self._read(CHUNK_BYTES):
            for host in stream.feed(data):
                address = _address_of(host)
                add_address(address)
                add_start(stream.host_start)
                facts = facts_of(host)
                if not facts.isascii():
                    # The same bytes are other letters in another encoding.
                    facts += b"\0" + codecs.lookup(stream.encoding).name.encode()
                if address == UNTOLD:
                    self.untold.update(blake2b(facts).digest())
                yield facts
        self._end = stream.host_end
        stream.close()

    def address_of(self, number: int) -> int:
        """Return the hash of host `number`'s address; hosts are counted from 0."""
        return self._addresses[number]

    def keep(self, number: int, host: VerbatimHost) -> None:
        """Keep a parsed host until it is asked for, if there is room."""
        if len(self.kept) < MOST_KEPT and self.kept_bytes < MOST_KEPT_BYTES:
            self.kept[number] = host
            self.kept_bytes += self._room_of(number)

    def numbers_of(self, addresses: set[int]) -> Iterator[int]:
        """Yield the hosts that are listed with one of these hashed addresses."""
        return (n for n, address in enumerate(self._addresses) if address in addresses)

    def slice_of(self, number: int) -> bytes:
        """Read host `number` again."""
        try:
            self._file.seek(self._starts[number])
        except OSError as error:
            raise UnreadableInputError(f"{self.name}: {error.strerror}") from error
        # Up to the next host; what may stand between them holds no end of a host but in comments.
        host = self._read(self._room_of(number))
        if b"<!--" in host:
            host = _COMMENT.sub(b"", host)
        return host[: host.rfind(HOST_END) + len(HOST_END)]

    def _room_of(self, number: int) -> int:
        """Return the bytes from the beginning of a host to that of the next."""
        following = number + 1
        end = self._starts[following] if following < len(self._starts) else self._end
        return end - self._starts[number]

    def verbatim(self, number: int) -> VerbatimHost:
        """Parse host `number` word for word."""
        kept = self.kept.get(number)
        return kept or parse_verbatim(self.slice_of(number), Place(self, number))

    def host(self, number: int) -> Host | None:
        """Parse host `number`; None where it carries no IP address."""
        return parse_host(self.slice_of(number), Place(self, number))

    def line_of(self, number: int) -> int:
        """Return the line host `number` begins on."""
        self._file.seek(0)
        left, lines = self._starts[number], 1
        while left > 0 and (data := self._read(min(left, CHUNK_BYTES))):
            left -= len(data)
            lines += data.count(b"\n")
        return lines

    def shared_marks(self, marks: Collection[str]) -> set[str]:
        """Return those of `marks` that several addresses have. Reads the whole file."""
        keys = {mark: mark.encode() for mark in marks if not _MAC.fullmatch(mark)}
        holders: dict[str, int] = {}
        shared = set()
        for number, address in enumerate(self._addresses):
            host = self.slice_of(number)
            found = {mac.decode().upper() for mac in _MAC_ADDRESS.findall(host)} & set(marks)
            found |= {mark for mark, key in keys.items() if key in host}
            if found and address == UNTOLD:
                address = address_hash(self.verbatim(number).identity[0].encode())
            shared |= {mark for mark in found if holders.setdefault(mark, address) != address}
        return shared

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise UnreadableInputError(f"{self.name}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where one host stands, for whoever parses it."""

    reader: ScanFileReader
    number: int

    @property
    def encoding(self) -> str:
        """The file's encoding."""
        return self.reader.encoding

    def refuse(self, reason: str) -> UnreadableInputError:
        """Return the error that names the file, the line, and `reason`."""
        line = self.reader.line_of(self.number)
        return UnreadableInputError(f"{self.reader.name}: line {line}: {reason}")


def _address_of(host: bytes) -> int:
    """Return a hash of the address that is the host's identity, as `VerbatimHost` has it."""
    usual = _USUAL.match(host)
    if usual and host.find(b"<address", usual.end()) < 0:
        return address_hash(usual[1])
    beginning = _ADDRESSES.match(host)
    found = _ADDRESS.findall(beginning[1]) if beginning else []
    # Other quotes, entities, or elements in another order: only a parser reads those.
    if not found or host.count(b"<address") != len(found):
        return UNTOLD
    return address_hash(min((_RANKS[kind], text) for text, kind in found)[1])


def address_hash(address: bytes) -> int:
    """
    Return 32 bits that are not `UNTOLD`.

    Where two addresses share them, a host is parsed that need not be.
    """
    return hash(address) & 0xFFFFFFFF or 1


def _open(path: Path) -> BinaryIO:
    """Open a file for reading in any order; what is no file (a pipe) is copied first."""
    try:
        file = path.open("rb")
        if file.seekable():
            return file
        with file:
            copy = tempfile.TemporaryFile()  # noqa: SIM115
            while data := file.read(CHUNK_BYTES):
                copy.write(data)
        copy.seek(0)
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from error
    return copy
