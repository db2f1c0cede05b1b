"""Which starts the rules take away, as spans of epoch minutes and sets of days.

Both answers, the list of open slots and the reason why a time is not among them, are read from
the same restrictions, so they cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinic.booking.slots.availability import Schedule, working_spans
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.foundation.epoch_minutes import ceil_minute, floor_minute
from clinic.foundation.zone_offsets import Stretch, ZoneOffsets, zone_offsets


class RestrictionRule(StrEnum):
    """Why a time cannot be booked. Where several apply, the first in this order is named."""

    NONEXISTENT_TIME = "nonexistent_time"  # the clocks skip this wall time
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    OFF_GRID = "off_grid"
    CLOSED = "closed"  # not wholly within working hours
    TIME_OFF = "time_off"
    CLOSURE = "closure"
    APPOINTMENT = "appointment"  # meets one, or comes closer to it than the buffers
    HOLD = "hold"  # the same with a hold
    OUTSIDE_BUSY = "outside_busy"
    DAILY_LIMIT = "daily_limit"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What decides about starts in one period, in epoch minutes and day numbers.

    A start is allowed within `in_hours`, outside every span of `blocked` (unsorted), from
    `earliest` on, up to `last_day`, and not on one of `full_days`.
    """

    offsets: ZoneOffsets
    earliest: int
    last_day: int
    in_hours: list[tuple[int, int]]
    blocked: dict[RestrictionRule, list[tuple[int, int]]]
    full_days: frozenset[int]


def restrictions(
    *,
    schedule: Schedule,
    offer: Offer,
    claims: Sequence[Claim],
    outside_busy: Sequence[Interval],
    period: tuple[int, int],
    now: datetime,
) -> Restrictions:
    """The restrictions on starts within `period` (epoch minutes, not empty)."""
    start, end = period
    offsets = zone_offsets(schedule.time_zone, start, end - 1)
    hours = working_spans(schedule, offsets=offsets, start=start, end=end + offer.length_minutes)
    taken = {
        RestrictionRule.TIME_OFF: _around(schedule.time_off, offer.length_minutes, 0),
        RestrictionRule.CLOSURE: _around(schedule.closures, offer.length_minutes, 0),
        RestrictionRule.APPOINTMENT: _around_claims(
            claims, offer=offer, kind=ClaimKind.APPOINTMENT
        ),
        RestrictionRule.HOLD: _around_claims(claims, offer=offer, kind=ClaimKind.HOLD),
        RestrictionRule.OUTSIDE_BUSY: _around(
            outside_busy,
            offer.length_minutes + offer.buffer_after_minutes,
            offer.buffer_before_minutes,
        ),
    }
    return Restrictions(
        offsets=offsets,
        earliest=ceil_minute(offer.earliest_start(now)),
        last_day=_day_of(now, zone=schedule.time_zone) + offer.horizon_days,
        in_hours=[(opens, closes - offer.length_minutes + 1) for opens, closes in hours],
        blocked={
            rule: [span for span in spans if span[0] < end and span[1] > start]
            for rule, spans in taken.items()
        },
        full_days=_full_days(offer, claims=claims, offsets=offsets),
    )


def first_on_grid(stretch: Stretch, *, offer: Offer, earliest: int) -> int:
    """The first epoch minute from `earliest` on that is on the grid, by the stretch's clock."""
    from_grid = stretch.midnight + offer.grid_offset_minutes - earliest
    return earliest + from_grid % offer.grid_minutes


def _around(
    intervals: Iterable[Interval], reach_before: int, reach_after: int
) -> Iterable[tuple[int, int]]:
    """The starts too close to an interval: less than so many minutes before, or after, it.

    Seconds count as the whole minute, which changes nothing as starts are whole minutes.
    """
    return (
        (floor_minute(busy.start) - reach_before + 1, ceil_minute(busy.end) + reach_after)
        for busy in intervals
    )


def _around_claims(
    claims: Iterable[Claim], *, offer: Offer, kind: ClaimKind
) -> Iterable[tuple[int, int]]:
    """Between two sessions lies the larger of the first's after and the second's before."""
    length, before, after = (
        offer.length_minutes,
        offer.buffer_before_minutes,
        offer.buffer_after_minutes,
    )
    for claim in claims:
        if claim.kind == kind:
            reach_before = length + max(after, claim.buffer_before_minutes)
            reach_after = max(before, claim.buffer_after_minutes)
            yield from _around((claim.interval,), reach_before, reach_after)


def _full_days(offer: Offer, *, claims: Iterable[Claim], offsets: ZoneOffsets) -> frozenset[int]:
    if offer.max_per_day is None and offer.max_sessions_per_day is None:
        return frozenset()
    sessions: Counter[int] = Counter()
    of_this_type: Counter[int] = Counter()
    for claim in claims:
        day = offsets.day_of(floor_minute(claim.interval.start))
        if day is not None:
            sessions[day] += 1
            of_this_type[day] += claim.session_type == offer.session_type
    return frozenset(
        _reached(sessions, offer.max_sessions_per_day) | _reached(of_this_type, offer.max_per_day)
    )


def _reached(counts: Counter[int], limit: int | None) -> set[int]:
    return set() if limit is None else {day for day, count in counts.items() if count >= limit}


def _day_of(instant: datetime, *, zone: str) -> int:
    minute = floor_minute(instant)
    day = zone_offsets(zone, minute, minute).day_of(minute)
    assert day is not None  # noqa: S101 -- the offsets are those of this very minute
    return day
