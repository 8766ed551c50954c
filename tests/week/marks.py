"""What of each night stands in a message: the new device that only that night found."""

import re

from tests.nights import QUIET, host

_TOLD = re.compile(r"new device 192\.0\.2\.1(\d\d)(?!\d)(?! since)")
"""A reminder of it says since when it is there."""


def hosts_of(night: int) -> list[str]:
    """Return what is there on a night: one device more than the night before."""
    return [*QUIET.values(), *(host(100 + number, "22") for number in range(1, night + 1))]


def nights_in(text: str) -> tuple[int, ...]:
    """
    Return the nights that a message tells of, in its order.

    By where each stands last: the subject names the worst of them before all others.
    """
    last = {int(found[1]): found.start() for found in _TOLD.finditer(text)}
    return tuple(sorted(last, key=lambda night: last[night]))
