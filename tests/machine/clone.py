"""A clone of this repository as it stands, uncommitted changes included."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def clone_to(folder: Path) -> None:
    """
    Write what git tracks, or would when asked to add everything, as a repository of one commit.

    Source: the working tree, because a test is of what its author sees.
    """
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", "--all", "--force")
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    _git(folder, *author, "commit", "--quiet", "--no-verify", "--message=As it stands")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout
