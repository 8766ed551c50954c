"""
A syslog service: a datagram socket, and a `/dev/log` of their own for the programs that log to it.

`/dev/log` is made in a private mount namespace, so the machine's own, if it has one, hears nothing.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

LINE = re.compile(
    r"<(?P<priority>\d+)>(?P<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) "
    r"(?P<ident>[\w-]+)\[(?P<pid>\d+)\]: (?P<text>.*)",
    re.DOTALL,
)
"""What syslog(3) of glibc sends."""
PRIVATE = """
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work"
mount -t overlay overlay -o "lowerdir=/dev,upperdir=$1/changes,workdir=$1/work" /dev
rm -f /dev/log
ln -s "$2" /dev/log
shift 2
exec "$@"
"""
_END = b"the end"


@dataclass(frozen=True)
class Entry:
    """One datagram, read as a syslog service reads it."""

    severity: int
    facility: int
    ident: str
    pid: int
    text: str


class Syslog:
    """What a service on `path` received, in order."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self.path = path
        self._scratch = scratch
        self.received: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while (data := self._socket.recv(1 << 17)) != _END:
            self.received.append(data.decode())

    def entries(self) -> list[Entry]:
        """Stop listening, and return everything that was sent before."""
        self.stop()
        return [_entry(text) for text in self.received]

    def stop(self) -> None:
        if self._thread.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(_END, str(self.path))
            self._thread.join(10)
            self._socket.close()

    def prefix(self) -> list[str]:
        """Return what stands before a command for which this service is `/dev/log`."""
        self._scratch.mkdir(exist_ok=True)
        private = ["unshare", "--mount", "sh", "-ec", PRIVATE, "sh"]
        return [*private, str(self._scratch), str(self.path)]


@contextmanager
def syslog(folder: Path) -> Iterator[Syslog]:
    """Run a service in `folder`, whose path has to be short: a socket's has 107 letters."""
    service = Syslog(folder / "log", folder / "scratch")
    try:
        yield service
    finally:
        service.stop()


def _entry(text: str) -> Entry:
    found = LINE.fullmatch(text)
    assert found, text
    number = int(found["priority"])
    return Entry(number % 8, number // 8, found["ident"], int(found["pid"]), found["text"])


@cache
def _unavailable() -> str | None:
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a /dev/log of one's own needs root on Linux"
    if shutil.which("unshare") is None:
        return "a /dev/log of one's own needs unshare: not found on PATH"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
    return f"no mount namespace can be made: {tried.stderr.strip()}" if tried.returncode else None


def require_private_log() -> None:
    """Skip the test where no `/dev/log` can be made; in CI, fail."""
    if reason := _unavailable():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
