"""Decide which starts cannot be booked, and by which rule: all restrictions of one period.

Working hours are in `availability.py`, minimum notice and horizon in `notice_and_horizon.py`,
buffers in `buffers.py`, daily limits in `daily_limits.py`; here they meet, with the grid. Both
answers, the list of open slots and the reason why a time is not among them, are read from the same
restrictions, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinic.booking.slots.availability import Schedule, working_spans
from clinic.booking.slots.buffers import starts_too_close, starts_too_close_to_claims
from clinic.booking.slots.daily_limits import full_days
from clinic.booking.slots.inputs import Claim, ClaimKind, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.notice_and_horizon import earliest_start, last_day
from clinic.foundation.epoch_minutes import ceil_minute
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
        RestrictionRule.TIME_OFF: starts_too_close(schedule.time_off, offer.length_minutes, 0),
        RestrictionRule.CLOSURE: starts_too_close(schedule.closures, offer.length_minutes, 0),
        RestrictionRule.APPOINTMENT: starts_too_close_to_claims(
            claims, offer=offer, kind=ClaimKind.APPOINTMENT
        ),
        RestrictionRule.HOLD: starts_too_close_to_claims(claims, offer=offer, kind=ClaimKind.HOLD),
        RestrictionRule.OUTSIDE_BUSY: starts_too_close(
            outside_busy,
            offer.length_minutes + offer.buffer_after_minutes,
            offer.buffer_before_minutes,
        ),
    }
    return Restrictions(
        offsets=offsets,
        earliest=ceil_minute(earliest_start(offer, now=now)),
        last_day=last_day(offer, now=now, zone=schedule.time_zone),
        in_hours=[(opens, closes - offer.length_minutes + 1) for opens, closes in hours],
        blocked={
            rule: [span for span in spans if span[0] < end and span[1] > start]
            for rule, spans in taken.items()
        },
        full_days=full_days(offer, claims=claims, offsets=offsets),
    )


def first_on_grid(stretch: Stretch, *, offer: Offer, earliest: int) -> int:
    """The first epoch minute from `earliest` on that is on the grid, by the stretch's clock."""
    from_grid = stretch.midnight + offer.grid_offset_minutes - earliest
    return earliest + from_grid % offer.grid_minutes
