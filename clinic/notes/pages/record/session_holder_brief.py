"""What a therapist sees before a session with a couple whom another therapist leads.

Before a session with one partner alone: when it is and who was named. Before a joint session also
what the note of it will ask about: the joint open ruptures, and the plan, exercises and goals that
the last joint session left. Nothing else of the couple's record. What was written in the booking
stands on the appointment's own page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.named_partners import named_members
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import CourseRupture
from clinic.notes.course.read_scope import frame_for_note
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Written, audit_read, make_chart, may
from clinic.notes.session_notes.drafts import CarriedForward, carried_into_session
from clinic.notes.session_notes.session_writers import session_to_write


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBrief:
    """One session for the therapist who holds it and does not lead the couple."""

    code: str
    zone: str
    appointment_id: str
    reference: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    is_individual: bool
    named: tuple[str, ...]
    has_note: bool
    open_ruptures: tuple[CourseRupture, ...]
    carried: CarriedForward


def held_brief(code: str, appointment_id: str, *, actor: Actor, now: datetime) -> HeldBrief | None:
    """The brief of a session, or None for who may open the record: there is a fuller one.

    Raises `NotFound` for who neither leads the couple nor holds the session.
    """
    query = select(Couple).where(Couple.code == code, Couple.clinic_id == actor.clinic_id)
    couple = session().scalar(query)
    if couple is None:
        raise NotFound
    if may(actor, Permission.READ_CHART, make_chart(couple, now=now)):
        return None
    appointment, subject, kind = session_to_write(appointment_id, actor=actor, now=now)
    if appointment.couple_id != couple.id:
        raise NotFound
    about = {"kind": "appointment", "object_id": appointment.id}
    audit_read("session.briefed", **about, actor=actor, now=now)
    return _brief(appointment, subject, kind, actor=actor)


def writable_appointment(appointment_id: str, *, actor: Actor, now: datetime) -> str:
    """The id of the appointment whose note the actor may write, or empty."""
    try:
        return session_to_write(appointment_id, actor=actor, now=now)[0].id
    except (NotFound, NotAllowed):
        return ""


def _brief(appointment: Appointment, subject: Written, kind: str, *, actor: Actor) -> HeldBrief:
    chart = subject.couple
    of_it = select(SessionNote.id).where(SessionNote.appointment_id == appointment.id)
    frame = frame_for_note(subject, actor=actor)
    return HeldBrief(
        code=chart.code,
        zone=chart.zone,
        appointment_id=appointment.id,
        reference=appointment.reference,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        kind=kind,
        is_individual=subject.is_individual,
        named=tuple(one.person.name or "" for one in named_members(appointment)),
        has_note=session().scalar(of_it) is not None,
        open_ruptures=() if subject.is_individual else frame.open_ruptures,
        carried=carried_into_session(subject, before=appointment.starts_at),
    )
