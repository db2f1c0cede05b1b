"""When a therapist works: weekly hours, days that differ, time off, and the clinic's closures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from clinic.booking.slots.instant_ranges import Interval, subtract
from clinic.booking.slots.minute_ranges import merge_spans
from clinic.foundation.epoch_minutes import (
    MINUTES_A_DAY,
    ceil_minute,
    day_date,
    day_number,
    floor_minute,
    instant_at,
)
from clinic.foundation.zone_offsets import ZoneOffsets, zone_offsets

# A range may run over midnight to the end of the following day.
_LATEST_END = 2 * MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class WallRange:
    """Wall-clock minutes from local midnight; an end beyond 1440 lies on the following day."""

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < MINUTES_A_DAY:
            raise ValueError("a range starts from minute 0 to minute 1439 of its day")
        if not self.start_minute < self.end_minute <= _LATEST_END:
            raise ValueError("a range ends after its start, by the end of the following day")


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """One range of work on one weekday, 0 being Monday; it belongs to the day it starts on."""

    weekday: int
    range: WallRange

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError("a weekday is a number from 0 (Monday) to 6")


@dataclass(frozen=True, slots=True)
class DayOverride:
    """The hours of one date, in place of all its weekly ones; no ranges means closed."""

    on: date
    ranges: tuple[WallRange, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that says when one therapist can work; wall times are of `time_zone` (IANA)."""

    time_zone: str
    weekly: tuple[WeeklyHours, ...] = ()
    overrides: tuple[DayOverride, ...] = ()
    time_off: tuple[Interval, ...] = ()
    closures: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        if len({override.on for override in self.overrides}) < len(self.overrides):
            raise ValueError("a date has one override at most")

    def ranges_by_weekday(self) -> tuple[tuple[WallRange, ...], ...]:
        """The weekly ranges, Monday's first."""
        return tuple(
            tuple(hours.range for hours in self.weekly if hours.weekday == weekday)
            for weekday in range(7)
        )


def working_spans(
    schedule: Schedule, *, offsets: ZoneOffsets, start: int, end: int
) -> list[tuple[int, int]]:
    """Working hours that touch epoch minutes `start` to `end`, whole, merged over midnight.

    Time off and closures are not taken out.
    """
    weekly = schedule.ranges_by_weekday()
    replaced = {day_number(override.on): override.ranges for override in schedule.overrides}
    spans: list[tuple[int, int]] = []
    for day in _days_reaching(start, end):
        ranges = replaced.get(day)
        if ranges is None:
            ranges = weekly[day_date(day).weekday()]
        spans.extend(_spans_on(day, ranges, offsets=offsets))
    return [span for span in merge_spans(spans) if span[0] < end and span[1] > start]


def open_hours(schedule: Schedule, *, window: Interval) -> list[Interval]:
    """The time the therapist works and is neither off nor shut out, around `window`.

    Ranges that touch the window come whole, as a calendar shades them.
    """
    start, end = floor_minute(window.start), ceil_minute(window.end)
    offsets = zone_offsets(schedule.time_zone, start, end - 1)
    hours = [
        Interval(instant_at(first), instant_at(last))
        for first, last in working_spans(schedule, offsets=offsets, start=start, end=end)
    ]
    return subtract(hours, [*schedule.time_off, *schedule.closures])


def _days_reaching(start: int, end: int) -> range:
    """Every day number whose ranges can reach the period.

    Two days before, as a range lasts up to two and zones are at most half a day behind UTC;
    one after, for zones ahead of it.
    """
    return range(start // MINUTES_A_DAY - 2, end // MINUTES_A_DAY + 2)


def _spans_on(
    day: int, ranges: Iterable[WallRange], *, offsets: ZoneOffsets
) -> Iterable[tuple[int, int]]:
    midnight = day * MINUTES_A_DAY
    for worked in ranges:
        yield (
            offsets.opening(midnight + worked.start_minute),
            offsets.closing(midnight + worked.end_minute),
        )
