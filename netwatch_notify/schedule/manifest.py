"""
What `install` did, so that `uninstall` takes back exactly that.

A JSON file in the settings' folder, readable for root alone, with a list for each instance. What
several instances share (the units' templates) is taken back with the last of them.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from netwatch_notify.errors import UsageError

NAME = "installed.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done."""

    kind: str
    """`file` written, `directory` made, `user` made, `owner` of a path changed, `timer` enabled."""
    name: str
    """The path, the user or the timer."""
    digest: str = ""
    """Of a file's content as it was written."""
    before: tuple[int, int, int] | None = None
    """Of `owner`: user, group and mode as they were."""


def digest_of(text: str) -> str:
    """Return what tells whether a file is still as it was written."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(path: Path) -> dict[str, list[Deed]]:
    """Return the deeds by instance; none where nothing was installed. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; it says what was installed") from error
    try:
        body = json.loads(text)
        if body["schema"] != SCHEMA:
            raise UsageError(
                f"{path}: was written by another netwatch-notify; uninstall with that one"
            )
        return {key: [_deed(row) for row in rows] for key, rows in body["instances"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: cannot be read ({type(error).__name__}); move it away, and remove by hand "
            "what stands in it"
        ) from error


def manifest_text(instances: dict[str, list[Deed]]) -> str:
    """Return what is kept."""
    kept = {key: [asdict(deed) for deed in deeds] for key, deeds in instances.items() if deeds}
    return json.dumps({"schema": SCHEMA, "instances": kept}, indent=2) + "\n"


def joined(old: Iterable[Deed], new: Iterable[Deed]) -> list[Deed]:
    """
    Return the deeds of a first install and of one after it as one list.

    What was before is what the first one found; what was written is what the last one wrote.
    """
    deeds: dict[tuple[str, str], Deed] = {(deed.kind, deed.name): deed for deed in old}
    for deed in new:
        known = deeds.get((deed.kind, deed.name))
        if known is None or deed.kind == "file":
            deeds[deed.kind, deed.name] = deed
    return list(deeds.values())


def _deed(row: dict[str, Any]) -> Deed:
    before = row["before"]
    return Deed(row["kind"], row["name"], row["digest"], tuple(before) if before else None)
