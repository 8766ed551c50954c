"""Play one week: a scan each night, `deliver` by day, and hold each command against the rules."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.conftest import Program
from tests.nights import Nights
from tests.week import rules
from tests.week.clock import pass_hours, rows
from tests.week.marks import hosts_of, nights_in
from tests.week.plot import NIGHTS, Plot
from tests.week.rules import Memory, Step
from tests.week.scenery import RENEWED, TOKEN, Matrix, Scenery, set_up

HEALTHY_SECONDS = 20
"""A hang ends when all healthy ones have their message; this is far too late for it."""
DAY_SECONDS = 1.0
"""What a hang takes by day, when no healthy one waits for anything."""
REAL_HANG_SECONDS = 100
"""More than any deadline of ours."""
COMMAND_SECONDS = 300


class Week:
    """One week, from the seed it is drawn from; `faults` is what went wrong."""

    def __init__(
        self, folder: Path, seed: int, matrix: Matrix, stack: ExitStack, *, really_hangs: bool
    ) -> None:
        self.program = Program(folder)
        self.nights = Nights(self.program)
        self.database = self.program.state / "netwatch.db"
        self.really_hangs = really_hangs
        self.scenery: Scenery = set_up(
            stack,
            folder,
            matrix,
            self._may_go,
            is_bot=seed % 2 == 0,
            hang_seconds=REAL_HANG_SECONDS if really_hangs else HEALTHY_SECONDS,
            really_hangs=really_hangs,
        )
        self.program.environment |= self.scenery.environment
        self.program.environment["NETWATCH_HOOK"] = str(self.scenery.hook.script)
        self.faults: list[str] = []
        self.memories = {place.key: Memory() for place in self.scenery.flaky}
        self.asked = Counter[str]()
        self._plot = Plot(seed, self.scenery.flaky)
        self._usual: dict[str, float] = {}
        self._clock_seconds = 0.0
        self._let_go = self.scenery.hook.folder / "let-go"

    @property
    def seen(self) -> Counter[str]:
        """What happened in it, and how often."""
        return sum((memory.seen for memory in self.memories.values()), self.asked)

    def play(self) -> None:
        """Live through it; the first night is one on which all are healthy."""
        self._night(0)
        for night in range(1, NIGHTS + 1):
            for place in self.scenery.flaky:
                place.play(self._plot.at_night(place, night))
            self._night(night)
            for hours in (1, 6):
                self._pass(hours)
                for place in self.scenery.flaky:
                    place.play(self._plot.by_day(place, night))
                is_renewed = self._see_to_it()
                self._step(None, "deliver", is_renewed=is_renewed)
            self._pass(17)
        self._end()

    def _end(self) -> None:
        for place in self.scenery.flaky:
            place.play(None)
        self._step(None, "deliver")
        self._pass(7)
        self._night(NIGHTS + 1)
        self._pass(1)
        self._step(None, "deliver")
        left = rows(self.database)
        if waiting := [row for row in left if row.state != "given-up"]:
            self._blame("the end", waiting)
        for place in self.scenery.flaky:
            memory, healthy = self.memories[place.key], self.scenery.healthy
            found = rules.final_faults(place, memory, NIGHTS + 1, left, healthy)
            self._blame(f"the end, {place.key}", found)
        given_up = [row for row in left if row.state == "given-up"]
        self.asked["given up"] += len(given_up)

    def _see_to_it(self) -> bool:
        """
        Do what a person would who finds something failed for good: look, renew, retry.

        Return whether the URL of the one whose token can be renewed is another one now.
        """
        failed = [row for row in rows(self.database) if row.state == "failed"]
        if not failed:
            return False
        first = self.scenery.flaky[0]
        if not self.asked["check"]:
            self._check(failed[0].destination)
        elif first.url.endswith(TOKEN) and any(r.destination == first.key for r in failed):
            first.url = first.url.replace(TOKEN, RENEWED)
            self.asked["renewed"] += 1
            return True
        elif self.asked["renewed"] and not self.asked["retry"]:
            self.asked["retry"] += 1
            self._run("outbox", "retry", "--all")
        return False

    def _check(self, key: str) -> None:
        """`check` and `outbox list` show what failed for good."""
        self.asked["check"] += 1
        code, printed = self._run("check")
        if code != 2 or f"outbox: {key}: " not in printed:
            self._blame("check", [f"exit {code}, and nothing of {key}: {printed}"])
        _, printed = self._run("outbox", "list", "--json")
        listed = {(m["destination"], m["state"]) for m in json.loads(printed)["messages"]}
        if (key, "failed") not in listed:
            self._blame("outbox list", [f"nothing of {key}"])

    def _pass(self, hours: float) -> None:
        pass_hours(self.database, hours)
        self._clock_seconds += hours * 3600

    def _night(self, night: int) -> None:
        # The last of them is yesterday, by the clock of whoever reads the days.
        path = self.nights.file(night - NIGHTS - 2, *hosts_of(night))
        self._step(night, "ingest", str(path))

    def _step(self, night: int | None, *command: str, is_renewed: bool = False) -> None:
        before, began_at = rows(self.database), time.time()
        code, printed = self._run(*command, night=night)
        name = f"night {night}" if night is not None else f"{self._clock_seconds / 3600:.0f} h"
        after = rows(self.database)
        step = Step(name, night, began_at, self._clock_seconds, code, printed, before, after)
        flaky, healthy = self.scenery.flaky, self.scenery.healthy
        self._blame(name, rules.exit_code_faults(step, flaky))
        for place in flaky:
            renewed = is_renewed and place is flaky[0]
            memory = self.memories[place.key]
            found = rules.faults_of_step(step, place, memory, is_renewed=renewed)
            self._blame(f"{name}, {place.key}", found)
        for place in healthy:
            found = rules.healthy_faults(step, place, self._usual.get(place.key))
            self._blame(f"{name}, {place.key}", found)
            if night == 0:
                self._usual[place.key] = place.arrivals()[-1].at - began_at
        self._blame(name, rules.problem_faults(step, healthy, flaky))

    def _run(self, *command: str, night: int | None = None) -> tuple[int, str]:
        """Run a command, let go of what hangs when it is time, and return exit code and output."""
        self._let_go.unlink(missing_ok=True)
        began = time.monotonic()
        process = subprocess.Popen(
            self.program.command(*command),
            env={**self.program.environment, "NETWATCH_NOTIFY": self.scenery.notify()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        printed = ""
        while process.returncode is None and time.monotonic() < began + COMMAND_SECONDS:
            with suppress(subprocess.TimeoutExpired):
                printed, _ = process.communicate(timeout=0.1)
            is_day_over = night is None and time.monotonic() > began + DAY_SECONDS
            if not self.really_hangs and (is_day_over or self._all_have(night)):
                self._let_go.touch()
        if process.returncode is None:
            process.kill()
            printed, _ = process.communicate()
            self._blame(command[0], ["it did not end"])
        if "Traceback" in printed or any(secret in printed for secret in self.scenery.secrets):
            self._blame(command[0], [f"printed what it must not: {printed}"])
        return process.returncode, printed

    def _all_have(self, night: int | None) -> bool:
        if not night:
            return False
        return all(
            any(nights_in(a.text) == (night,) for a in p.arrivals()) for p in self.scenery.healthy
        )

    def _may_go(self, began: float) -> bool:
        limit = REAL_HANG_SECONDS if self.really_hangs else HEALTHY_SECONDS
        return self._let_go.exists() or time.time() - began > limit

    def _blame(self, what: str, found: Iterable[object]) -> None:
        self.faults += [f"{what}: {fault}" for fault in found]
