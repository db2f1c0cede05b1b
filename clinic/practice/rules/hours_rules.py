"""What working hours and absences must be like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from clinic.foundation.epoch_minutes import MINUTES_A_DAY
from clinic.foundation.messages import Problems, message
from clinic.foundation.wall_clock import parse_wall
from clinic.practice.rules.edit_commands import AbsenceTimes, DayHours, HoursRange, WeeklyRange

FIRST_HOURS_YEAR, LAST_HOURS_YEAR = 2000, 2099
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
MOST_RANGES_A_DAY = 8
LONGEST_ABSENCE = timedelta(days=2 * 366)

Span = tuple[int, int]


def weekly_problems(ranges: Sequence[WeeklyRange]) -> Problems:
    """What is wrong with a usual week. Paths are `weekly.<weekday>.<its nth range, from 0>`."""
    found: Problems = {}
    paths = _weekly_paths(ranges)
    for path, one in zip(paths, ranges, strict=True):
        if not 0 <= one.weekday <= 6:
            found[path] = [message("A week has seven days.")]
        elif sentence := range_problem(HoursRange(one.start_minute, one.end_minute)):
            found[path] = [sentence]
    for weekday in sorted({one.weekday for one in ranges}):
        if sum(one.weekday == weekday for one in ranges) > MOST_RANGES_A_DAY:
            found.setdefault(f"weekly.{weekday}.0", []).append(_too_many())
    if found:
        return found
    for later in _overlapping([_in_week(one) for one in ranges], round_of=MINUTES_A_WEEK):
        found[paths[later]] = [message("These hours overlap with others.")]
    return found


def day_problems(hours: DayHours) -> Problems:
    """What is wrong with the hours of one date. Paths are `on` and `ranges.<nth, from 0>`."""
    found: Problems = {}
    if sentence := date_problem(hours.on):
        found["on"] = [sentence]
    for number, one in enumerate(hours.ranges):
        if sentence := range_problem(one):
            found[f"ranges.{number}"] = [sentence]
    if len(hours.ranges) > MOST_RANGES_A_DAY:
        found.setdefault("ranges.0", []).append(_too_many())
    if found:
        return found
    for later in _overlapping([(one.start_minute, one.end_minute) for one in hours.ranges]):
        found[f"ranges.{later}"] = [message("These hours overlap with others.")]
    return found


def range_problem(one: HoursRange) -> str | None:
    """Why a range cannot be: it starts within its day and lasts less than 24 hours.

    Only from midnight to midnight is a whole day: other hours that end as they start are a slip.
    """
    if not 0 <= one.start_minute < MINUTES_A_DAY:
        return message("A time of day is from 00:00 to 23:59.")
    latest = one.start_minute + MINUTES_A_DAY - (1 if one.start_minute else 0)
    if not one.start_minute < one.end_minute <= latest:
        return message("Hours must end after they start, less than a day later.")
    return None


def date_problem(on: date) -> str | None:
    """Why a date cannot be: it lies in another century."""
    if FIRST_HOURS_YEAR <= on.year <= LAST_HOURS_YEAR:
        return None
    return message(
        "Please give a date from %(first)s to %(last)s.",
        first=FIRST_HOURS_YEAR,
        last=LAST_HOURS_YEAR,
    )


def absence_problems(away: AbsenceTimes) -> Problems:
    """What is wrong with the wall times of an absence, whatever the zone. Paths `start`, `end`."""
    found: Problems = {}
    for path, text in (("start", away.start), ("end", away.end)):
        wall = parse_wall(text)
        if wall is None or date_problem(wall.date()):
            found[path] = [message("Please give a date and a time that exist.")]
    return found


def order_problems(starts_at: datetime, *, ends_at: datetime) -> Problems:
    """What is wrong with the instants of an absence: it ends after it starts, within two years."""
    if ends_at <= starts_at:
        return {"end": [message("The end must come after the start.")]}
    if ends_at - starts_at > LONGEST_ABSENCE:
        return {"end": [message("This is longer than two years. Please check the dates.")]}
    return {}


def _weekly_paths(ranges: Sequence[WeeklyRange]) -> list[str]:
    seen: dict[int, int] = {}
    paths: list[str] = []
    for one in ranges:
        paths.append(f"weekly.{one.weekday}.{seen.get(one.weekday, 0)}")
        seen[one.weekday] = seen.get(one.weekday, 0) + 1
    return paths


def _in_week(one: WeeklyRange) -> Span:
    monday = one.weekday * MINUTES_A_DAY
    return monday + one.start_minute, monday + one.end_minute


def _overlapping(spans: Sequence[Span], *, round_of: int | None = None) -> list[int]:
    """The positions of spans that overlap an earlier-starting one; on a ring when it is round."""
    order = sorted(range(len(spans)), key=lambda position: spans[position])
    latest = max((end for _, end in spans), default=0) - round_of if round_of else 0
    found: list[int] = []
    for position in order:
        start, end = spans[position]
        if start < latest:
            found.append(position)
        latest = max(latest, end)
    return found


def _too_many() -> str:
    return message("Please use at most %(most)s ranges a day.", most=MOST_RANGES_A_DAY)
