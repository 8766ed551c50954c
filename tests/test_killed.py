"""
Killed between any two steps and run again, it tells the same set of changes, once.

In the suite a share of the steps; `python -m tests.test_killed` takes them all (a few minutes).
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Program, coverage_variables
from tests.deliver.servers import HttpServer, http_server
from tests.nights import Nights, host

FEWER_STEPS = 5
KILLS = 6
"""About so many steps of each story are those at which the suite kills."""
SENDING = 8
"""Of the last steps, in which the message is sent, it takes every other one."""
LEASE_ENDS = "UPDATE outbox SET lease_until = 0 WHERE state = 'waiting'"
"""Five minutes later: what a dead process had claimed is free again."""
ROOT = Path(__file__).parents[1]
TIME = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")
TOLD = re.compile(r"\[([0-9a-f]{4,})\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Story:
    """What a run meets: a state, made night by night, and the command that is killed."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    """The last one is the one that is killed; the others came before it."""
    networks: tuple[dict[str, list[int]], dict[str, list[int]]] | None = None
    """What nmap finds before, and then; None where the scans come from files."""


def write_nights(nights: Nights) -> tuple[str, str, str]:
    """A first night, one on which something falls silent and is told, and one full of changes."""
    hosts = {number: host(number, "22", "80") for number in range(1, 17)}
    first = nights.file(0, *hosts.values())
    hosts[1] = host(1, "22", "80", "443")
    del hosts[2]
    hosts[3] = host(3, "22")
    second = nights.file(1, *hosts.values())
    hosts |= {number: host(number, "22", "80", "8") for number in range(10, 16)}
    hosts[3] = host(3, "22", "23")
    hosts[4] = host(4, "22", "80", mac="00:00:5E:00:53:04")
    hosts[40] = host(40, "443")
    third = nights.file(2, *hosts.values())
    return str(first), str(second), str(third)


NETWORK = {f"192.0.2.{number}": [22, 80] for number in range(1, 17)}
CHANGED = {**NETWORK, "192.0.2.1": [22, 80, 443], "192.0.2.3": [22], "192.0.2.40": [23]}
"""Nothing is silent: another scan of that would be another night of silence."""


class Scene:
    """One story in a folder: its state before the last command, and how to go on from there."""

    def __init__(self, folder: Path, path: str, server: HttpServer) -> None:
        folder.mkdir(parents=True)
        self.folder, self.path, self.server = folder, path, server
        self.program = Program(folder)
        # What is killed leaves half a file of what it covered.
        for name in coverage_variables():
            self.program.environment.pop(name, None)
        self.program.environment |= {
            "NETWATCH_NOTIFY": f"{server.url.replace('http', 'json')}{path}",
            "NETWATCH_VERSION_REFRESH_DAYS": "0",
            "TZ": "UTC",
        }

    def messages(self) -> list[str]:
        """What has arrived."""
        bodies = [body for _, path, body in self.server.requests if path == self.path]
        return [json.loads(body)["message"] for body in bodies]

    def killed(self, step: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and kill it before one of its steps; what it had started ends, too."""
        log = self.folder / "steps"
        driver = [sys.executable, "-m", "tests.fakes.killed", str(step), str(self.program.state)]
        return subprocess.run(
            [*driver, str(log), *arguments],
            env=self.program.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def steps(self) -> list[str]:
        return (self.folder / "steps").read_text().splitlines()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        path = self.program.state / "netwatch.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            if "outbox" not in tables:
                return []
            found: list[tuple[object, ...]] = database.execute(query).fetchall()
            database.commit()
            return found

    def knowledge(self, *, without_times: bool) -> dict[str, str]:
        """All that is known now; of the runs themselves, what they told."""
        queries = {
            table: f"SELECT * FROM {table} ORDER BY 1, 2, 3"  # noqa: S608
            for table in ("hosts", "ports", "absences", "held", "habits", "displaced", "ledger")
        }
        queries["coverages"] = "SELECT * FROM coverages ORDER BY 1"
        queries["facts"] = "SELECT * FROM facts ORDER BY 1"
        queries["changes"] = "SELECT id, kind, grp, hidden_by, body FROM changes ORDER BY 1"
        queries["rules"] = "SELECT * FROM rules ORDER BY 1"
        queries["messages"] = "SELECT destination, state FROM outbox ORDER BY id"
        known = {name: repr(self.rows(query)) for name, query in queries.items()}
        if without_times:
            known = {name: TIME.sub("then", rows) for name, rows in known.items()}
        return known


class Stage:
    """One story, undisturbed and killed."""

    is_thorough = False
    """Whether the command is given a third time as well."""

    def __init__(self, folder: Path, story: Story, server: HttpServer) -> None:
        self.folder, self.story, self.server = folder, story, server
        self.command = story.commands[-1]
        self.before = Scene(folder / "before", "/before", server)
        if story.networks:
            self.before.program.network(story.networks[0])
        for command in story.commands[:-1]:
            assert self.before.program.run(*command).returncode == 0
        whole = self._scene("whole")
        result = whole.killed(0, *self.command)
        assert result.returncode == 0, result.stderr
        self.steps = whole.steps()
        self.knowledge = whole.knowledge(without_times=bool(story.networks))
        (message,) = whole.messages()
        self.lines = Counter(TOLD.findall(message))
        assert self.lines or not story.commands[:-1], "a story without a change says nothing"

    def _scene(self, name: str) -> Scene:
        path = f"/{self.folder.name}/{name}"
        scene = Scene(self.folder / name, path, self.server)
        if self.before.program.state.exists():
            shutil.copytree(self.before.program.state, scene.program.state, symlinks=True)
        if self.story.networks:
            scene.program.network(self.story.networks[1])
        return scene

    def kill(self, step: int) -> str:
        """Kill before one step, go on, and return what is wrong then; empty if nothing is."""
        scene = self._scene(f"step-{step}")
        result = scene.killed(step, *self.command)
        if result.returncode == 0 and step > len(self.steps) - FEWER_STEPS:
            return ""  # A run with a real process has a few steps more or less each time.
        if result.returncode != -signal.SIGKILL:
            return f"exit {result.returncode}: {result.stderr}"
        at = scene.steps()[-1]
        may_come_twice = bool(scene.messages()) and bool(
            scene.rows("SELECT 1 FROM outbox WHERE state = 'waiting'")
        )
        faults = self._faults_of(scene, *self.command)
        if scene.rows("SELECT 1 FROM outbox WHERE state = 'waiting'"):
            scene.rows(LEASE_ENDS)
            faults += self._faults_of(scene, "deliver")
        known = scene.knowledge(without_times=bool(self.story.networks))
        messages = scene.messages()
        expected = 2 if may_come_twice else 1
        if len(messages) != expected:
            faults.append(f"{len(messages)} messages, not {expected}")
        faults += [
            f"another message: {message[:1000]}"
            for message in messages
            if Counter(TOLD.findall(message)) != self.lines
        ]
        faults += [
            f"{table}: {difference(rows, self.knowledge[table])}"
            for table, rows in known.items()
            if rows != self.knowledge[table]
        ]
        if self.is_thorough:
            faults += self._faults_of(scene, *self.command)
            faults += ["a third time it is told again"] * (scene.messages() != messages)
        shutil.rmtree(scene.folder)
        return "\n  ".join([f"{self.story.name}, killed before step {at}", *faults] * bool(faults))

    def _faults_of(self, scene: Scene, *arguments: str) -> list[str]:
        result = scene.program.run(*arguments)
        if (result.returncode, result.stdout, result.stderr) == (0, "", ""):
            return []
        return [f"{arguments[0]}: exit {result.returncode}, {result.stdout}{result.stderr}"]


def difference(one: str, other: str) -> str:
    """Two long texts from where they differ."""
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, start - 60)
    return f"…{one[start:][:200]}… instead of …{other[start:][:200]}…"


def stories(folder: Path) -> list[Story]:
    program = Program(folder)
    first, second, third = write_nights(Nights(program))
    rule = ("ignore", "add", "192.0.2.15", "8/tcp", "--reason", "planned")
    return [
        Story("first night", (("ingest", first),)),
        Story("changes", (("ingest", first), ("ingest", second), rule, ("ingest", third))),
        Story("run", (("run",), ("run",)), (NETWORK, CHANGED)),
    ]


def faults_of(stage: Stage, every: int) -> list[str]:
    """Kill before every n-th step, and before the last ones, where the message is sent."""
    steps = range(1, len(stage.steps) + 1)
    chosen = sorted({*steps[::every], *steps[-SENDING::2]}) if every > 1 else list(steps)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [fault for fault in pool.map(stage.kill, chosen) if fault]


@pytest.mark.parametrize("number", [0, 1, 2], ids=["first night", "changes", "run"])
def test_killed_between_two_steps_it_tells_the_same_once(tmp_path: Path, number: int) -> None:
    with http_server() as server:
        (tmp_path / "scans").mkdir()
        stage = Stage(tmp_path / "stage", stories(tmp_path / "scans")[number], server)
        faults = faults_of(stage, max(1, len(stage.steps) // KILLS))
    assert not faults, "\n".join(faults)


def main() -> None:
    """Kill before each step of each story, and say what came of it."""
    status = 0
    with tempfile.TemporaryDirectory() as name, http_server() as server:
        for number, story in enumerate(stories(Path(name))):
            stage = Stage(Path(name) / f"stage-{number}", story, server)
            stage.is_thorough = True
            faults = faults_of(stage, 1)
            print(f"{story.name}: killed before each of {len(stage.steps)} steps", flush=True)
            print(*faults, f"{len(faults)} of them went wrong", sep="\n", flush=True)
            status = status or int(bool(faults))
    sys.exit(status)


if __name__ == "__main__":
    main()
