"""Matrix, by access token or password."""

from collections.abc import Iterator
from importlib import import_module
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from netwatch_notify.deliver.channel import SUBJECT_LIMIT, Channel
from netwatch_notify.deliver.matrix_account import (
    is_forgetful,
    only_one,
    own_device,
    sign_in,
    sign_in_again,
)
from netwatch_notify.deliver.matrix_event import (
    CONTENT_BYTES,
    ENCRYPTED_CONTENT_BYTES,
    content_of,
)
from netwatch_notify.deliver.parcel import mark_of
from netwatch_notify.deliver.refusal import RefusedError
from netwatch_notify.deliver.service import Loaded
from netwatch_notify.model.message import Format, Message, Parcel
from netwatch_notify.model.text import clean

BUDGET = 10_000
"""As HTML, at 4 bytes a character, they fit into an encrypted event; the plain text beside it is
shortened when it has to be, which takes a message of few Latin letters."""


class Matrix(Channel):
    """
    `matrixs://`, and `matrix://` on loopback, one room each; or a webhook of a Matrix bridge.

    apprise signs in, encrypts and talks to the homeserver. Event and order are ours, because of
    what apprise does with them: it asks whether a room is encrypted once in 20 days and takes
    every failure for a no, it posts in clear what it could not encrypt, and it does not say that
    a message mentions nobody.
    """

    schemas = ("matrix", "matrixs")
    settings = {"hsreq": False, "include_image": False}  # noqa: RUF012
    # What bots say; clients can show it quietly, and other bots do not answer it.
    defaults = {"msgtype": "notice"}  # noqa: RUF012

    def objections(self, loaded: Loaded) -> Iterator[str]:
        service = loaded.service
        if not service.secure and service.mode != "t2bot" and not _is_loopback(service.host):
            yield "matrix:// sends token and message in clear over http; use matrixs://"
        if service.mode != "off":
            return
        if not service.password:
            yield "it holds neither an access token nor user and password"
        if service.autoverify:
            yield "autoverify waits for a person, and at night there is none; take it out"
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
        # A homeserver knows them by device. A password's device is kept in the storage, which
        # lies beside the outbox: who loses one loses both.
        return bool(loaded.service.mode == "off")

    def notify(self, loaded: Loaded, parcel: Parcel) -> bool:
        if loaded.service.mode != "off":
            return super().notify(loaded, parcel)
        with only_one(loaded) as service:
            room = service.rooms[0]
            if not sign_in(service):
                return False
            encrypted = _enter(service, room)
            if encrypted is None:
                return False
            kind = f"m.{service.msgtype}"
            if not encrypted:
                content = _content(service, parcel.message, kind, CONTENT_BYTES)
                return _post(service, room, "m.room.message", content, parcel)
            _must_encrypt(service)
            content = _content(service, parcel.message, kind, ENCRYPTED_CONTENT_BYTES)
            sealed = _encrypt(service, room, content) if own_device(service) else None
            return sealed is not None and _post(service, room, "m.room.encrypted", sealed, parcel)


def _enter(service: Any, room: str) -> bool | None:
    """Return whether the room is encrypted, having joined it if need be; None: not found out."""
    path = f"/rooms/{quote(room, safe='')}/state/m.room.encryption"
    # 401: a kept token that is void; 403: not in the room; 404: nothing says it is encrypted.
    found, answer, status = service._fetch(path, method="GET", ok_status={401, 403, 404})
    if status == 401 and service.user:
        if not sign_in_again(service):
            return None
    elif status == 401 and not answer.get("soft_logout"):
        raise RefusedError("the access token is not valid, or not any more (HTTP 401)")
    elif status == 403:
        _join(service, room)
    else:
        return _answered(found, answer, status)
    return _answered(*service._fetch(path, method="GET", ok_status={404}))


def _join(service: Any, room: str) -> None:
    joined, _, status = service._fetch(f"/join/{quote(room, safe='')}", payload={})
    if not joined and 400 <= status < 500 and status != 429:
        raise RefusedError(f"not in the room, and not let in; invite the user (HTTP {status})")


def _answered(found: bool, answer: Any, status: int) -> bool | None:
    if found:
        return True
    # Any other 404 is a proxy's or a web server's.
    return False if status == 404 and answer.get("errcode") == "M_NOT_FOUND" else None


def _must_encrypt(service: Any) -> None:
    """Refuse where apprise would post in clear, or nobody could read what it encrypts."""
    if not service.secure:
        raise RefusedError("the room is encrypted: that takes matrixs://")
    if not service.e2ee:
        raise RefusedError("the room is encrypted: take e2ee=no out of the URL")
    try:
        import_module("cryptography")
    except ImportError as error:
        raise RefusedError("the room is encrypted: install netwatch-notify[matrix]") from error
    if is_forgetful(service):
        raise RefusedError("the room is encrypted, and there is no folder to keep its keys in")


def _content(service: Any, message: Message, kind: str, most: int) -> Any:
    if message.format is Format.MARKDOWN:
        html = service.dialect_convert(message.body, message.format.value)
        message = Message(message.subject, html, Format.HTML)
    subject = clean(message.subject, SUBJECT_LIMIT)
    return content_of(
        message,
        subject,
        kind,
        lambda html: service._matrix_plain_fallback(html, "html", False),
        most,
    )


def _encrypt(service: Any, room: str, content: Any) -> Any | None:
    """
    Return the content encrypted with a key that every device in the room was sent; None: failed.

    A key for each message: apprise would keep one for a week, in which nobody who joins or logs
    in anew could read a word, and who left still could.
    """
    service.store.clear(f"e2ee_megolm_{room}")
    session = service._e2ee_get_megolm(room)
    # With the message's id, the key of a second attempt would be taken for the first one's.
    service.transaction_id = uuid4().int
    if not service._e2ee_share_room_key(room, session):
        return None
    event = {"type": "m.room.message", "content": content, "room_id": room}
    return {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": session.encrypt(event),
        "sender_key": service._e2ee_account.identity_key,
        "session_id": session.session_id,
        "device_id": service.device_id,
    }


def _post(service: Any, room: str, kind: str, content: Any, parcel: Parcel) -> bool:
    # The id is ours, so that a retry is no second event; apprise would draw another.
    path = f"/rooms/{quote(room, safe='')}/send/{kind}/netwatch-{mark_of(parcel)}"
    return bool(service._fetch(path, payload=content, method="PUT")[0])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
