"""How long silence is waited for, and what comes and goes too often to be told; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from netwatch_notify.model.inventory import Absence, Habit, Inventory, PastRun, Subject, Toggle

WINDOW_RUNS = 14
"""Toggles count for so many covering runs, and what flaps is steady after as many without one."""
TOGGLES = 3
"""So many in the window are flapping."""
DOUBTFUL_TOGGLES = 5
"""
So many doubtful ones are: a port lost on three nights of fourteen.

A month of 1,000 ports that lose 0.3 % of their answers has three that are lost twice within
fourteen nights (and told as flapping, with `TOGGLES`), and hardly any that is lost three times.
"""
MOST_RUNS_WAITED = 14
"""A longer absence is not waited out again: a repair of two months is no habit."""

_NO_HABIT = Habit()


@dataclass(frozen=True, slots=True)
class Silence:
    """One more run without an answer."""

    absence: Absence
    is_over: bool
    """Whether it has lasted long enough to be told."""


class Patience:
    """
    The absences and habits of one run; its fields are what they are from now on.

    `now` is when this run started, `last` when the one before did: what fell silent now was
    last seen then.
    """

    def __init__(
        self, inventory: Inventory, gone_after: int, now: datetime, last: datetime
    ) -> None:
        self.absences: dict[Subject, Absence] = dict(inventory.absences)
        self.habits: dict[Subject, Habit] = {
            subject: without_future(habit, now) for subject, habit in inventory.habits.items()
        }
        self._before = inventory
        self._past = inventory.past
        self._gone_after = gone_after
        self._now = now
        self._last = last

    def miss(
        self, subject: Subject, *, is_doubtful: bool = False, is_held: bool = False
    ) -> Silence:
        """
        Count one more covering run without an answer.

        `is_doubtful`: nobody asked again. `is_held`: all of its range is silent, which says
        nothing of its own habits.
        """
        before = self.absences.get(subject)
        if before is None and not is_held:
            self.toggle(subject, is_doubtful=is_doubtful)
        absence = Absence(
            subject,
            before.runs + 1 if before else 1,
            before.last_seen_at if before else self.last_seen(subject),
            is_held=is_held or bool(before and before.is_held),
        )
        self.absences[subject] = absence
        longest = min(self.habit(subject).longest_absence, MOST_RUNS_WAITED)
        if absence.runs == self._gone_after and is_doubtful:
            self._believe(subject)
        return Silence(absence, absence.runs >= self._gone_after and absence.runs > longest)

    def _believe(self, subject: Subject) -> None:
        """What stays silent is no lost packet: its last toggle is certain after all."""
        habit = self.habit(subject)
        if habit.toggles and habit.toggles[-1].is_doubtful:
            certain = replace(habit.toggles[-1], is_doubtful=False)
            self.habits[subject] = replace(habit, toggles=(*habit.toggles[:-1], certain))

    def came_back(self, subject: Subject, *, was_told: bool = False) -> None:
        """
        End an absence; `was_told` if it was settled as gone.

        What the thing itself has shown it can do is not told again as soon.
        """
        absence = self.absences.pop(subject, None)
        habit = self.habit(subject)
        runs = absence.runs if absence else 0
        since = habit.silent_since
        # One that began while its range was held has no toggle, and is no habit of its own.
        if was_told and since and any(toggle.at > since for toggle in habit.toggles):
            runs = max(runs, covering_runs(self._past, subject, since))
        if absence is None and not was_told:
            return
        if not (absence and absence.is_held):
            short = bool(absence) and runs < self._gone_after and not was_told
            doubtful = bool(short and habit.toggles and habit.toggles[-1].is_doubtful)
            self.toggle(subject, is_doubtful=doubtful)
            habit = self.habit(subject)
            longest = max(habit.longest_absence, runs)
            self.habits[subject] = replace(habit, longest_absence=longest, silent_since=None)

    def settle_gone(self, subject: Subject) -> Absence:
        """End the wait for something that is told gone, and remember since when it is silent."""
        absence = self.absences.pop(subject)
        habit = replace(self.habit(subject), silent_since=absence.last_seen_at)
        self.habits[subject] = habit
        return absence

    def settle_shut(self, subject: Subject) -> Absence | None:
        """End the wait for a port that refused: that is no silence, and no habit of silence."""
        if subject not in self.absences:
            self.toggle(subject)
        self._believe(subject)
        return self.absences.pop(subject, None)

    def toggle(self, subject: Subject, *, is_doubtful: bool = False) -> None:
        """Note one change of state, and forget those that are too long ago."""
        habit = self.habit(subject)
        recent = self.recent_toggles(subject)
        toggles = (*recent, Toggle(self._now, is_doubtful))
        self.habits[subject] = replace(habit, toggles=toggles)

    def recent_toggles(self, subject: Subject) -> tuple[Toggle, ...]:
        """Return those within the last `WINDOW_RUNS` covering runs, this one included."""
        return tuple(
            toggle
            for toggle in self.habit(subject).toggles
            if self.runs_since(subject, toggle.at) < WINDOW_RUNS
        )

    def toggled_now(self, subject: Subject) -> bool:
        """Whether this run saw it change its state."""
        toggles = self.habit(subject).toggles
        return bool(toggles) and toggles[-1].at == self._now

    def flaps(self, subject: Subject) -> bool:
        """Whether it changed its state too often lately."""
        return is_flapping(self.recent_toggles(subject))

    def is_steady(self, subject: Subject) -> bool:
        """Whether something that flapped has kept its state through the whole window."""
        toggles = self.habit(subject).toggles
        return not toggles or self.runs_since(subject, toggles[-1].at) >= WINDOW_RUNS

    def habit(self, subject: Subject) -> Habit:
        """Return how it comes and goes."""
        return self.habits.get(subject, _NO_HABIT)

    def begin_flapping(self, subject: Subject, *, told_present: bool) -> None:
        """From now on nothing is told of it, until it is steady."""
        self.habits[subject] = replace(self.habit(subject), told_present=told_present)

    def end_flapping(self, subject: Subject) -> None:
        """From now on it is told like anything else."""
        self.habits[subject] = replace(self.habit(subject), told_present=None, toggles=())

    def last_seen(self, subject: Subject) -> datetime:
        """Return when the last run before this one that asked about it started."""
        return next((run.started_at for run in self._past if _asked(run, subject)), self._last)

    def runs_since(self, subject: Subject, at: datetime) -> int:
        """Count the runs that covered it and started after `at`, up to and with this one."""
        return covering_runs(self._past, subject, at) + (at < self._now)

    def move(self, subject: Subject, to: Subject) -> None:
        """
        Take what was known of one subject's ways to another address.

        As it was before this run: who swaps addresses finds the other's ways in its new place.
        """
        self.leave(subject)
        self.forget(to)
        habit = self._before.habits.get(subject)
        if habit:
            self.habits[to] = habit

    def leave(self, subject: Subject) -> None:
        """Forget the ways of who was there, but not those of who is there since this run."""
        if self.habits.get(subject) is self._before.habits.get(subject):
            self.habits.pop(subject, None)
        if self.absences.get(subject) is self._before.absences.get(subject):
            self.absences.pop(subject, None)

    def forget(self, subject: Subject) -> None:
        """Forget its ways: what has its place now is something else."""
        self.absences.pop(subject, None)
        self.habits.pop(subject, None)


def is_flapping(recent: tuple[Toggle, ...]) -> bool:
    """Whether toggles within the window are too many; doubtful ones weigh less."""
    weight = sum(TOGGLES if toggle.is_doubtful else DOUBTFUL_TOGGLES for toggle in recent)
    return weight >= TOGGLES * DOUBTFUL_TOGGLES


def without_future(habit: Habit, now: datetime) -> Habit:
    """
    Return the habit without the toggles that are still to come: the clock was wrong then.

    They would count as recent until the clock gets there, and keep the thing flapping so long.
    """
    if all(toggle.at <= now for toggle in habit.toggles):
        return habit
    return replace(habit, toggles=tuple(toggle for toggle in habit.toggles if toggle.at <= now))


def covering_runs(past: tuple[PastRun, ...], subject: Subject, since: datetime) -> int:
    """Count the earlier runs that asked about the subject and started after `since`."""
    return sum(run.started_at > since and _asked(run, subject) for run in past)


def _asked(run: PastRun, subject: Subject) -> bool:
    address, key = subject
    return any(
        coverage.covers(address, key) if key else address in coverage.addresses
        for coverage in run.coverages
    )


def needed_since(habits: Iterable[Habit]) -> datetime | None:
    """Return since when past runs are needed to judge `habits`; None if none is."""
    instants = []
    for habit in habits:
        instants += [toggle.at for toggle in habit.toggles]
        instants += [habit.silent_since] if habit.silent_since else []
    return min(instants, default=None)
