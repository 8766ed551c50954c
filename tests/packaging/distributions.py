"""Build what would be uploaded, out of a tree as developers have it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUILD_SECONDS = 120
EPOCH = "1767225600"
"""1 January 2026, the time of every file in what is built."""

# Never part of a clean checkout, and found in most others; some would be a leak.
DIRT = (
    ".env",
    ".state/netwatch.db",
    ".venv/lib/module.py",
    ".venv-synapse/module.py",
    ".mypy_cache/x.json",
    ".pytest_cache/README.md",
    ".coverage",
    "build/lib/x.py",
    "contrib/.env",
    "dist/netwatch_notify-0.0.1-py3-none-any.whl",
    "docs/.env",
    "netwatch_notify/.env",
    "netwatch_notify/__pycache__/old.cpython-311.pyc",
    "netwatch_notify/scan/__pycache__/old.cpython-311.pyc",
    "netwatch_notify.egg-info/PKG-INFO",
    "notes.txt",
    "tests/data/.env",
    "tests/__pycache__/x.cpython-311.pyc",
    "tools/.env",
)
SECRET = "NETWATCH_NOTIFY=mailtos://user:secret-9f2c@example.org"

_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", ".fuzz", ".coverage*"),
    *("dist", "build", "htmlcov", "*.egg-info", ".env", ".state", "site"),
)


@dataclass(frozen=True, slots=True)
class Built:
    """A source distribution, and a wheel."""

    sdist: Path
    wheel: Path


def copy_tree(folder: Path) -> Path:
    """Return a copy of the repository's files below `folder`, without what is built or cached."""
    return Path(shutil.copytree(ROOT, folder / "tree", ignore=_LEFT_OUT))


def copy_types(tree: Path) -> None:
    """Give a copy what mypy knows of the repository, if it was asked before: seconds, not many."""
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", tree / ".mypy_cache", dirs_exist_ok=True)


def make_dirty(tree: Path) -> None:
    """Add what must not be packed."""
    for name in DIRT:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{SECRET}\n", encoding="utf-8")


def build(tree: Path, into: Path, *what: str) -> Built:
    """
    Build a source distribution, and the wheel from it; with `--wheel` the wheel from the tree.

    Nothing is downloaded: what builds is what the tests' own environment has.
    """
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", into, *what, tree],
        env={"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": EPOCH, "HOME": str(into)},
        check=True,
        capture_output=True,
        timeout=BUILD_SECONDS,
    )
    [wheel] = into.glob("*.whl")
    sdist = next(into.glob("*.tar.gz"), Path("none"))
    return Built(sdist, wheel)
