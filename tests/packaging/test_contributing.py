"""What CONTRIBUTING.md names exists."""

import re

import pytest

from tests.packaging.distributions import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", TEXT) + BLOCKS


def test_links_lead_somewhere() -> None:
    """They are files of the repository."""
    links = re.findall(r"\]\(([^)\s]+)\)", TEXT)

    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_targets_of_make_exist() -> None:
    """Each `make WORD` is in the Makefile."""
    named = {target for code in CODE for target in re.findall(r"\bmake ([a-z]+)", code)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert len(named) > 5
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_paths_exist() -> None:
    """Files and folders stand where it says."""
    paths = [
        code for code in CODE if re.fullmatch(r"(netwatch_notify|tests|docs|tools)/[\w./-]+", code)
    ]

    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("module", re.findall(r"python -m (tools\.\w+)", TEXT))
def test_tools_exist(module: str) -> None:
    """Each `python -m tools.X` can be called."""
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
