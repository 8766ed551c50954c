"""
Rewrite what is generated from the settings: `.env.example` and the table in the docs.

Run it as `python -m tools.generate_docs` in the repository's folder.
"""

from pathlib import Path

from netwatch_notify.settings import settings_table, write_env_example

ROOT = Path(__file__).resolve().parent.parent
ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"
BEGIN = "<!-- settings: begin, written by tools/generate_docs.py -->\n"
END = "<!-- settings: end -->\n"


def with_table(document: str) -> str:
    """Return `document` with the table between its two markers renewed."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(write_env_example(), encoding="utf-8")
    document = CONFIGURATION.read_text(encoding="utf-8")
    CONFIGURATION.write_text(with_table(document), encoding="utf-8")
