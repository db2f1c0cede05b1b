"""A diary as lines of a day and as blocks of a week (pure).

A line is a session, time still free, or time that is busy elsewhere; a block is the same thing
with its place on the wall clock, in rows of five minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from clinic.booking.slots.instant_ranges import Interval, intersect, subtract
from clinic.foundation.epoch_minutes import MINUTES_A_DAY
from clinic.foundation.wall_clock import day_bounds, local_date, local_time

ROW_MINUTES = 5
SHORTEST_GAP = timedelta(minutes=15)
USUAL_HOURS = (8, 18)
MOST_HOURS = 18
"""Hours that desk.css can place; a longer week is shown as lists only."""
LONGEST_BLOCK = 96
"""Rows: the eight hours that desk.css can draw."""


class LineKind(StrEnum):
    """What a line of the day is."""

    SESSION = "session"
    FREE = "free"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryEntry:
    """One appointment as a diary shows it; times are aware UTC instants."""

    id: str
    reference: str
    status: str
    start: datetime
    end: datetime
    therapist_id: str
    therapist: str
    therapist_slug: str
    session_type: Mapping[str, str]
    format: str
    couple_id: str
    couple_code: str
    conflict: bool = False
    names: tuple[str, ...] = ()
    """The partners' first names, where the reader may know them."""

    @property
    def claims_time(self) -> bool:
        """Whether it takes its time (a cancelled one is only remembered)."""
        return self.status in {"requested", "confirmed", "completed"}


@dataclass(frozen=True, slots=True)
class DiaryLine:
    """One line of a day."""

    kind: LineKind
    start: datetime
    end: datetime
    entry: DiaryEntry | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a day's track: `row` rows down from the first hour, `rows` rows long."""

    row: int
    rows: int
    kind: str
    entry: DiaryEntry | None = None
    start: datetime | None = None


def day_window(on: date, *, days: int = 1, zone: str) -> Interval:
    """The instants of some days of a calendar."""
    return Interval(*day_bounds(on, days=days, zone=zone))


def lines_of_day(
    entries: Sequence[DiaryEntry],
    *,
    working: Iterable[Interval],
    busy: Iterable[Interval],
    held: Iterable[Interval] = (),
    window: Interval,
) -> list[DiaryLine]:
    """The lines of a day in order; `held` is time that is neither free nor shown (holds)."""
    claims = [Interval(one.start, one.end) for one in entries if one.claims_time]
    elsewhere = subtract(intersect(busy, [window]), claims)
    free = subtract(intersect(working, [window]), [*claims, *elsewhere, *held])
    lines = [DiaryLine(LineKind.SESSION, one.start, one.end, one) for one in entries]
    lines += [DiaryLine(LineKind.BUSY, one.start, one.end) for one in elsewhere]
    lines += [
        DiaryLine(LineKind.FREE, gap.start, gap.end)
        for gap in free
        if gap.end - gap.start >= SHORTEST_GAP
    ]
    return sorted(lines, key=lambda line: (line.start, line.end, line.kind))


def hours_shown(intervals: Iterable[Interval], *, zone: str) -> tuple[int, int] | None:
    """The first hour and the hour after the last that hold all of it; None when it is too long.

    Never less than the usual hours, so that weeks look alike.
    """
    first, last = USUAL_HOURS
    for one in intervals:
        start, end = local_time(one.start, zone=zone), local_time(one.end, zone=zone)
        over_midnight = end.date() > start.date()
        first = 0 if over_midnight and end.time() > time() else min(first, start.hour)
        last = 24 if over_midnight else max(last, end.hour + (end.time() > time(end.hour)))
    return (first, last) if last - first <= MOST_HOURS else None


def blocks_of_day(
    on: date,
    *,
    entries: Sequence[DiaryEntry],
    working: Iterable[Interval],
    busy: Iterable[Interval],
    hours: tuple[int, int],
    zone: str,
) -> list[Block]:
    """What a day's track holds: closed time, time busy elsewhere, and the sessions over both."""
    day = day_window(on, zone=zone)
    claims = [Interval(one.start, one.end) for one in entries if one.claims_time]
    closed = subtract([day], working)
    elsewhere = subtract(intersect(busy, [day]), claims)
    place = _Track(on, hours, zone)
    blocks = [block for one in closed for block in place.shade(one, "closed")]
    blocks += [block for one in elsewhere for block in place.shade(one, "busy")]
    for entry in entries:
        if entry.claims_time:
            blocks += place.session(entry)
    return blocks


@dataclass(frozen=True, slots=True)
class _Track:
    """One day's column: wall-clock minutes become rows."""

    on: date
    hours: tuple[int, int]
    zone: str

    def shade(self, interval: Interval, kind: str) -> list[Block]:
        """An interval as blocks, none longer than the style sheet can draw."""
        found = self._rows(interval.start, interval.end)
        if found is None:
            return []
        row, end = found
        starts = range(row, end, LONGEST_BLOCK)
        return [
            Block(at, min(LONGEST_BLOCK, end - at), kind, start=interval.start) for at in starts
        ]

    def session(self, entry: DiaryEntry) -> list[Block]:
        """A session's block on this day, if it has one."""
        found = self._rows(entry.start, entry.end)
        if found is None:
            return []
        row, end = found
        return [Block(row, min(LONGEST_BLOCK, end - row), "booked", entry, entry.start)]

    def _rows(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        first, last = self._minute(start), self._minute(end)
        if last <= first and start < end and self._is_on_this_day(start):
            last = first + int((end - start).total_seconds()) // 60  # the clocks went back
        opens, closes = self.hours[0] * 60, self.hours[1] * 60
        first, last = max(first, opens), min(last, closes)
        if first >= last:
            return None
        row = (first - opens) // ROW_MINUTES
        return row, max(row + 1, -(-(last - opens) // ROW_MINUTES))

    def _is_on_this_day(self, instant: datetime) -> bool:
        return local_date(instant, zone=self.zone) == self.on

    def _minute(self, instant: datetime) -> int:
        """The minute of this day that the wall shows, before and after it its ends."""
        local = local_time(instant, zone=self.zone)
        if local.date() != self.on:
            return 0 if local.date() < self.on else MINUTES_A_DAY
        return local.hour * 60 + local.minute
