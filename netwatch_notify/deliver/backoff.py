"""How long to wait after an attempt that failed; pure."""

from datetime import datetime, timedelta

FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
LONGEST_ASKED_SECONDS = 6 * 3600.0
"""A server that asks for more is tried all the same: its clock or ours may be wrong."""


def next_attempt_at(
    failures: int, now: datetime, jitter: float, asked_seconds: float | None = None
) -> datetime:
    """
    Return when to try again after `failures` attempts in a row: 1, 2, 4 … 60 minutes.

    `jitter` (0 to 1) takes up to half of the wait away, so that many machines that lost the same
    server do not come back in the same second. What the server asked for is the least.
    """
    # Far below where a power of two is no float any more.
    wait = min(FIRST_WAIT_SECONDS * 2 ** min(max(failures, 1) - 1, 10), LONGEST_WAIT_SECONDS)
    wait *= 1 - jitter / 2
    return now + timedelta(seconds=max(wait, min(asked_seconds or 0, LONGEST_ASKED_SECONDS)))
