"""The man page is the command line's help, and is shown as it was meant."""

import os
import re
import shlex
import shutil
import subprocess

import click
import pytest
from click.testing import CliRunner

from netwatch_notify.cli.main import cli
from netwatch_notify.settings.settings import Settings, variable_name
from tools import generate_man
from tools.roff import prose, tagged, verbatim

HEAD = '.TH X 1 "2026-01-01"\n.SH NAME\nx \\- y\n.SH TEXT\n'


@pytest.fixture(scope="module")
def mandoc() -> str:
    found = shutil.which("mandoc")
    if found is None:
        assert not os.environ.get("CI"), "mandoc is not installed"
        pytest.skip("mandoc is not installed")
    return found


def shown(mandoc: str, page: str) -> str:
    """Return what a reader sees, without bold and in ASCII quotes and hyphens as written."""
    result = subprocess.run(
        [mandoc, "-man", "-Tutf8", "-Owidth=300"],
        input=page,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    # Bold is a letter struck over itself.
    return re.sub(".\b", "", result.stdout)


def every_command(command: click.Command, path: str = "") -> dict[str, click.Command]:
    """Return each command by what is typed for it."""
    found = {path: command}
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            found |= every_command(child, f"{path} {name}".strip())
    return found


def test_the_page_in_contrib_is_the_one_of_this_command_line() -> None:
    """`make man` was called after the last change of a command, a setting or the version."""
    assert generate_man.PAGE.read_text(encoding="utf-8") == generate_man.current_page()


def test_mandoc_finds_nothing_wrong(mandoc: str) -> None:
    """No error, no warning, no matter of style."""
    result = subprocess.run(
        [mandoc, "-Tlint", "-Wall", generate_man.PAGE],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_command_option_code_and_setting_is_shown(mandoc: str) -> None:
    """With the words of `--help` and of the settings."""
    text = " ".join(shown(mandoc, generate_man.PAGE.read_text(encoding="utf-8")).split())

    for path, command in every_command(cli).items():
        usage = command.collect_usage_pieces(click.Context(command))
        assert " ".join([f"netwatch-notify {path}".strip(), *usage]) in text
        for part in re.split(r"\n\s*\n", (command.help or "").replace("`", "")):
            assert " ".join(part.split()) in text
        for option in command.params:
            if isinstance(option, click.Option):
                names, meaning = option.get_help_record(click.Context(command)) or ("", "")
                record = f"{names} {meaning}".replace("`", "")
                assert " ".join(record.split()) in text
    for name, field in Settings.model_fields.items():
        assert variable_name(name) in text
        assert " ".join((field.description or "").replace("`", "").split()) in text
    for code, meaning in re.findall(r"^  (\d)  (.+)$", cli.epilog or "", re.MULTILINE):
        assert f"{code} {meaning}" in text


@pytest.mark.parametrize("example", generate_man.EXAMPLES.values())
def test_examples_are_commands_that_there_are(example: str) -> None:
    """With options that they take."""
    words = shlex.split(example.removeprefix("sudo "))
    result = CliRunner().invoke(cli, [*words[1:], "--help"])

    assert words[0] == "netwatch-notify"
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "text",
    [
        ".so /etc/passwd",
        "'br starts with an apostrophe",
        r"\fBback\e slashes\*(xx \n(.s",
        "quotes \"twice\" and 'once', a caret ^ and a tilde ~",
        "OpenSSH 9.2 → 9.6 · 40 % … ß",
        "an option --env-file and a -v within",
        "x" * 90 + " ." + "y" * 90,
    ],
    ids=["request", "apostrophe", "backslash", "quotes", "unicode", "options", "dot"],
)
def test_every_character_is_shown_as_it_is(mandoc: str, text: str) -> None:
    """As a paragraph, beneath a tag and as an example."""
    assert shown_body(mandoc, prose(text)) == text
    assert shown_body(mandoc, tagged(r"\fBtag\fR", prose(text))) == f"tag {text}"
    assert shown_body(mandoc, verbatim([text])) == text


def test_what_stands_in_backticks_is_bold(mandoc: str) -> None:
    """A command in the help is one in the page, to be copied as it is."""
    assert prose("as `deliver --all` does") == [r"as \fBdeliver \-\-all\fR does"]


def test_the_date_is_that_of_the_newest_release() -> None:
    """A page does not change with the day on which it is built."""
    changelog = "## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n\n## [0.1.0] - 2026-12-24\n"

    assert generate_man.release_date(changelog) == "2027-01-31"
    assert generate_man.release_date("## [Unreleased]\n") == generate_man.FIRST_WRITTEN


def shown_body(mandoc: str, lines: list[str]) -> str:
    """Return the words of the section TEXT."""
    page = shown(mandoc, HEAD + "\n".join(lines) + "\n")
    body = page.partition("TEXT")[2].rpartition("2026-01-01")[0]
    return " ".join(body.rpartition("\n")[0].split())
