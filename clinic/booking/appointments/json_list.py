"""Appointments as rows for a program (`flask appointments list --json`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.named_partners import Named, named_in_each
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session


def list_appointments(
    *, external_id: str | None = None, source: str | None = None
) -> list[dict[str, Any]]:
    """Every appointment, by start; `email` is the address of the partner who booked."""
    query = select(Appointment).options(
        selectinload(Appointment.couple).selectinload(Couple.members)
    )
    if external_id is not None:
        query = query.where(Appointment.external_id == external_id)
    if source is not None:
        query = query.where(Appointment.source == source)
    rows = session().scalars(query.order_by(Appointment.starts_at, Appointment.uid)).unique().all()
    named = named_in_each(rows)
    return [_row(appointment, named[appointment.id]) for appointment in rows]


def _row(appointment: Appointment, named: Named) -> dict[str, Any]:
    return {
        "reference": appointment.reference,
        "uid": appointment.uid,
        "sequence": appointment.sequence,
        "status": appointment.status,
        "start": appointment.starts_at.isoformat().replace("+00:00", "Z"),
        "end": appointment.ends_at.isoformat().replace("+00:00", "Z"),
        "therapist": appointment.therapist.slug,
        "session_type": appointment.session_type.slug,
        "source": appointment.source,
        "external_id": appointment.external_id,
        "email": named[0].person.email if named else None,
        "conflict": appointment.conflict,
    }
