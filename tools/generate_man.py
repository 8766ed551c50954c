"""
Write what packages install beside the program: its man page and completion scripts, in contrib/.

Run it as `python -m tools.generate_man` in the repository's folder (`make man`). The page is the
command line's own help, the settings' own descriptions, and little else.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from netwatch_notify import __version__
from netwatch_notify.cli.completion_scripts import SCRIPTS
from netwatch_notify.cli.main import cli
from netwatch_notify.model.paths import DEFAULT_ENV_FILE, ENV_DIRECTORY
from netwatch_notify.settings.settings import Settings, variable_name
from tools.default_text import default_text
from tools.roff import bold, escaped, filled, literal, prose, section, tagged, verbatim

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "contrib" / "man" / "netwatch-notify.1"
COMPLETIONS = {
    "bash": ROOT / "contrib" / "completion" / "netwatch-notify",
    "zsh": ROOT / "contrib" / "completion" / "_netwatch-notify",
    "fish": ROOT / "contrib" / "completion" / "netwatch-notify.fish",
}
PROGRAM = "netwatch-notify"
FIRST_WRITTEN = "2026-11-24"
"""The page's date until there is a release: a page without one is faulty to mandoc."""

FILES = {
    str(DEFAULT_ENV_FILE): "Settings, where no other file is named; readable for root alone.",
    str(ENV_DIRECTORY / "NETWORK.env"): "Settings of another network, one of those of `--all`.",
    "/var/lib/netwatch/NETWORK": "State of a network, where NETWATCH_STATE_DIR names no other.",
    "/etc/cron.d/netwatch": "When cron starts the nightly run and the deliveries.",
    "/etc/systemd/system/netwatch-notify@.timer": "When systemd does.",
}
EXAMPLES = {
    "Preview what a run would tell, and write nothing:": f"{PROGRAM} --dry-run",
    "Ask whether tonight's run will work:": f"sudo {PROGRAM} check",
    "Call two changes of a message known:": f"{PROGRAM} accept 7f3a c21d --reason 'new printer'",
    "Say nothing more of laptops that sleep:": f"{PROGRAM} ignore add 'Apple*' --gone-only",
    "Compare two scans, as ndiff does:": f"{PROGRAM} diff monday.xml tuesday.xml",
}
SEE_ALSO = "nmap(1), ndiff(1), cron(8), systemd.timer(5)"


def man_page(command: click.Group, version: str, date: str) -> str:
    """Return the whole page; `date` as 2026-12-24."""
    context = click.Context(
        command, info_name=PROGRAM, help_option_names=["-h", "--help"], max_content_width=1000
    )
    title = f'.TH {PROGRAM.upper()} 1 "{date}" "{PROGRAM} {version}" "User Commands"'
    description, *more = _paragraphs(command.help)
    what_it_does = description[:1].lower() + description[1:].rstrip(".")
    lines = [
        r".\" Written by tools/generate_man.py from the command line's help.",
        title,
        # Neither are words cut, which somebody may copy, nor lines stretched.
        ".nh",
        ".ad l",
        section("Name"),
        *filled(rf"{literal(PROGRAM)} \- {escaped(what_it_does)}"),
    ]
    lines += [section("Synopsis"), _usage(context)]
    lines += [section("Description"), *prose(description)]
    for paragraph in more:
        lines += [".PP", *prose(paragraph)]
    lines += [
        section("Options"),
        *prose("They stand before the command, and --help behind one, too."),
    ]
    lines += _options(context)
    lines.append(section("Commands"))
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None and not child.hidden:
            lines += _command(child, click.Context(child, info_name=name, parent=context))
    lines += [section("Exit status"), *_exit_codes(command.epilog or "")]
    lines += [section("Environment"), *_settings()]
    lines.append(section("Files"))
    for path, meaning in FILES.items():
        lines += tagged(bold(path), prose(meaning))
    lines.append(section("Examples"))
    for number, (what, example) in enumerate(EXAMPLES.items()):
        lines += [*([".PP"] if number else []), *prose(what), *verbatim([example])]
    lines += [section("See also"), *_references(SEE_ALSO)]
    return "\n".join(lines) + "\n"


def _paragraphs(help_text: str | None) -> list[str]:
    """Return the paragraphs of a command's help, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", help_text or "")]


def _usage(context: click.Context) -> str:
    pieces = context.command.collect_usage_pieces(context)
    words = " ".join(rf"\fI{literal(piece)}\fR" for piece in pieces)
    return f"{bold(context.command_path)} {words}"


def _options(context: click.Context) -> Iterator[str]:
    """Yield each option as `--help` has it; --help itself for the whole program alone."""
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if context.parent and parameter.name == "help":
            continue
        if isinstance(parameter, click.Option) and record is not None:
            names, meaning = record
            yield from tagged(bold(names), prose(meaning))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a command's part of the page, and its own commands'."""
    yield rf".SS {literal(context.command_path.removeprefix(f'{PROGRAM} '))}"
    yield _usage(context)
    for paragraph in _paragraphs(command.help):
        yield ".PP"
        yield from prose(paragraph)
    yield from _options(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _command(child, click.Context(child, info_name=name, parent=context))


def _exit_codes(epilog: str) -> Iterator[str]:
    for code, meaning in re.findall(r"^  (\d)  (.+)$", epilog, re.MULTILINE):
        yield from tagged(bold(code), prose(meaning))


def _settings() -> Iterator[str]:
    """Yield each variable with its default and meaning."""
    yield from prose(
        "The settings, which the env file has, too, one a line; the environment wins over the file."
    )
    for name, field in Settings.model_fields.items():
        default = default_text(field)
        tag = bold(variable_name(name)) + (f" ({literal(default)})" if default else "")
        yield from tagged(tag, prose(field.description or ""))


def _references(pages: str) -> list[str]:
    marked = re.sub(r"([\w.-]+)\((\d)\)", lambda m: rf"{bold(m[1])}({m[2]})", pages)
    return filled(marked)


def release_date(changelog: str) -> str:
    """Return the date of the newest release in the changelog, or FIRST_WRITTEN."""
    dated = re.search(r"^## \[[0-9.]+\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    return dated[1] if dated else FIRST_WRITTEN


def current_page() -> str:
    """Return the page for this version of the command line."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return man_page(cli, __version__, release_date(changelog))


def write_contrib() -> None:
    """Write the page and the scripts."""
    PAGE.write_text(current_page(), encoding="utf-8")
    for shell, path in COMPLETIONS.items():
        path.write_text(SCRIPTS[shell], encoding="utf-8")


if __name__ == "__main__":
    write_contrib()
