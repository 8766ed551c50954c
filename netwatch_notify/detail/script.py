"""The detail scan as a shell script, kept beside its results; pure."""

import shlex
from collections.abc import Sequence

from netwatch_notify.model.text import clean


def details_script(commands: Sequence[Sequence[str]], comment: str) -> str:
    """
    Return an sh script that runs the detail scans again; `$1` overrides its output's base name.

    `commands` are argument lists whose `-oA` value is replaced. Every word is quoted: only
    checked addresses, ports and the user's own settings are among them.
    """
    lines = ["#!/bin/sh", f"# {clean(comment)}", "# usage: sh details.sh [OUTPUT-NAME]", "set -u"]
    lines.append('OUTPUT="${1:-details}"' if commands else "# nothing is new")
    for number, command in enumerate(commands, 1):
        words = [shlex.quote(word) for word in command]
        words[list(command).index("-oA") + 1] = f'"$OUTPUT-{number}"'
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"
