"""The fast scan: its parts, a few nmaps side by side, read while they run."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import ScanError, StateError, UnreadableInputError
from netwatch_notify.model.host import Host
from netwatch_notify.model.scan import Part, PartResult, ScanHeader, ScanProfile
from netwatch_notify.scan.command import fast_command
from netwatch_notify.scan.ending import coverage_of, find_fault
from netwatch_notify.scan.hosts import read_hosts
from netwatch_notify.scan.runner import NmapOutcome, NmapRunner
from netwatch_notify.scan.stream import ScanStream


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fast scan is."""

    part: int
    parts: int
    task: str
    percent: float
    hosts: int
    """Seen up so far, over all parts."""


class FastScan:
    """One fast scan: where its XML goes, how long it may take, whom it tells how far it is."""

    def __init__(
        self,
        nmap: str,
        profile: ScanProfile,
        runner: NmapRunner,
        deadline: float,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._nmap = nmap
        self._profile = profile
        self._runner = runner
        self._deadline = deadline
        self._on_progress = on_progress
        self._hosts = 0
        self._lock = threading.Lock()

    def scan(
        self, parts: Sequence[Part], folder: Path, name: str, parallel: int
    ) -> tuple[PartResult, ...]:
        """
        Scan all parts and return their results in order; XML goes to `folder`/`name`[-N].xml.

        A part that fails is a result with its problem, never the end. Raises StateError where
        the XML cannot be kept; every nmap is then ended, as on any other exception.
        """
        names = [f"{name}.xml"] if len(parts) == 1 else [f"{name}-{p.number}.xml" for p in parts]
        self._hosts = 0
        with ThreadPoolExecutor(parallel) as pool:
            try:
                futures = [
                    pool.submit(self._part, part, len(parts), folder / file)
                    for part, file in zip(parts, names, strict=True)
                ]
                return tuple(future.result() for future in futures)
            except BaseException:
                self._runner.stop()
                raise

    def _part(self, part: Part, parts: int, path: Path) -> PartResult:
        started = time.monotonic()
        stream = ScanStream(f"nmap of {part.label}")
        hosts: list[Host] = []
        kept = create_private(path)

        def consume(data: bytes) -> None:
            self._keep(kept, data, path)
            found = list(read_hosts(stream, data))
            hosts.extend(found)
            with self._lock:
                self._hosts += sum(host.is_present for host in found)
            if stream.progress:
                task, percent = stream.progress.task, stream.progress.percent
                self._on_progress(Progress(part.number, parts, task, percent, self._hosts))

        command = fast_command(self._nmap, self._profile, part)
        outcome: NmapOutcome | None = None
        try:
            with kept:
                outcome = self._runner.run(command, consume, deadline=self._deadline)
            stream.close()
        except StateError:
            raise
        except UnreadableInputError as error:
            problem = f"what nmap wrote cannot be read: {error}"
            # Nothing at all on stdout: what nmap said on stderr tells more than that.
            if outcome and (outcome.returncode or outcome.timed_out):
                fault = find_fault(stream.ending, is_complete=False, outcome=outcome, asked=None)
                problem = fault.problem if fault else problem
                remedy = fault.remedy if fault else ""
                return self._failed(part, stream.header, hosts, problem, started, remedy)
            return self._failed(part, stream.header, hosts, problem, started)
        except ScanError as error:
            return self._failed(part, stream.header, hosts, str(error), started)
        fault = find_fault(
            stream.ending,
            is_complete=stream.is_complete,
            outcome=outcome,
            asked=part.addresses,
        )
        if fault:
            return self._failed(part, stream.header, hosts, fault.problem, started, fault.remedy)
        return PartResult(
            part,
            stream.header,
            tuple(hosts),
            coverage_of(stream.header, part.addresses, hosts),
            seconds=time.monotonic() - started,
        )

    def _failed(
        self,
        part: Part,
        header: ScanHeader,
        hosts: Sequence[Host],
        problem: str,
        started: float,
        remedy: str = "",
    ) -> PartResult:
        seconds = time.monotonic() - started
        return PartResult(part, header, tuple(hosts), None, problem, remedy, seconds)

    @staticmethod
    def _keep(file: BinaryIO, data: bytes, path: Path) -> None:
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            raise StateError(f"{path}: {error.strerror}") from error


def create_private(path: Path) -> BinaryIO:
    """Make a new file for us alone (0600), for writing bytes. Raises StateError."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
