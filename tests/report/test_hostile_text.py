"""Some of `make hostile`, the same each time: 10,000 strings in every format, no harm done."""

import shlex
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

import pytest

from netwatch_notify.deliver.destinations import read_destinations
from netwatch_notify.detail.script import details_script
from netwatch_notify.errors import UsageError
from netwatch_notify.model.message import Format
from netwatch_notify.report.render import render
from netwatch_notify.report.shorten import shorten
from tests.report.hostile import FAMILIES, LONGEST, hostile_strings
from tests.report.hostile_channels import every_check
from tests.report.hostile_checks import CHECKS, Check, lines_of
from tests.report.hostile_night import hostile_night
from tests.report.hostile_run import faults_of
from tests.report.oracles.characters import unseen_characters
from tests.report.oracles.terminal import terminal_faults

SEED = "2026-11-24"
STRINGS = 10_000
SENT_TO_SLACK = 2_000
"""A message there holds few; all 10,000 are rendered for it."""


def some(count: int, name: str = "") -> list[str]:
    return list(islice(hostile_strings(f"{name} {SEED}"), count))


@pytest.fixture(scope="module")
def checks() -> Iterator[dict[str, Check]]:
    with every_check() as running:
        yield running


@pytest.mark.parametrize("name", [*CHECKS, "mail", "Matrix", "Slack"])
def test_no_hostile_text_does_harm(name: str, checks: dict[str, Check]) -> None:
    """No tag, link, mention, header or escape of it is live, and what it says is all there."""
    strings = SENT_TO_SLACK if name == "Slack" else STRINGS

    faults = faults_of(name, checks[name], SEED, strings)

    assert not faults, faults


@pytest.mark.parametrize(
    ("format_", "budget"),
    [
        (Format.TEXT, 600),
        (Format.TEXT, 3_000),
        (Format.MARKDOWN, 3_000),
        (Format.HTML, 10_000),
        (Format.SLACK, 9_000),
    ],
)
def test_long_text_is_bounded(format_: Format, budget: int) -> None:
    """Whatever is said, a message keeps to its budget and a line to what a person reads."""
    view = hostile_night([text * 40 for text in some(300)]).view

    message = render(shorten(view, budget, format_), format_)

    assert len(message.subject) + 1 + len(message.body) <= budget
    assert max(map(len, lines_of(view))) <= 350


def test_a_destinations_name_steers_no_terminal() -> None:
    """A room or a channel comes from the user's URL, and its name is printed."""
    named = []
    for text in some(500):
        word = quote(text[:60], safe="", errors="replace")
        for url in (
            f"matrixs://syt_abc@m.example/!{word}:m.example",
            f"slack://xoxb-1234-1234-abc124/%23{word}",
            f"mailto://host.example?from=a@example.org&to={word}@example.org",
        ):
            try:
                named += [one.key for one in read_destinations([url], None, "lan")]
            except UsageError as error:
                named.append(str(error))
    lines = "\n".join(named)

    assert len(named) == 1500
    assert not list(terminal_faults(lines))
    assert not list(unseen_characters(lines))
    assert lines.count("\n") == 1499


def test_a_details_script_runs_nothing_but_its_commands() -> None:
    """What stands in its comment ends no line, and a shell takes each word as it is."""
    for text in some(500):
        word = text.replace("\0", "")
        script = details_script([["nmap", word, "-oA", "x"]], f"network {text}")

        comments, _, commands = script.partition('OUTPUT="${1:-details}"\n')
        assert [line[0] for line in comments.splitlines()] == ["#", "#", "#", "s"]
        assert shlex.split(commands) == ["nmap", word, "-oA", "$OUTPUT-1"]
        assert not list(terminal_faults(comments))


def test_the_strings_are_the_same_for_a_seed_and_of_every_kind() -> None:
    strings = some(STRINGS)

    assert strings == some(STRINGS)
    assert len(set(strings)) > STRINGS * 0.7
    assert max(map(len, strings)) == LONGEST
    for family in FAMILIES:
        for piece in family:
            assert any(piece in text for text in strings), ascii(piece)


def test_a_failure_names_the_seed_and_the_string() -> None:
    """Else nobody could look at it again."""
    string = next(text for text in some(1000, "any") if "<!channel>" in text)

    said = faults_of("any", lambda texts: ("pings" for text in texts if text == string), SEED, 1000)

    assert f"any, seed '{SEED}', strings 0 to 999" in said
    assert f"alone: {string!a}: pings" in said
