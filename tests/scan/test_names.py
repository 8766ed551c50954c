"""Names are a comfort: what resolves is used, and nobody waits long for what does not."""

import socket
import threading
import time
from ipaddress import ip_address

import pytest

from netwatch_notify.model.host import Address
from netwatch_notify.model.target import parse_target
from netwatch_notify.scan.names import SILENT_SECONDS, resolve_targets, reverse_names
from tests.builders import addresses

MANY: list[Address] = [ip_address(f"192.0.2.{n}") for n in range(1, 101)]


def test_every_address_with_a_name_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(address: str) -> tuple[str, list[str], list[str]]:
        if address.endswith("7"):
            raise socket.herror(1, "Unknown host")
        return f"host-{address}.example", [], [address]

    monkeypatch.setattr(socket, "gethostbyaddr", answer)
    found = reverse_names(MANY)
    assert len(found) == 90
    assert found[MANY[0]] == "host-192.0.2.1.example"


@pytest.mark.parametrize("answers", [0, 20])
def test_a_resolver_that_falls_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    """One answers nothing, one answers some questions and drops the others."""
    asked = iter(range(1000))
    over = threading.Event()

    def hang(address: str) -> tuple[str, list[str], list[str]]:
        if next(asked) >= answers:
            over.wait(30)
        return "a.example", [], [address]

    monkeypatch.setattr(socket, "gethostbyaddr", hang)
    started = time.monotonic()
    try:
        assert len(reverse_names(MANY)) == answers
    finally:
        over.set()
    assert time.monotonic() - started < SILENT_SECONDS + 1


def test_no_question_is_no_wait() -> None:
    assert reverse_names([]) == {}


def test_a_target_that_does_not_resolve_is_named() -> None:
    targets = [parse_target("192.0.2.1"), parse_target("localhost")]
    resolved = resolve_targets([*targets, parse_target("no-such-host.invalid")])
    assert resolved.unresolved == ("no-such-host.invalid",)
    assert resolved.targets[0].addresses == addresses("192.0.2.1")
    assert ip_address("127.0.0.1") in resolved.targets[1].addresses
