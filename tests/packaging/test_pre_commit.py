"""What is asked before each commit, called by pre-commit itself."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.packaging.distributions import ROOT, copy_tree, copy_types

CONFIGURATION = ROOT / ".pre-commit-config.yaml"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with this tree, and a .venv that is the tests' own."""
    folder = copy_tree(tmp_path_factory.mktemp("pre-commit"))
    copy_types(folder)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=60)
    return folder


def run_hooks(clone: Path, *words: str) -> tuple[int, str]:
    """Call pre-commit with a home of its own; return exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--color", "never", *words],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": str(clone.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_hooks_are_local_and_download_nothing() -> None:
    """No repository of somebody else's; each command lies in .venv."""
    repositories = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["repos"]
    hooks = [hook for repository in repositories for hook in repository["hooks"]]

    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].split()[0] for hook in hooks} == {".venv/bin/python"}


@pytest.mark.parametrize("hook", ["ruff-check", "ruff-format", "mypy", "generated"])
def test_this_tree_passes(clone: Path, hook: str) -> None:
    """On all files, with nothing changed by it."""
    code, said = run_hooks(clone, "--all-files", "--show-diff-on-failure", hook)

    assert code == 0, said
    assert "Passed" in said


@pytest.mark.parametrize(
    ("name", "text", "hook"),
    [
        ("netwatch_notify/bad.py", "import os\n", "ruff-check"),
        ("netwatch_notify/bad.py", "x = {  'a':1 }\n", "ruff-format"),
        ("contrib/man/netwatch-notify.1", ".TH OLD 1\n", "generated"),
        (".env.example", "NETWATCH_TARGETS=\n", "generated"),
    ],
    ids=["style", "format", "man page", "settings"],
)
def test_what_is_wrong_is_stopped(clone: Path, name: str, text: str, hook: str) -> None:
    """The commit is refused where it would bring it in."""
    path = clone / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(text, encoding="utf-8")
    subprocess.run(["git", "add", name], cwd=clone, check=True, timeout=60)
    try:
        code, said = run_hooks(clone, "--files", name, "--", hook)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        subprocess.run(["git", "add", "--all"], cwd=clone, check=True, timeout=60)

    assert code == 1, said
    assert "Failed" in said
