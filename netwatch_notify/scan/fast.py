"""The fast scan: its parts, a few nmaps side by side, read while they run."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from netwatch_notify.errors import ScanError, StateError, UnreadableInputError
from netwatch_notify.model.scan import Part, PartResult, ScanHeader, ScanProfile
from netwatch_notify.scan.command import fast_command
from netwatch_notify.scan.ending import coverage_of, find_fault
from netwatch_notify.scan.lanes import Lanes
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
    """
    One fast scan: where its XML goes, how long it may take, whom it tells how far it is.

    `settled` maps the digests of the slices that need no parsing to packed addresses.
    """

    def __init__(
        self,
        nmap: str,
        profile: ScanProfile,
        runner: NmapRunner,
        deadline: float,
        on_progress: Callable[[Progress], None],
        settled: Mapping[bytes, bytes],
    ) -> None:
        self._nmap = nmap
        self._profile = profile
        self._runner = runner
        self._deadline = deadline
        self._on_progress = on_progress
        self._settled = settled
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
        names = [file_name(name, part, len(parts)) for part in parts]
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
        lanes = Lanes(stream, self._settled)
        kept = create_private(path)

        def consume(data: bytes) -> None:
            self._keep(kept, data, path)
            answered = lanes.feed(data)
            with self._lock:
                self._hosts += answered
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
                return self._failed(part, stream.header, lanes, problem, started, remedy)
            return self._failed(part, stream.header, lanes, problem, started)
        except ScanError as error:
            return self._failed(part, stream.header, lanes, str(error), started)
        fault = find_fault(
            stream.ending,
            is_complete=stream.is_complete,
            outcome=outcome,
            asked=part.addresses,
        )
        if fault:
            return self._failed(part, stream.header, lanes, fault.problem, started, fault.remedy)
        return PartResult(
            part,
            stream.header,
            tuple(lanes.hosts),
            coverage_of(stream.header, part.addresses, lanes.hosts),
            seconds=time.monotonic() - started,
            unchanged=lanes.unchanged,
        )

    def _failed(
        self,
        part: Part,
        header: ScanHeader,
        lanes: Lanes,
        problem: str,
        started: float,
        remedy: str = "",
    ) -> PartResult:
        seconds, hosts = time.monotonic() - started, tuple(lanes.hosts)
        return PartResult(part, header, hosts, None, problem, remedy, seconds, lanes.unchanged)

    @staticmethod
    def _keep(file: BinaryIO, data: bytes, path: Path) -> None:
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            raise StateError(f"{path}: {error.strerror}") from error


def file_name(name: str, part: Part, parts: int) -> str:
    """Return what a part's XML is called: `fast.xml`, or `fast-2.xml` where there are several."""
    return f"{name}.xml" if parts == 1 else f"{name}-{part.number}.xml"


def create_private(path: Path) -> BinaryIO:
    """Make a new file for us alone (0600), for writing bytes. Raises StateError."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from error
