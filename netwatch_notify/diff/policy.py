"""What of the differences is told, and what is settled: the order of one night; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from netwatch_notify.diff.breaker import Hold
from netwatch_notify.diff.compare import Differences, Presence
from netwatch_notify.diff.devices import miss_displaced
from netwatch_notify.diff.hosts import first_sight, judge_host
from netwatch_notify.diff.night import Night, Rules
from netwatch_notify.diff.steady import end_absences, end_flapping
from netwatch_notify.diff.versions import note_nmap, take_in_refresh
from netwatch_notify.model.change import Change
from netwatch_notify.model.host import Address, Host, address_order
from netwatch_notify.model.inventory import HeldRange, Inventory, Settled
from netwatch_notify.model.look import SecondLook
from netwatch_notify.model.port import PortKey
from netwatch_notify.model.scan import PartResult


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told, and what the inventory is from now on."""

    changes: tuple[Change, ...] = ()
    settled: Settled = field(default_factory=Settled)
    moved: Mapping[Address, Address] = field(default_factory=dict)
    """From where to where, whether it is told or not."""
    learned_hosts: int = 0
    """Hosts that were never asked about before, taken as known."""
    learned_ports: int = 0


def judge(
    differences: Differences,
    inventory: Inventory,
    results: Sequence[PartResult],
    holds: Sequence[Hold],
    look: SecondLook,
    rules: Rules,
    now: datetime,
    last_run_at: datetime | None,
) -> Verdict:
    """
    Decide what is told this night and what the inventory becomes.

    `last_run_at` is when the run before started: what fell silent now was last seen then.
    """
    differences = _without_false_moves(differences, look)
    night = Night(differences, inventory, results, look, rules, now, last_run_at or now)
    held = frozenset(address for hold in holds for address in hold.addresses)
    left = {old for old, new in differences.left.items() if new not in held}
    end_absences(night, held)
    for address in sorted(differences.hosts, key=address_order):
        difference = differences.hosts[address]
        is_silent = difference.presence is Presence.SILENT
        if address in held or (address in differences.left and address not in left):
            if is_silent and address not in left:
                night.patience.miss((address, None), is_held=True)
        elif not (is_silent and address in left):
            judge_host(night, difference)
    take_in_refresh(night, held)
    note_nmap(night)
    miss_displaced(night)
    end_flapping(night, held)
    return Verdict(
        changes=tuple(sorted(night.changes, key=_order)),
        settled=Settled(
            hosts=night.hosts,
            cleared=frozenset(night.cleared),
            absences=night.patience.absences,
            habits=night.patience.habits,
            displaced=night.displaced,
            held={hold.range: HeldRange(hold.range, hold.runs, hold.since) for hold in holds},
        ),
        moved=night.moved,
        learned_hosts=night.learned_hosts,
        learned_ports=night.learned_ports,
    )


def as_it_was(inventory: Inventory) -> Verdict:
    """Return the verdict that tells nothing and changes nothing."""
    return Verdict(
        settled=Settled(
            absences=inventory.absences,
            habits=inventory.habits,
            displaced=inventory.displaced,
            held=inventory.held,
        )
    )


def take_inventory(hosts: Iterable[Host], now: datetime, version: str = "") -> Verdict:
    """Return the verdict of a first run: everything that answered is known, nothing is told."""
    known = {host.address: first_sight(host, now, version) for host in hosts if host.is_present}
    return Verdict(settled=Settled(hosts=known))


def _without_false_moves(differences: Differences, look: SecondLook) -> Differences:
    """Who still answers at the old place, asked again, has not moved."""
    hosts = dict(differences.hosts)
    for address, difference in differences.hosts.items():
        before = difference.moved_from
        old = differences.hosts.get(before) if before and not difference.was_displaced else None
        if old and old.presence is Presence.SILENT and look.host_is_up(old.address):
            hosts[address] = difference.unmoved or replace(difference, moved_from=None)
    return replace(differences, hosts=hosts)


def _order(change: Change) -> tuple[int, tuple[int, int], PortKey, str]:
    return (
        change.severity.rank,
        address_order(change.address),
        change.key or PortKey(0),
        change.kind.value,
    )
