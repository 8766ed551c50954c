"""
docs/cli.md's usage lines, help and tables of options, from the command line itself.

In each command's section they stand between two markers, and what is written by hand below them.
A command without a section gets one; of a section without markers the part up to the end of its
first table is taken for an older form of them.
"""

import re
from collections.abc import Iterator

import click

from netwatch_notify.cli.main import cli

PROGRAM = "netwatch-notify"
BEGIN = "<!-- usage: begin, written by tools/generate_docs.py -->"
END = "<!-- usage: end -->"
GLOBAL = "Global options"
EXIT_CODES = "Exit codes"
BEHIND = (EXIT_CODES, "The JSON report")
"""Sections that stand behind those of the commands."""

_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
_BLOCK = re.compile(rf"{re.escape(BEGIN)}\n.*?^{re.escape(END)}\n", re.MULTILINE | re.DOTALL)
_BY_HAND = re.compile(r"\A.*?\n(?:\|[^\n]*\n)+", re.DOTALL)


def with_commands(document: str) -> str:
    """Return docs/cli.md with what the command line says of itself renewed."""
    pieces = _SECTION.split(document)
    sections = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    for name, block in _blocks().items():
        if name in sections:
            sections[name] = _renewed(sections[name], block)
        else:
            sections = _inserted(sections, name, f"\n{block}\n")
    return pieces[0] + "".join(f"## {name}\n{text}" for name, text in sections.items())


def _blocks() -> dict[str, str]:
    """Return what is generated, by the heading of its section."""
    root = click.Context(cli, info_name=PROGRAM, help_option_names=["-h", "--help"])
    blocks = {GLOBAL: _between(_option_table(root))}
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, info_name=name, parent=root)
        parts = [_usage(context, name), _prose(command), _option_table(context)]
        if isinstance(command, click.Group):
            parts.append(_command_table(command, context))
        blocks[f"`{name}`"] = _between(*parts)
    blocks[EXIT_CODES] = _between(_exit_code_table(cli.epilog or ""))
    return blocks


def _between(*parts: str) -> str:
    return "\n\n".join([BEGIN, *parts, END]) + "\n"


def _renewed(section: str, block: str) -> str:
    if BEGIN in section:
        return _BLOCK.sub(lambda _: block, section, count=1)
    return _BY_HAND.sub(lambda _: f"\n{block}", section, count=1)


def _inserted(sections: dict[str, str], name: str, text: str) -> dict[str, str]:
    items = list(sections.items())
    place = next((at for at, (title, _) in enumerate(items) if title in BEHIND), len(items))
    items.insert(place, (name, text))
    return dict(items)


def _usage(context: click.Context, name: str) -> str:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f"<!-- proof: sample usage:{name} -->\n```\n{PROGRAM} {name} {pieces}\n```"


def _prose(command: click.Command) -> str:
    return " ".join((command.help or "").split())


def _option_table(context: click.Context) -> str:
    rows = ["| option | meaning |", "|---|---|"]
    for option in _options(context):
        meaning = " ".join((option.help or "").split())
        rows.append(f"| {_names(option, context)} | {_in_table(meaning)} |")
    return "\n".join(rows)


def _command_table(group: click.Group, context: click.Context) -> str:
    rows = ["| command | options | meaning |", "|---|---|---|"]
    for name in group.list_commands(context):
        command = group.commands[name]
        inner = click.Context(command, info_name=name, parent=context)
        pieces = [p for p in command.collect_usage_pieces(inner) if p != "[OPTIONS]"]
        line = " ".join([context.info_name or "", name, *pieces])
        options = [_names(o, inner) for o in _options(inner) if "--help" not in o.opts]
        rows.append(
            f"| `{_in_table(line)}` | {', '.join(options)} | {_in_table(_prose(command))} |"
        )
    return "\n".join(rows)


def _exit_code_table(epilog: str) -> str:
    codes = re.findall(r"^  (\d)  (.+)$", epilog, flags=re.MULTILINE)
    return "\n".join(["| code | meaning |", "|---|---|", *(f"| {c} | {m} |" for c, m in codes)])


def _options(context: click.Context) -> Iterator[click.Option]:
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield parameter


def _names(option: click.Option, context: click.Context) -> str:
    """Return `-v`, `--verbose`, the last with the word that stands for its value."""
    # click keeps a command's --help as the first context wanted it, whoever made that one.
    *short, last = context.help_option_names if "--help" in option.opts else option.opts
    if not option.is_flag and not option.count:
        last = f"{last} {_in_table(option.make_metavar(context))}"
    return ", ".join(f"`{name}`" for name in (*short, last))


def _in_table(text: str) -> str:
    return text.replace("|", r"\|")
