"""What tests of open slots share: the starts that are offered, as somebody reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from clinic.booking.slots.availability import Schedule
from clinic.booking.slots.inputs import Claim, Offer
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import open_slots
from tests.support.booking.slot_cases import offer, starts_in

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
LONG_AGO = datetime(2009, 1, 1, tzinfo=UTC)


def offered(
    schedule: Schedule,
    rules: Offer,
    window: Interval,
    *,
    claims: Sequence[Claim] = (),
    outside_busy: Sequence[Interval] = (),
    now: datetime = LONG_AGO,
) -> list[str]:
    slots = open_slots(
        schedule=schedule,
        offer=rules,
        claims=claims,
        outside_busy=outside_busy,
        window=window,
        now=now,
    )
    return starts_in(slots, schedule.time_zone)


def clock_times(starts: list[str]) -> list[str]:
    return [start[11:16] for start in starts]


FAR = offer(horizon_days=36500)
HALF_HOURS = replace(FAR, length_minutes=30, grid_minutes=30)
