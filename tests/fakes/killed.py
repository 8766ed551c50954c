"""
The program, killed between two of its steps.

`python -m tests.fakes.killed STEP STATE LOG ARGUMENT…` runs `netwatch-notify ARGUMENT…` in this
process and sends it SIGKILL right before its STEP-th step (0: never). A step is an SQL statement,
a process it starts, or something that changes a file below STATE: opening it for writing, making,
renaming, linking or removing it. Each step is a line of LOG.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

CONNECT = sqlite3.connect
WRITES = os.O_WRONLY | os.O_RDWR
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn"})
CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate"})


class Killer:
    """Counts the steps of this process, and ends it before one of them."""

    def __init__(self, step: int, state: str, log: Path) -> None:
        self.step = step
        self.state = state
        self.pid = os.getpid()
        self.count = 0
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITES and self._is_ours(path):
                self._before(f"open {path}")
        elif event in CHANGES and any(map(self._is_ours, arguments)):
            self._before(f"{event} {arguments}")
        elif event in STARTS:
            self._before(event)

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        # The audit event of a connection comes before a trace can be set (Python 3.11).
        connection: sqlite3.Connection = CONNECT(*arguments, **options)
        connection.set_trace_callback(self._statement)
        return connection

    def _is_ours(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.state)

    def _statement(self, text: str) -> None:
        self._before(" ".join(text.split())[:70])

    def _before(self, what: str) -> None:
        if os.getpid() != self.pid:  # a sender, which was forked
            return
        self.count += 1
        os.write(self.log, f"{self.count} {what}\n".encode())
        if self.count == self.step:
            os.kill(self.pid, signal.SIGKILL)


def main() -> None:
    step, state, log, *arguments = sys.argv[1:]
    sys.argv = ["netwatch-notify", *arguments]
    from netwatch_notify.cli.main import main as run

    killer = Killer(int(step), state, Path(log))
    sqlite3.connect = killer.connect  # type: ignore[assignment]
    sys.addaudithook(killer.audit)
    run()


if __name__ == "__main__":
    main()
