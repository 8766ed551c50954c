"""A release is one command: all of it, or nothing."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from netwatch_notify import __version__
from netwatch_notify.store.migrations import STEPS
from tests.packaging.distributions import copy_tree, copy_types
from tools.changelog import ReleaseError, check_newer, dated, parse_version, released_versions

MAJOR, MINOR, PATCH = parse_version(__version__)
NEXT = f"{MAJOR}.{MINOR + 1}.0"
FIXTURE = f"tests/data/databases/schema-{len(STEPS)}.sql"
CHANGELOG = """\
# Changelog

For the people who read the alerts.

## [Unreleased]

### Added

- What is new.
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A scratch repository with this tree in it."""

    folder: Path

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words]
        return subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True, timeout=60
        ).stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self, name: str, text: str) -> None:
        self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"change {name}")

    def release(self, version: str, check: str = "none", path: str = "") -> tuple[int, str, str]:
        """Call the release as the Makefile does; return exit code, stdout and stderr."""
        done = subprocess.run(
            [sys.executable, "-m", "tools.release", "--check", check, "--", version],
            cwd=self.folder,
            env={
                "PATH": f"{path}:{os.environ['PATH']}",
                "HOME": str(self.folder.parent),
                **{f"GIT_{who}_NAME": "A. Person" for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    def state(self) -> dict[str, str]:
        """Return all that a release could change, ignored files included but caches."""
        files = (p for p in self.folder.rglob("*") if p.is_file())
        hashes = {
            str(p.relative_to(self.folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in files
            if not {".git", "__pycache__", ".ruff_cache"} & set(p.parts)
        }
        refs = self.git("for-each-ref", "--format=%(refname) %(objectname)")
        return {**hashes, "refs": refs, "status": self.git("status", "--porcelain", "--branch")}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository that could be released."""
    made = Repository(copy_tree(tmp_path_factory.mktemp("release")))
    made.git("init", "--quiet", "--initial-branch=main")
    made.write(FIXTURE, "-- a database\n")
    made.commit("CHANGELOG.md", CHANGELOG)
    return made.folder


@pytest.fixture
def repository(original: Path, tmp_path: Path) -> Repository:
    subprocess.run(
        ["git", "clone", "--quiet", "--no-tags", original, tmp_path / "tree"],
        check=True,
        timeout=60,
    )
    cloned = Repository(tmp_path / "tree")
    cloned.git("remote", "remove", "origin")
    return cloned


def test_a_release_is_committed_tagged_and_built(repository: Repository) -> None:
    """Version, date and man page in one commit; what is left is a push and an upload.

    The linters are the real ones, and stand here for all the tests.
    """
    before = repository.git("rev-parse", "HEAD")
    copy_types(repository.folder)

    code, said, problems = repository.release(NEXT, check="lint")

    assert code == 0, problems
    assert "mypy" in problems
    assert repository.git("rev-parse", "HEAD~1") == before
    assert repository.git("log", "-1", "--format=%s %an") == f"release: {NEXT} A. Person"
    assert repository.git("rev-parse", f"v{NEXT}^{{commit}}") == repository.git("rev-parse", "HEAD")
    assert repository.git("cat-file", "-t", f"v{NEXT}") == "tag"
    assert repository.git("status", "--porcelain") == ""
    changed = repository.git("diff", "--name-only", "HEAD~1").split()
    assert changed == [
        "CHANGELOG.md",
        "contrib/man/netwatch-notify.1",
        "netwatch_notify/__init__.py",
    ]
    changelog = (repository.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"## \[Unreleased\]\n\n## \[{NEXT}\] - \d{{4}}-\d\d-\d\d\n\n### Added\n\n- What", changelog
    )
    wheel = f"dist/netwatch_notify-{NEXT}-py3-none-any.whl"
    assert said.splitlines()[-2:] == [
        f"git push origin main v{NEXT}",
        f"twine upload {wheel} dist/netwatch_notify-{NEXT}.tar.gz",
    ]
    with zipfile.ZipFile(repository.folder / wheel) as built:
        page = built.read(f"netwatch_notify-{NEXT}.data/data/share/man/man1/netwatch-notify.1")
    assert f"netwatch-notify {NEXT}".encode() in page


def test_the_next_release_follows_and_the_same_is_refused(repository: Repository) -> None:
    """What is released stays so, in the changelog and among the tags."""
    assert repository.release(NEXT)[0] == 0
    before = repository.state()

    again = repository.release(NEXT)
    assert again[0] == 1
    assert again[2] == f"release: {NEXT}: is not newer than {NEXT}, which is released already\n"
    assert repository.state() == before
    later = f"{MAJOR}.{MINOR + 1}.1"
    assert repository.release(later)[2] == (
        "release: CHANGELOG.md: nothing stands below ## [Unreleased]; say what is new\n"
    )
    text = (repository.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    repository.commit("CHANGELOG.md", text.replace("d]\n", "d]\n\n### Fixed\n\n- It.\n", 1))
    assert repository.release(later)[0] == 0
    assert repository.git("tag").split() == [f"v{NEXT}", f"v{later}"]


@pytest.mark.parametrize(
    ("version", "word"),
    [
        ("", "VERSION: is no version"),
        ("1.2", "1.2: is no version"),
        ("v9.0.0", "v9.0.0: is no version"),
        ("9.0.0rc1", "9.0.0rc1: is no version"),
        ("09.0.0", "09.0.0: is no version"),
        ("0.0.1", f"0.0.1: is older than {__version__}"),
    ],
)
def test_a_version_that_is_none_or_not_newer_is_refused(
    repository: Repository, version: str, word: str
) -> None:
    """In one line, and nothing is changed."""
    before = repository.state()

    code, said, problems = repository.release(version)

    assert (code, said) == (1, "")
    assert problems.startswith(f"release: {word}")
    assert problems.count("\n") == 1
    assert repository.state() == before


def edited(repository: Repository) -> None:
    repository.write("README.md", "something else\n")


def with_a_new_file(repository: Repository) -> None:
    repository.write("netwatch_notify/new.py", "")


def on_a_branch(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "topic")


def detached(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--detach")


def tagged(repository: Repository) -> None:
    repository.git("tag", f"v{NEXT}")


def without_news(repository: Repository) -> None:
    repository.commit("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [0.0.1] - 2026-01-01\n")


def without_a_database(repository: Repository) -> None:
    (repository.folder / FIXTURE).unlink()
    repository.commit("notes", "")


def with_another_plan(repository: Repository) -> None:
    repository.commit("CHANGELOG.md", CHANGELOG.replace("### A", "To become 7.0.0.\n\n### A"))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (edited, "the tree is not clean (M README.md, 1 in all)"),
        (with_a_new_file, "the tree is not clean (?? netwatch_notify/new.py, 1 in all)"),
        (on_a_branch, "topic is checked out; releases are made on main"),
        (detached, "no branch is checked out"),
        (tagged, f"{NEXT}: is not newer than {NEXT}"),
        (without_news, "CHANGELOG.md: nothing stands below ## [Unreleased]"),
        (without_a_database, f"{FIXTURE}: is missing"),
        (with_another_plan, f"CHANGELOG.md: ## [Unreleased] is to become 7.0.0, not {NEXT}"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_cannot_be_released_is_refused(
    repository: Repository, spoil: Callable[[Repository], None], word: str
) -> None:
    """Before anything slow begins; nothing is changed."""
    spoil(repository)
    before = repository.state()

    code, said, problems = repository.release(NEXT)

    assert (code, said) == (1, "")
    assert problems.startswith(f"release: {word}")
    assert repository.state() == before


def test_a_check_that_fails_stops_the_release(repository: Repository) -> None:
    """The linters are the real ones."""
    repository.commit("netwatch_notify/wrong.py", "import os\n")
    before = repository.state()

    code, said, problems = repository.release(NEXT, check="lint")

    assert (code, said) == (1, "")
    assert "wrong.py" in problems
    assert problems.splitlines()[-1].endswith("ruff check: exit 1; what it said stands above")
    assert repository.state() == before


def test_a_build_that_fails_leaves_everything_as_it_was(repository: Repository) -> None:
    """Commit and tag were made by then, but in a clone that is gone."""
    text = (repository.folder / "pyproject.toml").read_text(encoding="utf-8")
    repository.commit("pyproject.toml", text.replace('"hatchling.build"', '"no.such.backend"'))
    before = repository.state()

    code, said, problems = repository.release(NEXT)

    assert (code, said) == (1, "")
    assert "build" in problems
    assert repository.state() == before


def test_what_was_committed_while_the_tests_ran_is_not_released(
    repository: Repository, tmp_path: Path
) -> None:
    """It was not tested; a `make` that commits stands for the colleague who does."""
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(
        "#!/bin/sh\ntouch netwatch_notify/late.py\ngit add --all\ngit commit -qm late\n"
    )
    make.chmod(0o755)

    code, said, problems = repository.release(NEXT, check="tests", path=str(make.parent))

    assert (code, said) == (1, "")
    assert problems == "release: make test\nrelease: main has moved meanwhile; begin anew\n"
    assert repository.git("tag") == ""
    assert not (repository.folder / "dist").exists()


def test_a_changelog_is_dated_and_begins_anew() -> None:
    """The plan goes; older versions stay as they are."""
    text = (
        "# Changelog\n\n## [Unreleased]\n\nTo become 0.2.0.\n\n### Added\n\n- A.\n\n"
        "## [0.1.0] - 2026-11-30\n\n- B.\n"
    )

    assert dated(text, "0.2.0", "2026-12-24") == (
        "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n### Added\n\n- A.\n\n"
        "## [0.1.0] - 2026-11-30\n\n- B.\n"
    )
    assert released_versions(text) == [(0, 1, 0)]


def test_the_first_release_may_be_what_the_code_calls_itself() -> None:
    """0.1.0 stands in the code before it is released; the next one must be newer."""
    check_newer("0.1.0", "0.1.0", [])
    check_newer("0.10.0", "0.9.0", [(0, 9, 0)])
    with pytest.raises(ReleaseError, match=r"not newer than 0\.10\.0"):
        check_newer("0.9.9", "0.10.0", [(0, 10, 0), (0, 9, 0)])
