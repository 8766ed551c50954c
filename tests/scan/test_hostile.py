"""Files that once broke the reader, and bounds on what any file may cost."""

import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.pipeline.diff import DiffOptions, write_text, write_xml
from netwatch_notify.scan import stream as stream_module
from netwatch_notify.scan.asked import read_arguments
from netwatch_notify.scan.files import read_scan_file
from netwatch_notify.scan.hosts import MAX_ELEMENTS, read_hosts
from netwatch_notify.scan.pair import ScanPair
from netwatch_notify.scan.slices import settled_digest
from netwatch_notify.scan.stream import ScanStream
from netwatch_notify.scan.verbatim import verbatim_run
from tests.builders import CORPUS
from tests.fuzz.targets import check_refusal, compare
from tests.scan.documents import HEAD, TAIL, WHOLE, host_xml
from tests.scan.test_stream import HOSTILE

GOOD = CORPUS / "1_hosts.xml"
FOLDER = Path(__file__).parents[1] / "data" / "hostile"


def whole(path: Path) -> ScanStream:
    """Read a file to its end."""
    stream = ScanStream(path.name)
    for _ in read_hosts(stream, path.read_bytes()):
        pass
    stream.close()
    return stream


def seconds_of(act: Callable[[], object]) -> float:
    """Return its seconds of CPU: other tests run beside this one."""
    started = time.process_time()
    act()
    return time.process_time() - started


# --- Files that once broke the reader


def test_an_encoding_that_does_not_exist_once_was_a_lookup_error() -> None:
    with pytest.raises(UnreadableInputError, match=r"line 1: declares the encoding iso-8859-12"):
        whole(FOLDER / "encoding-that-does-not-exist.xml")


@pytest.mark.parametrize("name", ["infinitely-many-hosts-up.xml", "hosts-not-a-number.xml"])
def test_counts_that_are_no_numbers_once_were_an_overflow_or_value_error(name: str) -> None:
    assert None in (whole(FOLDER / name).ending.hosts_up, whole(FOLDER / name).ending.hosts_total)


def test_the_last_second_of_all_once_overflowed_east_of_greenwich(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert verbatim_run(whole(FOLDER / "start-in-the-last-second.xml")).started_at is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_ports_beyond_all_integers_once_overflowed_whoever_counted_them() -> None:
    with pytest.raises(UnreadableInputError, match=r"line 4: a scaninfo that is not nmap's"):
        whole(FOLDER / "ports-beyond-all-integers.xml")


def test_the_zone_of_an_address_once_brought_a_line_break_into_messages() -> None:
    stream = ScanStream("scan.xml")
    (host,) = read_hosts(stream, (FOLDER / "zone-with-a-line-break.xml").read_bytes())
    assert str(host.address) == "fe80::1"


def test_extraports_that_never_close_once_took_a_time_quadratic_in_the_host() -> None:
    host = (FOLDER / "extraports-that-never-close.xml").read_bytes()
    assert seconds_of(lambda: settled_digest(host * 2000)) < 2


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mac-first", id="one sighting lists the MAC first: found under another key"),
        pytest.param("apostrophes", id="one sighting is quoted with apostrophes: not found"),
        pytest.param("nameless-swapped", id="hosts with no address change places: not seen"),
        pytest.param("utf-8", id="the same bytes in two encodings: taken for the same letters"),
        pytest.param("listed-twice", id="a host is listed once more than before: not seen"),
    ],
)
def test_pairs_that_once_compared_differently_when_equal_hosts_were_parsed(name: str) -> None:
    old, new = FOLDER / f"{name}-old.xml", FOLDER / f"{name}-new.xml"
    for one, other in ((old, new), (new, old)):
        slow = compare(one, other, everything=True)
        assert slow is not None
        assert compare(one, other, everything=False) == slow


def test_every_file_here_is_named_in_this_test() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for path in FOLDER.glob("*.xml"):
        name = path.stem.removesuffix("-old").removesuffix("-new")
        assert f'"{name}"' in text or f'"{path.name}"' in text


# --- Every hostile kind, by every way in


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_every_reader(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scan.xml"
    path.write_bytes(HOSTILE[name])
    readers: list[Callable[[], object]] = [
        lambda: read_scan_file(path),
        lambda: compare_fully(path, GOOD),
        lambda: compare_fully(GOOD, path),
    ]
    for reader in readers:
        started = time.monotonic()
        with pytest.raises(UnreadableInputError) as caught:
            reader()
        check_refusal(caught.value)
        assert time.monotonic() - started < 5


def compare_fully(old: Path, new: Path) -> None:
    """Compare two files and write both forms."""
    with ScanPair(old, new) as pair:
        write_text(pair, DiffOptions(), len)
        write_xml(pair, DiffOptions(), len)


def test_a_file_whose_name_steers_a_terminal_is_named_harmlessly(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[2J\u202e.xml"
    path.write_bytes(b"<html/>")
    with pytest.raises(UnreadableInputError) as caught:
        ScanPair(path, path)
    check_refusal(caught.value)


MANY = 100_000
BOUNDED = {
    "too-many-elements-in-a-host": HEAD + host_xml(1, "<a/>" * (MAX_ELEMENTS + 1)) + TAIL,
    "a-million-nested-elements": HEAD + host_xml(1, "<a>" * 999_000) + TAIL,
    "many-scaninfos": HEAD + '<scaninfo type="syn" services="1"/>' * MANY + TAIL,
    "many-prescripts": HEAD
    + f"<prescript><script id='' output='{'x' * 1000}'/></prescript>" * 40_000
    + TAIL,
    "comments-of-40-MB-in-a-host": HEAD + host_xml(1, f"<!-- {'x' * 1_000_000} -->" * 40) + TAIL,
}


@pytest.mark.parametrize("name", BOUNDED)
def test_what_would_fill_memory_is_refused_before_it_does(tmp_path: Path, name: str) -> None:
    path = tmp_path / "scan.xml"
    path.write_text(BOUNDED[name], encoding="utf-8")
    for reader in (lambda: read_scan_file(path), lambda: compare_fully(GOOD, path)):
        tracemalloc.start()
        try:
            with pytest.raises(UnreadableInputError) as caught:
                reader()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        check_refusal(caught.value)
        assert peak < 120 << 20


def test_many_skipped_targets_once_took_a_time_quadratic_in_their_number() -> None:
    data = HEAD + '<target status="skipped" specification="x"/>' * MANY + TAIL
    stream = ScanStream("scan.xml")
    assert seconds_of(lambda: list(stream.feed(data.encode()))) < 5
    assert len(stream.ending.skipped_targets) == stream_module.MAX_SKIPPED_TARGETS


def test_many_extrareasons_once_took_a_time_quadratic_in_their_number() -> None:
    reasons = "".join(f'<extrareasons reason="x" ports="{n * 2 % 65536}"/>' for n in range(30_000))
    extra = f'<ports><extraports state="closed" count="9">{reasons}</extraports></ports>'
    stream = ScanStream("scan.xml")
    data = (HEAD + host_xml(1, extra) + TAIL).encode()
    assert seconds_of(lambda: list(read_hosts(stream, data))) < 5


# --- What a file costs grows with its size, and no faster

GROWTH = 3.2
"""What twice the input may take; a quadratic step would take four times."""


def many_hosts(count: int) -> Iterator[bytes]:
    yield from (host_xml(number % 250 + 1).encode() for number in range(count))


def one_host(count: int) -> Iterator[bytes]:
    port = '<port protocol="tcp" portid="{}"><state state="open" reason="syn-ack"/></port>'
    ports = "".join(port.format(number % 65536) for number in range(count * 3))
    yield host_xml(1, f"<ports>{ports}</ports>").encode()


def many_comments(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield host_xml(number % 250 + 1, "<!-- inside -->" * 3).encode() + b"<!-- outside -->\n"


def many_task_progress(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield host_xml(number % 250 + 1).encode()
        yield b'<taskprogress task="Connect Scan" time="1" percent="1" remaining="1" etc="1"/>\n'


def write(path: Path, middle: Iterable[bytes]) -> Path:
    with path.open("wb") as file:
        file.write(HEAD.encode())
        file.writelines(middle)
        file.write(TAIL.encode())
    return path


def cut_only(path: Path) -> None:
    stream = ScanStream("scan.xml")
    with path.open("rb") as file:
        while data := file.read(1 << 16):
            for _ in stream.feed(data):
                pass
    stream.close()


def compare_with_nothing(path: Path) -> None:
    compare_fully(CORPUS / "no-host.xml", path)


@pytest.mark.parametrize("act", [cut_only, read_scan_file, compare_with_nothing])
@pytest.mark.parametrize("kind", [many_hosts, one_host, many_comments, many_task_progress])
def test_time_grows_with_the_size_and_no_faster(
    tmp_path: Path, kind: Callable[[int], Iterator[bytes]], act: Callable[[Path], object]
) -> None:
    count = 8_000 if act is cut_only and kind is not one_host else 800
    small = write(tmp_path / "small.xml", kind(count))
    large = write(tmp_path / "large.xml", kind(count * 2))
    act(small)
    # The shortest of a few: what else the machine does only adds.
    once = min(seconds_of(lambda: act(small)) for _ in range(3))
    twice = min(seconds_of(lambda: act(large)) for _ in range(3))
    assert twice < once * GROWTH + 0.05


@pytest.mark.parametrize("kind", [many_hosts, many_comments, many_task_progress])
def test_two_large_equal_files_are_compared_in_little_memory(
    tmp_path: Path, kind: Callable[[int], Iterator[bytes]]
) -> None:
    path = write(tmp_path / "scan.xml", kind(6_000))
    tracemalloc.start()
    try:
        compare_fully(path, path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("inside", [False, True], ids=["outside-a-host", "inside-a-host"])
def test_an_attribute_of_200_mb_is_refused_long_before_its_end(inside: bool) -> None:
    """As much is read as a host, or a tag, may have; never the rest."""
    limit = stream_module.MAX_HOST_BYTES if inside else stream_module.MAX_TOKEN_BYTES
    part, fed = b"a" * (1 << 16), 0
    stream = ScanStream("scan.xml")
    list(stream.feed(HEAD.encode() + (b'<host x="' if inside else b'<x y="')))
    tracemalloc.start()
    started = time.monotonic()
    try:
        with pytest.raises(UnreadableInputError) as caught:  # noqa: PT012
            while fed < 200 << 20:
                fed += len(part)
                list(stream.feed(part))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    check_refusal(caught.value)
    assert fed <= limit + 2 * len(part)
    assert peak < 2.5 * limit + (1 << 20)
    assert time.monotonic() - started < 10


def test_a_200_mb_attribute_in_a_file_is_refused_by_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "scan.xml"
    # A hole: 200 MB that take no place on the disk, and are read as NULs.
    with path.open("wb") as file:
        file.write(HEAD.encode() + b'<x y="')
        file.truncate(200 << 20)
    for reader in (lambda: read_scan_file(path), lambda: ScanPair(path, path)):
        with pytest.raises(UnreadableInputError) as caught:
            reader()
        check_refusal(caught.value)


def test_one_byte_at_a_time_takes_no_more_than_some_seconds() -> None:
    data = (HEAD + "".join(host_xml(n % 250 + 1) for n in range(480)) + TAIL).encode()
    assert len(data) > 100_000
    stream = ScanStream("scan.xml")

    def feed() -> None:
        hosts = sum(len(list(stream.feed(data[n : n + 1]))) for n in range(len(data)))
        stream.close()
        assert hosts == 480

    assert seconds_of(feed) < 10


def test_a_long_comment_before_the_declaration_comes_slowly_and_is_passed_over() -> None:
    data = f"<!--{'x' * 100_000}-->{WHOLE}".encode()
    stream = ScanStream("scan.xml")
    count = 0

    def feed() -> None:
        nonlocal count
        for n in range(0, len(data), 10):
            count += len(list(stream.feed(data[n : n + 10])))

    assert seconds_of(feed) < 10
    assert count == 2


@pytest.mark.parametrize(
    "arguments",
    [
        "nmap " + " ".join(f"10.*.*.{n}" for n in range(128)),
        "nmap " + " ".join(f"10.{n >> 8}.{n & 255}.1" for n in range(20_000)),
        "nmap --exclude "
        + ",".join(f"10.{n >> 8}.{n & 255}.1" for n in range(20_000))
        + " 10.0.0.0/8",
        "nmap 'x" + "x" * (3 << 20) + "'",
        "nmap " + "x" * (3 << 20),
    ],
    ids=["blocks", "targets", "excludes", "quoted-word", "word"],
)
def test_a_command_line_of_any_size_is_read_soon(arguments: str) -> None:
    """Targets were joined one after another, in a time quadratic in their number."""
    started = time.monotonic()
    read_arguments(arguments)
    assert time.monotonic() - started < 5
