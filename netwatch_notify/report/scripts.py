"""The few script lines that matter in a message, each put in a few words."""

import re
from collections.abc import Iterable

from netwatch_notify.model.port import ScriptOutput
from netwatch_notify.model.text import clean

LINES = 2
LINE_LIMIT = 58
"""With the indent of two, a line stays within 60 columns."""

_COMMON_NAME = re.compile(r"commonName=(.+?)(?=/[A-Za-z]+=|\n|$)")
_OPERATING_SYSTEM = re.compile(r"^\s*OS: (.+)$", re.MULTILINE)


def telling_lines(scripts: Iterable[ScriptOutput]) -> tuple[str, ...]:
    """Return at most two lines, those somebody would act on first."""
    outputs = {script.id: script.output for script in scripts}
    lines = (reader(outputs[name]) for name, reader in _READERS.items() if name in outputs)
    return tuple(clean(line, LINE_LIMIT) for line in lines if line)[:LINES]


def _anonymous_ftp(output: str) -> str:
    return "anonymous FTP login allowed" if "login allowed" in output else ""


def _operating_system(output: str) -> str:
    found = _OPERATING_SYSTEM.search(output)
    return f"says it is {found.group(1)}" if found else ""


def _title(output: str) -> str:
    first = output.strip().partition("\n")[0]
    return f"title: {first}" if first and not first.startswith("Site doesn't have") else ""


def _certificate(output: str) -> str:
    found = _COMMON_NAME.search(output.partition("Issuer:")[0])
    return f"certificate for {found.group(1)}" if found else ""


_READERS = {
    "ftp-anon": _anonymous_ftp,
    "smb-os-discovery": _operating_system,
    "http-title": _title,
    "ssl-cert": _certificate,
}
