"""What a page says a command prints, and what it printed: the same but for when and where."""

import re

DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

SAME = (
    (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}:\d{2}|Z)?", "INSTANT"),
    (r"\d{4}-\d{2}-\d{2}", "DATE"),
    (rf"{DAY}(?: \d{{4}})?", "DAY"),
    (r"\b\d{1,2}:\d{2}(:\d{2})?\b", "TIME"),
    (r"\[[0-9a-f]{4,}\]", "[ID]"),
    (r"(?<=netwatch-notify accept)(?: [0-9a-f]{4,})+", " ID"),
    (r"\b\d+ h \d+\b|\b\d+(?:\.\d+)? (?:s|seconds?|min|minutes?|h|hours?)\b", "DURATION"),
    (r"\brun:?( ?)\d+\b", r"run\1N"),
    (r"\b\d+(?:\.\d+)? [kMG]?B\b", "SIZE"),
    (r"\bpid \d+\b", "pid N"),
    (r"/tmp/\S+", "/tmp/FILE"),  # noqa: S108  # written in a page, not by us
    (r"[ \t]+", " "),
)
"""Patterns, and what is written in the place of each, so that two of them are equal."""


def normalised(text: str) -> list[str]:
    """Return the lines of an output without what differs each time; a line of `…` is kept."""
    for pattern, word in SAME:
        text = re.sub(pattern, word, text)
    return [line.strip() for line in text.strip().splitlines()]


def shows(written: str, printed: str) -> bool:
    """
    Whether a page's block shows what was printed: all of it, in its order.

    A line of `…` stands for any number of lines that the page leaves out.
    """
    pieces: list[list[str]] = [[]]
    for line in normalised(written):
        if line == "…":
            pieces.append([])
        else:
            pieces[-1].append(line)
    lines = normalised(printed)
    first, *others = pieces
    if lines[: len(first)] != first:
        return False
    if not others:
        return len(lines) == len(first)
    at = len(first)
    for piece in others[:-1]:
        places = range(at, len(lines) - len(piece) + 1)
        at = next((p + len(piece) for p in places if lines[p : p + len(piece)] == piece), -1)
        if at < 0:
            return False
    last = others[-1]
    return len(lines) - at >= len(last) and lines[len(lines) - len(last) :] == last
