"""The way in for other people's scripts, as one of them uses it."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from netwatch_notify import library
from netwatch_notify.library import (
    ChangeKind,
    PortKey,
    Severity,
    UnreadableInputError,
    diff_scans,
    read_scan,
)
from tests.builders import CORPUS, addresses
from tests.conftest import coverage_variables
from tests.scan_files import host_xml, lines_of, port_xml, scan_xml

ROOT = Path(__file__).parent.parent
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs" / "library.md").read_text(), re.MULTILINE | re.DOTALL
)
SERVICE = 'name="http" product="nginx" version="1.22.1" method="probed"'

Runner = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    one = host_xml("192.0.2.1", "22")
    later = host_xml("192.0.2.1", "22", "6379")
    new = host_xml("192.0.2.77", port_xml("80", service=SERVICE))
    (tmp_path / "monday.xml").write_text(scan_xml(one), encoding="utf-8")
    (tmp_path / "tuesday.xml").write_text(scan_xml(later, new), encoding="utf-8")
    (tmp_path / "cut.xml").write_text(scan_xml(later, ending=""), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("milk\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def run_script(folder: Path) -> Runner:
    """Run a script beside the files, in a process of its own; return what it prints."""

    def run(script: str) -> str:
        (folder / "script.py").write_text(script, encoding="utf-8")
        result = subprocess.run(
            [sys.executable, "-W", "error", "script.py"],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "", **coverage_variables()},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    return run


def test_script_in_the_docstring_runs(run_script: Runner) -> None:
    """Two lines, and no settings."""
    code = re.findall(r"(?:^    .*\n|^\n)+", library.__doc__ or "", re.MULTILINE)
    script = textwrap.dedent("".join(code))

    assert run_script(script) == "port-opened 192.0.2.1 6379/tcp\nhost-new 192.0.2.77 \n"


@pytest.mark.parametrize(
    ("number", "printed"),
    list(
        enumerate(
            [
                "port-opened 192.0.2.1 6379/tcp\nhost-new 192.0.2.77 \n",
                "192.0.2.77 is new, with ['80/tcp']\n",
                "192.0.2.1 22/tcp \n192.0.2.1 6379/tcp \n192.0.2.77 80/tcp nginx 1.22.1\n",
                "notes.txt: line 1: is no XML\n",
            ]
        )
    ),
)
def test_examples_in_the_docs_run(run_script: Runner, number: int, printed: str) -> None:
    assert run_script(EXAMPLES[number]) == printed


def test_docs_have_no_other_example() -> None:
    assert len(EXAMPLES) == 4


def test_names_in_the_docs_exist() -> None:
    for example in EXAMPLES:
        for line in re.findall(r"from netwatch_notify.library import (.*)", example):
            assert set(line.split(", ")) <= set(library.__all__)


def test_all_that_is_offered_exists_and_is_documented() -> None:
    for name in library.__all__:
        assert getattr(library, name).__doc__


def test_examples_and_docstring_are_rightly_typed(tmp_path: Path) -> None:
    """mypy --strict finds nothing to say, so an editor helps whoever writes a script."""
    pytest.importorskip("mypy")
    files = []
    for number, example in enumerate(EXAMPLES):
        path = tmp_path / f"example_{number}.py"
        path.write_text(example, encoding="utf-8")
        files.append(str(path))
    probe = tmp_path / "probe.py"
    probe.write_text(
        "from pathlib import Path\n"
        "from netwatch_notify.library import Change, Host, ScanDiff, diff_scans, read_scan\n"
        "found: ScanDiff = diff_scans(Path('a'), 'b')\n"
        "changes: tuple[Change, ...] = found.changes\n"
        "problems: tuple[str, ...] = found.problems\n"
        "hosts: tuple[Host, ...] = read_scan('a').hosts\n",
        encoding="utf-8",
    )
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")),
            *("--config-file", str(ROOT / "pyproject.toml"), *files, str(probe)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert result.returncode == 0, result.stdout


def test_package_says_that_it_is_typed() -> None:
    """Without it, mypy ignores the types of an installed package."""
    assert (Path(library.__file__).parent / "py.typed").exists()


def test_scan_says_what_its_file_says(folder: Path) -> None:
    scan = read_scan(folder / "tuesday.xml")

    assert (scan.header.scanner, scan.header.version) == ("nmap", "7.93")
    assert scan.header.started_at
    assert [str(host.address) for host in scan.hosts] == ["192.0.2.1", "192.0.2.77"]
    assert scan.coverage
    assert scan.coverage.addresses == addresses("192.0.2.0/24")
    assert scan.problem == ""


def test_scan_that_is_cut_short_has_its_whole_hosts(folder: Path) -> None:
    scan = read_scan(folder / "cut.xml")

    assert len(scan.hosts) == 1
    assert scan.coverage is None
    assert scan.problem == "nmap's XML stops in the middle"


def test_masscan_is_read() -> None:
    scan = read_scan(CORPUS / "masscan.xml")

    assert scan.header.scanner == "masscan"
    assert scan.coverage is None
    assert scan.hosts


def test_changes_come_host_by_host(folder: Path) -> None:
    found = diff_scans(folder / "monday.xml", str(folder / "tuesday.xml"))

    assert lines_of(found.changes) == ["port-opened 192.0.2.1 6379/tcp", "host-new 192.0.2.77"]
    assert found.problems == ()
    assert [change.severity for change in found.changes] == [Severity.WARNING] * 2


def test_risky_ports_are_critical(folder: Path) -> None:
    risky = {PortKey.parse("6379"), PortKey.parse("80")}
    found = diff_scans(folder / "monday.xml", folder / "tuesday.xml", risky_ports=risky)

    assert [change.severity for change in found.changes] == [Severity.CRITICAL] * 2


def test_declared_scripts_are_not_compared(tmp_path: Path) -> None:
    for name in ("Mon", "Tue"):
        host = host_xml("192.0.2.1", "22", scripts={"http-date": name})
        (tmp_path / name).write_text(scan_xml(host), encoding="utf-8")

    (change,) = diff_scans(tmp_path / "Mon", tmp_path / "Tue").changes
    assert change.kind is ChangeKind.SCRIPT_CHANGED
    found = diff_scans(tmp_path / "Mon", tmp_path / "Tue", volatile_scripts=["http-date"])
    assert found.changes == ()


def test_problems_say_what_the_changes_leave_out(folder: Path) -> None:
    found = diff_scans(folder / "tuesday.xml", folder / "cut.xml")

    assert found.changes == ()
    assert len(found.problems) == 2
    assert "is cut short" in found.problems[0]
    assert found.problems[1].endswith("there: 192.0.2.77")


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("missing.xml", "missing.xml: No such file or directory"),
        ("", ": Is a directory"),
        ("notes.txt", "notes.txt: line 1: is no XML"),
    ],
)
def test_what_is_no_scan_raises_one_line(folder: Path, name: str, because: str) -> None:
    """One class for all of it, a NetwatchError."""
    for read in (
        lambda path: read_scan(path),
        lambda path: diff_scans(path, folder / "monday.xml"),
        lambda path: diff_scans(folder / "monday.xml", path),
    ):
        with pytest.raises(UnreadableInputError) as raised:
            read(folder / name)
        assert str(raised.value).endswith(because)
        assert "\n" not in str(raised.value)
        assert isinstance(raised.value, library.NetwatchError)
