"""What the documents name exists, and what exists is in the documents."""

import re
from pathlib import Path

import click
import pytest

from netwatch_notify import errors
from netwatch_notify.cli.main import cli
from netwatch_notify.deliver.hook import TOLD_TO_THE_HOOK
from netwatch_notify.settings.settings import Settings, variable_name
from tools.generate_cli import with_commands
from tools.shown_scripts import PAGES, with_scripts

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


def sections_of(path: Path) -> dict[str, str]:
    """Return the text below each `## ` heading, by the heading without backticks."""
    pieces = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title.strip("` "): text for title, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every table row but the head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def options_in(text: str) -> dict[frozenset[str], str]:
    """Return the options a section's table names, with their meaning."""
    first_table = re.search(r"(?:^\|[^\n]*\n)+", text, re.MULTILINE)
    assert first_table
    return {
        frozenset(re.findall(r"`(--?[a-z][a-z-]*)", names)): meaning
        for names, meaning in rows_of(first_table[0])
    }


def options_of(command: click.Command) -> dict[frozenset[str], str]:
    """Return the options click knows, with their help."""
    context = click.Context(
        command, info_name=command.name, help_option_names=["-h", "--help"], color=False
    )
    return {
        # click keeps --help as the first context of the process wanted it.
        frozenset(context.help_option_names if "--help" in option.opts else option.opts): " ".join(
            (option.help or "").split()
        )
        for option in command.get_params(context)
        if isinstance(option, click.Option)
    }


def without_code(text: str) -> str:
    """Return Markdown without its code, in which nothing is a link."""
    return re.sub(
        r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    )


def anchors_of(path: Path) -> set[str]:
    """Return the anchors GitHub gives the headings."""
    text = re.sub(
        r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    """docs/cli.md names the commands there are, and no other."""
    titles = set(sections_of(ROOT / "docs" / "cli.md"))

    assert titles - {"Global options", "Exit codes", "The JSON report"} == set(cli.commands)


def test_the_command_line_in_the_docs_is_the_generated_one() -> None:
    """Usage lines, help and options; `python -m tools.generate_docs` renews them."""
    document = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

    assert with_commands(document) == document


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_scripts_in_the_docs_are_those_of_contrib(page: Path) -> None:
    """A page that shows a script shows it as it is; `python -m tools.generate_docs` renews it."""
    document = page.read_text(encoding="utf-8")

    assert "<!-- script: contrib/" in document
    assert with_scripts(document) == document


@pytest.mark.parametrize("name", ["Global options", *sorted(cli.commands)])
def test_options_stand_in_the_docs_as_in_the_help(name: str) -> None:
    """Each option, and no other, with the words of `--help`."""
    section = sections_of(ROOT / "docs" / "cli.md")[name]

    assert options_in(section) == options_of(cli.commands.get(name, cli))


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_sections_say_what_the_help_says(name: str) -> None:
    """A command's section has its help and the usage line."""
    command = cli.commands[name]
    section = sections_of(ROOT / "docs" / "cli.md")[name]
    usage = command.collect_usage_pieces(click.Context(command))

    assert " ".join((command.help or "").split()) in section
    assert " ".join(["netwatch-notify", name, *usage]) in section


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_variables_named_are_settings(path: Path) -> None:
    """No document names a variable that nothing reads."""
    named = set(re.findall(r"\bNETWATCH_[A-Z_]+\b", path.read_text(encoding="utf-8")))

    assert named <= {variable_name(f) for f in Settings.model_fields} | set(TOLD_TO_THE_HOOK)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("README.md", "Exit codes"),
        ("docs/operations.md", "Exit codes"),
        ("docs/cli.md", "Exit codes"),
    ],
)
def test_exit_codes_are_those_of_the_errors(path: str, title: str) -> None:
    """The tables list 0 and each code that an error class has."""
    listed = [int(row[0]) for row in rows_of(sections_of(ROOT / path)[title]) if row[0].isdecimal()]
    classes = [c for c in vars(errors).values() if isinstance(c, type)]
    codes = {c.exit_code for c in classes if issubclass(c, errors.NetwatchError)}

    # 1 is no error: `diff` found a difference.
    assert listed == sorted({0, 1} | codes)


def test_exit_codes_in_the_readme_are_those_of_the_help() -> None:
    """README and `--help` say the same about each code."""
    rows = rows_of(sections_of(ROOT / "README.md")["Exit codes"])
    table = {row[0]: row[1] for row in rows if row[0].isdecimal()}

    assert table == dict(re.findall(r"^  (\d)  (.+)$", cli.epilog or "", flags=re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_relative_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that exists, and its anchor a heading in it."""
    text = without_code(path.read_text(encoding="utf-8"))
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)

    assert broken == []


def test_the_readme_begins_with_make_run_then_make_test() -> None:
    """The first two commands a reader copies."""
    block = re.search(
        r"^```\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )

    assert block is not None
    assert block[1].splitlines() == [
        "make run TARGETS=192.168.1.0/24 ARGS=--dry-run",
        "make test",
    ]
