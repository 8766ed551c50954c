"""One answer of `check`."""

from collections.abc import Iterable
from dataclasses import dataclass

GOOD, WARNING, BAD = "ok", "warning", "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is (`ok`, `warning` or `failed`), and what to do about it."""

    item: str
    """One of the names that docs/cli.md lists."""
    status: str
    text: str
    remedy: str = ""
    """What to try; empty where nothing is to be done."""


def good(item: str, text: str, remedy: str = "") -> Finding:
    """Return a finding that nothing has to be done about."""
    return Finding(item, GOOD, text, remedy)


def warning(item: str, text: str, remedy: str = "") -> Finding:
    """Return one that costs something, but not the run."""
    return Finding(item, WARNING, text, remedy)


def bad(item: str, text: str, remedy: str = "") -> Finding:
    """Return one for which the run fails, or nobody hears of it."""
    return Finding(item, BAD, text, remedy)


def split_remedy(text: str) -> tuple[str, str]:
    """
    Divide an error's line at its last `; `: what happened, and what to try.

    Errors are written that way; one without a remedy is all event.
    """
    event, mark, remedy = text.rpartition("; ")
    return (event, remedy) if mark else (text, "")


def failures(item: str, error: Exception) -> list[Finding]:
    """Return an error as findings, one for each of its lines."""
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        remedy = "run check as the user who runs netwatch-notify, or as root"
        return [bad(item, f"{name}{error.strerror}", remedy)]
    return [bad(item, *split_remedy(line)) for line in str(error).splitlines()]


def summary(findings: Iterable[Finding]) -> str:
    """Return what they come to: `will work`, `will work; 1 warning`, `will not work: 2 failed`."""
    statuses = [finding.status for finding in findings]
    failed, warned = statuses.count(BAD), statuses.count(WARNING)
    warnings = f"{warned} warning{'' if warned == 1 else 's'}" if warned else ""
    if failed:
        return f"will not work: {failed} failed" + (f", {warnings}" if warnings else "")
    return "will work" + (f"; {warnings}" if warnings else "")
