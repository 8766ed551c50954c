"""
Rewrite what is generated from the settings: `.env.example` and the table in the docs.

Run it as `python -m tools.generate_docs` in the repository's folder.
"""

import textwrap
from pathlib import Path

from pydantic.fields import FieldInfo

from netwatch_notify.model.port import PortKey, PortProtocol
from netwatch_notify.settings.settings import Settings, variable_name
from netwatch_notify.settings.wording import EXAMPLE_TARGETS

ROOT = Path(__file__).resolve().parent.parent
ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"
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
        default = _default_text(field)
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
        default = _default_text(field)
        shown = f"`{default}`" if default else ""
        meaning = (field.description or "").replace("|", r"\|")
        rows.append(f"| `{variable_name(name)}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n"


def _default_text(field: FieldInfo) -> str:
    """Return the default as a user would write it; nothing where there is none or it varies."""
    default = None if field.is_required() else field.default
    if default is None or field.default_factory is not None:
        return ""
    if isinstance(default, frozenset):
        return ",".join(_port_text(key) for key in sorted(default))
    return " ".join(default) if isinstance(default, tuple) else str(default)


def _port_text(key: PortKey) -> str:
    return str(key.number) if key.protocol is PortProtocol.TCP else str(key)


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(write_env_example(), encoding="utf-8")
    document = CONFIGURATION.read_text(encoding="utf-8")
    CONFIGURATION.write_text(with_table(document), encoding="utf-8")
