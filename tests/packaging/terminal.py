"""A shell at a terminal: what a person types, and what they see."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

SECONDS = 30
"""For one thing to appear; on an idle machine it takes half a second at most."""


class Terminal:
    """A shell of its own session on a pseudo terminal of 200 columns."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.screen = pyte.Screen(200, 50)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        try:
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *command],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=folder,
                env={**environment, "TERM": "xterm", "COLUMNS": "200", "LINES": "50"},
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # setsid became the shell, so this is its pid.
        self.process.send_signal(signal.SIGHUP)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def shows(self, what: Callable[[list[str]], bool]) -> list[str]:
        """Wait until the screen's lines are as wanted, and return them; fail after SECONDS."""
        end = time.monotonic() + SECONDS
        while not what(lines := self.lines()):
            left = end - time.monotonic()
            assert left > 0, "the screen shows:\n" + "\n".join(lines)
            if select.select([self.master], [], [], min(left, 1))[0]:
                self.stream.feed(os.read(self.master, 65536))
        return lines

    def lines(self) -> list[str]:
        """Return what stands on the screen, empty lines left out."""
        return [line.rstrip() for line in self.screen.display if line.strip()]
