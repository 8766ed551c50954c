"""Dates, spans and counts in plain English, whatever locale the machine has."""

from datetime import datetime, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(at: datetime, zone: tzinfo, run_at: datetime | None = None) -> str:
    """Return `Sat 21 Nov` in `zone`, with the year where it is not the run's."""
    local = at.astimezone(zone)
    text = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
    if run_at is not None and run_at.astimezone(zone).year != local.year:
        text += f" {local.year}"
    return text


def days_between(since: datetime, until: datetime) -> str:
    """Return `43 days`; what began this very day lasted `less than a day`."""
    days = (until - since).days
    return "less than a day" if days < 1 else counted(days, "day")


def duration(seconds: float) -> str:
    """Return `45 s`, `4 min` or `2 h 10`."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02}" if hours else f"{minutes} min"


def ordinal(number: int) -> str:
    """Return `3rd`."""
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def counted(number: int, noun: str) -> str:
    """Return `1 host` or `2,911 hosts`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
