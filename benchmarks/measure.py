"""Run a program and say what it took: wall time, CPU, memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process took."""

    seconds: float
    cpu_seconds: float
    """User and system."""
    peak_kib: int
    """The most memory it held; never less than `own_peak_kib`."""
    returncode: int
    errors: str
    """What it wrote to stderr."""


def own_peak_kib() -> int:
    """
    Return the most memory this process has held so far.

    Linux counts what a child shares with its parent up to exec as the child's own, so a smaller
    peak cannot be told; `/bin/sh` in between inherits the mark and hands it on. That is why the
    pairs are made in processes of their own.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(command: Sequence[str | Path], stdout: Path, environment: Mapping[str, str]) -> Usage:
    """Run `command` from the repository, its output into the file `stdout`."""
    with stdout.open("wb") as output, tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.monotonic() - start
        # Popen did not see the process end, and would complain that it still runs.
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return Usage(
            seconds,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss,
            process.returncode,
            errors.read().decode(errors="replace").strip(),
        )


def environment_in(folder: Path) -> dict[str, str]:
    """Return an environment whose files stay in `folder`, with the clock that banners are in."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }


def make_pair(folder: Path, hosts: int, shape: str, *, with_quiet: bool = False) -> int:
    """Let benchmarks.pairs write into `folder`; return how many addresses differ."""
    command = [sys.executable, "-m", "benchmarks.pairs", "--hosts", str(hosts), "--shape", shape]
    more = ["--quiet"] if with_quiet else []
    result = subprocess.run(
        [*command, *more, str(folder)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(result.stdout)
