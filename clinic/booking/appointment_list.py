"""Appointments as rows for a program (`flask appointments list --json`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from clinic.booking.models import Appointment, ManageLink
from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.database import session


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
    rows = session().scalars(query.order_by(Appointment.starts_at, Appointment.uid)).unique()
    links = session().execute(select(ManageLink.appointment_id, ManageLink.member_id))
    named = {(appointment_id, member_id) for appointment_id, member_id in links}
    return [_row(appointment, named) for appointment in rows]


def _row(appointment: Appointment, named: set[tuple[str, str]]) -> dict[str, Any]:
    members: list[CoupleMember] = appointment.couple.members
    # Whoever was named in the booking holds a link; a partner who was not is not told of it.
    members = [one for one in members if (appointment.id, one.id) in named] or members
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
        "email": members[0].person.email if members else None,
        "conflict": appointment.conflict,
    }
