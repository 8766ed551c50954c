"""
Two scan files side by side: which hosts may differ, and what each file says of them.

Both are read at once, a chunk of each in turn. A host whose slice says the same in both is
dropped at once; of the others only the place in the file is kept, so that memory grows with what
differs (and by 20 bytes a host) but not with the files. What differs is read again and parsed.
"""

import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.host import Host, join_hosts
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimRun, join_verbatim
from netwatch_notify.scan.hosts import parse_host
from netwatch_notify.scan.slices import DIGEST_BYTES, facts_of
from netwatch_notify.scan.stream import ScanStream
from netwatch_notify.scan.verbatim import parse_verbatim, verbatim_run

CHUNK_BYTES = 1 << 17
MOST_KEPT = 4096
"""Parsed hosts that are kept until they are asked for; above that, hosts are parsed twice."""

_ADDRESS = re.compile(rb' addr="([^"]*)"')
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_SORTED_WIDTH = 40
"""ndiff pads addresses to this width and then sorts letter by letter."""


class ScanFileReader:
    """One of the two files: its stream, and where each of its hosts stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.stream = ScanStream(self.name)
        self.kept: dict[int, VerbatimHost] = {}
        self._file = _open(path)
        self._addresses = array("q")
        """A hash of the address each host is first listed with."""
        self._starts = array("Q")
        self._sizes = array("Q")

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def run(self) -> VerbatimRun:
        """What the file says of the scan as a whole."""
        return verbatim_run(self.stream)

    @property
    def encoding(self) -> str:
        """The encoding the file declares."""
        return self.stream.encoding

    def read(self) -> Iterator[bytes]:
        """Yield what each host's slice says, in the file's order, and note where it stands."""
        stream = self.stream
        while data := self._chunk():
            for host in stream.feed(data):
                found = _ADDRESS.search(host)
                self._addresses.append(hash(found[1]) if found else 0)
                self._starts.append(stream.host_start)
                self._sizes.append(stream.host_end - stream.host_start)
                yield facts_of(host)
        stream.close()

    def address_of(self, number: int) -> int:
        """Return the hash of host `number`'s address; hosts are counted from 0."""
        return self._addresses[number]

    def numbers_of(self, addresses: set[int]) -> Iterator[int]:
        """Yield the hosts that are listed with one of these hashed addresses."""
        return (n for n, address in enumerate(self._addresses) if address in addresses)

    def slice_of(self, number: int) -> bytes:
        """Read host `number` again."""
        try:
            self._file.seek(self._starts[number])
            host = self._file.read(self._sizes[number])
        except OSError as error:
            raise UnreadableInputError(f"{self.name}: {error.strerror}") from error
        return _COMMENT.sub(b"", host) if b"<!--" in host else host

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
        while left > 0 and (data := self._file.read(min(left, CHUNK_BYTES))):
            left -= len(data)
            lines += data.count(b"\n")
        return lines

    def count_slices_with(self, text: bytes) -> int:
        """Return how often `text` stands in the file, two at most."""
        self._file.seek(0)
        found, rest = 0, b""
        while found < 2 and (data := self._file.read(CHUNK_BYTES)):
            block = rest + data
            found += block.count(text)
            rest = block[len(block) - len(text) + 1 :]
        return min(found, 2)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _chunk(self) -> bytes:
        try:
            return self._file.read(CHUNK_BYTES)
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
        """Yield the hosts that may differ; those without an IP address are None on both sides."""
        for group in self.groups:
            yield _joined(self.old, group.old), _joined(self.new, group.new)

    def _match(self, everything: bool) -> set[int]:
        """Read both files; return the hashed addresses of the hosts that do not say the same."""
        pending: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        for number, facts in enumerate(zip_longest(self.old.read(), self.new.read())):
            if facts[0] == facts[1] and not everything:
                continue
            for side, other in ((0, 1), (1, 0)):
                one = facts[side]
                if one is None:
                    continue
                digest = blake2b(one, digest_size=DIGEST_BYTES).digest()
                # Equal slices of one file share an entry: they also share an address, by which
                # all of them are found again.
                if everything or pending[other].pop(digest, None) is None:
                    pending[side][digest] = number
        differing = {self.old.address_of(number) for number in pending[0].values()}
        return differing | {self.new.address_of(number) for number in pending[1].values()}

    def _groups(self, addresses: set[int]) -> list[Group]:
        """Return where each host that may differ stands, in ndiff's order."""
        found: dict[str, tuple[array[int], array[int]]] = {}
        for side, reader in enumerate((self.old, self.new)):
            nameless = 0
            for number in reader.numbers_of(addresses):
                host = reader.verbatim(number)
                if len(reader.kept) < MOST_KEPT:
                    reader.kept[number] = host
                address, hostname = host.identity
                key = f"{address:{_SORTED_WIDTH}}{hostname}"
                if not (address or hostname):
                    # Nothing tells such hosts apart but their order.
                    key, nameless = f"{key}\0{nameless:08}", nameless + 1
                found.setdefault(key, (array("L"), array("L")))[side].append(number)
        return [Group(*found.pop(key)) for key in sorted(found)]


def _joined(reader: ScanFileReader, numbers: Iterable[int]) -> Host | None:
    joined: Host | None = None
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
