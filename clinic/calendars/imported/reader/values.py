"""Dates, times, durations and periods of a foreign calendar, within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.calendars.imported.reader.limits import (
    FIRST_READ_YEAR,
    LAST_READ_YEAR,
    MAX_DAYS,
    SetAside,
)
from clinic.calendars.imported.reader.parser import PropertyLine
from clinic.calendars.imported.reader.zones import Zone, Zones, iana_zone

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)", re.ASCII)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_UTC_ZONE = iana_zone("Etc/UTC") or iana_zone("UTC")


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time (naive) and its zone. A date is its midnight."""

    wall: datetime
    zone: Zone
    is_date: bool

    def utc(self) -> datetime:
        """The instant."""
        return self.zone.to_utc(self.wall)

    def wall_in(self, zone: Zone) -> datetime:
        """The wall time that clocks in `zone` show at that instant; a date stays that date."""
        if self.is_date or zone == self.zone:
            return self.wall
        return zone.to_wall(self.utc())


@dataclass(frozen=True, slots=True)
class Length:
    """How long: whole days by the calendar, then exact time (RFC 5545 3.3.6)."""

    days: int = 0
    exact: timedelta = timedelta(0)

    def end(self, wall: datetime, *, zone: Zone) -> datetime:
        """The instant at which what began at `wall` ends."""
        return zone.to_utc(wall + timedelta(days=self.days)) + self.exact

    @property
    def about(self) -> timedelta:
        """The length give or take a clock change."""
        return timedelta(days=self.days) + self.exact


def read_moments(line: PropertyLine, *, zones: Zones) -> list[Moment]:
    """All values of a DATE or DATE-TIME line (a list for EXDATE and RDATE)."""
    zone = zones.named(line.parameters["TZID"]) if "TZID" in line.parameters else None
    return [_moment(value.strip(), zone=zone, zones=zones) for value in line.value.split(",")]


def read_moment(line: PropertyLine, *, zones: Zones) -> Moment:
    """The one value of a DATE or DATE-TIME line; raises SetAside."""
    found = read_moments(line, zones=zones)
    if len(found) != 1:
        raise SetAside("it has more than one start or end")
    return found[0]


def read_period(value: str, line: PropertyLine, *, zones: Zones) -> tuple[Moment, Length]:
    """`start/end` or `start/duration` of an RDATE with periods."""
    begin, _, rest = value.partition("/")
    zone = zones.named(line.parameters["TZID"]) if "TZID" in line.parameters else None
    start = _moment(begin.strip(), zone=zone, zones=zones)
    if rest.strip().upper().startswith(("P", "+P", "-P")):
        return start, read_duration(rest)
    return start, length_between(start, _moment(rest.strip(), zone=zone, zones=zones))


def read_duration(value: str) -> Length:
    """A DURATION of at most 400 days, not negative; raises SetAside."""
    found = _DURATION.fullmatch(value.strip().upper())
    if found is None or value.strip().upper().endswith(("P", "T")):
        raise SetAside("its duration cannot be read")
    sign, *numbers = found.groups()
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in numbers)
    length = Length(weeks * 7 + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))
    if sign == "-" and length.about:
        raise SetAside("it ends before it begins")
    return _bounded(length)


def length_between(start: Moment, end: Moment) -> Length:
    """From start to end: calendar days between dates, exact time between times."""
    if start.is_date and end.is_date:
        # DTEND is exclusive; equal to DTSTART is a common slip for one day.
        return _bounded(
            Length(
                days=max((end.wall - start.wall).days, 1 if end == start else 0),
                exact=_backwards(start, end),
            )
        )
    exact = end.utc() - start.utc()
    by_clock = end.wall_in(start.zone) - start.wall
    if exact <= timedelta(0) < by_clock:
        # The start falls into the missing hour of a clock change and slides past the end.
        exact = by_clock
    if exact < timedelta(0):
        raise SetAside("it ends before it begins")
    return _bounded(Length(exact=exact))


def _backwards(start: Moment, end: Moment) -> timedelta:
    if end.wall < start.wall:
        raise SetAside("it ends before it begins")
    return timedelta(0)


def _bounded(length: Length) -> Length:
    if length.about > timedelta(days=MAX_DAYS):
        raise SetAside(f"it lasts longer than {MAX_DAYS} days")
    return length


def _moment(value: str, *, zone: Zone | None, zones: Zones) -> Moment:
    day = _DATE.fullmatch(value)
    if day is not None:
        # All-day entries are days of the therapist, wherever the calendar was made.
        return Moment(_wall(*day.groups()), zones.own, is_date=True)
    found = _TIME.fullmatch(value)
    if found is None:
        raise SetAside("one of its times cannot be read")
    *parts, utc = found.groups()
    if utc:
        return Moment(_wall(*parts), _utc_zone(), is_date=False)
    return Moment(_wall(*parts), zone or zones.floating(), is_date=False)


def _wall(*parts: str) -> datetime:
    year, month, day, *clock = (int(part) for part in parts)
    if not FIRST_READ_YEAR <= year <= LAST_READ_YEAR:
        raise SetAside(f"one of its times is not between {FIRST_READ_YEAR} and {LAST_READ_YEAR}")
    hour, minute, second = clock or (0, 0, 0)
    try:
        # A leap second is the last one we have; wall times carry no zone.
        return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001
    except ValueError as error:
        raise SetAside("one of its times does not exist") from error


def _utc_zone() -> Zone:
    if _UTC_ZONE is None:  # pragma: no cover - every time zone database has it
        raise RuntimeError("the time zone database has no UTC")
    return _UTC_ZONE
