"""A progress bar on a terminal; nothing elsewhere."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from netwatch_notify.scan.fast import Progress

WIDTH = 20


class ProgressBar:
    """Draws on stderr, from several threads; silent where stderr is no terminal."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._drawn = False
        self._lock = threading.Lock()

    def show(self, progress: Progress) -> None:
        """Draw how far the scan is."""
        if not self.enabled:
            return
        done = round(WIDTH * progress.percent / 100)
        part = f"part {progress.part}/{progress.parts}, " if progress.parts > 1 else ""
        line = (
            f"[{'#' * done}{'.' * (WIDTH - done)}] {progress.percent:3.0f}% "
            f"{progress.task}, {part}{progress.hosts} hosts up"
        )
        with self._lock:
            self._drawn = True
            click.echo(f"\r{line[:79]:<79}", nl=False, err=True)

    def clear(self) -> None:
        """Take the bar off the terminal."""
        with self._lock:
            if self._drawn:
                click.echo(f"\r{'':<79}\r", nl=False, err=True)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressBar]:
    """Show a bar while the block runs, if somebody watches."""
    bar = ProgressBar(enabled=not quiet and sys.stderr.isatty())
    try:
        yield bar
    finally:
        bar.clear()
