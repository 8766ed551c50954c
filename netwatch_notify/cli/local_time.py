"""This machine's time zone, for texts that speak of other times of the year."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The local zone with each instant's own offset: in winter, too, summer's dates are right."""

    def fromutc(self, at: datetime) -> datetime:
        return at.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return at.replace(tzinfo=None).astimezone().utcoffset() if at else None

    def dst(self, _at: datetime | None) -> timedelta | None:
        return None

    def tzname(self, at: datetime | None) -> str | None:
        return at.replace(tzinfo=None).astimezone().tzname() if at else None
