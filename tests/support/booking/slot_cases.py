"""Short ways to write schedules and offers, and Hypothesis strategies for whole situations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from clinic.booking.slots.availability import DayOverride, Schedule, WallRange, WeeklyHours
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import Slot

ZONES = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "Asia/Tehran",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Antarctica/Troll",
)
DAY = timedelta(days=1)


def thorough(examples: int) -> settings:
    """The same examples on every machine, and nothing read from the environment."""
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True)


def clock_minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def wall_range(text: str) -> WallRange:
    """`09:00-17:00`; `22:00-26:00` runs over midnight."""
    start, end = text.split("-")
    return WallRange(clock_minutes(start), clock_minutes(end))


def daily(*ranges: str) -> tuple[WeeklyHours, ...]:
    return tuple(WeeklyHours(day, wall_range(text)) for day in range(7) for text in ranges)


def between(zone: str, start: str, end: str) -> Interval:
    """An interval from wall times such as `2027-03-14 09:00`, unambiguous in the zone."""
    tz = ZoneInfo(zone)
    first, last = (
        datetime.fromisoformat(text).replace(tzinfo=tz).astimezone(UTC) for text in (start, end)
    )
    return Interval(first, last)


def whole_day(zone: str, on: str) -> Interval:
    following = date.fromisoformat(on) + DAY
    return between(zone, f"{on} 00:00", f"{following.isoformat()} 00:00")


def offer(**changes: Any) -> Offer:
    rules = {
        "session_type": "couple-session",
        "length_minutes": 60,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "notice_minutes": 0,
        "horizon_days": 3650,
        "grid_minutes": 60,
    }
    return Offer(**(rules | changes))


def claim(
    interval: Interval,
    *,
    before: int = 0,
    after: int = 0,
    session_type: str = "couple-session",
    kind: ClaimKind = ClaimKind.APPOINTMENT,
) -> Claim:
    return Claim(interval, before, after, session_type, kind)


def starts_in(slots: list[Slot], zone: str) -> list[str]:
    """Starts on the zone's wall with their offset: `2027-11-07 01:30-04:00`."""
    tz = ZoneInfo(zone)
    return [slot.start.astimezone(tz).isoformat(" ", "minutes") for slot in slots]


@dataclass(frozen=True)
class Situation:
    schedule: Schedule
    offer: Offer
    claims: tuple[Claim, ...]
    outside_busy: tuple[Interval, ...]
    now: datetime

    def arguments(self) -> dict[str, Any]:
        return {
            "schedule": self.schedule,
            "offer": self.offer,
            "claims": self.claims,
            "outside_busy": self.outside_busy,
            "now": self.now,
        }


@cache
def change_days(zone: str) -> tuple[datetime, ...]:
    """UTC midnights of the days, 2009 to 2037, within which the zone's offset changes."""
    tz = ZoneInfo(zone)
    found = []
    day = datetime(2009, 1, 1, tzinfo=UTC)
    while day.year < 2038:
        if day.astimezone(tz).utcoffset() != (day + DAY).astimezone(tz).utcoffset():
            found.append(day)
        day += DAY
    return tuple(found)


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda count: timedelta(minutes=count))


@st.composite
def days_in(draw: st.DrawFn, zone: str) -> datetime:
    """A UTC midnight, mostly of a day on or beside which clocks change."""
    changes = change_days(zone)
    if changes and draw(st.integers(0, 3)):
        return draw(st.sampled_from(changes)) + draw(st.integers(-1, 1)) * DAY
    return datetime(2009, 1, 3, tzinfo=UTC) + draw(st.integers(0, 10580)) * DAY


@st.composite
def intervals_near(draw: st.DrawFn, day: datetime, *, longest: int, seconds: int = 0) -> Interval:
    start = day + draw(minutes(-1440, 4320)) + timedelta(seconds=draw(st.integers(0, seconds)))
    length = draw(minutes(1, longest)) + timedelta(seconds=draw(st.integers(0, seconds)))
    return Interval(start, start + length)


@st.composite
def wall_ranges(draw: st.DrawFn) -> WallRange:
    step = draw(st.sampled_from([60, 15, 1]))
    start = draw(st.integers(0, 1439 // step)) * step
    length = draw(st.integers(1, 1440 // step)) * step
    return WallRange(start, min(start + length, 2880))


@st.composite
def schedules(draw: st.DrawFn, zone: str, day: datetime) -> Schedule:
    around_the_clock = draw(st.sampled_from([True, True, False]))
    hours = st.builds(WeeklyHours, st.integers(0, 6), wall_ranges())
    weekly = daily("00:00-24:00") if around_the_clock else draw(st.lists(hours, max_size=16))
    override = st.builds(
        DayOverride,
        st.integers(-2, 3).map(lambda days: (day + days * DAY).date()),
        st.lists(wall_ranges(), max_size=2).map(tuple),
    )
    overrides = draw(st.lists(override, max_size=2, unique_by=lambda found: found.on))
    off = st.lists(intervals_near(day, longest=900, seconds=59), max_size=1).map(tuple)
    return Schedule(zone, tuple(weekly), tuple(overrides), draw(off), draw(off))


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    limit = st.sampled_from([None, None, None, None, 2, 1])
    buffer = st.sampled_from([0, 0, 5, 10, 15, 37])
    return Offer(
        session_type=draw(st.sampled_from(["first", "other"])),
        length_minutes=draw(st.sampled_from([1, 20, 30, 50, 60, 90, 135])),
        buffer_before_minutes=draw(buffer),
        buffer_after_minutes=draw(buffer),
        notice_minutes=draw(st.sampled_from([0, 0, 0, 1, 120, 1440])),
        horizon_days=draw(st.sampled_from([30, 30, 30, 3, 2, 1, 0])),
        grid_minutes=draw(st.sampled_from([5, 7, 10, 15, 20, 25, 30, 45, 50, 60, 75, 240])),
        grid_offset_minutes=draw(st.sampled_from([0, 0, 5, 10, 45, 100])),
        max_per_day=draw(limit),
        max_sessions_per_day=draw(limit),
    )


@st.composite
def claims_near(draw: st.DrawFn, day: datetime) -> tuple[Claim, ...]:
    buffer = st.sampled_from([0, 5, 10, 25])
    found = st.builds(
        Claim,
        interval=intervals_near(day, longest=120),
        buffer_before_minutes=buffer,
        buffer_after_minutes=buffer,
        session_type=st.sampled_from(["first", "other"]),
        kind=st.sampled_from(ClaimKind),
    )
    return tuple(draw(st.lists(found, max_size=4)))


@st.composite
def situations(draw: st.DrawFn, *, longest_window: int = 2880) -> tuple[Situation, Interval]:
    """A therapist, a session type, what is booked, the present, and a window of up to two days."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(days_in(zone))
    start = day + draw(minutes(-720, 1440)) + timedelta(seconds=draw(st.sampled_from([0, 0, 30])))
    window = Interval(start, start + draw(minutes(1, longest_window)))
    ago = draw(st.sampled_from([1500, 2880, 1440, 300, 0, -720]))
    now = start - timedelta(minutes=ago, seconds=draw(st.sampled_from([0, 0, 17])))
    busy = draw(st.lists(intervals_near(day, longest=240, seconds=59), max_size=2))
    situation = Situation(
        schedule=draw(schedules(zone, day)),
        offer=draw(offers()),
        claims=draw(claims_near(day)),
        outside_busy=tuple(busy),
        now=now,
    )
    return situation, window
