"""
Rewrite what is generated: `.env.example` and the table in the docs from the settings; usage lines
and options in docs/cli.md, the man page and the completion scripts from the command line; the
scripts that pages show from the files they are.

Run it as `python -m tools.generate_docs` in the repository's folder.
"""

import textwrap
from collections.abc import Callable
from pathlib import Path

from netwatch_notify.settings.settings import Settings, variable_name
from netwatch_notify.settings.wording import EXAMPLE_TARGETS
from tools.default_text import default_text
from tools.generate_cli import with_commands
from tools.generate_man import write_contrib
from tools.shown_scripts import PAGES, with_scripts

ROOT = Path(__file__).resolve().parent.parent
ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"
COMMAND_LINE = ROOT / "docs" / "cli.md"
BEGIN = "<!-- settings: begin, written by tools/generate_docs.py -->\n"
END = "<!-- settings: end -->\n"

ENV_EXAMPLE_HEADER = """\
# Settings of netwatch-notify. Copy to /etc/netwatch/netwatch.env (chmod 600), set the targets,
# and remove the # before any other line you want to change. A line that stays commented out
# shows the default. Quoting: docs/configuration.md.
"""


def with_table(document: str) -> str:
    """Return `document` with the table between its two markers renewed."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def write_env_example() -> str:
    """Return `.env.example`: every setting with its meaning, its default commented out."""
    blocks = [ENV_EXAMPLE_HEADER]
    for name, field in Settings.model_fields.items():
        meaning = textwrap.fill(
            field.description or "", 98, initial_indent="# ", subsequent_indent="# "
        )
        default = default_text(field)
        value = f"'{default}'" if " " in default else default
        if field.is_required():
            blocks.append(f"{meaning}\n{variable_name(name)}={EXAMPLE_TARGETS}\n")
        else:
            blocks.append(f"{meaning}\n#{variable_name(name)}={value}\n")
    return "\n".join(blocks)


def settings_table() -> str:
    """Return the Markdown table of every setting: variable, default, meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = default_text(field)
        shown = f"`{default}`" if default else ""
        meaning = (field.description or "").replace("|", r"\|")
        rows.append(f"| `{variable_name(name)}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n"


def rewrite(path: Path, renewed: Callable[[str], str]) -> None:
    """Write a document anew, with what is generated in it renewed."""
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(write_env_example(), encoding="utf-8")
    rewrite(CONFIGURATION, with_table)
    rewrite(COMMAND_LINE, with_commands)
    for page in PAGES:
        rewrite(page, with_scripts)
    write_contrib()
