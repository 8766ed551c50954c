"""The wheel, installed as pip does it, is the whole program."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from netwatch_notify import __version__
from tests.packaging.distributions import ROOT, build, copy_tree

SCANS = ROOT / "tests" / "data" / "nmap"


@dataclass(frozen=True, slots=True)
class Place:
    """A Python environment of its own, somewhere else than the clone."""

    folder: Path

    def pip(self, *words: str | Path) -> None:
        command = [sys.executable, "-m", "pip", "--python", self.folder / "bin" / "python"]
        subprocess.run(
            [*command, "--disable-pip-version-check", "--no-input", *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=120,
        )

    def call(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Call the installed command with an environment as bare as cron's."""
        return subprocess.run(
            [self.folder / "bin" / "netwatch-notify", *words],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def files(self) -> set[str]:
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return build(copy_tree(folder), folder / "dist", "--wheel").wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return a new environment with the wheel; what it needs comes from the tests' own."""
    place = Place(tmp_path_factory.mktemp("place"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place.folder], check=True)
    [packages] = place.folder.glob("lib/python3*/site-packages")
    (packages / "of-the-tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    place.pip("install", "--no-deps", "--no-index", wheel)
    return place


def python(place: Place, code: str) -> str:
    command: Sequence[str | Path] = [place.folder / "bin" / "python", "-I", "-c", code]
    return subprocess.run(
        command, cwd=place.folder, check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def test_the_command_runs_without_the_clone(installed: Place) -> None:
    """Of the installed files, not those of the repository that runs this test."""
    where = python(installed, "import netwatch_notify; print(netwatch_notify.__file__)")

    assert Path(where).is_relative_to(installed.folder)
    assert installed.call("--version").stdout == f"netwatch-notify, version {__version__}\n"
    version = "from importlib.metadata import version; print(version('netwatch-notify'))"
    assert python(installed, version) == __version__


def test_every_module_can_be_imported(installed: Place) -> None:
    """None was left out, and none needs a file of the repository."""
    code = (
        "import importlib, pkgutil, netwatch_notify\n"
        "for found in pkgutil.walk_packages(netwatch_notify.__path__, 'netwatch_notify.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "        print(found.name)"
    )
    modules = python(installed, code).splitlines()

    written = [p for p in (ROOT / "netwatch_notify").rglob("*.py") if p.name != "__main__.py"]
    # The package's own __init__ is imported first of all, and not walked over.
    assert len(modules) == len(written) - 1


def test_a_scan_is_taken_in_and_its_host_listed(installed: Place, tmp_path: Path) -> None:
    """From XML to a message on stdout, and back out of the state."""
    state = tmp_path / "state"
    settings = tmp_path / "lan.env"
    settings.write_text(
        f"NETWATCH_TARGETS=127.0.0.1\nNETWATCH_STATE_DIR={state}\n", encoding="utf-8"
    )

    taken = installed.call("--env-file", settings, "ingest", SCANS / "2_hosts.xml")
    listed = installed.call("--env-file", settings, "hosts")

    assert (taken.returncode, taken.stderr) == (0, "")
    assert taken.stdout.startswith("Subject: lan: ")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "\n127.0.0.1 " in listed.stdout


def test_man_page_and_completions_lie_where_they_are_looked_for(installed: Place) -> None:
    """In share/, which is /usr/local/share for an installation there."""
    share = installed.folder / "share"

    assert (share / "man/man1/netwatch-notify.1").read_text("utf-8").startswith(r".\" Written")
    assert (share / "bash-completion/completions/netwatch-notify").is_file()
    assert (share / "zsh/site-functions/_netwatch-notify").is_file()
    assert (share / "fish/vendor_completions.d/netwatch-notify.fish").is_file()


def test_uninstalling_takes_everything_back(wheel: Path, installed: Place, tmp_path: Path) -> None:
    """Not a file stays."""
    place = Place(tmp_path / "place")
    shutil.copytree(installed.folder, place.folder, symlinks=True)
    before = place.files()
    place.pip("uninstall", "--yes", "netwatch-notify")

    assert before - place.files() >= {"bin/netwatch-notify", "share/man/man1/netwatch-notify.1"}
    assert [name for name in place.files() if "netwatch" in name] == []
