"""Nights of one network whose commands are killed, process group and all, and given again."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Program
from tests.kills.arrivals import Post, marks_in
from tests.kills.channels import open_channels
from tests.kills.judge import CHANNELS, Claim, Verdict, judge
from tests.nights import Nights, host
from tests.servers.synapse import Synapse

HOSTS = 12
FIRST_MARK = 20_000
MOST_KILLS_OF_A_NIGHT = 3
MOST_NIGHTS = 80
"""Its scans lie in the future, so that many nights end a watch that is hardly ever killed."""
MOST_DELIVERIES = 10
"""After the last night, until everything has arrived."""
COMMAND_SECONDS = 60.0
ALL_PORTS = {
    "args": "nmap -sS -p- 192.0.2.0/24",
    "infos": '<scaninfo type="syn" protocol="tcp" numservices="65535" services="1-65535"/>',
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One watch, seen from its end."""

    kills: int
    fates: Counter[str]
    """Where the kills fell."""
    repetitions: int
    """Sends that our homeserver took for what they were: the same again."""
    verdict: Verdict
    faults: tuple[str, ...]
    """What went wrong without being lost or told twice."""


@dataclass(slots=True)
class _Watch:
    program: Program
    post: Post
    chance: random.Random
    nights: Nights = field(init=False)
    length_seconds: float = 0.0
    """Of the last `ingest` that was left alone."""
    kills: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    claims: list[Claim] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    ports: dict[int, list[str]] = field(
        default_factory=lambda: {number: ["22"] for number in range(1, HOSTS + 1)}
    )

    def __post_init__(self) -> None:
        self.nights = Nights(self.program)

    def live(self, kills: int) -> list[int]:
        """Let nights pass until so many kills have hit, and return the marks of the nights."""
        marks: list[int] = []
        self._leave_alone("ingest", self._scan(0))
        while self.kills < kills and len(marks) < MOST_NIGHTS:
            mark = FIRST_MARK + len(marks) + 1
            self.ports[mark % HOSTS + 1].append(str(mark))
            marks.append(mark)
            self._take_in(self._scan(len(marks)), mark)
        self._settle()
        return marks

    def _scan(self, night: int) -> str:
        found = (host(number, *ports) for number, ports in self.ports.items())
        return str(self.nights.file(night, *found, **ALL_PORTS))

    def _take_in(self, scan: str, mark: int) -> None:
        """Ingest until the night is taken in; then send what waits, or leave it to the next."""
        for _ in range(MOST_KILLS_OF_A_NIGHT):
            if not self._kill("ingest", scan):
                return
            if mark in self._told():
                break
        else:
            self._leave_alone("ingest", scan)
            return
        # By itself, with the same scan again, or together with the night to come.
        again = self.chance.choice((("deliver",), ("ingest", scan), ()))
        if again and self._kill(*again) and self.chance.random() < 0.5:
            self._leave_alone("deliver")

    def _settle(self) -> None:
        self._leave_alone("outbox", "retry", "--all")
        for _ in range(MOST_DELIVERIES):
            self._leave_alone("deliver")
            if not json.loads(self._leave_alone("outbox", "list", "--json"))["messages"]:
                return
        self.faults.append("after the last night not everything was delivered")

    def _leave_alone(self, *arguments: str) -> str:
        begun_at = time.monotonic()
        result = self.program.run(*arguments)
        if arguments[0] == "ingest":
            self.length_seconds = time.monotonic() - begun_at
        if (result.returncode, result.stderr) != (0, ""):
            self.faults.append(f"{arguments[0]}: exit {result.returncode}, {result.stderr}")
        return result.stdout

    def _kill(self, *arguments: str) -> bool:
        """Kill a command at any moment of the time it takes; False: it had ended before."""
        moment = self.chance.uniform(0, self.length_seconds)
        arrived, begun_at = len(self.post.arrivals), time.time()
        process = subprocess.Popen(
            self.program.command(*arguments),
            env=self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        killed_at = time.time()
        status = process.wait(COMMAND_SECONDS)
        if status != -signal.SIGKILL:
            if status != 0:
                self.faults.append(f"{arguments[0]}: exit {status}")
            return False
        self.kills += 1
        claims = self._claimed_by(process.pid, begun_at, killed_at)
        self.claims += claims
        self.fates[self._fate(claims, arrived)] += 1
        return True

    def _fate(self, claims: list[Claim], arrived: int) -> str:
        new = self.post.arrivals[arrived:]
        if any(claim.explains(a, mark) for claim in claims for a in new for mark in claim.marks):
            return "between acceptance and record"
        if claims:
            return "while sending"
        return "after something was sent" if new else "before anything was sent"

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        """Ask a copy of the database: reading it would tidy up what the kill left behind."""
        copy = self.program.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.program.state.glob("netwatch.db*"):
            shutil.copy(path, copy)
        with closing(sqlite3.connect(copy / "netwatch.db")) as database:
            found: list[tuple[object, ...]] = database.execute(query).fetchall()
            return found

    def _told(self) -> set[int]:
        """Return the marks of the nights that were taken in."""
        views = self._rows("SELECT view FROM outbox")
        return {mark for (view,) in views for mark in marks_in(str(view))}

    def _claimed_by(self, pid: int, begun_at: float, killed_at: float) -> list[Claim]:
        rows = self._rows(
            "SELECT id, destination, view FROM outbox "  # noqa: S608
            f"WHERE state = 'waiting' AND lease_holder LIKE '{pid}:%'"
        )
        return [
            Claim(
                str(destination).split()[0],
                int(str(entry)),
                marks_in(str(view)),
                begun_at,
                killed_at,
            )
            for entry, destination, view in rows
        ]

    def check_history(self, marks: list[int]) -> None:
        """Each night stands in the history once, however often its scan was taken in."""
        said = self._leave_alone("history", "--json", "--limit", "0")
        told = Counter(change["port"] for change in json.loads(said)["changes"])
        if told != Counter(marks):
            self.faults.append(f"the history has {dict(told)} instead of {marks}")


def watch(folder: Path, kills: int, seed: int, synapse: Synapse | None = None) -> Outcome:
    """Let one network be watched until so many kills have hit, and say how that ended."""
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    post = Post(random.Random(seed + 1))
    program = Program(folder)
    with open_channels(folder, post, synapse) as channels:
        program.environment |= channels.environment
        program.environment["NETWATCH_NOTIFY"] = " ".join(channels.urls)
        one = _Watch(program, post, chance)
        marks = one.live(kills)
        one.check_history(marks)
        channels.collect()
    faults = list(one.faults)
    if strangers := {a.channel for a in post.arrivals} ^ set(CHANNELS):
        faults.append(f"silent or unknown channels: {strangers}")
    verdict = judge(marks, post.arrivals, one.claims)
    return Outcome(one.kills, one.fates, post.repetitions, verdict, tuple(faults))
