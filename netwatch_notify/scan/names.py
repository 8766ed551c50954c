"""Names to addresses and back, in parallel, by a resolver that is not waited for for ever."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import TypeVar

from netwatch_notify.model.host import Address
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet, Target
from netwatch_notify.model.text import clean

RESOLVE_SECONDS = 20.0
"""For the names among the targets: glibc asks each server twice for 5 s."""
REVERSE_SECONDS = 5.0
"""For all hosts that will be shown; a name is a comfort, never waited for long."""
SILENT_SECONDS = 1.5
"""
After so long without any answer, not even "no such name", the resolver is taken for dead.

One that was met here (2026) answered 50 questions and dropped the others.
"""
PARALLEL = 16

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Targets with their addresses, and the names that gave none."""

    targets: tuple[Target, ...]
    unresolved: tuple[str, ...]


def resolve_targets(targets: Sequence[Target], seconds: float = RESOLVE_SECONDS) -> Resolved:
    """Fill in the addresses of hostname targets; a name without any is left out and named."""
    names = {target.hostname for target in targets if target.needs_resolving}
    answers = _ask_all(names, _addresses_of, seconds, seconds)
    filled, unresolved = [], []
    for target in targets:
        if target.needs_resolving:
            addresses = answers.get(target.hostname)
            if not addresses:
                unresolved.append(target.written)
                continue
            filled.append(replace(target, addresses=addresses))
        else:
            filled.append(target)
    return Resolved(tuple(filled), tuple(unresolved))


def reverse_names(
    addresses: Iterable[Address], seconds: float = REVERSE_SECONDS
) -> dict[Address, str]:
    """Return what DNS calls each address, cleaned; those without an answer in time are missing."""
    return {
        address: name
        for address, name in _ask_all(
            set(addresses), _name_of, seconds, min(seconds, SILENT_SECONDS)
        ).items()
        if name
    }


def _addresses_of(name: str) -> AddressSet:
    found = AddressSet()
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return found
    for family, _, _, _, place in answers:
        if family in (socket.AF_INET, socket.AF_INET6) and "%" not in str(place[0]):
            address = ip_address(place[0])
            span = (int(address), int(address))
            found |= AddressSet.of_family(address.version, Ranges((span,)))
    return found


def _name_of(address: Address) -> str:
    try:
        name = socket.gethostbyaddr(str(address))[0]
    except (OSError, UnicodeError):
        return ""
    return "" if name == str(address) else clean(name)


def _ask_all(
    questions: Iterable[Question],
    ask: Callable[[Question], Answer],
    seconds: float,
    silent_seconds: float,
) -> dict[Question, Answer]:
    """
    Answer the questions in daemon threads and return what came within `seconds`.

    It ends earlier where `silent_seconds` go by without an answer. A resolver call cannot be
    cancelled; a daemon thread may hang on one without keeping the process from ending.
    """
    waiting = list(questions)
    expected = len(waiting)
    arrived: SimpleQueue[tuple[Question, Answer]] = SimpleQueue()

    def work() -> None:
        while waiting:
            with suppress(IndexError):
                question = waiting.pop()
                arrived.put((question, ask(question)))

    for _ in range(min(PARALLEL, expected)):
        threading.Thread(target=work, daemon=True).start()
    answers: dict[Question, Answer] = {}
    end = time.monotonic() + seconds
    with suppress(Empty):
        while len(answers) < expected:
            left = max(0.0, min(silent_seconds, end - time.monotonic()))
            question, answer = arrived.get(timeout=left)
            answers[question] = answer
    waiting.clear()
    return answers
