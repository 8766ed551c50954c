"""Which ranges look broken rather than changed; pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from netwatch_notify.diff.compare import Differences, Presence
from netwatch_notify.model.change import Problem
from netwatch_notify.model.host import (
    Address,
    neighbourhood,
    neighbourhood_name,
    neighbourhood_number,
)
from netwatch_notify.model.inventory import HeldRange, Inventory, held_id
from netwatch_notify.model.scan import PartResult
from netwatch_notify.model.target import AddressSet

FEWEST_SILENT = 5
"""Fewer silent hosts than this are told, whatever share they are, unless they are all."""
FEWEST_APPEARED = 20
"""Up to so many new hosts at once are told, whatever share they are."""
MOST_RUNS_HELD = 7
"""After so many runs what a range shows is no accident any more, and it is told."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One range whose news is held back this night."""

    range: str
    addresses: frozenset[Address]
    """The differing addresses in it."""
    silent: int
    known: int
    appeared: int
    runs: int
    """With this one, in a row."""
    since: datetime

    def to_problem(self) -> Problem:
        """Return the line that is told."""
        if self.silent:
            headline = f"{self.range}: {self.silent} of {self.known} hosts silent"
            held = f"night {self.runs}, held, not counted as gone"
        else:
            headline = f"{self.range}: {self.appeared} hosts appeared at once"
            held = f"{self.known} known before; night {self.runs}, held, not counted as new"
        return Problem(
            f"held:{self.range}",
            headline,
            (held,),
            nights=1,
            since=self.since,
            id=held_id(self.range, self.since),
        )


@dataclass(slots=True)
class Counts:
    """The hosts of one range, by how they stand."""

    known: int = 0
    silent: int = 0
    appeared: int = 0
    differing: list[Address] = field(default_factory=list)
    """All that differ at all, those that are not counted among them."""

    def add(self, other: "Counts") -> None:
        """Count the hosts of another range, too."""
        self.known += other.known
        self.silent += other.silent
        self.appeared += other.appeared
        self.differing += other.differing

    def looks_broken(self, share: float) -> bool:
        """Whether so many fell silent, or appeared, that something else than hosts changed."""
        if self.silent >= FEWEST_SILENT and self.silent > share * self.known:
            return True
        if self.silent >= 2 and self.silent == self.known:
            return True
        return self.appeared > FEWEST_APPEARED and self.appeared > share * self.known


def find_held(
    differences: Differences,
    inventory: Inventory,
    results: Sequence[PartResult],
    share: float,
    now: datetime,
    *,
    restless: AddressSet | None = None,
    accepted: Collection[str] = (),
) -> tuple[Hold, ...]:
    """
    Return the ranges to hold: networks within a part first, then a part whose rest looks broken.

    A part all of whose networks are held is held as one. A range that was held
    `MOST_RUNS_HELD` runs is let go, and so is one whose `held_id` was accepted. The `restless`
    (what flaps or is known to sleep) and hosts that only moved are not counted.
    """
    holds: list[Hold] = []
    uncounted = (restless or AddressSet()) | AddressSet.of(differences.left)
    claimed: set[Address] = set()
    for result in results:
        part_holds = _in_part(result, differences, inventory, share, now, claimed, uncounted)
        part_holds = [h for h in part_holds if held_id(h.range, h.since) not in accepted]
        for hold in part_holds:
            claimed |= hold.addresses
        holds += part_holds
    return tuple(holds)


def _in_part(
    result: PartResult,
    differences: Differences,
    inventory: Inventory,
    share: float,
    now: datetime,
    claimed: set[Address],
    uncounted: AddressSet,
) -> list[Hold]:
    label = result.part.label
    networks = _count(result.part.addresses, label, differences, inventory, claimed, uncounted)
    broken = {name for name, counts in networks.items() if counts.looks_broken(share)}
    if len(broken) == len(networks):
        return _hold(label, _joined(networks.values()), inventory, now) if broken else []
    holds = []
    for network in sorted((neighbourhood_name(*network), network) for network in broken):
        holds += _hold(network[0], networks[network[1]], inventory, now)
    rest = _joined(counts for network, counts in networks.items() if network not in broken)
    if rest.looks_broken(share):
        holds += _hold(label, rest, inventory, now)
    return holds


def _count(
    inside: AddressSet,
    label: str,
    differences: Differences,
    inventory: Inventory,
    claimed: set[Address],
    uncounted: AddressSet,
) -> dict[tuple[int, int], Counts]:
    """
    Count, by network, the hosts that the previous covering run saw, and how they stand now.

    While a range is held, a silence that began with the hold counts as if it were new: the
    question stays the same each night.
    """
    known = (inventory.present & inside) - AddressSet.of(claimed) - _silent_before(inventory, label)
    known -= uncounted
    networks = {network: Counts(known=size) for network, size in _sizes(known).items()}
    for address, difference in differences.hosts.items():
        if address not in inside or address in claimed:
            continue
        is_new = difference.presence is Presence.NEW
        network = (address.version, neighbourhood_number(address.version, int(address)))
        if is_new or network in networks:
            counts = networks.setdefault(network, Counts())
            counts.differing.append(address)
            counts.appeared += is_new
            counts.silent += difference.presence is Presence.SILENT and address in known
    return networks


def _silent_before(inventory: Inventory, label: str) -> AddressSet:
    """Return the hosts whose silence is older than the hold on their network or part."""
    before = []
    for (address, key), absence in inventory.absences.items():
        if key is None:
            ranges = (label, neighbourhood(address)) if inventory.held else ()
            if not any(
                absence.runs <= inventory.held[name].runs
                for name in ranges
                if name in inventory.held
            ):
                before.append(address)
    return AddressSet.of(before)


def _sizes(addresses: AddressSet) -> Mapping[tuple[int, int], int]:
    """Count the addresses of each network: by spans, because there may be a million addresses."""
    sizes: Counter[tuple[int, int]] = Counter()
    for version, bits in ((4, 8), (6, 64)):
        for first, last in addresses.family(version).spans:
            for number in range(first >> bits, (last >> bits) + 1):
                low, high = number << bits, ((number + 1) << bits) - 1
                sizes[version, number] += min(last, high) - max(first, low) + 1
    return sizes


def _joined(many: Iterable[Counts]) -> Counts:
    whole = Counts()
    for counts in many:
        whole.add(counts)
    return whole


def _hold(name: str, counts: Counts, inventory: Inventory, now: datetime) -> list[Hold]:
    before: Mapping[str, HeldRange] = inventory.held
    runs = before[name].runs + 1 if name in before else 1
    if runs > MOST_RUNS_HELD:
        return []
    since = before[name].since if name in before else now
    return [
        Hold(
            name,
            frozenset(counts.differing),
            counts.silent,
            counts.known,
            counts.appeared,
            runs,
            since,
        )
    ]
