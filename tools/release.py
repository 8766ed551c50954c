"""
Make a release: test, set the version, date the changelog, commit, tag, build, check. Nothing is
uploaded, and nothing is pushed.

    python -m tools.release [--check tests|lint|none] VERSION

All of it happens in a temporary clone. Only when everything is there, and PyPI would take it, the
commit and the tag come into this repository and the files into dist/. So a release that fails,
whatever it fails of, leaves the repository as it was.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from netwatch_notify import __version__
from netwatch_notify.store.migrations import STEPS
from tools.changelog import (
    ReleaseError,
    check_newer,
    dated,
    parse_version,
    released_versions,
)

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"
PYTHON = [sys.executable, "-m"]
CHECKS = {
    "tests": [["make", "test"]],
    "lint": [
        [*PYTHON, "ruff", "check"],
        [*PYTHON, "ruff", "format", "--check"],
        [*PYTHON, "mypy"],
    ],
    "none": [],
}


def call(command: list[str | Path] | list[str], folder: Path, **environment: str) -> str:
    """Run a command and return its output. Raises ReleaseError with its last line."""
    try:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
        )
    except OSError as error:
        raise ReleaseError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        what = " ".join(str(word) for word in command)
        raise ReleaseError(f"{what}: exit {done.returncode}: {said[-1] if said else 'no word'}")
    return done.stdout.strip()


def git(folder: Path, *words: str | Path) -> str:
    """Call git in a repository."""
    return call(["git", *words], folder)


def head_of_clean_tree(root: Path) -> str:
    """Return the commit that would be released. Raises ReleaseError unless that is all there is."""
    branch = git(root, "branch", "--show-current")
    if branch != BRANCH:
        raise ReleaseError(f"{branch or 'no branch'} is checked out; releases are made on {BRANCH}")
    changed = git(root, "status", "--porcelain").splitlines()
    if changed:
        raise ReleaseError(
            f"the tree is not clean ({changed[0].strip()}, {len(changed)} in all); commit or remove"
        )
    return git(root, "rev-parse", "HEAD")


def check_ready(root: Path, version: str) -> None:
    """Refuse what could not be released, before anything slow. Raises ReleaseError."""
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    tags = re.findall(r"^v(\d+\.\d+\.\d+)$", git(root, "tag"), re.MULTILINE)
    released = [*released_versions(changelog), *map(parse_version, tags)]
    check_newer(version, __version__, released)
    dated(changelog, version, "2000-01-01")
    # Later versions prove by it that they can take over what this one wrote.
    fixture = Path("tests", "data", "databases", f"schema-{len(STEPS)}.sql")
    if not (root / fixture).exists():
        raise ReleaseError(f"{fixture}: is missing; python -m tests.store.make_databases makes it")


def prepare(clone: Path, version: str, now: datetime) -> None:
    """Write, commit and tag the release in the clone."""
    module = clone / "netwatch_notify" / "__init__.py"
    code, count = re.subn(
        r'^__version__ = ".*"$',
        f'__version__ = "{version}"',
        module.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    if count != 1:
        raise ReleaseError(f"{module.name}: has {count} lines with __version__, not one")
    module.write_text(code, encoding="utf-8")
    changelog = clone / "CHANGELOG.md"
    text = dated(changelog.read_text(encoding="utf-8"), version, f"{now:%Y-%m-%d}")
    changelog.write_text(text, encoding="utf-8")
    # The page names version and date.
    call([*PYTHON, "tools.generate_man"], clone)
    git(clone, "commit", "--quiet", "--all", "--message", f"release: {version}")
    git(clone, "tag", "--annotate", f"v{version}", "--message", f"netwatch-notify {version}")


def build(clone: Path, version: str) -> list[Path]:
    """Build what is uploaded, check it, and return the files."""
    dist = clone / "dist"
    epoch = git(clone, "log", "-1", "--format=%ct")
    call(
        [*PYTHON, "build", "--no-isolation", "--outdir", dist, clone],
        clone,
        SOURCE_DATE_EPOCH=epoch,
    )
    files = sorted(dist.iterdir())
    name = f"netwatch_notify-{version}"
    if [file.name for file in files] != [f"{name}-py3-none-any.whl", f"{name}.tar.gz"]:
        raise ReleaseError(f"built {', '.join(file.name for file in files)}, not {name}")
    call([*PYTHON, "twine", "check", "--strict", *files], clone)
    return files


def take_over(root: Path, clone: Path, version: str, files: list[Path]) -> list[Path]:
    """Bring commit, tag and files into the repository, or nothing; return where the files are."""
    tag = f"v{version}"
    (root / "dist").mkdir(exist_ok=True)
    kept = [Path(shutil.copy2(file, root / "dist")) for file in files]
    try:
        git(root, "fetch", "--quiet", "--no-tags", clone, f"refs/tags/{tag}:refs/tags/{tag}")
        try:
            git(root, "merge", "--quiet", "--ff-only", tag)
        except BaseException:
            git(root, "tag", "--delete", tag)
            raise
    except BaseException:
        for file in kept:
            file.unlink()
        raise
    return kept


def release(root: Path, version: str, check: str, now: datetime) -> list[Path]:
    """Make the release and return what to upload. Raises ReleaseError."""
    parse_version(version)
    head = head_of_clean_tree(root)
    check_ready(root, version)
    for command in CHECKS[check]:
        print(f"release: {' '.join(command)}", file=sys.stderr)
        # It takes minutes, and says what it does.
        if code := subprocess.run(command, cwd=root, stdout=sys.stderr.fileno()).returncode:
            raise ReleaseError(f"{' '.join(command)}: exit {code}; what it said stands above")
    if head_of_clean_tree(root) != head:
        raise ReleaseError(f"{BRANCH} has moved meanwhile; begin anew")
    with tempfile.TemporaryDirectory(prefix="netwatch-release-") as folder:
        clone = Path(folder) / "clone"
        git(root, "clone", "--quiet", root, clone)
        # A clone has none of the repository's own settings.
        for name in ("user.name", "user.email"):
            if value := git(root, "config", "--default", "", "--get", name):
                git(clone, "config", name, value)
        prepare(clone, version, now)
        return take_over(root, clone, version, build(clone, version))


def main() -> int:
    """Make a release of this repository; 1 if there is none."""
    parser = argparse.ArgumentParser(prog="tools.release", description="Make a release.")
    parser.add_argument("version", metavar="VERSION", nargs="?", default="")
    parser.add_argument("--check", choices=sorted(CHECKS), default="tests")
    words = parser.parse_args()
    try:
        files = release(ROOT, words.version, words.check, datetime.now(UTC))
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(f"netwatch-notify {words.version} is committed, tagged and built. What is left to do:\n")
    print(f"git push origin {BRANCH} v{words.version}")
    print(f"twine upload {' '.join(str(file.relative_to(ROOT)) for file in files)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
