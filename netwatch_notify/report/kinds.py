"""Changes counted by what they are: what stands for those that a message has no room for."""

from collections import Counter
from collections.abc import Iterable, Sequence

from netwatch_notify.model.change import ChangeKind
from netwatch_notify.model.message import Item

PROBLEM = "problem"
"""The kind of an item that tells a problem, beside those of changes."""
NAMED = 4
"""Kinds that are named; together they are most of it, and a line of them is read."""

_WORDS = {
    PROBLEM: ("problem", "problems"),
    ChangeKind.HOST_NEW.value: ("new device", "new devices"),
    ChangeKind.HOST_GONE.value: ("host gone", "hosts gone"),
    ChangeKind.HOST_BACK.value: ("host back", "hosts back"),
    ChangeKind.HOST_MOVED.value: ("host moved", "hosts moved"),
    ChangeKind.PORT_OPENED.value: ("port opened", "ports opened"),
    # A port that is silent is told so, line by line; here both are one.
    ChangeKind.PORT_CLOSED.value: ("port no longer open", "ports no longer open"),
    ChangeKind.SERVICE_CHANGED.value: ("version changed", "versions changed"),
    ChangeKind.MAC_CHANGED.value: ("MAC address changed", "MAC addresses changed"),
    ChangeKind.HOSTNAME_CHANGED.value: ("name changed", "names changed"),
    ChangeKind.OS_CHANGED.value: ("system changed", "systems changed"),
    ChangeKind.SCRIPT_CHANGED.value: ("script's result changed", "scripts' results changed"),
    ChangeKind.FLAPPING.value: ("comes and goes", "come and go"),
}
_OTHER = ("other", "others")


def count_kinds(items: Iterable[Item]) -> tuple[tuple[str, int], ...]:
    """Return how many changes of each kind the items tell, most first."""
    counts: Counter[str] = Counter()
    for item in items:
        counts[item.kind] += item.stands_for
    return tuple(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))


def kind_words(kinds: Sequence[tuple[str, int]]) -> list[str]:
    """Return `2,000 new devices` for each kind; the rarest, and those without words, as others."""
    told = [(kind, number) for kind, number in kinds if kind in _WORDS][:NAMED]
    others = sum(number for _, number in kinds) - sum(number for _, number in told)
    if not told:
        return []
    words = [f"{number:,} {_WORDS[kind][number != 1]}" for kind, number in told]
    return [*words, *([f"{others:,} {_OTHER[others != 1]}"] if others else [])]


def words_without_number(kind: str, number: int) -> str:
    """Return `new devices`, as many as `number`; empty for a kind without words."""
    return _WORDS[kind][number != 1] if kind in _WORDS else ""
