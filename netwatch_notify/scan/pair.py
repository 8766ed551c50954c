"""
Two scan files side by side: which hosts may differ, and what each file says of them.

Both are read at once, a chunk of each in turn. A host whose slice says the same in both is
dropped at once; of the others only the place in the file is kept, so that memory grows with what
differs (and by 12 bytes a host) but not with the files. What differs is read again and parsed.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path

from netwatch_notify.model.host import Host, join_hosts
from netwatch_notify.model.verbatim import VerbatimHost, join_verbatim
from netwatch_notify.scan.reader import UNTOLD, ScanFileReader, address_hash
from netwatch_notify.scan.slices import DIGEST_BYTES, facts_of

_SORTED_WIDTH = 40
"""ndiff pads addresses to this width and then sorts letter by letter."""


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
            differing.add(UNTOLD)
        return differing

    def _groups(self, addresses: set[int]) -> list[Group]:
        """Return where each host that may differ stands, in ndiff's order."""
        if addresses:
            addresses = addresses | {UNTOLD} | self._told_by_parsing()
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
            for number in reader.numbers_of({UNTOLD}):
                host = reader.verbatim(number)
                reader.keep(number, host)
                told.add(address_hash(host.identity[0].encode()))
        return told


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
