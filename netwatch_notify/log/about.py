"""Which network and run a record is about, so that a run can be followed by its number."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """What a record belongs to."""

    network: str = ""
    run: int | None = None


class _Now:
    about = About()


@contextmanager
def about(network: str, run: int | None) -> Iterator[None]:
    """
    What is logged inside belongs to this run.

    It holds for the whole process, which makes one run at a time: for the threads that nmap and
    pings have, which a ContextVar would not reach, and for the children that send.
    """
    before = _Now.about
    _Now.about = About(network, run)
    try:
        yield
    finally:
        _Now.about = before


def begin_about(network: str) -> None:
    """From now on everything belongs to this network, where nothing more is said."""
    _Now.about = About(network)


def present() -> About:
    """Return what belongs to now."""
    return _Now.about
