"""nmap's version, out of what it says of itself; pure."""

import re

REQUIRED = (7, 90)
"""Older ones do not know all options that are used."""

_VERSION = re.compile(r"\bnmap(?: version)? (\d+)\.(\d+)", re.IGNORECASE)


def parse_version(text: str) -> tuple[int, int] | None:
    """Return (7, 93) of `Nmap version 7.93 ( https://nmap.org )`; None of anything else."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2])) if found else None
