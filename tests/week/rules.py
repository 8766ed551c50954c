"""What must hold of each command of the week, and at its end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.servers.gate import Said
from tests.week.clock import Row
from tests.week.marks import nights_in
from tests.week.places import Place, text_of

MOST_LATER_SECONDS = 5.0
"""A healthy destination's message, than on the night on which all are healthy."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what came of it."""

    name: str
    night: int | None
    """None: `deliver`."""
    began_at: float
    clock_seconds: float
    """How far the program's clock is ahead of the real one."""
    exit_code: int
    printed: str
    before: Sequence[Row]
    after: Sequence[Row]

    def rows(self, place: Place, *states: str) -> list[Row]:
        """Return the place's rows in these states before the command."""
        return [r for r in self.before if r.destination == place.key and r.state in states]


@dataclass
class Memory:
    """What is known of a place that fails."""

    rests_until: float = 0.0
    """By the program's clock."""
    lost: Counter[int] = field(default_factory=Counter)
    """Of each night, how often its message was taken and the answer lost."""
    seen: Counter[str] = field(default_factory=Counter)
    """What happened how often, to see that the week was one."""


def faults_of_step(
    step: Step, place: Place, memory: Memory, *, is_renewed: bool = False
) -> Iterator[str]:
    """Yield what is wrong with how one failing place was treated, and remember."""
    attempts = place.attempts(step.began_at)
    now = step.began_at + step.clock_seconds
    waits = bool(step.night is not None or step.rows(place, "waiting") or is_renewed)
    is_away = place.fault is not None and place.fault.manner == "refuse"
    if now < memory.rests_until:
        memory.seen["rest"] += 1
        if attempts:
            yield "tried while it had asked for rest"
    elif waits and not attempts and not is_away:
        yield "not tried, though something waits"
    if attempts and not waits:
        yield "tried, though nothing waits"
    if not is_renewed:
        failed = {n for row in step.rows(place, "failed") for n in row.nights}
        if again := failed.intersection(*[{n for a in attempts for n in nights_in(text_of(a))}]):
            yield f"nights {sorted(again)} tried again after they had failed for good"
    yield from _digest_faults(step, place, attempts, memory)
    _remember(step, place, attempts, memory)
    if attempts and attempts[-1].fault and attempts[-1].fault.is_permanent:
        memory.seen["failed for good"] += 1
        if not any(r.destination == place.key and r.state == "failed" for r in step.after):
            yield "failed for good, and the outbox does not say so"


def _digest_faults(
    step: Step, place: Place, attempts: Sequence[Said], memory: Memory
) -> Iterator[str]:
    alone = {
        night
        for row in step.rows(place, "waiting", "failed", "given-up")
        for night in row.nights
        if row.state != "waiting"
        or row.is_revived
        or (row.is_uncertain and place.knows_repetitions)
    }
    messages = [told for a in attempts if (told := nights_in(text_of(a)))]
    if sum(not alone.issuperset(told) for told in messages) > 1:
        yield f"several nights in several messages: {messages}"
    for told in messages:
        memory.seen["digest"] += len(told) > 1
        if list(told) != sorted(told):
            yield f"not the oldest first: {told}"


def _remember(step: Step, place: Place, attempts: Sequence[Said], memory: Memory) -> None:
    for attempt in attempts:
        if not attempt.fault:
            continue
        memory.seen[attempt.fault.name] += 1
        if attempt.fault.rest_seconds:
            at = attempt.at + step.clock_seconds
            memory.rests_until = at + attempt.fault.rest_seconds
        if attempt.is_taken:
            # Of a command the words are not known: it gets its rows one by one.
            owed = [n for r in step.before if r.destination == place.key for n in r.nights]
            tonight = [] if step.night is None else [step.night]
            memory.lost.update(nights_in(text_of(attempt)) or {*owed, *tonight})


def exit_code_faults(step: Step, places: Sequence[Place]) -> Iterator[str]:
    """Yield what is wrong with the exit code: 4 where something was not delivered, else 0."""
    failed = [p.key for p in places if any(a.fault for a in p.attempts(step.began_at))]
    is_away = any(p.fault is not None and p.fault.manner == "refuse" for p in places)
    undelivered = [r for r in step.after if r.state in ("waiting", "failed", "given-up")]
    if step.exit_code not in (0, 4):
        yield f"exit {step.exit_code}: {step.printed}"
    elif step.exit_code == 0 and failed:
        yield f"exit 0, though {failed} failed"
    elif step.exit_code == 4 and not (
        failed or is_away or (step.night is not None and undelivered)
    ):
        yield f"exit 4, though nothing failed: {step.printed}"
    elif step.exit_code == 4 and step.night is not None and not step.printed:
        yield "exit 4 without a word"


def healthy_faults(step: Step, place: Place, usual_seconds: float | None) -> Iterator[str]:
    """Yield what is wrong with what a healthy place got."""
    arrived = [a for a in place.arrivals() if a.at >= step.began_at]
    if step.night is None:
        if arrived:
            yield f"got {len(arrived)} messages from deliver"
        return
    if len(arrived) != 1:
        yield f"got {len(arrived)} messages"
    for arrival in arrived:
        if step.night and nights_in(arrival.text) != (step.night,):
            yield f"was told of {nights_in(arrival.text)}"
        took = arrival.at - step.began_at
        if usual_seconds is not None and took > usual_seconds + MOST_LATER_SECONDS:
            yield f"got it after {took:.1f} s instead of {usual_seconds:.1f} s"


def problem_faults(step: Step, healthy: Sequence[Place], flaky: Sequence[Place]) -> Iterator[str]:
    """Yield which failures for good the healthy places did not hear of."""
    for place in flaky:
        if step.night is not None and step.rows(place, "failed"):
            line = f"{place.key}: messages do not arrive"
            for other in healthy:
                if not any(
                    a.at >= step.began_at and line in _flat(a.text) for a in other.arrivals()
                ):
                    yield f"{other.key} did not hear that {line}"


def final_faults(
    place: Place, memory: Memory, nights: int, left: Sequence[Row], healthy: Sequence[Place]
) -> Iterator[str]:
    """Yield what was lost, or came too often, by the end of the week."""
    told = Counter(night for a in place.arrivals() for night in nights_in(a.text))
    lost = Counter[int]() if place.knows_repetitions else memory.lost
    given_up = [r for r in left if r.destination == place.key and r.state == "given-up"]
    missing = {night for row in given_up for night in row.nights}
    for night in range(1, nights + 1):
        if told[night] > 1 + lost[night]:
            yield f"night {night} arrived {told[night]} times"
        if not told[night] and night not in missing:
            yield f"night {night} was lost"
    line = f"to {place.key} was given up"
    for other in healthy:
        heard = sum(_flat(arrival.text).count(line) for arrival in other.arrivals())
        if heard < len(given_up):
            yield f"{other.key} heard of {heard} messages given up, not of {len(given_up)}"


def _flat(text: str) -> str:
    """Return a text without line breaks, JSON's included, and without what unmakes mentions."""
    flat = " ".join(text.replace("\\n", " ").split())
    return flat.replace("@ ", "@").replace("# ", "#")
