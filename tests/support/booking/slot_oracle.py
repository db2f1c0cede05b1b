"""The slot rules said slowly: every minute looked at, with date-times and no arithmetic shared.

Used by the property tests as the truth that the fast code must equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.booking.slots.availability import Schedule, WallRange
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.start_restrictions import RestrictionRule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass
class SlotOracle:
    schedule: Schedule
    offer: Offer
    claims: Sequence[Claim]
    outside_busy: Sequence[Interval]
    window: Interval
    now: datetime
    shown: dict[datetime, list[datetime]] = field(default_factory=dict)
    open_minutes: set[datetime] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.schedule.time_zone)
        minute = (self.window.start - 5 * DAY).replace(second=0, microsecond=0)
        while minute < self.window.end + 5 * DAY:
            self.shown.setdefault(self.local(minute), []).append(minute)
            minute += MINUTE
        day = self.local(self.window.start).date() - 2 * DAY
        while day <= self.local(self.window.end).date() + DAY:
            for worked in self.ranges_on(day):
                self.open(day, worked)
            day += DAY

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def ranges_on(self, day: date) -> Sequence[WallRange]:
        for override in self.schedule.overrides:
            if override.on == day:
                return override.ranges
        return [hours.range for hours in self.schedule.weekly if hours.weekday == day.weekday()]

    def open(self, day: date, worked: WallRange) -> None:
        midnight = datetime.combine(day, time())
        minute = self.opening(midnight + worked.start_minute * MINUTE)
        closing = self.closing(midnight + worked.end_minute * MINUTE)
        while minute < closing:
            self.open_minutes.add(minute)
            minute += MINUTE

    def opening(self, wall: datetime) -> datetime:
        if wall in self.shown:
            return self.shown[wall][0]
        return min(min(instants) for shown, instants in self.shown.items() if shown > wall)

    def closing(self, wall: datetime) -> datetime:
        if wall in self.shown:
            return self.shown[wall][-1]
        before = max(max(instants) for shown, instants in self.shown.items() if shown < wall)
        return before + MINUTE

    def verdict(self, start: datetime) -> RestrictionRule | None:
        return next(self.rules_against(start), None)

    def rules_against(self, start: datetime) -> Iterator[RestrictionRule]:
        if start < self.now:
            yield RestrictionRule.PAST
        if start < self.now + self.offer.notice_minutes * MINUTE:
            yield RestrictionRule.NOTICE
        if self.beyond_horizon(start):
            yield RestrictionRule.HORIZON
        if not self.on_grid(start):
            yield RestrictionRule.OFF_GRID
        if not self.within_hours(start):
            yield RestrictionRule.CLOSED
        if self.meets(start, self.schedule.time_off):
            yield RestrictionRule.TIME_OFF
        if self.meets(start, self.schedule.closures):
            yield RestrictionRule.CLOSURE
        if self.too_close(start, ClaimKind.APPOINTMENT):
            yield RestrictionRule.APPOINTMENT
        if self.too_close(start, ClaimKind.HOLD):
            yield RestrictionRule.HOLD
        if self.meets_outside(start):
            yield RestrictionRule.OUTSIDE_BUSY
        if self.day_is_full(start):
            yield RestrictionRule.DAILY_LIMIT

    def minutes(self) -> list[datetime]:
        minute = self.window.start.replace(second=0, microsecond=0)
        found = []
        while minute < self.window.end:
            if minute >= self.window.start:
                found.append(minute)
            minute += MINUTE
        return found

    def open_starts(self) -> list[datetime]:
        return [minute for minute in self.minutes() if self.verdict(minute) is None]

    def end(self, start: datetime) -> datetime:
        return start + self.offer.length_minutes * MINUTE

    def beyond_horizon(self, start: datetime) -> bool:
        last = self.local(self.now).date() + self.offer.horizon_days * DAY
        return self.local(start).date() > last

    def on_grid(self, start: datetime) -> bool:
        wall = self.local(start)
        past_midnight = (wall - datetime.combine(wall.date(), time())) / MINUTE
        return (past_midnight - self.offer.grid_offset_minutes) % self.offer.grid_minutes == 0

    def within_hours(self, start: datetime) -> bool:
        minute = start
        while minute < self.end(start):
            if minute not in self.open_minutes:
                return False
            minute += MINUTE
        return True

    def meets(self, start: datetime, intervals: Sequence[Interval]) -> bool:
        return any(start < other.end and other.start < self.end(start) for other in intervals)

    def meets_outside(self, start: datetime) -> bool:
        first = start - self.offer.buffer_before_minutes * MINUTE
        last = self.end(start) + self.offer.buffer_after_minutes * MINUTE
        return any(first < busy.end and busy.start < last for busy in self.outside_busy)

    def too_close(self, start: datetime, kind: ClaimKind) -> bool:
        return any(
            not (self.fits_before(start, claim) or self.fits_after(start, claim))
            for claim in self.claims
            if claim.kind is kind
        )

    def fits_before(self, start: datetime, claim: Claim) -> bool:
        gap = max(self.offer.buffer_after_minutes, claim.buffer_before_minutes)
        return self.end(start) + gap * MINUTE <= claim.interval.start

    def fits_after(self, start: datetime, claim: Claim) -> bool:
        gap = max(self.offer.buffer_before_minutes, claim.buffer_after_minutes)
        return claim.interval.end + gap * MINUTE <= start

    def day_is_full(self, start: datetime) -> bool:
        day = self.local(start).date()
        same_day = [c for c in self.claims if self.local(c.interval.start).date() == day]
        same_type = [c for c in same_day if c.session_type == self.offer.session_type]
        return any(
            limit is not None and len(counted) >= limit
            for counted, limit in (
                (same_type, self.offer.max_per_day),
                (same_day, self.offer.max_sessions_per_day),
            )
        )
