"""What a release reads in CHANGELOG.md, and writes: the format is Keep a Changelog."""

import re

UNRELEASED = "## [Unreleased]"

Version = tuple[int, int, int]

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_DATED = re.compile(r"^## \[([0-9.]+)\] - \d{4}-\d\d-\d\d$", re.MULTILINE)
_PLANNED = re.compile(r"^To become ([0-9.]+)\.\n+", re.MULTILINE)


class ReleaseError(Exception):
    """Why there is no release, in one line: thing, event, remedy."""


def parse_version(text: str) -> Version:
    """Return `1.2.3` as numbers. Raises ReleaseError."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise ReleaseError(f"{text or 'VERSION'}: is no version such as 0.2.0")
    return int(found[1]), int(found[2]), int(found[3])


def released_versions(changelog: str) -> list[Version]:
    """Return the versions that have a date."""
    return [parse_version(text) for text in _DATED.findall(changelog)]


def check_newer(version: str, current: str, released: list[Version]) -> None:
    """
    Refuse a version that is not the next one. Raises ReleaseError.

    `current` is what the code calls itself: the last release, or before the first one that to come.
    """
    wanted = parse_version(version)
    newest = max(released, default=None)
    if newest is not None and wanted <= newest:
        last = ".".join(map(str, newest))
        raise ReleaseError(f"{version}: is not newer than {last}, which is released already")
    if wanted < parse_version(current):
        raise ReleaseError(f"{version}: is older than {current}, which the code calls itself")


def dated(changelog: str, version: str, date: str) -> str:
    """
    Return the changelog with what was unreleased beneath the version and its date.

    Raises ReleaseError where nothing is listed, or another version is announced.
    """
    before, heading, after = changelog.partition(f"{UNRELEASED}\n")
    if not heading:
        raise ReleaseError(f"CHANGELOG.md: has no heading {UNRELEASED}")
    unreleased, rest = after, ""
    if following := re.search(r"^## ", after, re.MULTILINE):
        unreleased, rest = after[: following.start()], after[following.start() :]
    if not re.search(r"^- ", unreleased, re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md: nothing stands below {UNRELEASED}; say what is new")
    if (planned := _PLANNED.search(unreleased)) and planned[1] != version:
        raise ReleaseError(f"CHANGELOG.md: {UNRELEASED} is to become {planned[1]}, not {version}")
    said = _PLANNED.sub("", unreleased).strip("\n")
    end = f"\n{rest}" if rest else ""
    return f"{before}{heading}\n## [{version}] - {date}\n\n{said}\n{end}"
