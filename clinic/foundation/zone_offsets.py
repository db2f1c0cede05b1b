"""Compute with the offsets of a time zone in whole minutes, for rules that compute in bulk. Pure.

The slot rules try thousands of starts: no date-time is made in their loops, and what a zone does is
computed once. Single wall times are turned into instants by `wall_clock.py`.

When clocks go forward, wall times in the gap do not exist; when they go back, those in the fold
come twice. Here a zone is a list of eras of constant offset, so that both follow from plain
arithmetic: an era shows `instant + offset`, and a wall time exists once per era that shows it.

Units: `minute` is an epoch minute (UTC); `wall` counts wall-clock minutes from 1970-01-01 00:00
on the wall; `day` counts wall-clock days from 1970-01-01 (`epoch_minutes.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from clinic.foundation.epoch_minutes import (
    MINUTE,
    MINUTES_A_DAY,
    ceil_minute,
    floor_minute,
    instant_at,
)

FIRST_ZONE_YEAR, LAST_ZONE_YEAR = 1980, 2100
"""Whole-minute offsets, and few changes per zone, throughout."""

# Offsets reach from -12 to +14 hours and a range over midnight reaches two days on.
_MARGIN = 5 * MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Era:
    """Epoch minutes from `start` until before `end`, all at `offset` minutes east of UTC."""

    start: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Epoch minutes of one wall-clock day without a change of clocks.

    `midnight` is where 00:00 of the day is, or would be, at this stretch's offset.
    """

    start: int
    end: int
    day: int
    midnight: int


@dataclass(frozen=True, slots=True)
class ZoneOffsets:
    """One zone's offsets over a period, and what its wall clocks show; made by `zone_offsets`."""

    eras: tuple[Era, ...]

    def day_of(self, minute: int) -> int | None:
        """The wall-clock day an epoch minute falls on; None outside the period."""
        for era in self.eras:
            if era.start <= minute < era.end:
                return (minute + era.offset) // MINUTES_A_DAY
        return None

    def instants(self, wall: int) -> list[int]:
        """The epoch minutes, in order, that show this wall time: none in a gap, two in a fold."""
        return [
            wall - era.offset
            for era in self.eras
            if era.start + era.offset <= wall < era.end + era.offset
        ]

    def opening(self, wall: int) -> int:
        """When something that starts at this wall time starts: first of two, or after the gap."""
        shown = self.instants(wall)
        return shown[0] if shown else self._after_gap(wall)

    def closing(self, wall: int) -> int:
        """When something that ends at this wall time ends: last of two, or where the gap is."""
        shown = self.instants(wall)
        return shown[-1] if shown else self._after_gap(wall)

    def stretches(self, start: int, end: int) -> list[Stretch]:
        """The epoch minutes from `start` until before `end`, cut at midnights and changes."""
        found: list[Stretch] = []
        for era in self.eras:
            at, stop = max(era.start, start), min(era.end, end)
            while at < stop:
                day = (at + era.offset) // MINUTES_A_DAY
                midnight = day * MINUTES_A_DAY - era.offset
                until = min(midnight + MINUTES_A_DAY, stop)
                found.append(Stretch(at, until, day, midnight))
                at = until
        return found

    def _after_gap(self, wall: int) -> int:
        return next((era.start for era in self.eras if era.start + era.offset > wall), wall)


def zone_offsets(zone: str, start: int, end: int) -> ZoneOffsets:
    """The offsets of an IANA zone, sure for epoch minutes `start` to `end` and days around.

    Raises ValueError for an unknown zone and outside the years 1980 to 2100.
    """
    for minute in (start, end):
        if not FIRST_ZONE_YEAR <= instant_at(minute).year <= LAST_ZONE_YEAR:
            raise ValueError(
                f"times are kept for the years {FIRST_ZONE_YEAR} to {LAST_ZONE_YEAR} only"
            )
    first, last = instant_at(start - _MARGIN).year, instant_at(end + _MARGIN).year
    return ZoneOffsets(_eras(zone, first, last))


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The time zones that can be chosen: IANA names, none that means "as this machine is set"."""
    return frozenset(available_timezones()) - {"localtime", "posixrules"}


@lru_cache(maxsize=1024)
def _eras(zone: str, first_year: int, last_year: int) -> tuple[Era, ...]:
    """Found by looking at every day: zones have changed clocks a week apart, never closer."""
    tz = _zone(zone)
    until = floor_minute(datetime(last_year + 1, 1, 1, tzinfo=UTC))
    start = ceil_minute(datetime(first_year, 1, 1, tzinfo=UTC))
    eras: list[Era] = []
    for midnight in range(start, until, MINUTES_A_DAY):
        following = midnight + MINUTES_A_DAY
        before, after = _offset(tz, midnight), _offset(tz, following)
        if before != after:
            change = _change(tz, midnight, following)
            eras.append(Era(start, change, before))
            start = change
    eras.append(Era(start, until, _offset(tz, until - 1)))
    return tuple(eras)


def _change(tz: ZoneInfo, before: int, after: int) -> int:
    """The first minute of the offset that holds at `after`, by halving the time between."""
    new = _offset(tz, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(tz, middle) == new:
            after = middle
        else:
            before = middle
    return after


def _offset(tz: ZoneInfo, minute: int) -> int:
    instant = instant_at(minute)
    return (instant.astimezone(tz).replace(tzinfo=UTC) - instant) // MINUTE


def _zone(name: str) -> ZoneInfo:
    """Only names of the database: ZoneInfo itself takes other files, and trips over folders."""
    if name not in zone_names():
        raise ValueError(f"{name!r} is not a known time zone")
    return ZoneInfo(name)
