"""Conflicts: appointments from a scheduling service that overlap another of the same therapist.

They are stored with `conflict` set: outside the database's exclusion, but blocking the time for new
bookings. The mark goes once nothing overlaps any more.
"""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import LIVE, Appointment
from clinic.foundation.database.transactions import transaction
from clinic.practice.locks import lock_diary


def overlaps_another(session: Session, appointment: Appointment, *, therapist_id: str) -> bool:
    """Return whether another live appointment of this therapist shares a minute with it.

    Buffers do not count. The diary must be locked.
    """
    other = select(Appointment.id).where(
        Appointment.therapist_id == therapist_id,
        Appointment.id != appointment.id,
        Appointment.status.in_(LIVE),
        Appointment.starts_at < appointment.ends_at,
        Appointment.ends_at > appointment.starts_at,
    )
    with session.no_autoflush:
        return bool(session.scalar(select(exists(other))))


def clear_conflicts(therapist_id: str) -> list[str]:
    """Unmark the appointments that no longer overlap anything; return their ids."""
    marked = select(Appointment).where(
        Appointment.therapist_id == therapist_id,
        Appointment.conflict,
        Appointment.status.in_(LIVE),
    )
    with transaction() as session:
        if not session.scalar(select(marked.exists())):
            return []
        lock_diary(session, therapist_id)
        found = session.scalars(marked.execution_options(populate_existing=True)).all()
        free = [
            one for one in found if not overlaps_another(session, one, therapist_id=therapist_id)
        ]
        for one in free:
            one.conflict = False
            session.flush()
    return [one.id for one in free]
