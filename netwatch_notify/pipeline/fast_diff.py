"""`fast.diff`: each part's last two good scans in ndiff's text, kept with the run."""

import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from netwatch_notify.errors import NetwatchError

log = logging.getLogger(__name__)

LONGEST_SECONDS = 600.0
"""A pair of 65,536 hosts takes 2 s."""


class FastDiff:
    """
    Compares files in a process of its own, while the run goes on.

    It is there for people to read; a run never fails because of it.
    """

    def __init__(
        self, pairs: Sequence[tuple[Path, Path]], folder: Path, volatile: frozenset[str]
    ) -> None:
        """Start comparing `pairs` (old, new), in order, into `folder`."""
        self._path = folder / "fast.diff"
        self._draft = folder / "fast.diff.part"
        # Most commands never come here, and it takes 0.05 s to import.
        from multiprocessing import get_context

        # Forking is no way: threads that look up names may be alive.
        context = get_context("spawn")
        self._process = context.Process(
            target=_compare, args=(pairs, self._draft, volatile), daemon=True
        )
        self._process.start()

    def finish(self, *, keep: bool = True) -> None:
        """Wait for the end, and give the result its name; without `keep`, leave nothing."""
        if keep:
            self._process.join(LONGEST_SECONDS)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        with suppress(OSError):
            if keep and self._process.exitcode == 0:
                self._draft.replace(self._path)
            else:
                self._draft.unlink(missing_ok=True)
        if keep and self._process.exitcode:
            log.warning("fast.diff could not be written (exit code %s)", self._process.exitcode)


def _compare(pairs: Sequence[tuple[Path, Path]], path: Path, volatile: frozenset[str]) -> None:
    # Control-C reaches the whole process group; the run ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _write(pairs, path, volatile)
    except OSError as error:
        log.warning("%s: %s", path, error.strerror)
        raise SystemExit(1) from error


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
