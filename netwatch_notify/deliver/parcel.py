"""What channels make of a parcel: a mark that repetitions share, and the files to go with it."""

import re
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from netwatch_notify.model.message import Parcel

FILES_BYTES = 5_000_000
"""Of all files of a message. Base64 makes 6.8 MB of them, and many mail servers stop at 10 MB."""


def mark_of(parcel: Parcel) -> str:
    """
    Return what is the same at each attempt, and for no other message.

    The text is part of it: a new database counts its entries from 1 again, and a service that
    knows repetitions would take its first message for one it has already.
    """
    text = "\0".join((parcel.network, parcel.message.subject, parcel.message.body))
    digest = blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
    return f"{parcel.entry_id}-{digest}"


def network_word(name: str) -> str:
    """Return a network's name fit for a domain name: no dot at its ends, no two in a row."""
    kept = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:60]
    return ".".join(part or "_" for part in kept.split("."))


def reports_of(parcel: Parcel) -> Iterator[tuple[str, bytes]]:
    """
    Yield a name and the content of each file that can be read and is not too large.

    Bytes, because apprise is given no path: it expands `~` and decodes `%` in paths, opens
    `http:` ones, and loses the whole message when a file is missing or empty.
    """
    name = f"netwatch-{network_word(parcel.network)}-{parcel.run_id}"
    room = FILES_BYTES
    for number, path in enumerate(parcel.files, start=1):
        content = _read(path, room)
        room -= len(content)
        if content:
            suffix = "" if number == 1 else f"-{number}"
            yield f"{name}{suffix}.txt", content


def _read(path: Path, most: int) -> bytes:
    """Return a file's content; nothing if it cannot be read or is larger than that."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError:
        return b""
    return content if len(content) <= most else b""
