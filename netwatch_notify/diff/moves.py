"""Which of the hosts that are gone here and new there only moved; pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from netwatch_notify.model.host import Address, Host, is_private_mac

HOST_KEY = "ssh-hostkey"
SharedMarks = Callable[[Collection[str]], Collection[str]]
"""Which of some MACs and SSH fingerprints stand at several addresses of one scan."""


def find_moves(
    gone: Sequence[Host], appeared: Sequence[Host], shared_marks: SharedMarks
) -> dict[Address, Address]:
    """
    Map the new address of each host that moved to its old one.

    Proof is the same MAC (not one the host made up itself), the same SSH host key, or the same
    name that was asked for. It must be one host's on either side; a MAC or a key must be no
    other's in either scan, hosts that did not change included.
    """
    moves: dict[Address, Address] = {}
    for proof in (_mac, host_key_of, _asked_name):
        were = _by_proof(gone, proof, set(moves.values()))
        are = _by_proof(appeared, proof, set(moves))
        marks = {_mark(what): what for what in were if what in are}
        if marks and proof is not _asked_name:
            for mark in shared_marks(marks.keys()):
                marks.pop(mark, None)
        moves |= {are[what]: were[what] for what in marks.values()}
    return moves


def _by_proof(
    hosts: Iterable[Host], proof: Callable[[Host], str], settled: set[Address]
) -> dict[str, Address]:
    """Map what proves identity to the only host that has it."""
    found = [(proof(host), host.address) for host in hosts if host.address not in settled]
    counts = Counter(what for what, _ in found)
    return {what: address for what, address in found if what and counts[what] == 1}


def _mark(proof: str) -> str:
    """Return the word that stands in a scan as it is: of several keys, one fingerprint."""
    return max(sorted(proof.split()), key=len)


def _mac(host: Host) -> str:
    return "" if is_private_mac(host.mac) else host.mac


def host_key_of(host: Host) -> str:
    """Return the fingerprints of its SSH host keys, a line each; empty if none was seen."""
    for port in host.open_ports:
        for script in port.scripts:
            if script.id == HOST_KEY:
                return "\n".join(sorted(line.strip() for line in script.output.splitlines()))
    return ""


def _asked_name(host: Host) -> str:
    return min(host.asked_names, default="")
