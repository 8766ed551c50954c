"""Which ranges look broken rather than changed; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from netwatch_notify.diff.compare import Differences, Presence
from netwatch_notify.model.change import Problem
from netwatch_notify.model.host import Address, neighbourhood
from netwatch_notify.model.inventory import HeldRange, Inventory
from netwatch_notify.model.scan import PartResult

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
        return Problem(f"held:{self.range}", headline, (held,), nights=1, since=self.since)


@dataclass(frozen=True, slots=True)
class Counts:
    """The hosts of one range, by how they stand."""

    known: frozenset[Address]
    silent: frozenset[Address]
    appeared: frozenset[Address]

    def looks_broken(self, share: float) -> bool:
        """Whether so many fell silent, or appeared, that something else than hosts changed."""
        known, silent, appeared = len(self.known), len(self.silent), len(self.appeared)
        if silent >= FEWEST_SILENT and silent > share * known:
            return True
        if silent >= 2 and silent == known:
            return True
        return appeared > FEWEST_APPEARED and appeared > share * known


def find_held(
    differences: Differences,
    inventory: Inventory,
    results: Sequence[PartResult],
    share: float,
    now: datetime,
) -> tuple[Hold, ...]:
    """
    Return the ranges to hold: networks within a part first, then a part whose rest looks broken.

    A part all of whose networks are held is held as one. A range that was held
    `MOST_RUNS_HELD` runs is let go.
    """
    holds: list[Hold] = []
    claimed: set[Address] = set()
    for result in results:
        part_holds = _in_part(result, differences, inventory, share, now, claimed)
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
    claimed: Iterable[Address],
) -> list[Hold]:
    label = result.part.label
    done = set(claimed)
    inside = result.part.addresses
    whole = _count(
        (a for a in inventory.hosts if a in inside and a not in done),
        (a for a in differences.hosts if a in inside and a not in done),
        differences,
        inventory,
        lambda address: (label, neighbourhood(address)),
    )
    networks: dict[str, Counts] = {}
    for network in {neighbourhood(a) for a in whole.known | whole.appeared}:
        networks[network] = Counts(
            frozenset(a for a in whole.known if neighbourhood(a) == network),
            frozenset(a for a in whole.silent if neighbourhood(a) == network),
            frozenset(a for a in whole.appeared if neighbourhood(a) == network),
        )
    broken = {name: counts for name, counts in networks.items() if counts.looks_broken(share)}
    if len(broken) == len(networks) > 1 or (len(networks) == 1 and broken):
        return _hold(label, whole, inventory, now, differences)
    rest = Counts(
        whole.known.difference(*(c.known for c in broken.values())),
        whole.silent.difference(*(c.silent for c in broken.values())),
        whole.appeared.difference(*(c.appeared for c in broken.values())),
    )
    holds = []
    for name in sorted(broken):
        holds += _hold(name, broken[name], inventory, now, differences)
    if rest.looks_broken(share):
        holds += _hold(label, rest, inventory, now, differences)
    return holds


def _count(
    known: Iterable[Address],
    differing: Iterable[Address],
    differences: Differences,
    inventory: Inventory,
    ranges_of: Callable[[Address], tuple[str, ...]],
) -> Counts:
    """
    Count the hosts that the previous covering run saw, and how they stand now.

    While a range is held, a silence that began with the hold counts as if it were new: the
    question stays the same each night.
    """
    seen_before = set()
    for address in known:
        if not inventory.hosts[address].present:
            continue
        absence = inventory.absences.get((address, None))
        held = [inventory.held[r].runs for r in ranges_of(address) if r in inventory.held]
        if absence is None or any(absence.runs <= runs for runs in held):
            seen_before.add(address)
    silent, appeared = set(), set()
    for address in differing:
        presence = differences.hosts[address].presence
        if presence is Presence.SILENT and address in seen_before:
            silent.add(address)
        elif presence is Presence.NEW:
            appeared.add(address)
    return Counts(frozenset(seen_before), frozenset(silent), frozenset(appeared))


def _hold(
    name: str,
    counts: Counts,
    inventory: Inventory,
    now: datetime,
    differences: Differences,
) -> list[Hold]:
    before: Mapping[str, HeldRange] = inventory.held
    runs = before[name].runs + 1 if name in before else 1
    if runs > MOST_RUNS_HELD:
        return []
    members = (counts.known | counts.appeared) & frozenset(differences.hosts)
    since = before[name].since if name in before else now
    return [
        Hold(
            name,
            members,
            len(counts.silent),
            len(counts.known),
            len(counts.appeared),
            runs,
            since,
        )
    ]
