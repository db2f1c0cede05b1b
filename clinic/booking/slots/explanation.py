"""Why a time is not among the open slots: the first rule that took it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import Claim, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.minute_ranges import covers
from clinic.booking.slots.notice_and_horizon import earliest_start
from clinic.booking.slots.start_restrictions import (
    RestrictionRule,
    Restrictions,
    first_on_grid,
    restrictions,
)
from clinic.foundation.epoch_minutes import MINUTES_A_DAY, day_number, floor_minute, instant_at
from clinic.foundation.zone_offsets import zone_offsets


def explain(
    start: datetime,
    *,
    schedule: Schedule,
    offer: Offer,
    claims: Sequence[Claim],
    outside_busy: Sequence[Interval],
    now: datetime,
) -> RestrictionRule | None:
    """The first rule, in the order of `RestrictionRule`, against this start; None where it is open.

    Open here is exactly being among `open_slots` of a window that holds the start.
    Raises ValueError for an unknown zone and outside the years 1980 to 2100.
    """
    minute = floor_minute(start)
    rules = restrictions(
        schedule=schedule,
        offer=offer,
        claims=claims,
        outside_busy=outside_busy,
        period=(minute, minute + 1),
        now=now,
    )
    against = {
        RestrictionRule.PAST: start < now,
        RestrictionRule.NOTICE: start < earliest_start(offer, now=now),
        **_verdicts(rules, offer=offer, minute=minute),
    }
    against[RestrictionRule.OFF_GRID] |= start != instant_at(minute)  # it has seconds
    return next((rule for rule in RestrictionRule if against.get(rule)), None)


def explain_wall(
    on: date,
    minute: int,
    fold: int = 0,
    *,
    schedule: Schedule,
    offer: Offer,
    claims: Sequence[Claim],
    outside_busy: Sequence[Interval],
    now: datetime,
) -> RestrictionRule | None:
    """The same for a time on the therapist's wall: `minute` past midnight on `on`.

    `fold` 1 means the later of two instants. A skipped time gives NONEXISTENT_TIME.
    """
    wall = day_number(on) * MINUTES_A_DAY + minute
    shown = zone_offsets(schedule.time_zone, wall, wall).instants(wall)
    if not shown:
        return RestrictionRule.NONEXISTENT_TIME
    return explain(
        instant_at(shown[-1 if fold else 0]),
        schedule=schedule,
        offer=offer,
        claims=claims,
        outside_busy=outside_busy,
        now=now,
    )


def _verdicts(rules: Restrictions, *, offer: Offer, minute: int) -> dict[RestrictionRule, bool]:
    """Which rules are against a whole minute."""
    (stretch,) = rules.offsets.stretches(minute, minute + 1)
    return {
        RestrictionRule.HORIZON: stretch.day > rules.last_day,
        RestrictionRule.OFF_GRID: first_on_grid(stretch, offer=offer, earliest=minute) != minute,
        RestrictionRule.CLOSED: not covers(rules.in_hours, minute),
        RestrictionRule.DAILY_LIMIT: stretch.day in rules.full_days,
        **{rule: covers(spans, minute) for rule, spans in rules.blocked.items()},
    }
