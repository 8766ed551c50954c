"""
Where ndiff is right, `diff` says what ndiff says; where it is wrong, a name says why.

Compared are text byte for byte, XML in canonical form, and exit codes, with and without -v, of
real files and of generated ones. `ALL_PAIRS=1` takes every pair of the real files, and
`GENERATED_PAIRS` says how many pairs Hypothesis makes (100).
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from netwatch_notify.diff.volatile import same_output
from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.rows import HostRows, ScriptRow, edits_between
from netwatch_notify.model.verbatim import VerbatimHost, VerbatimPort
from netwatch_notify.pipeline.diff import DiffOptions, rows_of, write_text, write_xml
from netwatch_notify.scan.pair import ScanPair
from tests.conftest import coverage_variables
from tests.diff.ndiff_examples import EXAMPLES, Example, host, port, ports, scan
from tests.diff.ndiff_oracle import (
    ALL_REPAIRS,
    DIFFERENCES,
    NDIFF,
    Said,
    causes,
    forget,
    ndiff,
    ours,
    repaired,
)
from tests.diff.scan_documents import ScanDocument, any_pairs, sound_pairs

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "tests" / "data" / "nmap"
CORPUS = ROOT.parent / "shared" / "corpus"
"""82 real files of others; where they are not, the shipped ones must do."""
ALL_PAIRS = bool(os.environ.get("ALL_PAIRS"))
GENERATED = int(os.environ.get("GENERATED_PAIRS", "100"))
WAYS = tuple(product(("text", "xml"), (False, True)))
"""Output format, and whether with -v."""
SHOWN_BY_TESTS = {"summer-time", "cut-file", "abbreviated-options", "long-output"}
"""Differences that a pair of files alone does not show; they have tests of their own."""

generated = settings(
    max_examples=GENERATED,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
Documents = tuple[ScanDocument, ScanDocument]


@cache
def readable(folder: Path) -> tuple[Path, ...]:
    """Return the whole nmap files of a folder."""
    return tuple(path for path in sorted(folder.rglob("*.xml")) if _is_whole(path))


def _is_whole(path: Path) -> bool:
    try:
        with ScanPair(path, path) as pair:
            return pair.old.stream.is_complete
    except UnreadableInputError:
        return False


def real_pairs(most: int) -> list[tuple[Path, Path]]:
    """Return at most so many ordered pairs of each folder, evenly taken, or all of them."""
    found: list[tuple[Path, Path]] = []
    for folder in (SHIPPED, CORPUS):
        pairs = [*product(readable(folder), repeat=2)]
        found += pairs if ALL_PAIRS else pairs[:: len(pairs) // most + 1]
    return found


def written(folder: Path, documents: Documents) -> tuple[Path, Path]:
    """Write a generated pair."""
    forget()
    old, new = folder / "old.xml", folder / "new.xml"
    old.write_bytes(documents[0].xml())
    new.write_bytes(documents[1].xml())
    return old, new


# What is the same


def test_real_pairs_are_what_ndiff_says_or_would_say_without_its_faults() -> None:
    """
    Each pair is ndiff's; else ndiff with the faults repaired that DIFFERENCES names is.

    And a pair that differs has a cause: some repair without which ndiff would not say it.
    """
    counts: Counter[str] = Counter()
    pairs = real_pairs(200)
    for number, (old, new) in enumerate(pairs):
        for form, verbose in WAYS:
            mine = ours(old, new, form, verbose=verbose)
            plain = ndiff()(old, new, form, verbose=verbose)
            counts["crashed" if plain.crash else "equal" if plain == mine else "different"] += 1
            if plain == mine:
                continue
            best = repaired()(old, new, form, verbose=verbose)
            assert (old, new, form, verbose, mine) == (old, new, form, verbose, best)
            if number % 9 == 0:
                found = causes(old, new, form, verbose=verbose)
                assert found, (old, new, form, verbose)
                counts.update(found)
    print(f"{len(pairs)} pairs, four ways each: {dict(counts)}")

    assert counts["equal"] > len(pairs)
    assert {"ptr-change", "no-status", "several-hosts-per-address"} <= set(counts)


@generated
@given(sound_pairs)
def test_generated_pairs_are_what_ndiff_says(tmp_path: Path, documents: Documents) -> None:
    """What holds nothing that ndiff is wrong about is told in its words; nothing is repaired."""
    old, new = written(tmp_path, documents)

    for form, verbose in WAYS:
        mine = ours(old, new, form, verbose=verbose)
        plain = ndiff()(old, new, form, verbose=verbose)
        if plain.crash or verbose or form == "xml":
            # Any script makes -v exit with 1, only its output differing makes ndiff crash, and
            # XML cannot hold a line break of its output.
            names = "scripts", "verbose-exit-code", "xml-line-breaks"
            assert plain.crash in ("", "TypeError")
            plain = ndiff(*names)(old, new, form, verbose=verbose)
        assert mine == plain


@generated
@given(any_pairs)
def test_generated_pairs_are_what_ndiff_would_say_without_its_faults(
    tmp_path: Path, documents: Documents
) -> None:
    """Hosts without status, several of one address, hostile names, scripts in any number."""
    old, new = written(tmp_path, documents)

    for form, verbose in WAYS:
        best = repaired()(old, new, form, verbose=verbose)
        assert ours(old, new, form, verbose=verbose) == best


def test_an_empty_word_is_another_than_none(tmp_path: Path) -> None:
    """A service without product and one whose product is empty are two rows, as in ndiff."""
    forget()
    old, new = tmp_path / "old.xml", tmp_path / "new.xml"
    old.write_text(scan(host(ports(port(22)))))
    new.write_text(scan(host(ports(port(22, '<service product=""/>')))))
    mine = ours(old, new, "text")

    assert mine.output.count("22/tcp") == 2
    assert mine == ndiff()(old, new, "text")


INVOCATIONS = {
    "text": "{old} {new}",
    "the same": "{old} {old}",
    "-v after the files": "{old} {new} -v",
    "--xml between them": "{old} --xml {new}",
    "--verbose --xml": "--verbose --xml {old} {new}",
    "--text twice": "--text {old} {new} --text",
    "-v, the same": "-vv {old} {old}",
    "a name after --": "-- {old} {new}",
    "both formats": "--text --xml {old} {new}",
    "one file": "{old}",
    "three files": "{old} {new} {old}",
    "an unknown option": "--nope {old} {new}",
    "no such file": "{old} /nowhere.xml",
    "a folder": "{old} /",
}


@pytest.mark.parametrize("invocation", INVOCATIONS.values(), ids=INVOCATIONS.keys())
def test_the_command_takes_ndiffs_words(invocation: str) -> None:
    """Both programs, as processes: the same output and exit code, wrong usage included."""
    old, new = SHIPPED / "1_hosts.xml", SHIPPED / "1_hosts_diff.xml"
    words = invocation.format(old=old, new=new).split()
    theirs = run([sys.executable, str(NDIFF), *words])
    mine = run([sys.executable, "-m", "netwatch_notify", "diff", *words])

    assert (mine.returncode, mine.stdout) == (theirs.returncode, theirs.stdout)
    assert bool(mine.stderr) == (mine.returncode == 2)


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **coverage_variables()}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


# What differs on purpose


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.difference)
def test_deliberate_differences(example: Example, tmp_path: Path) -> None:
    """What we say, what ndiff says, and that nothing but the named difference is between them."""
    forget()
    old, new = tmp_path / "old.xml", tmp_path / "new.xml"
    for path, text in ((old, example.old), (new, example.new)):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    mine = ours(old, new, example.form, verbose=example.verbose)

    assert replace(mine, crash=mine.crash.removeprefix(f"{old}: ")) == example.ours
    assert ndiff()(old, new, example.form, verbose=example.verbose) == example.ndiffs
    if example.difference in ALL_REPAIRS:
        assert repaired()(old, new, example.form, verbose=example.verbose) == mine
        found = causes(old, new, example.form, verbose=example.verbose)
        assert found == {example.difference, *example.also}


def test_summer_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """02:30 and an hour later 02:30 again: the text is ndiff's, the XML has two runs."""
    forget()
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        old, new = tmp_path / "old.xml", tmp_path / "new.xml"
        for path, start in ((old, 1761438600), (new, 1761442200)):
            path.write_text(scan().replace("<nmaprun", f'<nmaprun start="{start}"'))
        assert ours(old, new, "text") == ndiff()(old, new, "text") == Said("", 0)
        assert ours(old, new, "xml") == Said(
            '<nmapdiff version="1"><scandiff><a><nmaprun scanner="nmap" start="1761438600" '
            'startstr="Sun Oct 26 02:30:00 2025" version="7.93"></nmaprun>\n</a><b><nmaprun '
            'scanner="nmap" start="1761442200" startstr="Sun Oct 26 02:30:00 2025" '
            'version="7.93"></nmaprun>\n</b></scandiff></nmapdiff>',
            0,
        )
        empty = '<nmapdiff version="1"><scandiff></scandiff></nmapdiff>'
        assert ndiff()(old, new, "xml") == Said(empty, 0)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_abbreviated_options() -> None:
    """ndiff takes `--verb` for `--verbose`; we ask for the whole word."""
    words = ["--verb", str(SHIPPED / "1_hosts.xml"), str(SHIPPED / "1_hosts.xml")]
    mine = run([sys.executable, "-m", "netwatch_notify", "diff", *words])

    assert run([sys.executable, str(NDIFF), *words]).returncode == 0
    assert mine.returncode == 2
    assert "Did you mean '--verbose'?" in mine.stderr


def test_cut_files_crash_ndiff(tmp_path: Path) -> None:
    """What we say of them instead is tested with the command."""
    cut = tmp_path / "cut.xml"
    cut.write_text(scan(host() + host()).rpartition("<host>")[0])

    assert ndiff()(cut, cut, "text") == Said(crash="SAXParseException")


def test_every_difference_is_shown_and_documented() -> None:
    """Each name has an example, or a test of its own, and stands in docs/ndiff.md with its reason.

    No repair of ndiff goes unnamed.
    """
    text = (ROOT / "docs" / "ndiff.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z][a-z-]+)` \| (.+) \|$", text, re.MULTILINE)

    assert {example.difference for example in EXAMPLES} | SHOWN_BY_TESTS == set(DIFFERENCES)
    assert set(DIFFERENCES) >= ALL_REPAIRS
    assert dict(told) == DIFFERENCES


# What holds of every pair


def test_a_file_does_not_differ_from_itself() -> None:
    for path in {*readable(SHIPPED), *readable(CORPUS)}:
        _check_self_diff(path)


@generated
@given(any_pairs)
def test_a_generated_file_does_not_differ_from_itself(tmp_path: Path, documents: Documents) -> None:
    _check_self_diff(written(tmp_path, documents)[0])


def _check_self_diff(path: Path) -> None:
    assert ours(path, path, "text") == Said("", 0)
    assert ours(path, path, "xml") == Said(
        '<nmapdiff version="1"><scandiff></scandiff></nmapdiff>', 0
    )
    for form in ("text", "xml"):
        assert ours(path, path, form, verbose=True).code == 0
    everything = ours(path, path, "text", verbose=True).output
    assert not [line for line in everything.splitlines() if line.startswith(("-", "+"))]


def test_what_is_skipped_unparsed_would_have_changed_nothing() -> None:
    """The fast lane says what parsing every host would say; so do the rows, applied to OLD."""
    for old, new in real_pairs(600):
        _check_lanes(old, new)


@generated
@given(any_pairs)
def test_what_is_skipped_unparsed_would_have_changed_nothing_generated(
    tmp_path: Path, documents: Documents
) -> None:
    _check_lanes(*written(tmp_path, documents))


def _check_lanes(old: Path, new: Path) -> None:
    with ScanPair(old, new) as fast, ScanPair(old, new, everything=True) as whole:
        for write in (write_text, write_xml):
            assert _output(write, fast) == _output(write, whole)
        rows = list(rows_of(fast, DiffOptions()))
        both = list(whole.verbatim())
    before = [host for host, _ in both if host is not None]
    after = [host for _, host in both if host is not None]
    assert _unlike(list(applied(rows, before)), after) == []


def _output(write: Callable[..., bool], pair: ScanPair) -> tuple[bool, str]:
    parts: list[str] = []
    return write(pair, DiffOptions(), parts.append), "".join(parts)


def applied(
    differences: Iterable[HostRows], hosts: list[VerbatimHost]
) -> Iterator[tuple[VerbatimHost, VerbatimHost]]:
    """Yield each of `hosts`, and what it becomes by what the rows say; new ones as both."""
    left = list(hosts)
    for rows in differences:
        if rows.before is not None:
            left.remove(rows.before)
        if rows.before is None and rows.after is not None:
            yield rows.after, rows.after
        elif rows.before is not None and rows.after is not None:
            yield rows.before, _applied(rows, rows.before, rows.after)
    yield from ((host, host) for host in left)


def _applied(rows: HostRows, before: VerbatimHost, after: VerbatimHost) -> VerbatimHost:
    changes: dict[str, Any] = {}
    if rows.state_changed:
        changes["state"] = after.state
    if rows.names_changed:
        changes |= {"addresses": after.addresses, "hostnames": after.hostnames}
    if rows.extra_ports_changed:
        changes["extra_ports"] = after.extra_ports
    names: list[str] = []
    for what, first, last, new_first, new_last in rows.os:
        equal = what == "equal"
        names += before.os_matches[first:last] if equal else after.os_matches[new_first:new_last]
    ports = {port.key: port for port in before.ports}
    for row in rows.ports:
        was = ports.pop(row.before.key, VerbatimPort(*row.before.key))
        if row.after.state is not None:
            scripts = _with_rows(was.scripts, row.scripts)
            ports[row.after.key] = replace(row.after, scripts=scripts)
    return replace(
        before,
        **changes,
        os_matches=tuple(names),
        ports=tuple(ports[key] for key in sorted(ports)),
        scripts=_with_rows(before.scripts, rows.scripts),
    )


def _with_rows(
    scripts: tuple[ScriptOutput, ...], rows: tuple[ScriptRow, ...]
) -> tuple[ScriptOutput, ...]:
    found = list(scripts)
    for row in rows:
        if row.before is not None:
            found.remove(row.before)
        if row.after is not None:
            found.append(row.after)
    return tuple(sorted(found, key=lambda script: (script.id, script.output)))


def _unlike(
    made: list[tuple[VerbatimHost, VerbatimHost]], wanted: list[VerbatimHost]
) -> list[object]:
    """Return the hosts that did not become what they should; an empty list if all did."""
    if len(made) != len(wanted):
        return [made, wanted]
    left: dict[object, list[VerbatimHost]] = {}
    for one in wanted:
        left.setdefault(one.identity, []).append(one)
    unlike: list[object] = []
    for was, is_now in made:
        # Several hosts may have no address, and no order.
        namesakes = left.get(is_now.identity, [])
        fitting = next((one for one in namesakes if _like(was, is_now, one)), None)
        if fitting is None:
            unlike.append((was, is_now, namesakes))
        else:
            namesakes.remove(fitting)
    return unlike


def _like(before: VerbatimHost, made: VerbatimHost, wanted: VerbatimHost) -> bool:
    """Whether two hosts say the same of all that a diff covers."""
    one, other = ({port.key: port for port in host.ports} for host in (made, wanted))
    return (
        made.state == wanted.state
        and set(made.addresses) == set(wanted.addresses)
        and set(made.hostnames) == set(wanted.hostnames)
        and dict(made.extra_ports) == dict(wanted.extra_ports)
        and made.os_matches == wanted.os_matches
        and _like_scripts(made.scripts, wanted.scripts)
        and all(
            _like_ports(one.get(key, VerbatimPort(*key)), other.get(key, VerbatimPort(*key)))
            # Between being listed and being summed up with others of its state, nothing changed.
            or (_is_summed_up(before, one.get(key)) and _is_summed_up(wanted, other.get(key)))
            for key in {*one, *other}
        )
    )


def _like_ports(made: VerbatimPort, wanted: VerbatimPort) -> bool:
    return (made.state, made.service) == (wanted.state, wanted.service) and _like_scripts(
        made.scripts, wanted.scripts
    )


def _like_scripts(made: tuple[ScriptOutput, ...], wanted: tuple[ScriptOutput, ...]) -> bool:
    return len(made) == len(wanted) and all(
        one.id == other.id and same_output(one.id, one.output, other.output)
        for one, other in zip(made, wanted, strict=True)
    )


def _is_summed_up(host: VerbatimHost, port: VerbatimPort | None) -> bool:
    return port is None or port.state in dict(host.extra_ports)


def test_what_differs_in_a_very_long_output_is_one_block() -> None:
    """difflib takes a time up to cubic in the number of lines, 20,000 of them a minute."""
    before = ["same", *["a", "b"] * 10_000, "end"]
    after = ["same", *["b", "a", "a"] * 7_000, "end"]
    started = time.monotonic()
    edits = edits_between(before, after)
    assert time.monotonic() - started < 2
    assert [edit[0] for edit in edits] == ["equal", "replace", "equal"]
    made = []
    for what, first, last, new_first, new_last in edits:
        made += before[first:last] if what == "equal" else after[new_first:new_last]
    assert made == after
