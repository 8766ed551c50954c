"""`fast.diff`: what a run and `ingest` keep of the last two good scans, for people to read."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from netwatch_notify.pipeline.fast_diff import SMALL_BYTES, FastDiff
from netwatch_notify.pipeline.plan import Plan
from netwatch_notify.pipeline.session import Session
from netwatch_notify.store.database import Database
from tests.builders import FIRST_NIGHT
from tests.conftest import Program
from tests.scan_files import host_xml, scan_xml

BOTH = "192.0.2.0/24 2001:db8::/124"
FAILED = {"for": {"192.0.2.0/24": {"exit": 1, "half": True}}}


def run_folder(program: Program, run: int) -> Path:
    return program.state / "scans" / str(run)


def files_of(program: Program, run: int) -> set[str]:
    return {path.name for path in run_folder(program, run).iterdir()}


def fast_diff(program: Program, run: int) -> str:
    return (run_folder(program, run) / "fast.diff").read_text(encoding="utf-8")


def ndiff(old: Path, new: Path) -> str:
    """What ndiff itself says; `make test` installs it."""
    result = subprocess.run(
        ["ndiff", str(old), str(new)],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode in (0, 1)
    return result.stdout


def test_first_run_has_nothing_to_compare(program: Program) -> None:
    program.network({"192.0.2.1": [22]})
    program.run("run")

    assert not files_of(program, 1) & {"fast.diff", "fast.diff.part"}


def test_second_run_keeps_what_ndiff_would_say(program: Program) -> None:
    program.network({"192.0.2.1": [22], "192.0.2.2": [80]})
    program.run("run")
    program.network({"192.0.2.1": [22, 443], "192.0.2.3": []})
    program.run("run")

    path = run_folder(program, 2) / "fast.diff"
    assert fast_diff(program, 2) == ndiff(
        run_folder(program, 1) / "fast.xml", run_folder(program, 2) / "fast.xml"
    )
    assert "+443/tcp open  http" in fast_diff(program, 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "fast.diff.part" not in files_of(program, 2)


def test_quiet_night_keeps_a_file_without_changes(program: Program) -> None:
    """As ndiff has it: the two scans' first lines, and no host."""
    program.network({"192.0.2.1": [22]})
    program.run("run")
    program.run("run")

    assert fast_diff(program, 2) == ndiff(
        run_folder(program, 1) / "fast.xml", run_folder(program, 2) / "fast.xml"
    )
    assert "192.0.2.1" not in fast_diff(program, 2)


def test_parts_follow_each_other(program: Program) -> None:
    """Each against its own last scan."""
    program.network({"192.0.2.1": [22], "2001:db8::1": [22]})
    program.run("run", NETWATCH_TARGETS=BOTH)
    program.network({"192.0.2.1": [22, 80], "2001:db8::1": [22, 443]})
    program.run("run", NETWATCH_TARGETS=BOTH)

    one, other = (
        ndiff(run_folder(program, 1) / name, run_folder(program, 2) / name)
        for name in ("fast-1.xml", "fast-2.xml")
    )
    assert fast_diff(program, 2) == one + other
    assert "192.0.2.1" in one
    assert "2001:db8::1" in other


def test_part_is_compared_with_its_last_good_scan(program: Program) -> None:
    """A night on which it failed is passed over; the other part goes on."""
    program.network({"192.0.2.1": [22], "2001:db8::1": [22]})
    program.run("run", NETWATCH_TARGETS=BOTH)
    program.network({"192.0.2.1": [22], "2001:db8::1": [22, 80]}, fast=FAILED)
    assert program.run("run", NETWATCH_TARGETS=BOTH).returncode == 3
    program.network({"192.0.2.1": [22, 443], "2001:db8::1": [22, 80]})
    program.run("run", NETWATCH_TARGETS=BOTH)

    first, second, third = (run_folder(program, n) for n in (1, 2, 3))
    assert fast_diff(program, 2) == ndiff(first / "fast-2.xml", second / "fast-2.xml")
    assert fast_diff(program, 3) == (
        ndiff(first / "fast-1.xml", third / "fast-1.xml")
        + ndiff(second / "fast-2.xml", third / "fast-2.xml")
    )


def test_run_in_which_all_failed_keeps_none(program: Program) -> None:
    program.network({"192.0.2.1": [22]})
    program.run("run")
    program.network({}, fast={"exit": 1})
    assert program.run("run").returncode == 3

    assert not files_of(program, 2) & {"fast.diff", "fast.diff.part"}


def test_preview_keeps_none(program: Program) -> None:
    program.network({"192.0.2.1": [22]})
    program.run("run")
    program.run("run", "--dry-run")

    assert [path.name for path in (program.state / "scans").iterdir()] == ["1"]


def test_declared_scripts_are_not_compared(program: Program) -> None:
    for day, output in ((1, "Mon"), (2, "Tue")):
        host = host_xml("192.0.2.1", "22", scripts={"http-date": output})
        path = program.folder / f"{day}.xml"
        path.write_text(scan_xml(host, start=1_767_225_600 + day * 86400), encoding="utf-8")
        program.run("ingest", str(path), NETWATCH_VOLATILE_SCRIPTS="http-date")

    assert "http-date" not in fast_diff(program, 2)


def test_ingest_keeps_the_scan_and_its_difference(program: Program) -> None:
    """The file stays the user's; the copy is ours alone."""
    paths = []
    for day, ports in ((1, ["22"]), (2, ["22", "80"])):
        path = program.folder / f"{day}.xml"
        text = scan_xml(host_xml("192.0.2.1", *ports), start=1_767_225_600 + day * 86400)
        path.write_text(text, encoding="utf-8")
        result = program.run("ingest", str(path), NETWATCH_KEEP_DAYS="36500")
        assert result.returncode == 0
        paths.append(path)
        kept = run_folder(program, day) / "fast.xml"
        assert kept.read_bytes() == path.read_bytes()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    assert "fast.diff" not in files_of(program, 1)
    assert fast_diff(program, 2) == ndiff(*paths)
    assert "fast.diff.part" not in files_of(program, 2)


def test_scan_too_old_to_be_kept_is_compared_before_it_goes(program: Program) -> None:
    """The scan of the night between was cut short."""
    paths = []
    for day, ports in ((1, ["22"]), (3, []), (5, ["22", "80"])):
        path = program.folder / f"{day}.xml"
        text = scan_xml(host_xml("192.0.2.1", *ports), start=1_700_000_000 + day * 86400)
        path.write_text(text if ports else text.partition("<runstats")[0], encoding="utf-8")
        program.run("ingest", str(path), NETWATCH_KEEP_DAYS="1")
        paths.append(path)

    assert fast_diff(program, 3) == ndiff(paths[0], paths[2])
    assert not run_folder(program, 1).exists()


def test_scan_that_was_taken_in_before_leaves_none(program: Program) -> None:
    path = program.folder / "1.xml"
    path.write_text(scan_xml(host_xml("192.0.2.1", "22")), encoding="utf-8")
    program.run("ingest", str(path))
    assert program.run("ingest", str(path)).returncode == 0

    assert not files_of(program, 2) & {"fast.diff", "fast.diff.part"}


@pytest.mark.parametrize("obstacle", ["full", "folder", "lost"])
def test_run_does_not_fail_because_of_it(program: Program, obstacle: str) -> None:
    """Disk full, a folder in its way, or the old scan removed by somebody."""
    program.network({"192.0.2.1": [22]})
    program.run("run")
    folder = run_folder(program, 2)
    folder.mkdir(mode=0o700)
    if obstacle == "full":
        (folder / "fast.diff.part").symlink_to("/dev/full")
    elif obstacle == "folder":
        (folder / "fast.diff.part").mkdir()
    else:
        (run_folder(program, 1) / "fast.xml").unlink()
    program.network({"192.0.2.1": [22, 443]})
    result = program.run("run")

    assert result.returncode == 0
    assert "443/tcp opened" in result.stdout
    assert "fast.diff" not in files_of(program, 2)
    if obstacle != "folder":
        assert "fast.diff.part" not in files_of(program, 2)


def test_old_scan_that_is_no_scan_is_said_in_the_file(program: Program) -> None:
    program.network({"192.0.2.1": [22]})
    program.run("run")
    (run_folder(program, 1) / "fast.xml").write_text("no scan", encoding="utf-8")
    assert program.run("run").returncode == 0

    assert fast_diff(program, 2).endswith("fast.xml: line 1: is no XML\n")


def test_process_that_cannot_be_started_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many processes, say."""

    def refuse(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("netwatch_notify.pipeline.session.FastDiff", refuse)
    for name in ("old.xml", "new.xml"):
        (tmp_path / name).write_text(scan_xml(), encoding="utf-8")
    database = Database.in_memory(tmp_path / "netwatch.db", "lan")
    with database.atomic():
        database.connection.execute(
            "INSERT INTO parts (label, last_good_at, scan) "
            "VALUES ('lan', '2026-01-01T00:00:00Z', 'old.xml')"
        )
    plan = Plan("lan", tmp_path, profile=None, rules=None)  # type: ignore[arg-type]
    session = Session(plan, "run", FIRST_NIGHT, database)
    session.start_fast_diff({"lan": tmp_path / "new.xml"})
    session.finish_fast_diff()
    database.close()

    assert "fast.diff could not be begun: Resource temporarily unavailable" in caplog.text


def test_result_that_is_not_wanted_leaves_nothing(tmp_path: Path) -> None:
    """An interrupted run."""
    for name in ("old.xml", "new.xml"):
        (tmp_path / name).write_text(scan_xml(), encoding="utf-8")
    FastDiff([(tmp_path / "old.xml", tmp_path / "new.xml")], tmp_path, frozenset()).finish(
        keep=False
    )

    assert {path.name for path in tmp_path.iterdir()} == {"old.xml", "new.xml"}


def test_large_files_are_compared_too(tmp_path: Path) -> None:
    """They are given to a process of its own, while the run goes on."""
    paths = []
    for name, ports in (("old.xml", ["22"]), ("new.xml", ["22", "80"])):
        hosts = [host_xml("192.0.2.1", *ports), "\n" * SMALL_BYTES]
        paths.append(tmp_path / name)
        paths[-1].write_text(scan_xml(*hosts), encoding="utf-8")
    comparison = FastDiff([(paths[0], paths[1])], tmp_path, frozenset())
    comparison.finish()

    assert (tmp_path / "fast.diff").read_text(encoding="utf-8") == ndiff(*paths)
