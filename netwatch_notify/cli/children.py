"""Several processes of ours side by side: what they print kept apart, all ended with us."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from netwatch_notify.errors import ScanError

LONGEST_FAREWELL_SECONDS = 30.0
"""Ending nmaps takes 2 s, a heartbeat 5 s; who takes longer is killed, and its nmaps with it."""
CHUNK_BYTES = 1 << 16
MOST_LAST_CHUNKS = 64
"""Of stderr, once a process has ended: a pipe holds one, and who inherited it may go on."""
MINE = "netwatch-notify: "
KNOWN_CODES = frozenset({0, 2, 3, 4, 5, 6})


@dataclass(frozen=True, slots=True)
class Job:
    """What one process is to do, and under which name it is spoken of."""

    label: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went."""

    label: str
    code: int
    stdout: str
    errors: tuple[str, ...]
    """The lines it wrote to stderr."""


@dataclass(slots=True)
class _Child:
    job: Job
    process: subprocess.Popen[bytes]
    stdout: IO[bytes]
    stderr: int
    ending: int
    """A descriptor that is readable once it has ended (pidfd_open(2))."""
    unfinished: bytes = b""
    lines: list[str] = field(default_factory=list)


def run_children(
    jobs: Sequence[Job],
    parallel: int,
    say: Callable[[str, str], None],
    done: Callable[[Ended], None],
) -> list[Ended]:
    """
    Run the jobs, `parallel` at a time, and return how each went, in their order.

    `say` gets a job's label and each line of its stderr as it comes. `done` gets each outcome as
    soon as those before it are there. Whatever is raised, by a signal's handler too, no process
    outlives this; should we be killed, the kernel sends SIGTERM to each.
    """
    crowd = _Crowd(say)
    outcomes: dict[int, Ended] = {}
    told = 0
    try:
        waiting = list(enumerate(jobs))[::-1]
        while waiting or crowd.running:
            while waiting and len(crowd.running) < parallel:
                crowd.start(*waiting.pop())
            outcomes.update(crowd.step(None))
            while told in outcomes:
                done(outcomes[told])
                told += 1
    finally:
        crowd.end()
    return [outcomes[place] for place in range(len(jobs))]


class _Crowd:
    """The processes that run now."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self.say = say
        self.running: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        setpriv = shutil.which("setpriv")
        # -P: the folder we were called in holds no modules of ours.
        program = [sys.executable, "-P", "-m", "netwatch_notify"]
        self._program = [*([setpriv, "--pdeathsig", "TERM"] if setpriv else []), *program]

    def start(self, place: int, job: Job) -> None:
        # In memory: a full disk is what a network's run itself has to tell of.
        stdout = os.fdopen(os.memfd_create("stdout"), "w+b")
        stderr, writing = os.pipe()
        try:
            process = subprocess.Popen(
                [*self._program, *job.arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=writing,
                process_group=0,  # Ctrl-C reaches us alone, and we end them in order
            )
        except OSError as error:
            os.close(stderr)
            name = f"{job.label}: {self._program[0]}"
            raise ScanError(f"{name}: does not start: {error.strerror}") from error
        finally:
            os.close(writing)
        child = _Child(job, process, stdout, stderr, os.pidfd_open(process.pid))
        self.running[place] = child
        os.set_blocking(child.stderr, False)
        self._selector.register(child.stderr, selectors.EVENT_READ, place)
        self._selector.register(child.ending, selectors.EVENT_READ, place)

    def step(self, timeout: float | None) -> dict[int, Ended]:
        """Wait until something happens; return what ended, by its place."""
        ended = {}
        for key, _ in self._selector.select(timeout):
            child = self.running.get(key.data)
            if child is None:
                continue
            if key.fd == child.ending:
                ended[key.data] = self._finish(key.data)
            elif self._read(child) == b"":
                self._selector.unregister(child.stderr)
        return ended

    def end(self) -> None:
        """End what still runs: each ends its own nmaps; who does not get there is killed."""
        for child in self.running.values():
            with suppress(ProcessLookupError):
                child.process.terminate()
        deadline = time.monotonic() + LONGEST_FAREWELL_SECONDS
        while self.running and time.monotonic() < deadline:
            self.step(deadline - time.monotonic())
        for place, child in list(self.running.items()):
            child.process.kill()
            self._finish(place)
        self._selector.close()

    def _read(self, child: _Child) -> bytes | None:
        """Say what came in on stderr, and return it; empty at its end, None if nothing is there."""
        try:
            chunk = os.read(child.stderr, CHUNK_BYTES)
        except BlockingIOError:
            return None
        *lines, child.unfinished = (child.unfinished + chunk).split(b"\n")
        for line in lines:
            self._said(child, line)
        return chunk

    def _said(self, child: _Child, line: bytes) -> None:
        text = line.decode(errors="replace").removeprefix(MINE)
        child.lines.append(text)
        self.say(child.job.label, text)

    def _finish(self, place: int) -> Ended:
        child = self.running.pop(place)
        code = child.process.wait()
        with suppress(KeyError):
            self._selector.unregister(child.stderr)
        self._selector.unregister(child.ending)
        os.close(child.ending)
        for _ in range(MOST_LAST_CHUNKS):
            if not self._read(child):
                break
        if child.unfinished:
            self._said(child, child.unfinished)
        if code < 0:
            self._said(child, f"ended by {signal.Signals(-code).name}".encode())
        os.close(child.stderr)
        child.stdout.seek(0)
        stdout = child.stdout.read().decode(errors="replace")
        child.stdout.close()
        known = code if code in KNOWN_CODES else ScanError.exit_code
        return Ended(child.job.label, known, stdout, tuple(child.lines))
