"""The open slots of one therapist for one session type.

Starts lie on a fixed grid of the therapist's wall clock, so an odd appointment moves nothing.
A slot lasts its length in real minutes, lies wholly in working hours, and keeps the larger of
two buffers to its neighbours. Where clocks go back, both instants of a wall time are offered;
where they go forward, the skipped times are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.minute_ranges import (
    intersect_spans,
    merge_spans,
    subtract_spans,
)
from clinic.booking.slots.start_restrictions import (
    Restrictions,
    first_on_grid,
    restrictions,
)
from clinic.foundation.epoch_minutes import MINUTE, MINUTES_A_DAY, ceil_minute, instant_at

__all__ = [
    "Claim",
    "ClaimKind",
    "Offer",
    "Schedule",
    "Slot",
    "claims_window",
    "nearest_slots",
    "open_slots",
    "open_starts",
]


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked: aware UTC instants, half-open, without buffers."""

    start: datetime
    end: datetime


def open_slots(
    *,
    schedule: Schedule,
    offer: Offer,
    claims: Sequence[Claim],
    outside_busy: Sequence[Interval],
    window: Interval,
    now: datetime,
) -> list[Slot]:
    """Every slot that starts within `window`, in order.

    `claims` and `outside_busy` must hold all that lies in `claims_window`; more does no harm.
    Raises ValueError for an unknown zone and outside the years 1980 to 2100.
    """
    starts = open_starts(
        schedule=schedule,
        offer=offer,
        claims=claims,
        outside_busy=outside_busy,
        window=window,
        now=now,
    )
    length = timedelta(minutes=offer.length_minutes)
    instants = [instant_at(start) for start in starts]
    return [Slot(start, start + length) for start in instants]


def open_starts(
    *,
    schedule: Schedule,
    offer: Offer,
    claims: Sequence[Claim],
    outside_busy: Sequence[Interval],
    window: Interval,
    now: datetime,
) -> list[int]:
    """The starts of `open_slots` as epoch minutes, for answers that need no date-times."""
    period = ceil_minute(window.start), ceil_minute(window.end)
    if period[0] == period[1]:
        return []
    rules = restrictions(
        schedule=schedule,
        offer=offer,
        claims=claims,
        outside_busy=outside_busy,
        period=period,
        now=now,
    )
    return _starts(rules, offer=offer, period=period)


def claims_window(*, offer: Offer, window: Interval, longest_buffer_minutes: int) -> Interval:
    """Claims and outside busy times that overlap this can matter to slots in `window`.

    It adds the buffers, and two days for the rest of the first and the last local day, whose
    sessions count for the daily limits. `longest_buffer_minutes` is the claims' own longest.
    """
    buffers = max(longest_buffer_minutes, offer.buffer_before_minutes, offer.buffer_after_minutes)
    around = timedelta(minutes=2 * MINUTES_A_DAY + buffers)
    return Interval(window.start - around, window.end + offer.length_minutes * MINUTE + around)


def nearest_slots(slots: Iterable[Slot], wanted_start: datetime, count: int = 3) -> list[Slot]:
    """The slots that start closest to `wanted_start`, closest first, the earlier of two equals."""
    by_distance = sorted(slots, key=lambda slot: (abs(slot.start - wanted_start), slot.start))
    return by_distance[:count]


def _starts(rules: Restrictions, *, offer: Offer, period: tuple[int, int]) -> list[int]:
    """Grid points in hours, less what is blocked, on days that are neither full nor too far."""
    days = [
        stretch
        for stretch in rules.offsets.stretches(max(period[0], rules.earliest), period[1])
        if stretch.day <= rules.last_day and stretch.day not in rules.full_days
    ]
    blocked = merge_spans(span for spans in rules.blocked.values() for span in spans)
    free = subtract_spans(merge_spans(rules.in_hours), blocked)
    starts: list[int] = []
    at = 0
    for start, end in intersect_spans(free, [(day.start, day.end) for day in days]):
        while days[at].end <= start:
            at += 1
        first = first_on_grid(days[at], offer=offer, earliest=start)
        starts.extend(range(first, end, offer.grid_minutes))
    return starts
