"""Names to addresses and back, in parallel, by a resolver that is not waited for for ever."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeVar

from netwatch_notify.model.host import Address
from netwatch_notify.model.ranges import Ranges
from netwatch_notify.model.target import AddressSet, Target
from netwatch_notify.model.text import clean

RESOLVE_SECONDS = 20.0
"""For the names among the targets: glibc asks each server twice for 5 s."""
REVERSE_SECONDS = 5.0
"""For all hosts that will be shown; a name is a comfort, never waited for long."""
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
    answers = _ask_all(names, _addresses_of, seconds)
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
        for address, name in _ask_all(set(addresses), _name_of, seconds).items()
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
    questions: Iterable[Question], ask: Callable[[Question], Answer], seconds: float
) -> dict[Question, Answer]:
    """
    Answer the questions in daemon threads and return what came within `seconds`.

    A resolver call cannot be cancelled; a daemon thread may hang on one without keeping the
    process from ending.
    """
    waiting = list(questions)
    answers: dict[Question, Answer] = {}
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                question = waiting.pop()
            answer = ask(question)
            with lock:
                answers[question] = answer

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(PARALLEL, len(waiting)))
    ]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    with lock:
        waiting.clear()
        return dict(answers)
