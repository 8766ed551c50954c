"""Lines of an env file load as a reader would load them, with their own secrets filled in."""

import re
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values

from netwatch_notify.cli.plan import destinations_of
from netwatch_notify.errors import NetwatchError
from netwatch_notify.settings.reading import load_settings, unknown_variables

FILLED_IN = {
    # Slack's tokens have a form of their own, which apprise checks.
    "TOKEN_A": "T1JJ3T3L2",
    "TOKEN_B": "A1BRTD4JD",
    "TOKEN_C": "TIiajkdnlazkcOXrIdevi7FQ",
    # A page that is about something else leaves them out.
    "mailtos://…": "mailtos://netwatch:PASSWORD@mail.example.org",
    "slack://…": "slack://xoxb-TOKEN/#alerts",
}
"""What stands in a page in the place of a secret, and one of the form it has."""


def examples_in(text: str) -> Iterator[str]:
    """
    Yield the env files that a block shows, one after the other.

    A comment that names a file begins another, and so does a variable that was set already:
    then the block shows two ways to set it.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for line in text.splitlines():
        name = re.match(r"(?:export )?([A-Z_]+)=", line)
        begins = re.match(r"# /\S+\.env\b", line) or (name and name[1] in seen)
        if begins and seen:
            yield "\n".join(lines) + "\n"
            lines, seen = [], set()
        lines.append(line)
        if name:
            seen.add(name[1])
    yield "\n".join(lines) + "\n"


def problem_of(example: str, folder: Path) -> str | None:
    """
    Return why these lines of an env file would not load, or None.

    Where they do not say what to scan, other lines of the same file do. `folder` stands for the
    files that the lines name: each is there, and empty.
    """
    for written, meant in FILLED_IN.items():
        example = example.replace(written, meant)
    file = folder / "netwatch.env"
    file.write_text(example, encoding="utf-8")
    if not any(name.startswith("NETWATCH_") for name in dotenv_values(file)):
        return "sets no NETWATCH_ variable"
    if unknown := unknown_variables(file, {}):
        return f"no such setting: {', '.join(unknown)}"
    environment = {} if "NETWATCH_TARGETS" in example else {"NETWATCH_TARGETS": "192.168.1.0/24"}
    try:
        settings = load_settings(file, environment)
        if settings.apprise_config is None:
            destinations_of(settings)
    except NetwatchError as error:
        return str(error)
    return None
