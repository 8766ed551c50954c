"""Every `netwatch-notify …` within a sentence is a command line that the program takes."""

import re
import shlex
from itertools import product

import click
import pytest

from netwatch_notify.cli.main import cli
from tests.docs.blocks import ROOT, blocks_of, pages

FILLED_IN = {
    "DATE": "2026-12-24",
    "NUMBER": "1",
    "ID": "a90b",
    "N": "5",
    "HH:MM": "03:00",
    "MINUTES": "5",
    "PORT/PROTO": "22/tcp",
    "MATCH": "nas",
}
"""What a reader puts in the place of a word in capitals, where it is not just any text."""


def commands_in(text: str) -> list[str]:
    """Return what follows the program's name in the inline code of a page."""
    without_blocks = re.sub(r"^ *(```+).*?^ *\1", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", without_blocks)
    found = (re.search(r"(?:^|[\s/(])netwatch-notify( [^|>;&)]*)", span) for span in spans)
    return [match[1].strip() for match in found if match]


def readings_of(command: str) -> list[list[str]]:
    """Return the words of a command line; of `a|b` and `[a|b]` every way to write it."""
    choices = []
    for word in shlex.split(command):
        bare = re.sub(r"[\[\]{}]|…|\.\.\.", "", word)
        if bare in ("", "OPTIONS", "ARGS", "COMMAND"):
            continue
        choices.append([FILLED_IN.get(choice, choice) for choice in bare.split("|")])
    return [list(words) for words in product(*choices)]


def problem_of(words: list[str]) -> str | None:
    """Return what click has against the words, or None. Nothing is called; words may be missing."""
    command: click.Command = cli
    context: click.Context | None = None
    rest, name = words, "netwatch-notify"
    while True:
        try:
            context = command.make_context(name, rest, parent=context)
            if not isinstance(command, click.Group):
                return None
            rest = [*context._protected_args, *context.args]
            if not rest:
                return None
            found, named, rest = command.resolve_command(context, rest)
        except (click.MissingParameter, click.exceptions.NoArgsIsHelpError, click.exceptions.Exit):
            return None
        except click.ClickException as error:
            return error.format_message()
        assert named is not None
        command, name = named, found or ""


@pytest.mark.parametrize("page", pages())
def test_commands_in_sentences_exist(page: str) -> None:
    """Command, options, choices and numbers are taken."""
    wrong = [
        f"{command}: {problem}"
        for command in commands_in((ROOT / page).read_text(encoding="utf-8"))
        for words in readings_of(command.replace("HH:MM", "03:00").replace("PORT/PROTO", "22/tcp"))
        if (problem := problem_of(words))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("accept ID… --until DATE", False),
        ("outbox list|retry|drop", False),
        ("--env-file /etc/netwatch/dmz.env", False),
        ("history nas 22/tcp", False),
        ("diff [OPTIONS] OLD NEW", False),
        ("check --mail", True),
        ("outbox show", True),
        ("history --limit many", True),
        ("scan", True),
    ],
)
def test_a_command_that_is_not_there_is_found(command: str, wrong: bool) -> None:
    """A slip in a sentence does not pass."""
    assert any(problem_of(words) for words in readings_of(command)) is wrong


@pytest.mark.parametrize("page", pages())
def test_make_knows_the_targets_that_are_named(page: str) -> None:
    """In sentences and in blocks: `make install`, `sudo make run TARGETS=…`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = (ROOT / page).read_text(encoding="utf-8")
    code = [*re.findall(r"`([^`\n]+)`", text), *(block.text for block in blocks_of(page))]
    named = {
        target
        for piece in code
        for target in re.findall(r"^(?:sudo )?make ([a-z-]+)", piece, re.MULTILINE)
    }

    assert named - known == set()


def test_commands_are_found_within_sentences() -> None:
    """With sudo, a path, or a pipe behind it; not in blocks, and not the name alone."""
    text = (
        "Call `sudo netwatch-notify check`, or `/usr/local/bin/netwatch-notify hosts | sort`; "
        "`netwatch-notify` alone runs.\n\n```\nnetwatch-notify nonsense\n```\n"
    )

    assert commands_in(text) == ["check", "hosts"]
