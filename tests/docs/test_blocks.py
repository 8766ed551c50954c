"""Every block of the documents says how it is proven, and what needs no machine is proven here."""

from pathlib import Path

import pytest

from tests.conftest import Program
from tests.docs.blocks import Block, blocks_of, pages, parse_blocks
from tests.docs.env import examples_in, problem_of
from tests.docs.output import shows
from tests.docs.samples import SAMPLES, is_shown

BLOCKS = [block for page in pages() for block in blocks_of(page)]


ENV = [block for block in BLOCKS if block.kind == "env"]
SAMPLED = [block for block in BLOCKS if block.kind == "sample"]


@pytest.mark.parametrize("page", pages())
def test_every_block_says_how_it_is_proven(page: str) -> None:
    """A block without a mark is a promise that nobody keeps."""
    wrong = []
    for block in blocks_of(page):
        try:
            assert block.proof
        except ValueError as error:
            wrong.append(str(error))

    assert wrong == []


@pytest.mark.parametrize("block", ENV, ids=lambda block: block.place)
def test_lines_of_env_files_load(block: Block, tmp_path: Path) -> None:
    """Each variable is a setting, its value is taken, and destinations can be used."""
    problems = [problem_of(example, tmp_path) for example in examples_in(block.text)]

    assert [problem for problem in problems if problem] == []


@pytest.mark.parametrize("block", SAMPLED, ids=lambda block: block.place)
def test_samples_are_what_the_program_says(block: Block, program: Program) -> None:
    """A sample is a piece of what is made now, line by line."""
    made = SAMPLES[block.proof.name](program)

    assert is_shown(block.text, made), f"not in:\n{made}"


def test_few_blocks_are_not_proven() -> None:
    """`none` stays rare: at most one block in ten."""
    unproven = [block.place for block in BLOCKS if block.kind == "none"]

    assert len(unproven) * 10 <= len(BLOCKS), unproven


def test_no_sample_is_made_for_nobody() -> None:
    assert set(SAMPLES) == {block.proof.name for block in SAMPLED}


# --- The tools of these tests.


def test_blocks_are_found_with_their_marks() -> None:
    """In lists, too; the mark stands on the line before."""
    text = (
        "<!-- proof: run, user, exit 1 -->\n```\nls\n```\n\n- item\n\n  ```sh\n  cd\n    x\n  ```\n"
    )

    first, second = parse_blocks("page.md", text.splitlines())

    assert (first.line, first.text) == (2, "ls\n")
    assert (first.proof.kind, first.proof.user, first.proof.exit_code) == ("run", True, 1)
    assert (second.language, second.text, second.mark) == ("sh", "cd\n  x\n", None)


@pytest.mark.parametrize("mark", [None, "runs", "none", "none:", "sample", "file x", "run, root"])
def test_a_mark_that_means_nothing_is_found(mark: str | None) -> None:
    """No block passes because of a slip of the pen."""
    with pytest.raises(ValueError, match=r"page\.md:1"):
        _ = Block("page.md", 1, "", "", mark).proof


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("NETWATCH_TARGETS=192.0.2.1\n", None),
        ("NETWATCH_NOTIFY='\n  slack://TOKEN_A/TOKEN_B/TOKEN_C/#alerts\n'\n", None),
        ("NETWATCH_TRAGETS=192.0.2.1\n", "no such setting: NETWATCH_TRAGETS"),
        ("NETWATCH_NOTIFY=nosuch://example.org\n", "1st URL (nosuch)"),
        ("NETWATCH_GONE_AFTER=0\n", "too small"),
        ("# nothing\n", "sets no NETWATCH_ variable"),
    ],
)
def test_lines_that_do_not_load_are_found(lines: str, problem: str | None, tmp_path: Path) -> None:
    """An unknown variable is an error here, not a warning."""
    found = problem_of(lines, tmp_path)

    assert (found is None) if problem is None else (problem in str(found))


def test_a_block_with_two_files_or_two_ways_is_several_examples() -> None:
    """Each is loaded by itself."""
    text = "# /etc/netwatch/lan.env\nA=1\nB=2\n\n# /etc/netwatch/dmz.env\nA=1\nA=2\n"

    assert [example.count("=") for example in examples_in(text)] == [2, 1, 1]


@pytest.mark.parametrize(
    ("written", "printed", "same"),
    [
        ("run 3 at 03:00, Tue 24 Nov [ab12]", "run 14 at 12:59, Wed 1 Jan [99ff0]", True),
        ("22/tcp opened", "23/tcp opened", False),
        ("one\n…\nfour", "one\ntwo\nthree\nfour", True),
        ("one\n…\nthree\n…\n", "one\ntwo\nthree\nfour", True),
        ("one\n…\nfive", "one\ntwo\nthree\nfour", False),
        ("one", "one\ntwo", False),
        ("one\ntwo", "one", False),
    ],
)
def test_outputs_differ_in_when_and_where_alone(written: str, printed: str, same: bool) -> None:
    """Dates, times, ids and numbers of runs are of the day; nothing else is."""
    assert shows(written, printed) is same
