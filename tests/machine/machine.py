"""
The host's system as it was installed (or another), with nothing of ours, in its own namespaces.

    host's / ── overlay ── machine's /   what is written goes to memory, and is gone with it
                           /root, /home, /opt, /srv, /tmp, /run … empty
                           processes, network (loopback alone), host name: its own

Nothing it does reaches the host, and everything it starts ends with it.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.lan.network import read_line
from tests.machine.availability import require_machine

BOOT = Path(__file__).with_name("boot.sh")

LOGIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What root has after logging in to Debian."""

CRON_PATH = "/usr/bin:/bin"
"""What cron gives a job that sets no PATH."""

USER = "admin"
"""An ordinary user who may do everything through sudo, where the host has sudo."""

NAME = "scanner"
"""Of the machine, in its own network."""

NAMESPACES = {"mount": "mnt", "pid": "pid", "net": "net", "uts": "uts", "ipc": "ipc"}
"""nsenter's option, and the kernel's name for it."""

BOOT_SECONDS = 30

STAND_IN_FOR_SUDO = '#!/bin/sh\n# Root asks nobody.\nexec "$@"\n'


class MachineError(Exception):
    """The machine did not come up, or what prepares it failed."""


class Machine:
    """A disposable machine, as root of the host; a context manager, usable once."""

    def __init__(
        self,
        *,
        folders: Mapping[str, Path] | None = None,
        system: Path = Path("/"),
        online: bool = False,
    ) -> None:
        """
        `folders`: absolute folder of the machine to the folder of the host that it is.

        `system`: the root of the system that it has. `online`: with the host's network, for
        what installs from elsewhere and scans nothing but itself.
        """
        require_machine()
        self.folders = dict(folders or {})
        self.system = system
        self.online = online
        self.path = LOGIN_PATH
        self.environment: dict[str, str] = {}
        """What every command gets besides HOME, PATH, USER, LANG and SHELL."""
        self._cleanup = ExitStack()
        self._first: subprocess.Popen[str]
        self._enter: list[str] = []
        """nsenter's options; by what is held open, for a pid could be another process's by then."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # Mounted on inside the machine only: to the host it stays an empty folder.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="netwatch-machine-"))
            binds = [
                str(word) for target, source in self.folders.items() for word in (source, target)
            ]
            errors = stack.enter_context(tempfile.TemporaryFile("w+"))
            self._first = subprocess.Popen(
                [
                    *("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"),
                    *(() if self.online else ("--net",)),
                    *("sh", str(BOOT), folder, str(self.system)),
                    *("online" if self.online else "offline", NAME, *binds),
                ],
                env={"PATH": LOGIN_PATH},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            stack.callback(_end, self._first)
            assert self._first.stdout is not None
            line = read_line(self._first.stdout, BOOT_SECONDS).strip()
            if not line.isdecimal():
                errors.seek(0)
                raise MachineError(f"did not boot: {line} {errors.read()}")
            root = _held(f"/proc/{line}/root", stack)
            self._enter = [f"--root={root}"]
            for option, kind in NAMESPACES.items():
                self._enter.append(f"--{option}={_held(f'/proc/{line}/ns/{kind}', stack)}")
            # Whoever enters must never stand on the host's own files.
            if self._first.poll() is not None or Path(root).samefile("/"):
                raise MachineError("does not stand on files of its own")
            self._add_user()
            self._cleanup = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # With the first process all others end, and so do the callers of those that were started.
        _end(self._first)
        self._cleanup.close()

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str = "root",
        folder: str | None = None,
        stdin: str = "",
        seconds: int = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as if `user` had just logged in; 124 when it took too long."""
        return subprocess.run(
            self._inside(argv, user, folder, seconds),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds + 30,
        )

    def must(
        self, argv: Sequence[str], *, user: str = "root", folder: str | None = None, stdin: str = ""
    ) -> str:
        """Run what prepares the machine, and return what it printed; MachineError if it fails."""
        result = self.run(argv, user=user, folder=folder, stdin=stdin)
        if result.returncode != 0:
            raise MachineError(f"{' '.join(argv)}: {result.stdout}{result.stderr}")
        return result.stdout

    def start(
        self, argv: Sequence[str], *, user: str = "root", folder: str | None = None
    ) -> subprocess.Popen[str]:
        """Start a command that goes on beside the others; it ends with the machine."""
        process = subprocess.Popen(
            self._inside(argv, user, folder, 0),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._cleanup.callback(_end, process)
        return process

    def write(self, path: str, text: str, *, mode: str = "644") -> None:
        """Write a file of root's, and the folders it lies in."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
        self.must(["sh", "-c", script, "sh", path, mode], stdin=text)

    def read(self, path: str) -> str:
        return self.must(["cat", path])

    def _inside(
        self, argv: Sequence[str], user: str, folder: str | None, seconds: int
    ) -> list[str]:
        """Return the host's command line for it. `seconds`: 0 is no limit."""
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {
            "HOME": home,
            "LANG": "C.UTF-8",
            "LOGNAME": user,
            "PATH": self.path,
            "SHELL": "/bin/bash",
            "USER": user,
            **self.environment,
        }
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return [
            *("nsenter", *self._enter, "--"),
            *(("timeout", "--kill-after=5", str(seconds)) if seconds else ()),
            *(become if user != "root" else ()),
            *("env", "-i", f"--chdir={folder or home}"),
            *(f"{name}={value}" for name, value in variables.items()),
            *argv,
        ]

    def _add_user(self) -> None:
        self.must(["useradd", "--create-home", "--shell", "/bin/bash", USER])
        if self.run(["sh", "-c", "command -v sudo"]).returncode == 0:
            self.write(
                "/etc/sudoers.d/netwatch-tests", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", mode="440"
            )
        elif self.system == Path("/"):
            self.write("/usr/local/bin/sudo", STAND_IN_FOR_SUDO, mode="755")


def _held(place: str, stack: ExitStack) -> str:
    """Open a place of /proc until the stack is closed, and return the path that leads to it."""
    descriptor = os.open(place, os.O_RDONLY)
    stack.callback(os.close, descriptor)
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _end(process: subprocess.Popen[str]) -> None:
    """Close our ends of its pipes, on which the first process of a machine ends; and wait."""
    pipes: tuple[IO[str] | None, ...] = (process.stdin, process.stdout)
    for pipe in pipes:
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
