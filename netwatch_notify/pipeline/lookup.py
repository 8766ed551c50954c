"""Which host, run or port a person means."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from netwatch_notify.errors import UsageError
from netwatch_notify.model.host import Address, address_order
from netwatch_notify.model.inventory import KnownHost
from netwatch_notify.model.listing import Standing
from netwatch_notify.model.names import NameBook
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.rule import Match
from netwatch_notify.model.text import clean
from netwatch_notify.store.database import Database
from netwatch_notify.store.history import changes_where
from netwatch_notify.store.inventory import load_hosts
from netwatch_notify.store.listing import all_displaced, host_names, standing_of_displaced

LISTED = 6
"""Hosts that an error lists."""
WORD_LIMIT = 100

_PORT = re.compile(r"[0-9]{1,5}(/(tcp|udp|sctp|ip))?")


@dataclass(frozen=True, slots=True)
class FoundHost:
    """A known host; `displaced` says how it stands where another one has its address now."""

    known: KnownHost
    displaced: Standing | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    address: Address
    mac: str
    called: tuple[str, ...]
    """Its names in lower case."""
    present: bool
    device: FoundHost | None = None
    """Of a displaced device."""


def match_of(word: str) -> Match:
    """Read an address, CIDR block, MAC or pattern. Raises UsageError."""
    try:
        return Match.parse(word)
    except ValueError as error:
        raise UsageError(f"{clean(word, WORD_LIMIT)}: {error}") from error


def split_host_and_port(words: Sequence[str]) -> tuple[str, PortKey | None]:
    """Read `[HOST] [PORT/PROTO]`; the host is empty where none is given. Raises UsageError."""
    *before, last = words or [""]
    key = None
    if _PORT.fullmatch(last) and (before or "/" in last):
        try:
            key = PortKey.parse(last)
        except ValueError as error:
            raise UsageError(str(error)) from error
    else:
        before = [*before, last]
    if len(before) > 1:
        raise UsageError(f"{clean(before[1], WORD_LIMIT)}: is no port such as 22/tcp")
    return (before[0] if before else ""), key


def find_address(word: str) -> Address | None:
    """Return the address a person wrote, if it is one."""
    try:
        return ip_address(word)
    except ValueError:
        return None


def find_in_history(
    database: Database, book: NameBook, word: str
) -> tuple[Address, KnownHost | None]:
    """Return the host a person means; an address may be known only from what was told of it."""
    try:
        known = find_host(database, book, word).known
    except UsageError:
        address = find_address(word)
        if address is None or not changes_where(database, "address = ?", (str(address),), 1):
            raise
        return address, None
    return known.address, known


def find_host(database: Database, book: NameBook, word: str) -> FoundHost:
    """
    Return the one host that an address, a MAC or a name means. Raises UsageError.

    A name is the whole name, else its first label, else its beginning. Of several that fit
    equally well, the only one that is here is meant; else they are listed.
    """
    address = find_address(word)
    if address is not None:
        known = load_hosts(database, (address,)).get(address)
        if known is not None:
            return FoundHost(known)
    candidates = list(_candidates(database, book))
    for fitting in _tiers(candidates, word, address):
        here = [one for one in fitting if one.present]
        if len(fitting) > 1 and len(here) != 1:
            raise UsageError(_ambiguous(word, here or fitting))
        if fitting:
            return _load(database, (here or fitting)[0])
    text = clean(word, WORD_LIMIT)
    raise UsageError(f"{text}: no such host is known; netwatch-notify hosts --gone lists them all")


def _candidates(database: Database, book: NameBook) -> Iterable[_Candidate]:
    for address, mac, name, present in host_names(database):
        yield _Candidate(address, mac, _called(book, address, mac, name), present)
    for device in all_displaced(database):
        known, standing = device.known, standing_of_displaced(device)
        called = _called(book, None, known.mac, known.name)
        found = FoundHost(known, standing)
        yield _Candidate(known.address, known.mac, called, False, found)


def _called(book: NameBook, address: Address | None, mac: str, name: str) -> tuple[str, ...]:
    label = book.of(address, mac).name if address is not None else ""
    return tuple({text.lower().rstrip("."): None for text in (label, name) if text})


def _tiers(
    candidates: Sequence[_Candidate], word: str, address: Address | None
) -> Iterable[list[_Candidate]]:
    """Yield those that fit, the better way first."""
    if address is not None:
        yield [one for one in candidates if one.address == address]
        return
    match = match_of(word)
    if match.addresses:
        raise UsageError(
            f"{match.written}: is more than one host; netwatch-notify hosts lists them"
        )
    if match.mac:
        yield [one for one in candidates if one.mac.upper() == match.mac]
        return
    name = match.pattern.rstrip(".")
    yield [one for one in candidates if name in one.called]
    yield [one for one in candidates if name in {text.partition(".")[0] for text in one.called}]
    yield [one for one in candidates if any(text.startswith(name) for text in one.called)]


def _ambiguous(word: str, several: Sequence[_Candidate]) -> str:
    in_order = sorted(several, key=lambda one: address_order(one.address))
    lines = [f"{clean(word, WORD_LIMIT)}: means more than one host:"]
    for one in in_order[:LISTED]:
        gone = "" if one.present else " (not here)"
        lines.append(f"  {one.address} {clean(', '.join(one.called), WORD_LIMIT)}".rstrip() + gone)
    if len(in_order) > LISTED:
        lines.append(f"  and {len(in_order) - LISTED:,} more")
    return "\n".join(lines)


def _load(database: Database, one: _Candidate) -> FoundHost:
    if one.device is not None:
        return one.device
    return FoundHost(load_hosts(database, (one.address,))[one.address])
