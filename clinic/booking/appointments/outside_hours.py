"""Appointments that stand at times when nobody works (any longer).

Time off, a closure or other hours never move or cancel what is booked; they leave it here, for the
desk to move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.booking.appointments.models import LIVE, Appointment
from clinic.booking.appointments.queries import schedule_of
from clinic.booking.slots.availability import open_hours
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.notice_and_horizon import STAFF_HORIZON_DAYS
from clinic.foundation.database.transactions import session
from clinic.practice.clinic.queries import schedules

LOOKED_AHEAD = timedelta(days=STAFF_HORIZON_DAYS)


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """One appointment, without names of clients."""

    reference: str
    starts_at: datetime
    ends_at: datetime
    session_type: Mapping[str, str]
    therapist: str
    time_zone: str


def booked_outside_hours(therapist_ids: Sequence[str], *, now: datetime) -> list[OutsideHours]:
    """These therapists' coming appointments that lie outside their working time, by start."""
    coming = (
        session()
        .scalars(
            select(Appointment)
            .where(
                Appointment.therapist_id.in_(therapist_ids),
                Appointment.status.in_(LIVE),
                Appointment.ends_at > now,
                Appointment.starts_at < now + LOOKED_AHEAD,
            )
            .order_by(Appointment.starts_at, Appointment.reference)
        )
        .unique()
        .all()
    )
    if not coming:
        return []
    hours = _open_hours(coming)
    return [_line(one) for one in coming if not _is_within(one, hours[one.therapist_id])]


def _open_hours(coming: Sequence[Appointment]) -> dict[str, list[Interval]]:
    window = Interval(coming[0].starts_at, max(one.ends_at for one in coming))
    zones = {one.therapist_id: one.therapist.time_zone for one in coming}
    rows = schedules(list(zones), from_=window.start, to=window.end)
    return {
        id_: open_hours(schedule_of(zone, rows[id_]), window=window) for id_, zone in zones.items()
    }


def _is_within(appointment: Appointment, hours: Sequence[Interval]) -> bool:
    return any(
        one.start <= appointment.starts_at and appointment.ends_at <= one.end for one in hours
    )


def _line(row: Appointment) -> OutsideHours:
    return OutsideHours(
        reference=row.reference,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        session_type=row.session_type.name,
        therapist=row.therapist.name,
        time_zone=row.therapist.time_zone,
    )
