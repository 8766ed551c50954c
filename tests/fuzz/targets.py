"""What must hold for any bytes: hosts, or one line that says why not; never anything else."""

import re
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from xml.etree.ElementTree import fromstring

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.pipeline.diff import DiffOptions, write_text, write_xml
from netwatch_notify.scan.files import read_scan_file
from netwatch_notify.scan.hosts import parse_host
from netwatch_notify.scan.pair import ScanPair
from netwatch_notify.scan.slices import facts_of, settled_digest
from netwatch_notify.scan.stream import ScanStream
from netwatch_notify.scan.verbatim import parse_verbatim, verbatim_run
from tests.fuzz.mutations import SEPARATOR, mutate

NAME = "scan.xml"
_STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What no output may hold."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one way of reading a stream gave."""

    slices: tuple[tuple[int, int, bytes], ...]
    refusal: str
    is_complete: bool


def check_refusal(error: UnreadableInputError) -> str:
    """Return the message; it is one printable line with file, line and reason."""
    message = str(error)
    assert message.isprintable(), message
    assert len(message) < 600, message
    assert re.search(r"\.xml: line \d+: \S", message), message
    return message


def read(data: bytes, sizes: Iterable[int]) -> Reading:
    """Read a stream in chunks of these sizes."""
    stream = ScanStream(NAME)
    slices: list[tuple[int, int, bytes]] = []
    refusal, start = "", 0
    try:
        for size in sizes:
            slices.extend(
                (stream.host_start, stream.host_end, host)
                for host in stream.feed(data[start : start + size])
            )
            start += size
            if start >= len(data):
                break
        stream.close()
        verbatim_run(stream)
    except UnreadableInputError as error:
        refusal = check_refusal(error)
    for _, _, host in slices:
        parse(host, stream)
    return Reading(tuple(slices), refusal, stream.is_complete)


def parse(host: bytes, stream: ScanStream) -> None:
    """Parse one slice every way there is."""
    for parser in (parse_host, parse_verbatim):
        try:
            parser(host, stream)
        except UnreadableInputError as error:
            check_refusal(error)
    assert len(settled_digest(host)) == 16
    assert len(facts_of(host)) <= len(host)


def check_stream(data: bytes) -> None:
    """Any chunks of a stream give the same slices and the same verdict."""
    random = Random(zlib.crc32(data))
    whole = read(data, [len(data)])
    most = random.choice((1, 3, 50, 5000)) if len(data) < 20_000 else 5000
    sizes = (random.randint(1, most) for _ in range(len(data) + 1))
    chunked = read(data, sizes)
    assert chunked.slices == whole.slices
    assert bool(chunked.refusal) == bool(whole.refusal), (chunked.refusal, whole.refusal)
    assert chunked.is_complete == whole.is_complete
    for start, end, host in whole.slices:
        assert re.sub(rb"(?s)<!--.*?-->", b"", data[start:end]) == host


def check_file(data: bytes) -> None:
    """A file is read, or refused."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        path = Path(folder) / NAME
        path.write_bytes(data)
        try:
            read_scan_file(path)
        except UnreadableInputError as error:
            check_refusal(error)


def check_pair(old: bytes, new: bytes) -> None:
    """Two files compare the same whether what is equal is parsed or not."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        paths = (Path(folder) / "old.xml", Path(folder) / "new.xml")
        for path, data in zip(paths, (old, new), strict=True):
            path.write_bytes(data)
        fast = compare(*paths, everything=False)
        slow = compare(*paths, everything=True)
    # A broken host that says the same in both files is found only by who parses everything.
    if slow is not None:
        assert fast == slow


def compare(old: Path, new: Path, *, everything: bool) -> tuple[str, str] | None:
    """Return ndiff's text and XML of two files; None where they are refused."""
    text, xml = [], []
    try:
        with ScanPair(old, new, everything=everything) as pair:
            differs = write_text(pair, DiffOptions(), text.append)
            assert write_xml(pair, DiffOptions(), xml.append) == differs
            for _ in pair.hosts():
                pass
            if everything:
                whole: list[str] = []
                write_text(pair, DiffOptions(everything=True), whole.append)
                write_xml(pair, DiffOptions(everything=True), whole.append)
                assert not _STEERING.search("".join(whole))
    except UnreadableInputError as error:
        check_refusal(error)
        return None
    fromstring("".join(xml))  # noqa: S314
    assert not _STEERING.search("".join(text))
    return "".join(text), "".join(xml)


def check(data: bytes) -> None:
    """Check one input: a file, or two with a `SEPARATOR` between them."""
    old, separator, new = data.partition(SEPARATOR)
    if not separator:
        new = mutate(old, Random(zlib.crc32(data)), 2)
    check_stream(new)
    check_file(new)
    check_pair(old, new)


def _memory() -> str | None:
    """Return where files cost least, if this machine has such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
