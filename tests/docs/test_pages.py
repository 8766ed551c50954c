"""Each page does what it says, on a machine of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks_of, pages
from tests.docs.pages import EDITOR, PAGES, Page
from tests.docs.runner import INSTALLED, first_problem, install, needs_a_machine
from tests.machine.availability import require_machine
from tests.machine.kit import CLONE, Kit, machine_with, make_kit
from tests.machine.machine import Machine

RUN = [page for page in pages() if needs_a_machine(blocks_of(page))]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    require_machine()
    return make_kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What /opt/netwatch is on machines on which it is installed already."""
    return tmp_path_factory.mktemp("opt-netwatch")


@contextmanager
def reader_of(page: Page, kit: Kit, environment: Path) -> Iterator[Machine]:
    with machine_with(kit, {INSTALLED: environment}) as machine:
        if page.installed:
            install(machine, CLONE)
        machine.environment["SUDO_EDITOR"] = EDITOR
        page.prepare(machine)
        yield machine


@pytest.mark.parametrize("name", RUN)
def test_a_page_does_what_it_says(name: str, kit: Kit, environment: Path) -> None:
    """Every command ends as the page says, and prints what it shows."""
    page = PAGES.get(name, Page())

    with reader_of(page, kit, environment) as machine:
        problem = first_problem(machine, blocks_of(name), page)

    assert problem is None, problem


def test_what_is_prepared_is_for_pages_that_run() -> None:
    """No preparation is left of a page that went away."""
    assert set(PAGES) <= set(RUN)


def test_what_is_left_to_other_tests_stands_in_its_page() -> None:
    """No line is left out that is not there any more, and nothing happens for no block."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(page.elsewhere) <= set(text.splitlines()), name
        assert all(words in text for words in page.meanwhile), name


# --- The runner itself: a page that is wrong is found out.


ROOTS = Page(folder="/root")


def block(text: str, mark: str) -> Block:
    return Block("page.md", 1, "", text, mark)


@pytest.fixture(scope="module")
def machine(kit: Kit) -> Iterator[Machine]:
    with machine_with(kit) as machine:
        yield machine


def test_a_command_that_fails_is_a_problem(machine: Machine) -> None:
    """Also where another one follows it, and where it should have failed."""
    failed = first_problem(machine, [block("false\ntrue\n", "run")], ROOTS)
    passed = first_problem(machine, [block("true\n", "run, exit 1")], ROOTS)

    assert failed is not None
    assert "ended with 1, not 0" in failed
    assert passed is not None
    assert "ended with 0, not 1" in passed


def test_other_output_is_a_problem(machine: Machine) -> None:
    """What a page shows is what its commands printed, on either stream."""
    run = block("echo one; echo two >&2\n", "run")

    assert first_problem(machine, [run, block("one\ntwo\n", "output")], ROOTS) is None
    problem = first_problem(machine, [run, block("one\nthree\n", "output")], ROOTS)
    assert problem is not None
    assert "shows something else" in problem


def test_a_job_that_cron_could_not_do_is_a_problem(machine: Machine) -> None:
    """Cron's PATH is short, and it ends a command at `%`."""
    good = block('30 6 * * *  date >/srv/job; test "$PATH" = /usr/bin:/bin\n', "crontab")
    useradd = block("30 6 * * * useradd --help >/dev/null\n", "crontab")
    percent = block("30 6 * * * date +%F\n", "crontab")

    assert first_problem(machine, [good], ROOTS) is None
    assert machine.read("/srv/job")
    assert "127" in str(first_problem(machine, [useradd], ROOTS))
    assert "%" in str(first_problem(machine, [percent], ROOTS))


def test_a_block_goes_on_where_the_last_one_went(machine: Machine) -> None:
    """`cd` in one block holds for the next, and files that a page shows are there."""
    page = [
        block("cd /etc/cron.d\n", "run"),
        block("pwd; cat /srv/note; whoami\n", "run, user"),
        block("/etc/cron.d\nhello\nadmin\n", "output"),
    ]

    shown = [block("hello\n", "file /srv/note"), *page]
    assert first_problem(machine, shown, ROOTS) is None
