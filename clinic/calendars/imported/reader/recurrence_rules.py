"""Rules of repetition from strangers: what is too much is refused before anything is expanded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.calendars.imported.reader.limits import (
    FREQUENCIES,
    LAST_READ_YEAR,
    MAX_INTERVAL,
    SetAside,
)
from clinic.calendars.imported.reader.parser import PropertyLine
from clinic.calendars.imported.reader.values import Moment, read_moment
from clinic.calendars.imported.reader.zones import Zones

_NUMBERS = re.compile(r"[+-]?\d{1,3}(,[+-]?\d{1,3}){0,400}", re.ASCII)
_DAYS = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_COUNTED = {"DAILY": 1, "WEEKLY": 7}  # days of one step
# Highest number each list may hold (RFC 5545 3.3.10).
_LARGEST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A rule within bounds; `until` is the last wall time it may reach, None for no end."""

    frequency: str
    interval: int
    count: int | None
    until: datetime | None
    rest: str

    def text(self, *, until: datetime) -> str:
        """The rule as RRULE text, ending at `until` at the latest."""
        last = min(until, self.until) if self.until else until
        count = f";COUNT={self.count}" if self.count else ""
        return (
            f"FREQ={self.frequency};INTERVAL={self.interval}{self.rest}{count}"
            f";UNTIL={last:%Y%m%dT%H%M%S}"
        )

    def nearer(self, start: datetime, *, before: datetime) -> datetime:
        """A later start that gives the same occurrences from `before` on, or `start` itself.

        Saves walking through decades. Only where a step is a fixed number of days and nothing
        is counted; the result lies before `before`.
        """
        step = _COUNTED.get(self.frequency, 0) * self.interval
        if self.count or not step or start >= before:
            return start
        return start + timedelta(days=(before - start).days // step * step)


def read_rule(value: str, *, start: Moment, zones: Zones) -> RecurrenceRule:
    """A rule in the wall time of `start`; raises SetAside when it asks for too much."""
    if len(value) > 2_000:
        raise SetAside("its rule of repetition is too long")
    parts = _parts(value)
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise SetAside("it repeats more often than daily, or in an unknown way")
    for unwanted in ("BYHOUR", "BYMINUTE", "BYSECOND", "RSCALE", "SKIP"):
        if unwanted in parts:
            raise SetAside(f"its rule of repetition uses {unwanted}")
    return RecurrenceRule(
        frequency=frequency,
        interval=_number(parts.get("INTERVAL", "1"), largest=MAX_INTERVAL),
        count=_number(parts["COUNT"], largest=None) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], start=start, zones=zones) if "UNTIL" in parts else None,
        rest=_rest(parts),
    )


def _parts(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in value.upper().split(";"):
        name, equals, given = part.strip().partition("=")
        if not equals and name:
            raise SetAside("its rule of repetition cannot be read")
        if name in found:
            raise SetAside("its rule of repetition contradicts itself")
        if name:
            found[name] = given.strip()
    return found


def _rest(parts: dict[str, str]) -> str:
    kept = ""
    for name, largest in _LARGEST.items():
        if name in parts:
            kept += f";{name}={_numbers(parts[name], largest=largest)}"
    if "BYDAY" in parts:
        days = parts["BYDAY"].split(",")
        if len(days) > 400 or not all(_DAYS.fullmatch(day) for day in days):
            raise SetAside("its rule of repetition cannot be read")
        kept += f";BYDAY={','.join(days)}"
    if parts.get("WKST") in {"MO", "TU", "WE", "TH", "FR", "SA", "SU"}:
        kept += f";WKST={parts['WKST']}"
    return kept


def _numbers(value: str, *, largest: int) -> str:
    if not _NUMBERS.fullmatch(value):
        raise SetAside("its rule of repetition cannot be read")
    if not all(0 < abs(int(one)) <= largest for one in value.split(",")):
        raise SetAside("its rule of repetition names days that do not exist")
    return value


def _number(value: str, *, largest: int | None) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 18 or int(value) < 1:
        raise SetAside("its rule of repetition counts with something that is no number")
    if largest is not None and int(value) > largest:
        raise SetAside(f"it repeats at a distance of more than {largest}")
    return int(value)


def _until(value: str, *, start: Moment, zones: Zones) -> datetime:
    """The last wall time that still counts, whatever form UNTIL was written in."""
    if value[:4].isdigit() and int(value[:4]) > LAST_READ_YEAR:
        return datetime(LAST_READ_YEAR, 12, 31)  # noqa: DTZ001 - "for ever", as some programs say it
    told = read_moment(PropertyLine({}, value), zones=zones)
    if told.is_date:
        # The day named counts as a whole.
        return told.wall + timedelta(days=1, seconds=-1)
    if start.is_date:
        return max(told.wall, told.wall_in(start.zone))
    # Without Z it is meant in the entry's own zone.
    return told.wall_in(start.zone) if value.endswith("Z") else told.wall
