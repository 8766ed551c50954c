"""What was told of a month, held against the truth, for benchmarks.month; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.month_network import Event, Month, Night, NightKind
from netwatch_notify.model.change import ChangeKind, Severity

GONE_AFTER = 2
"""The default of the setting: so many runs may pass until an event is told."""


@dataclass(frozen=True, slots=True)
class Told:
    """One change as it was told."""

    night: int
    kind: ChangeKind
    address: str
    port: int | None = None
    ports: frozenset[int] = frozenset()
    """The open ports that a new host's line carries."""
    severity: Severity | None = None
    """ndiff has none."""

    def __str__(self) -> str:
        port = f" {self.port}/tcp" if self.port else ""
        return f"{self.kind} {self.address}{port} on night {self.night}"


class Fault(StrEnum):
    """How an event was told amiss."""

    MISSED = "missed"
    LATE = "late"
    WRONG = "wrong"
    """As another kind of change."""
    AGAIN = "again"
    """In time, and then once more."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One event that was not told exactly once, in time and as what it is."""

    fault: Fault
    event: Event
    told: tuple[Told, ...] = ()
    """What was said of it."""

    def __str__(self) -> str:
        said = f" (told: {'; '.join(map(str, self.told))})" if self.told else ""
        return f"{self.fault}: {self.event}{said}"


@dataclass(frozen=True, slots=True)
class Score:
    """How well one contender told a month."""

    events: int
    mistakes: tuple[Mistake, ...]
    false: tuple[Told, ...]
    """What is true of no event, and of no laptop in the way it may be told."""
    false_ordinary: int
    """Of them, those of a night that is ordinary itself and follows an ordinary one."""
    laptop_lines: int
    """All that was told of laptops, true or false."""

    @property
    def right(self) -> int:
        """Events told exactly once, in time, as what they are."""
        return self.events - len(self.mistakes)

    def count(self, fault: Fault) -> int:
        """Count the mistakes of one kind."""
        return sum(mistake.fault is fault for mistake in self.mistakes)


def score(
    month: Month, told: Sequence[Told], *, are_marked: bool = False, gone_after: int = GONE_AFTER
) -> Score:
    """
    Hold what was told against the events.

    An event may be told from its night on, whatever night that is, until the `GONE_AFTER`th run
    that counts. A port of a new host that its line did not carry (lost, or not scanned that
    night) may be told once. Of a laptop that is absent for `gone_after` runs its first going, the
    coming back after it, and one line that it flaps are true too, unless laptops `are_marked`.
    """
    left = list(told)
    mistakes: list[Mistake] = []
    missing: list[Event] = []
    for event in month.events:
        said = [line for line in left if _tells(line, event)]
        left = [line for line in left if line not in said]
        if not said:
            missing.append(event)
        elif said[0].night > _deadline(month, event):
            mistakes.append(Mistake(Fault.LATE, event, tuple(said)))
        elif len(said) > 1:
            mistakes.append(Mistake(Fault.AGAIN, event, tuple(said)))
    for event in missing:
        # Only what is nobody's: a line that tells another event rightly is no wrong word for this.
        wrong = [line for line in left if _is_about(line, event, _deadline(month, event))]
        left = [line for line in left if line not in wrong]
        fault = Fault.WRONG if wrong else Fault.MISSED
        mistakes.append(Mistake(fault, event, tuple(wrong)))
    allowed = _late_ports(month, told, left)
    if not are_marked:
        allowed |= _true_of_laptops(month, left, gone_after)
    false = tuple(line for line in left if line not in allowed)
    return Score(
        len(month.events),
        tuple(mistakes),
        false,
        sum(_is_ordinary(month.nights, line.night) for line in false),
        sum(line.address in month.laptops for line in told),
    )


def _tells(line: Told, event: Event) -> bool:
    return (line.kind, line.address, line.port) == (
        event.kind,
        event.address,
        event.port,
    ) and line.night >= event.night


def _is_about(line: Told, event: Event, deadline: int) -> bool:
    same = (line.address, line.port) == (event.address, event.port)
    return same and event.night <= line.night <= deadline


def _deadline(month: Month, event: Event) -> int:
    """Return the last night on which it is told in time."""
    nights = month.nights[event.night :]
    counting = [night.number for night in nights if night.counts(event.port)]
    return counting[GONE_AFTER - 1]


def _late_ports(month: Month, told: Iterable[Told], left: Iterable[Told]) -> set[Told]:
    new = {event.address: event for event in month.events if event.kind is ChangeKind.HOST_NEW}
    carried: set[tuple[str, int]] = set()
    allowed: set[Told] = set()
    for line in told:
        if line.kind is ChangeKind.HOST_NEW and line.address in new:
            carried |= {(line.address, port) for port in line.ports}
    for line in left:
        event = new.get(line.address)
        if line.kind is not ChangeKind.PORT_OPENED or not event or not line.port:
            continue
        what = (line.address, line.port)
        if line.port in event.ports and line.night >= event.night and what not in carried:
            carried.add(what)
            allowed.add(line)
    return allowed


def _true_of_laptops(month: Month, left: Iterable[Told], gone_after: int) -> set[Told]:
    allowed: dict[tuple[str, ChangeKind], Told] = {}
    for line in left:
        kind = line.kind
        if line.address not in month.laptops or line.port is not None:
            continue
        # ndiff's word for what comes back.
        kind = ChangeKind.HOST_BACK if kind is ChangeKind.HOST_NEW else kind
        is_true = {
            ChangeKind.HOST_GONE: _is_absent(month.nights, line, gone_after),
            ChangeKind.HOST_BACK: (line.address, ChangeKind.HOST_GONE) in allowed,
            ChangeKind.FLAPPING: True,
        }
        if is_true.get(kind, False):
            allowed.setdefault((line.address, kind), line)
    return set(allowed.values())


def _is_absent(nights: Sequence[Night], line: Told, runs: int) -> bool:
    """Whether the host of a line was absent in the last `runs` runs that ended properly."""
    proper = [night for night in nights[: line.night + 1] if night.ends_properly][-runs:]
    return not any(str(host.address) == line.address for night in proper for host in night.hosts)


def _is_ordinary(nights: Sequence[Night], number: int) -> bool:
    return all(
        night.kind is NightKind.ORDINARY for night in nights[max(0, number - 1) : number + 1]
    )
