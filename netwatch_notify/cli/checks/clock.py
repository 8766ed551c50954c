"""The clock: can it be right?"""

from datetime import UTC, datetime, timedelta

from netwatch_notify.cli.checks.tonight import Tonight
from netwatch_notify.cli.finding import Finding, bad, good
from netwatch_notify.cli.local_time import LocalZone

MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)
"""This program is not older."""
SLACK = timedelta(minutes=5)
"""Time servers set clocks back by seconds."""


def clock(tonight: Tonight) -> list[Finding]:
    """Whether it is later than anything that has happened already."""
    # Not when it started: of a scan that was made elsewhere that says another machine's clock.
    ended = (run.ended_at for run in tonight.recorded.runs) if tonight.recorded else ()
    return [judge(tonight.now, next(filter(None, ended), None))]


def judge(now: datetime, latest: datetime | None) -> Finding:
    """Return whether `now` can be, when the latest run that ended did at `latest`; pure."""
    zone = LocalZone()
    said = f"{now.astimezone(zone):%Y-%m-%d %H:%M}"
    remedy = "set the clock, and let a time server keep it right: timedatectl set-ntp true"
    if now < MADE_AT:
        return bad("clock", f"it shows {said}, which is before this program was made", remedy)
    if latest and now < latest - SLACK:
        at = f"{latest.astimezone(zone):%Y-%m-%d %H:%M}"
        text = f"it shows {said}, but a run ended at {at}: it was set back, or was wrong then"
        return bad("clock", text, remedy)
    return good("clock", said)
