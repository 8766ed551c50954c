"""When a schedule starts next, by the machine's clock."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

from netwatch_notify.schedule.found import Schedule

_DAILY = re.compile(r"\*-\*-\* (\d\d):(\d\d)(?::00)?")
_EVERY = re.compile(r"\*:0/(\d+)")
_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def next_start(schedule: Schedule, now: datetime) -> datetime | None:
    """
    Return the first start after `now`, in the zone of `now`; None where it cannot be known.

    Both aware. The spread of some minutes is not counted. Where the clock is put forward over
    the time, cron starts the job right after (cron(8)), and systemd not until the next day.
    """
    return next(_starts(schedule, now), None)


def usual_interval(schedule: Schedule, now: datetime) -> timedelta | None:
    """Return the longest time between two of the next eight starts; None if it is not known."""
    starts = [start.astimezone(UTC) for start in islice(_starts(schedule, now), 8)]
    return max((b - a for a, b in pairwise(starts)), default=None)


def daily_time(schedule: Schedule) -> time | None:
    """Return the time of day of what starts once a day; None of anything else."""
    fields = _as_cron(schedule).split()
    if fields[2:] != ["*"] * 3 or not all(field.isdecimal() for field in fields[:2]):
        return None
    minute, hour = map(int, fields[:2])
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _starts(schedule: Schedule, now: datetime) -> Iterator[datetime]:
    daily = daily_time(schedule) if schedule.kind == "systemd" else None
    try:
        for start in CronSim(_as_cron(schedule), now):
            # `systemd-analyze calendar` names no 02:30 in a night without one (systemd 252).
            if daily is None or start.time() == daily:
                yield start
    except CronSimError:
        return


def _as_cron(schedule: Schedule) -> str:
    """Return the five fields; empty where systemd's calendar is not one of ours."""
    when = schedule.when.strip()
    if schedule.kind == "cron":
        return _WORDS.get(when, when)
    if daily := _DAILY.fullmatch(when):
        return f"{int(daily[2])} {int(daily[1])} * * *"
    if every := _EVERY.fullmatch(when):
        return f"*/{every[1]} * * * *"
    return ""
