"""Count time in whole minutes and days from 1970-01-01, for rules that compute in bulk. Pure.

An epoch minute counts from 1970-01-01 00:00 UTC, a day number from the date 1970-01-01.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

MINUTE = timedelta(minutes=1)
MINUTES_A_DAY = 1440
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def floor_minute(instant: datetime) -> int:
    """The epoch minute that `instant` (aware) falls in."""
    return (instant - EPOCH) // MINUTE


def ceil_minute(instant: datetime) -> int:
    """The first epoch minute that does not begin before `instant` (aware)."""
    return -((EPOCH - instant) // MINUTE)


def instant_at(minute: int) -> datetime:
    """The aware UTC instant at which an epoch minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


def day_number(on: date) -> int:
    """Days from 1970-01-01 to `on`."""
    return on.toordinal() - _EPOCH_DAY


def day_date(day: int) -> date:
    """The date of a day number."""
    return date.fromordinal(day + _EPOCH_DAY)
