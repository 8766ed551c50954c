"""Which process holds a claim, told apart from a stranger that got its number since."""

import os
from pathlib import Path


def this_process() -> str:
    """Return what names this process for as long as the machine runs: `PID:STARTED:NAMESPACE`."""
    return f"{os.getpid()}:{_started(os.getpid())}:{_namespace()}"


def is_alive(holder: str) -> bool:
    """
    Whether the process that `this_process` named may still be at work.

    Of a process of another pid namespace (a container that shares the state directory) nothing
    can be known, so it is taken for alive.
    """
    pid, _, rest = holder.partition(" ")[0].partition(":")
    started, _, namespace = rest.partition(":")
    if not pid.isdecimal() or namespace != _namespace():
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Return when a process began, in clock ticks since boot; empty if it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field is the name in parentheses and may hold spaces; proc(5) counts from there.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # not a path
    except OSError:
        return ""
