"""Days on which a therapist is not there as usual, as the overrides of a schedule elsewhere.

Pure. An override there is a wall-clock range of one date in the schedule's zone, and a date may
have several; the whole list is replaced at once. So what we put there is remembered row by row:
any other row is somebody else's, and stays. Where both speak of one date, only the time that both
leave open stays open, and theirs comes back when ours goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clinic.booking.slots.availability import Schedule, open_hours
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.minute_ranges import intersect_spans, merge_spans, subtract_spans
from clinic.foundation.epoch_minutes import (
    MINUTES_A_DAY,
    ceil_minute,
    day_date,
    day_number,
    floor_minute,
)
from clinic.foundation.zone_offsets import zone_offsets

AHEAD = timedelta(days=400)
AROUND = timedelta(days=2)
MIDNIGHT = "00:00"
LAST = "23:59"
"""The latest end that can be written; the minute after it stays shut."""

Ranges = list[tuple[int, int]]
"""Minutes from local midnight."""


@dataclass(frozen=True, slots=True, order=True)
class Override:
    """One row there: `on` is `YYYY-MM-DD`, times are `HH:MM`; without length it shuts the day."""

    on: str
    start: str
    end: str

    def as_row(self) -> dict[str, str]:
        """As the API takes it."""
        return {"date": self.on, "startTime": self.start, "endTime": self.end}

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and end from midnight."""
        return _minute(self.start), _minute(self.end)


@dataclass(frozen=True, slots=True)
class Combined:
    """What to write there, which rows of it are ours, and whose rows gave way to them."""

    rows: tuple[Override, ...]
    ours: tuple[Override, ...]
    displaced: tuple[Override, ...]


def read_overrides(rows: Iterable[Any]) -> tuple[Override, ...]:
    """The overrides of an answer of the API; what cannot be read is left out."""
    found = []
    for row in rows:
        if isinstance(row, Mapping):
            start, end = str(row.get("startTime", ""))[:5], str(row.get("endTime", ""))[:5]
            if _is_time(start) and _is_time(end):
                found.append(Override(str(row.get("date", ""))[:10], start, end))
    return tuple(sorted(set(found)))


def wanted_overrides(schedule: Schedule, *, zone: str, now: datetime) -> tuple[Override, ...]:
    """Every day from today that time off, a closure or other hours touch, with what is left of it.

    `zone` is that of the schedule there: days are its days.
    """
    window = Interval(now - AROUND, now + AHEAD)
    open_ = _by_day(open_hours(schedule, window=window), window, zone=zone)
    usual = Schedule(schedule.time_zone, schedule.weekly)
    as_usual = _by_day(open_hours(usual, window=window), window, zone=zone)
    offsets = zone_offsets(zone, floor_minute(window.start), ceil_minute(window.end))
    today = offsets.day_of(floor_minute(now)) or 0
    last = offsets.day_of(floor_minute(window.end)) or today
    touched = _touched(schedule, window, zone=zone)
    touched |= {day for day in open_ if open_[day] != as_usual.get(day)}
    return tuple(
        one for day in sorted(touched) if today <= day < last for one in _rows(day, open_[day])
    )


def combine(
    current: Iterable[Override],
    *,
    ours: Iterable[Override],
    displaced: Iterable[Override],
    wanted: Iterable[Override],
) -> Combined:
    """Replace what was ours by `wanted`, and leave to everybody else what is theirs."""
    theirs = _by_date(displaced)
    # Who writes another row on such a date has thought again: it takes the place of the old one.
    theirs |= _by_date(set(current) - set(ours))
    new: list[Override] = []
    for on, rows in _by_date(wanted).items():
        new += _in_both(on, rows, theirs[on]) if on in theirs else rows
    dates = {one.on for one in new}
    kept = [one for on, rows in theirs.items() if on not in dates for one in rows]
    gave_way = [one for on, rows in theirs.items() if on in dates for one in rows]
    return Combined(tuple(sorted([*new, *kept])), tuple(sorted(new)), tuple(sorted(gave_way)))


def _in_both(on: str, first: list[Override], second: list[Override]) -> list[Override]:
    spans = [merge_spans(_lasting(rows)) for rows in (first, second)]
    return _written(on, intersect_spans(*spans))


def _lasting(rows: Iterable[Override]) -> Ranges:
    return [one.minutes for one in rows if one.start < one.end]


def _by_date(rows: Iterable[Override]) -> dict[str, list[Override]]:
    found: dict[str, list[Override]] = defaultdict(list)
    for one in rows:
        found[one.on].append(one)
    return dict(found)


def _by_day(hours: Iterable[Interval], window: Interval, *, zone: str) -> dict[int, Ranges]:
    """Open wall-clock minutes of every day; a time that comes twice is open when both are."""
    start, end = floor_minute(window.start), ceil_minute(window.end)
    open_ = merge_spans((ceil_minute(one.start), floor_minute(one.end)) for one in hours)
    shown: dict[int, Ranges] = defaultdict(list)
    shut: dict[int, Ranges] = defaultdict(list)
    for part in zone_offsets(zone, start, end).stretches(start, end):
        whole = [(part.start, part.end)]
        closed = subtract_spans(whole, [one for one in open_ if one[0] < one[1]])
        shown[part.day] += _shifted(whole, by=part.midnight)
        shut[part.day] += _shifted(closed, by=part.midnight)
    return {
        day: subtract_spans(merge_spans(spans), merge_spans(shut[day]))
        for day, spans in shown.items()
    }


def _shifted(spans: Iterable[tuple[int, int]], *, by: int) -> Ranges:
    return [(start - by, end - by) for start, end in spans]


def _touched(schedule: Schedule, window: Interval, *, zone: str) -> set[int]:
    """The days that anything but the usual week speaks of, even where it changes nothing here."""
    start, end = floor_minute(window.start), ceil_minute(window.end)
    away = [
        (floor_minute(one.start), ceil_minute(one.end))
        for one in (*schedule.time_off, *schedule.closures)
    ]
    own = zone_offsets(schedule.time_zone, start, end)
    for override in schedule.overrides:
        midnight = day_number(override.on) * MINUTES_A_DAY
        away.append((own.opening(midnight), own.opening(midnight + MINUTES_A_DAY)))
    offsets = zone_offsets(zone, start, end)
    return {
        part.day
        for first, last in intersect_spans(merge_spans(away), [(start, end)])
        for part in offsets.stretches(first, last)
    }


def _rows(day: int, ranges: Ranges) -> list[Override]:
    return _written(day_date(day).isoformat(), ranges)


def _written(on: str, ranges: Iterable[tuple[int, int]]) -> list[Override]:
    rows = [Override(on, _time(start), _time(end)) for start, end in ranges]
    return [one for one in rows if one.start < one.end] or [Override(on, MIDNIGHT, MIDNIGHT)]


def _time(minute: int) -> str:
    return LAST if minute >= MINUTES_A_DAY else f"{minute // 60:02}:{minute % 60:02}"


def _minute(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:5])


def _is_time(text: str) -> bool:
    hours, colon, minutes = text.partition(":")
    ascii_digits = (hours + minutes).isascii() and (hours + minutes).isdigit()
    return bool(colon) and len(hours) == len(minutes) == 2 and ascii_digits
