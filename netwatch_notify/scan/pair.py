"""
Two scan files side by side: which hosts may differ, and what each file says of them.

Both are read at once, a chunk of each in turn. A host whose slice says the same in both is
dropped at once; of the others only the place in the file is kept, so that memory grows with what
differs (and by 12 bytes a host) but not with the files. What differs is read again and parsed.
"""

import codecs
import re
import tempfile
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import Host, join_hosts
from netwatch_notify.model.scope import Scope
from netwatch_notify.model.verbatim import (
    ADDRESS_TYPES,
    VerbatimHost,
    VerbatimRun,
    join_verbatim,
)
from netwatch_notify.scan.asked import read_arguments
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
_UNTOLD = 0
"""Stands for the address of a host whose bytes do not tell it as nmap writes it."""
_MAC = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}")
_MAC_ADDRESS = re.compile(rb'\saddr=["\']([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})["\']')
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_SORTED_WIDTH = 40
"""ndiff pads addresses to this width and then sorts letter by letter."""


class ScanFileReader:
    """One of the two files: its stream, and where each of its hosts stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream = ScanStream(str(path))
        self.name = self.stream.name
        self.kept: dict[int, VerbatimHost] = {}
        self._file = _open(path)
        self._addresses = array("I")
        """A hash of the address that is each host's identity, or `_UNTOLD`."""
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

    @property
    def scope(self) -> Scope:
        """What the scan asked about; not known where it did not end properly."""
        header = self.stream.header
        asked = read_arguments(header.arguments)
        covered = coverage_of(header, asked.addresses, ())
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

    @property
    def fault(self) -> Fault | None:
        """Why the scan did not end properly; None if it did."""
        asked = read_arguments(self.stream.header.arguments)
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
                if address == _UNTOLD:
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
            if found and address == _UNTOLD:
                address = _hash(self.verbatim(number).identity[0].encode())
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


@dataclass(frozen=True, slots=True)
class Group:
    """The places of one host in both files: none, one, or several `<host>` each."""

    old: Sequence[int]
    new: Sequence[int]


class ScanPair:
    """Two files, read to their ends; a context manager that closes them."""

    def __init__(self, old: Path, new: Path, *, everything: bool = False) -> None:
        """
        Read both. With `everything`, hosts that say the same are kept, too.

        Raises UnreadableInputError where one cannot be read.
        """
        self.without_address = 0
        self.old = ScanFileReader(old)
        try:
            self.new = ScanFileReader(new)
        except BaseException:
            self.old.close()
            raise
        try:
            self.groups = self._groups(self._match(everything))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "ScanPair":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self.old.close()
        self.new.close()

    def verbatim(self) -> Iterator[tuple[VerbatimHost | None, VerbatimHost | None]]:
        """Yield the hosts that may differ, word for word, in ndiff's order."""
        for group in self.groups:
            yield (
                join_verbatim(self.old.verbatim(number) for number in group.old),
                join_verbatim(self.new.verbatim(number) for number in group.new),
            )

    def hosts(self) -> Iterator[tuple[Host | None, Host | None]]:
        """
        Yield the hosts that may differ.

        Those without an IP address cannot be told apart for certain; `without_address` has their
        number afterwards.
        """
        self.without_address = 0
        for group in self.groups:
            old, new = _joined(self.old, group.old), _joined(self.new, group.new)
            if old or new:
                yield old, new
            else:
                self.without_address += 1

    def shared_marks(self, marks: Collection[str]) -> set[str]:
        """
        Return the MACs and SSH fingerprints that stand at several addresses of one scan.

        A router, proxy ARP, machines copied from one image: none of them tells who is who.
        """
        return self.old.shared_marks(marks) | self.new.shared_marks(marks)

    def _match(self, everything: bool) -> set[int]:
        """Read both files; return the hashed addresses of the hosts that do not say the same."""
        pending: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        differing: set[int] = set()
        for number, facts in enumerate(zip_longest(self.old.read(), self.new.read())):
            if facts[0] == facts[1] and not everything:
                continue
            for side, other in ((0, 1), (1, 0)):
                one = facts[side]
                if one is None:
                    continue
                digest = blake2b(one, digest_size=DIGEST_BYTES).digest()
                if not everything and pending[other].pop(digest, None) is not None:
                    continue
                # Equal slices of one file share an entry and an address, by which all of them
                # are found again. One of the other file would take the entry off for both.
                if digest in pending[side]:
                    differing.add((self.old, self.new)[side].address_of(number))
                pending[side][digest] = number
        differing |= {self.old.address_of(number) for number in pending[0].values()}
        differing |= {self.new.address_of(number) for number in pending[1].values()}
        if self.old.untold.digest() != self.new.untold.digest():
            # Nothing tells hosts without an address apart but their order.
            differing.add(_UNTOLD)
        return differing

    def _groups(self, addresses: set[int]) -> list[Group]:
        """Return where each host that may differ stands, in ndiff's order."""
        if addresses:
            addresses = addresses | {_UNTOLD} | self._told_by_parsing()
        found: dict[str, tuple[array[int], array[int]]] = {}
        for side, reader in enumerate((self.old, self.new)):
            nameless = 0
            for number in reader.numbers_of(addresses):
                host = reader.verbatim(number)
                reader.keep(number, host)
                address, hostname = host.identity
                key = f"{address:{_SORTED_WIDTH}}{hostname}"
                if not (address or hostname):
                    # Nothing tells such hosts apart but their order.
                    key, nameless = f"{key}\0{nameless:08}", nameless + 1
                found.setdefault(key, (array("L"), array("L")))[side].append(number)
        return [Group(*found.pop(key)) for key in sorted(found)]

    def _told_by_parsing(self) -> set[int]:
        """Return the hashed addresses of hosts whose bytes do not tell theirs."""
        told = set()
        for reader in (self.old, self.new):
            for number in reader.numbers_of({_UNTOLD}):
                host = reader.verbatim(number)
                reader.keep(number, host)
                told.add(_hash(host.identity[0].encode()))
        return told


def _address_of(host: bytes) -> int:
    """Return a hash of the address that is the host's identity, as `VerbatimHost` has it."""
    usual = _USUAL.match(host)
    if usual and host.find(b"<address", usual.end()) < 0:
        return _hash(usual[1])
    beginning = _ADDRESSES.match(host)
    found = _ADDRESS.findall(beginning[1]) if beginning else []
    # Other quotes, entities, or elements in another order: only a parser reads those.
    if not found or host.count(b"<address") != len(found):
        return _UNTOLD
    return _hash(min((_RANKS[kind], text) for text, kind in found)[1])


def _hash(address: bytes) -> int:
    """
    Return 32 bits that are not `_UNTOLD`.

    Where two addresses share them, a host is parsed that need not be.
    """
    return hash(address) & 0xFFFFFFFF or 1


def _joined(reader: ScanFileReader, numbers: Sequence[int]) -> Host | None:
    """Return several `<host>` as one; the order they come in makes no difference."""
    joined: Host | None = None
    if len(numbers) > 1:
        numbers = sorted(numbers, key=lambda number: facts_of(reader.slice_of(number)))
    for number in numbers:
        host = reader.host(number)
        if host is not None:
            joined = join_hosts(joined, host) if joined else host
    return joined


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
