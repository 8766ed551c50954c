"""Scripts that a page shows in full: files of contrib/, between two markers on the page."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    ROOT / "docs" / "how-to" / "hand-over.md",
    ROOT / "docs" / "coming-from" / "netalertx.md",
)

_SHOWN = re.compile(
    r"(<!-- script: (?P<file>\S+) as (?P<installed>\S+) -->\n).*?^(<!-- script: end -->\n)",
    re.MULTILINE | re.DOTALL,
)


def with_scripts(document: str) -> str:
    """Return a page with each script as the file it names is now."""
    return _SHOWN.sub(_shown, document)


def _shown(found: re.Match[str]) -> str:
    text = (ROOT / found["file"]).read_text(encoding="utf-8")
    proof = f"<!-- proof: file {found['installed']} -->"
    return f"{found[1]}\n{proof}\n```python\n{text}```\n\n{found[4]}"
