"""A host that is gone here and new there, told as moved; pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from netwatch_notify.model.change import Change, ChangeKind
from netwatch_notify.model.host import Address, Host, is_private_mac

HOST_KEY = "ssh-hostkey"
SharedMacs = Callable[[Collection[str]], Collection[str]]
"""Which of some MACs stand at several addresses of one scan, where they prove nothing."""


def find_moves(
    changes: Iterable[Change],
    gone: Sequence[Host],
    appeared: Sequence[Host],
    shared_macs: SharedMacs,
) -> list[Change]:
    """
    Return the changes with each move as one, in the place of the new host.

    Proof is the same MAC (not one the host made up itself), the same SSH host key, or the same
    name that was asked for; it must be one host's on either side, and a MAC no other's at all.
    """
    moves: dict[Address, Address] = {}
    for proof in (_mac, _host_key, _asked_name):
        were = _by_proof(gone, proof, set(moves.values()))
        are = _by_proof(appeared, proof, set(moves))
        common = were.keys() & are.keys()
        if common and proof is _mac:
            common -= set(shared_macs(common))
        moves |= {are[what]: were[what] for what in common}
    left = set(moves.values())
    told: list[Change] = []
    for change in changes:
        if change.kind is ChangeKind.HOST_GONE and change.address in left:
            continue
        if change.kind is ChangeKind.HOST_NEW and change.address in moves:
            was = str(moves[change.address])
            change = replace(change, kind=ChangeKind.HOST_MOVED, was=was)
        told.append(change)
    return told


def _by_proof(
    hosts: Iterable[Host], proof: Callable[[Host], str], settled: set[Address]
) -> dict[str, Address]:
    """Map what proves identity to the only host that has it."""
    found = [(proof(host), host.address) for host in hosts if host.address not in settled]
    counts = Counter(what for what, _ in found)
    return {what: address for what, address in found if what and counts[what] == 1}


def _mac(host: Host) -> str:
    return "" if is_private_mac(host.mac) else host.mac


def _host_key(host: Host) -> str:
    for port in host.open_ports:
        for script in port.scripts:
            if script.id == HOST_KEY:
                return "\n".join(sorted(line.strip() for line in script.output.splitlines()))
    return ""


def _asked_name(host: Host) -> str:
    return min(host.asked_names, default="")
