"""A host that is gone here and new there: when that is a move, and when nothing proves it."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest

from netwatch_notify.diff.moves import find_moves
from netwatch_notify.model.host import Host
from netwatch_notify.model.port import ScriptOutput
from tests.builders import host, port

MAC = "00:11:32:00:00:01"
KEY = "256 aa:bb:cc:dd (ECDSA)\n2048 11:22:33:44 (RSA)"
OTHER_KEY = "256 ee:ff:cc:dd (ECDSA)"


def moves(
    gone: Iterable[Host], appeared: Iterable[Host], shared: Collection[str] = ()
) -> list[str]:
    found = find_moves(list(gone), list(appeared), lambda marks: set(marks) & set(shared))
    return [f"{old} → {new}" for new, old in found.items()]


def with_key(address: str, output: str, **facts: object) -> Host:
    ssh = replace(port("22"), scripts=(ScriptOutput("ssh-hostkey", output),))
    return host(address, ssh, **facts)


def test_the_same_mac_is_a_move() -> None:
    found = moves([host("192.0.2.1", mac=MAC)], [host("192.0.2.9", mac=MAC)])

    assert found == ["192.0.2.1 → 192.0.2.9"]


def test_the_same_ssh_host_key_is_a_move() -> None:
    """Without a MAC, across a router; the order of the keys is none."""
    turned = "\n".join(reversed(KEY.splitlines()))
    found = moves([with_key("192.0.2.1", KEY)], [with_key("198.51.100.9", turned)])

    assert found == ["192.0.2.1 → 198.51.100.9"]


def test_the_same_asked_name_is_a_move() -> None:
    before = host("192.0.2.1", asked_names=("nas.example",))
    after = host("192.0.2.9", asked_names=("nas.example",))

    assert moves([before], [after]) == ["192.0.2.1 → 192.0.2.9"]


def test_nothing_in_common_is_no_move() -> None:
    assert moves([host("192.0.2.1")], [host("192.0.2.9")]) == []
    assert moves([with_key("192.0.2.1", KEY)], [with_key("192.0.2.9", OTHER_KEY)]) == []
    assert moves([with_key("192.0.2.1", "")], [with_key("192.0.2.9", "")]) == []


@pytest.mark.parametrize("second", "2367ABEFabef")
def test_a_mac_the_host_made_up_itself_proves_nothing(second: str) -> None:
    private = f"0{second}:11:32:00:00:01"

    assert moves([host("192.0.2.1", mac=private)], [host("192.0.2.9", mac=private)]) == []


def test_a_mac_at_several_addresses_proves_nothing() -> None:
    """A router, or proxy ARP."""
    two = [host("192.0.2.1", mac=MAC), host("192.0.2.2", mac=MAC)]
    one = [host("192.0.2.9", mac=MAC)]

    assert moves(two, one) == moves(one, two) == []


def test_a_mac_that_a_host_has_which_did_not_change_proves_nothing() -> None:
    found = moves([host("192.0.2.1", mac=MAC)], [host("192.0.2.9", mac=MAC)], shared=[MAC])

    assert found == []


def test_a_key_that_many_machines_share_proves_nothing() -> None:
    """Copied from one image; others that did not change have it, too."""
    two = [with_key("192.0.2.1", KEY), with_key("192.0.2.2", KEY)]
    assert moves(two, [with_key("192.0.2.9", KEY)]) == []

    one, other = [with_key("192.0.2.1", KEY)], [with_key("192.0.2.9", KEY)]
    assert moves(one, other, shared=["11:22:33:44"]) == []


def test_a_shared_mac_leaves_the_key_as_proof() -> None:
    """Behind a router, every host has the router's MAC."""
    before = with_key("192.0.2.1", KEY, mac=MAC)
    after = with_key("192.0.2.9", KEY, mac=MAC)

    assert moves([before], [after], shared=[MAC]) == ["192.0.2.1 → 192.0.2.9"]


def test_the_mac_is_better_proof_than_the_key() -> None:
    """Two machines that swapped their disks: each is where its MAC is."""
    gone = [
        with_key("192.0.2.1", KEY, mac=MAC),
        with_key("192.0.2.2", OTHER_KEY, mac="00:11:32:00:00:02"),
    ]
    appeared = [
        with_key("192.0.2.8", OTHER_KEY, mac=MAC),
        with_key("192.0.2.9", KEY, mac="00:11:32:00:00:02"),
    ]

    assert moves(gone, appeared) == ["192.0.2.1 → 192.0.2.8", "192.0.2.2 → 192.0.2.9"]


def test_a_name_with_several_addresses_proves_nothing() -> None:
    one = [host("192.0.2.1", asked_names=("www.example",))]
    two = [host(f"192.0.2.{n}", asked_names=("www.example",)) for n in (8, 9)]

    assert moves(one, two) == moves(two, one) == []
