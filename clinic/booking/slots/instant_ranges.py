"""Half-open intervals between two instants, and sets of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.booking.slots.minute_ranges import intersect_spans, merge_spans, subtract_spans


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The time from `start` until just before `end`; both aware, in UTC, start before end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for instant in (self.start, self.end):
            if instant.utcoffset() != timedelta(0):
                raise ValueError("an interval lies between two aware UTC instants")
        if not self.start < self.end:
            raise ValueError("an interval starts before it ends")


def overlaps(first: Interval, second: Interval) -> bool:
    """Whether the two share any time; touching is not sharing."""
    return first.start < second.end and second.start < first.end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time, sorted; what overlaps or touches becomes one."""
    return _intervals(merge_spans(_spans(intervals)))


def subtract(whole: Iterable[Interval], removed: Iterable[Interval]) -> list[Interval]:
    """The time in `whole` but not in `removed`, merged and sorted."""
    return _intervals(subtract_spans(merge_spans(_spans(whole)), merge_spans(_spans(removed))))


def intersect(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """The time in both, merged and sorted."""
    return _intervals(intersect_spans(merge_spans(_spans(first)), merge_spans(_spans(second))))


def _spans(intervals: Iterable[Interval]) -> list[tuple[datetime, datetime]]:
    return [(interval.start, interval.end) for interval in intervals]


def _intervals(spans: Iterable[tuple[datetime, datetime]]) -> list[Interval]:
    return [Interval(start, end) for start, end in spans]
