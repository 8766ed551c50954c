"""One answer of `check`."""

from dataclasses import dataclass

GOOD, WARNING, BAD = "ok", "warning", "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is (`ok`, `warning` or `failed`), and what to do about it."""

    item: str
    status: str
    text: str
