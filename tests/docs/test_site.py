"""docs/ as a site: whole, by itself, and readable on a phone."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import html

from tests.docs.blocks import ROOT
from tests.docs.site_widths import PHONE_WIDTH, measure

LOADS = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements a browser fetches something for, and which of their attributes says what."""
NOT_FETCHED = {"canonical", "next", "prev"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it: strict, so every warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder


def pages_of(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_every_document_is_a_page_of_the_site(site: Path) -> None:
    """The strict build has found each link, each anchor, and each page in the navigation."""
    names = {path.relative_to(ROOT / "docs").with_suffix("") for path in ROOT.glob("docs/**/*.md")}

    built = {page.relative_to(site).with_suffix("") for page in pages_of(site)}

    assert built == names | {Path("404")}


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    """To a page that is not there, to a heading that is not there, and a page nobody links."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# One\n\n[a](nowhere.md) [b](#nowhere)\n", encoding="utf-8")
    (docs / "lost.md").write_text("# Lost\n", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(
        f"INHERIT: {ROOT}/mkdocs.yml\ndocs_dir: docs\nsite_dir: site\nnav: [index.md]\n",
        encoding="utf-8",
    )

    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--config-file", str(tmp_path / "mkdocs.yml")],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    assert "'nowhere.md'" in done.stderr
    assert "#nowhere" in done.stderr
    assert "lost.md" in done.stderr


def fetched_by(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield what a browser fetches by itself for each page, and for the styles they share."""
    for page in pages_of(site):
        for element in html.parse(page).iter(*LOADS):
            relation = element.get("rel", "")
            if relation not in NOT_FETCHED and (address := element.get(LOADS[element.tag])):
                yield page, address
    for style in site.rglob("*.css"):
        for address in re.findall(r"url\(([^)]+)\)", style.read_text(encoding="utf-8")):
            yield style, address.strip("\"'")


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """Neither fonts nor scripts nor pictures: the reader's machine asks the site alone."""
    fetched = list(fetched_by(site))

    assert len(fetched) > len(pages_of(site))
    assert [(p, a) for p, a in fetched if urlsplit(a).netloc] == []
    for page, address in fetched:
        name = urlsplit(address).path
        # 404.html stands anywhere, so its addresses begin at the root.
        if name and not address.startswith("data:") and page.name != "404.html":
            assert (page.parent / name).exists(), f"{page}: {address}"


def test_the_search_finds_words_of_the_pages(site: Path) -> None:
    """Its index is a file of the site, in which a word leads to its page."""
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))

    found = {entry["location"] for entry in index["docs"] if "NETWATCH_GONE_AFTER" in entry["text"]}

    assert any(place.startswith("configuration.html") for place in found)


def test_no_markup_is_left_over(site: Path) -> None:
    """No fence, mark or table of the source is text on a page."""
    for page in pages_of(site):
        text = html.parse(page).getroot().text_content()
        assert not re.search(r"```|<!--|\|---|proof: |\]\(", text), page
        assert not re.search(r"^[-*] ", "\n".join(paragraphs(page)), re.MULTILINE), page


def paragraphs(page: Path) -> list[str]:
    return [element.text_content() for element in html.parse(page).iter("p")]


def test_no_page_is_wider_than_a_phone(site: Path) -> None:
    """Tables and code scroll by themselves; the page does not."""
    if shutil.which("chromium") is None:
        assert not os.environ.get("CI"), "chromium is not installed"
        pytest.skip("chromium is not installed")
    addresses = [str(page.relative_to(site)) for page in pages_of(site)]

    widths = measure(site, addresses)

    assert set(widths) == set(addresses)
    assert {page: width for page, width in widths.items() if width > PHONE_WIDTH} == {}


def test_a_page_that_is_too_wide_is_found(site: Path, tmp_path: Path) -> None:
    """What measures them sees one that scrolls."""
    if shutil.which("chromium") is None:
        assert not os.environ.get("CI"), "chromium is not installed"
        pytest.skip("chromium is not installed")
    (tmp_path / "wide.html").write_text("<p style='width: 500px'>wide", encoding="utf-8")

    assert measure(tmp_path, ["wide.html"])["wide.html"] > PHONE_WIDTH
