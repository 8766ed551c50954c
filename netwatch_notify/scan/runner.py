"""Start nmap, stream what it prints, and end it: the only home of nmap processes."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import ScanError, StateError

CHUNK_BYTES = 1 << 16
STDERR_KEPT_BYTES = 1 << 14
"""Of each end of what nmap wrote to stderr; a fake wrote 10 MB once, a broken one may."""
GRACE_SECONDS = 2.0
"""Between SIGTERM, at which nmap finishes its files, and SIGKILL."""


def find_nmap(configured: Path | None) -> str:
    """Return nmap's path: the configured one, or the first on PATH. Raises ScanError."""
    if configured is not None:
        if not os.access(configured, os.X_OK) or configured.is_dir():
            raise ScanError(f"{configured}: not an executable; set NETWATCH_NMAP_PATH to nmap")
        return str(configured)
    found = shutil.which("nmap")
    if found is None:
        raise ScanError("nmap: not found on PATH; install it or set NETWATCH_NMAP_PATH")
    return found


def nmap_version(nmap: str) -> str:
    """Return what `nmap --version` says first, `Nmap version 7.93 …`. Raises ScanError."""
    try:
        result = subprocess.run(
            [nmap, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ScanError(f"{nmap}: does not run ({type(error).__name__})") from error
    return result.stdout.partition("\n")[0].strip() or "nmap of an unknown version"


@dataclass(frozen=True, slots=True)
class NmapOutcome:
    """How one nmap process went, whatever its XML says."""

    returncode: int
    """Negative: killed by that signal."""
    stderr: str
    timed_out: bool
    seconds: float


class NmapRunner:
    """
    Runs nmap processes, several threads at once, and can end them all.

    Each runs in its own process group and gets SIGKILL when the thread that started it dies
    (`setpriv --pdeathsig`): nmap ignores SIGPIPE and would scan on after us. The kernel drops
    that for an nmap with file capabilities, so the pids are also recorded in `pid_file`, and
    `end_leftovers` ends what an earlier run left.
    """

    def __init__(self, pid_file: Path | None = None) -> None:
        self._pid_file = pid_file
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stopped = False
        setpriv = shutil.which("setpriv")
        self._prefix = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        self.seconds = 0.0
        """Wall time during which at least one nmap was running."""
        self._busy_since = 0.0

    def run(
        self,
        command: Sequence[str],
        consume: Callable[[bytes], None] | None = None,
        *,
        deadline: float,
    ) -> NmapOutcome:
        """
        Run `command` to its end, handing its stdout to `consume` as it comes.

        `deadline` is a `time.monotonic` instant; at it the whole process group is ended and the
        outcome says so. Whatever `consume` raises ends nmap and goes on. Raises ScanError where
        it does not start.
        """
        started = time.monotonic()
        with tempfile.TemporaryFile() as stderr:
            process = self._start(command, stderr, wants_output=consume is not None)
            expired = threading.Event()

            def expire() -> None:
                expired.set()
                end_group(process.pid)

            timer = threading.Timer(max(0.0, deadline - started), expire)
            timer.daemon = True
            timer.start()
            try:
                if process.stdout and consume:
                    while chunk := os.read(process.stdout.fileno(), CHUNK_BYTES):
                        consume(chunk)
                process.wait()
            finally:
                timer.cancel()
                if process.poll() is None:
                    end_group(process.pid)
                self._finished(process)
            return NmapOutcome(
                process.returncode,
                _both_ends(stderr),
                expired.is_set(),
                time.monotonic() - started,
            )

    def stop(self) -> None:
        """End every nmap, and start no more; the threads that wait for them go on by themselves."""
        with self._lock:
            self._stopped = True
            running = list(self._running.values())
        for process in running:
            if process.poll() is None:
                end_group(process.pid)

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def _start(
        self, command: Sequence[str], stderr: BinaryIO, *, wants_output: bool
    ) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._stopped:
                raise ScanError(f"{command[0]}: not started, the run is being ended")
            try:
                process = subprocess.Popen(
                    [*self._prefix, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if wants_output else subprocess.DEVNULL,
                    stderr=stderr,
                    process_group=0,
                )
            except OSError as error:
                raise ScanError(f"{command[0]}: did not start: {error.strerror}") from error
            if not self._running:
                self._busy_since = time.monotonic()
            self._running[process.pid] = process
            self._record()
        return process

    def _finished(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        if process.stdout:
            process.stdout.close()
        with self._lock:
            del self._running[process.pid]
            if not self._running:
                self.seconds += time.monotonic() - self._busy_since
            self._record()

    def _record(self) -> None:
        if self._pid_file is None:
            return
        lines = (f"{pid} {_start_ticks(pid)}\n" for pid in self._running)
        try:
            self._pid_file.write_text("".join(lines), encoding="ascii")
        except OSError as error:
            raise StateError(f"{self._pid_file}: {error.strerror}") from error


def end_leftovers(pid_file: Path) -> int:
    """
    End the nmaps an earlier run recorded and did not end; return how many.

    A pid counts only with the start time recorded beside it, so that no stranger who got the
    number since is ended.
    """
    try:
        lines = pid_file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    ended = 0
    for line in lines:
        pid, _, ticks = line.partition(" ")
        if pid.isdecimal() and ticks and _start_ticks(int(pid)) == ticks:
            end_group(int(pid))
            ended += 1
    pid_file.unlink(missing_ok=True)
    return ended


def end_group(pid: int) -> None:
    """End the process group that `pid` leads: SIGTERM, a grace for the leader, and SIGKILL."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        end = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < end and _start_ticks(pid):
            time.sleep(0.02)
        # Also where the leader has gone: a child of it may ignore SIGTERM and hold our pipe.
        os.killpg(pid, signal.SIGKILL)


def _start_ticks(pid: int) -> str:
    """Return when `pid` started, in clock ticks since boot; empty if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field is the name in parentheses and may hold spaces; proc(5) counts from there.
    after_name = fields.rpartition(")")[2].split()
    return "" if after_name[0] in "ZX" else after_name[19]


def _both_ends(file: BinaryIO) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= 2 * STDERR_KEPT_BYTES:
        data = file.read()
    else:
        data = file.read(STDERR_KEPT_BYTES)
        file.seek(-STDERR_KEPT_BYTES, os.SEEK_END)
        data += b"\n...\n" + file.read()
    return data.decode("utf-8", "replace")
