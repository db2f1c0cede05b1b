"""Decide how soon and how far ahead a session may start: minimum notice and horizon. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from clinic.booking.slots.inputs import Offer
from clinic.foundation.epoch_minutes import floor_minute
from clinic.foundation.zone_offsets import zone_offsets

STAFF_HORIZON_DAYS = 730


def earliest_start(offer: Offer, *, now: datetime) -> datetime:
    """Return the first instant that the minimum notice allows."""
    return now + timedelta(minutes=offer.notice_minutes)


def last_day(offer: Offer, *, now: datetime, zone: str) -> int:
    """Return the number of the last day within the horizon, counted from today in `zone`."""
    return _day_of(now, zone=zone) + offer.horizon_days


def for_staff(offer: Offer) -> Offer:
    """Return the same offer as staff may use it: without notice, two years ahead."""
    return replace(offer, notice_minutes=0, horizon_days=STAFF_HORIZON_DAYS)


def _day_of(instant: datetime, *, zone: str) -> int:
    minute = floor_minute(instant)
    day = zone_offsets(zone, minute, minute).day_of(minute)
    assert day is not None  # noqa: S101 -- the offsets are those of this very minute
    return day
