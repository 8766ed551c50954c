"""Matrix, by access token or password."""

from collections.abc import Iterator
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any

from netwatch_notify.deliver.channel import Channel
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Parcel

BUDGET = 12_000
"""An event has 65,536 bytes; plain text and HTML share them, up to 4 bytes a character, and JSON
and markup take theirs. https://spec.matrix.org/v1.11/client-server-api/#size-limits, 2026-01."""


class Matrix(Channel):
    """`matrixs://`, and `matrix://` on loopback, one room each."""

    schemas = ("matrix", "matrixs")
    settings = {"hsreq": False, "include_image": False}  # noqa: RUF012

    def objections(self, loaded: Loaded) -> Iterator[str]:
        service = loaded.service
        if not service.secure and service.mode != "t2bot" and not _is_loopback(service.host):
            yield "matrix:// sends token and message in clear over http; use matrixs://"
        if service.mode != "off":
            return
        if not (service.rooms or service.users):
            yield "it names no room, which means every joined room; add the room's id (!room:host)"
        if service.users or not all(room.startswith("!") for room in service.rooms):
            yield (
                "rooms by id only (!room:host, under the room's advanced settings): for an "
                "unknown #alias or @user apprise creates a private room and reports success"
            )

    def key(self, loaded: Loaded) -> str:
        service = loaded.service
        return f"matrix {service.rooms[0]}" if service.mode == "off" else "matrix"

    def format(self, loaded: Loaded) -> Format:
        return Format(loaded.format) if loaded.format in set(Format) else Format.HTML

    def budget(self, loaded: Loaded) -> int:  # noqa: ARG002
        return BUDGET

    def knows_repetitions(self, loaded: Loaded) -> bool:
        return _has_token(loaded.service)

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        if _has_token(loaded.service):
            # apprise would draw a new transaction id; with one of ours a retry is no second event.
            loaded.service.access_token = loaded.service.password
            loaded.service.transaction_id = _transaction_id(parcel)
        return super().notify(loaded, parcel)


def _has_token(service: Any) -> bool:
    return service.mode == "off" and bool(service.password) and not service.user


def _transaction_id(parcel: Parcel) -> str:
    # The text is part of it: a new database counts its entries from 1 again, and Matrix would
    # take its first message for one it has already, and say so with a success.
    text = "\0".join((parcel.network, parcel.message.subject, parcel.message.body))
    digest = blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
    return f"netwatch-{parcel.entry_id}-{digest}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
