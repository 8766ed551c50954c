"""`fast.diff`: each part's last two good scans in ndiff's text, kept with the run."""

import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch_notify.errors import NetwatchError

if TYPE_CHECKING:  # It takes 0.01 s to import, and few runs need it.
    from multiprocessing.process import BaseProcess

log = logging.getLogger(__name__)

SMALL_BYTES = 4 << 20
"""So much is compared in 0.1 s, less than another Python takes to start."""
LONGEST_SECONDS = 600.0
"""A pair of 65,536 hosts takes 2 s."""


class FastDiff:
    """
    Compares files in a process of its own while the run goes on; small ones at its end.

    It is there for people to read; a run never fails because of it.
    """

    def __init__(
        self, pairs: Sequence[tuple[Path, Path]], folder: Path, volatile: frozenset[str]
    ) -> None:
        """Start comparing `pairs` (old, new), in order, into `folder`."""
        self._path = folder / "fast.diff"
        self._draft = folder / "fast.diff.part"
        self._pairs, self._volatile = pairs, volatile
        self._process: BaseProcess | None = None
        # An old scan is in the state directory; the new one may still be somebody else's.
        if sum(path.stat().st_size for pair in pairs for path in pair) > SMALL_BYTES:
            self._start()

    def _start(self) -> None:
        # Most commands never come here, and it takes 0.05 s to import.
        from multiprocessing import get_context

        # Forking is no way: threads that look up names may be alive.
        context = get_context("spawn")
        self._process = context.Process(
            target=_compare, args=(self._pairs, self._draft, self._volatile), daemon=True
        )
        self._process.start()

    def finish(self, *, keep: bool = True) -> None:
        """Wait for the end, and give the result its name; without `keep`, leave nothing."""
        is_written = self._is_written(self._process, keep=keep)
        with suppress(OSError):
            if keep and is_written:
                self._draft.replace(self._path)
            else:
                self._draft.unlink(missing_ok=True)

    def _is_written(self, process: "BaseProcess | None", *, keep: bool) -> bool:
        if process is None:
            return keep and _try(self._pairs, self._draft, self._volatile)
        if keep:
            process.join(LONGEST_SECONDS)
        if process.is_alive():
            process.terminate()
            process.join()
        if keep and process.exitcode:
            log.warning("fast.diff could not be written (exit code %s)", process.exitcode)
        return process.exitcode == 0


def _compare(pairs: Sequence[tuple[Path, Path]], path: Path, volatile: frozenset[str]) -> None:
    # Control-C reaches the whole process group; the run ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not _try(pairs, path, volatile):
        raise SystemExit(1)


def _try(pairs: Sequence[tuple[Path, Path]], path: Path, volatile: frozenset[str]) -> bool:
    try:
        _write(pairs, path, volatile)
    except OSError as error:
        log.warning("%s: %s", path, error.strerror)
        return False
    return True


def _write(pairs: Sequence[tuple[Path, Path]], path: Path, volatile: frozenset[str]) -> None:
    from netwatch_notify.pipeline.diff import DiffOptions, write_text
    from netwatch_notify.scan.pair import ScanPair

    options = DiffOptions(volatile_scripts=volatile)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        for old, new in pairs:
            try:
                with ScanPair(old, new) as pair:
                    write_text(pair, options, file.write)
            except NetwatchError as error:
                file.write(f"{error}\n")
