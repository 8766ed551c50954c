"""Wheel and sdist hold what they should, and nothing else."""

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from trove_classifiers import classifiers

from netwatch_notify import __version__
from tests.packaging.distributions import DIRT, ROOT, SECRET, Built, build, copy_tree, make_dirty

NAME = f"netwatch_notify-{__version__}"

SHARED = {
    "share/bash-completion/completions/netwatch-notify": "completion/netwatch-notify",
    "share/fish/vendor_completions.d/netwatch-notify.fish": "completion/netwatch-notify.fish",
    "share/man/man1/netwatch-notify.1": "man/netwatch-notify.1",
    "share/zsh/site-functions/_netwatch-notify": "completion/_netwatch-notify",
}
TOP_OF_SDIST = {
    *(".ci", ".env.example", ".gitignore", ".pre-commit-config.yaml"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "PKG-INFO", "README.md"),
    *("benchmarks", "constraints.txt", "contrib", "docs", "netwatch_notify", "pyproject.toml"),
    *("tests", "tools"),
}
MAY_BE_IN_SDIST = {"mkdocs.yml"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone in which somebody has worked: settings, environments and caches lie about."""
    copy = copy_tree(tmp_path_factory.mktemp("dirty"))
    make_dirty(copy)
    return copy


@pytest.fixture(scope="module")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tree, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as wheel:
        return message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))


def description(metadata: Message) -> str:
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def sdist_names(built: Built) -> set[str]:
    with tarfile.open(built.sdist) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def test_the_wheel_has_the_package_its_man_page_and_completions_and_nothing_else(
    built: Built,
) -> None:
    """Each file is expected; of tests, tools and contrib nothing is installed."""
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "netwatch_notify").rglob("*.py")}
    information = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")

    with zipfile.ZipFile(built.wheel) as wheel:
        assert set(wheel.namelist()) == {
            *modules,
            "netwatch_notify/py.typed",
            *(f"{NAME}.data/data/{path}" for path in SHARED),
            *(f"{NAME}.dist-info/{name}" for name in information),
        }
        for path, source in SHARED.items():
            assert (
                wheel.read(f"{NAME}.data/data/{path}") == (ROOT / "contrib" / source).read_bytes()
            )
        points = wheel.read(f"{NAME}.dist-info/entry_points.txt").decode()
        assert points == "[console_scripts]\nnetwatch-notify = netwatch_notify.cli.main:main\n"


def test_the_sdist_has_what_a_packager_needs(built: Built) -> None:
    """Source, tests, documents, contrib and licence; what git ignores is not in it."""
    names = sdist_names(built)
    contrib = {str(p.relative_to(ROOT)) for p in (ROOT / "contrib").rglob("*") if p.is_file()}

    assert {name.partition("/")[0] for name in names} - MAY_BE_IN_SDIST == TOP_OF_SDIST
    assert contrib <= names
    assert "contrib/cron.d/netwatch" in contrib
    assert names & set(DIRT) == set()
    assert [name for name in names if re.search(r"__pycache__|\.pyc$|(^|/)\.env$", name)] == []


def test_no_secret_of_the_builder_is_packed(built: Built) -> None:
    """Whatever the file is called."""
    with tarfile.open(built.sdist) as sdist:
        members = [member for member in sdist.getmembers() if member.isfile()]
        assert len(members) > 300
        for member in members:
            file = sdist.extractfile(member)
            # The one that says what a secret looks like.
            if file and not member.name.endswith("tests/packaging/distributions.py"):
                assert SECRET.encode() not in file.read(), member.name


def test_no_settings_are_packed_where_there_is_no_gitignore(
    tree: Path, tmp_path: Path, built: Built
) -> None:
    """An exported tree has none; passwords stay at home all the same."""
    ignore = (tree / ".gitignore").read_text(encoding="utf-8")
    (tree / ".gitignore").unlink()
    try:
        names = sdist_names(build(tree, tmp_path, "--sdist", "--wheel"))
    finally:
        (tree / ".gitignore").write_text(ignore, encoding="utf-8")

    assert names == sdist_names(built) - {".gitignore"}


def test_the_wheel_of_the_sdist_is_that_of_the_tree_and_of_any_other_day(
    tree: Path, built: Built, tmp_path: Path
) -> None:
    """Byte for byte, with SOURCE_DATE_EPOCH; so anybody can check what was uploaded."""
    from_tree = build(tree, tmp_path / "1", "--wheel")
    for path in tree.rglob("*.py"):
        path.touch()
    again = build(tree, tmp_path / "2")

    assert from_tree.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_twine_would_upload_them(built: Built) -> None:
    """`twine check --strict`: PyPI would take both."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "twine",
            "--no-color",
            "check",
            "--strict",
            built.sdist,
            built.wheel,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stdout
    assert result.stdout.count("PASSED") == 2


def test_the_metadata_says_what_is_true(metadata: Message) -> None:
    """Name, licence, Python and what it is; no address, as the project has none yet."""
    assert metadata["Name"] == "netwatch-notify"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Keywords"] == "apprise,monitoring,ndiff,network,nmap"
    assert metadata.get_all("Home-page", []) + metadata.get_all("Project-URL", []) == []
    said = metadata.get_all("Classifier", [])
    assert set(said) <= classifiers
    assert {c for c in said if re.search(r":: 3\.\d+$", c)} == {
        "Programming Language :: Python :: 3.11"
    }


def test_the_page_on_pypi_is_the_readme_without_links_that_lead_nowhere(metadata: Message) -> None:
    """Its links are addresses on the web; its words and examples are the README's."""
    text = description(metadata)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text)

    assert metadata["Description-Content-Type"] == "text/markdown"
    targets = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []
    code = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    assert code.findall(text) == code.findall(readme)
    assert len(text.split()) > 0.95 * len(readme.split())
