"""What waits for a therapist: drafts, sessions without a note, notes to co-sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.conditions import leads_the_couple
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.record.held_sessions import held_session
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import make_chart, may, written
from clinic.notes.rules.sealing import NoteStatus, is_overdue

LOOK_BACK = timedelta(days=90)
"""Sessions without a note are asked for this long."""


@dataclass(frozen=True, slots=True)
class UnsignedNote:
    """One note that waits; `status` is `none` where a session has no note yet."""

    code: str
    note_id: str | None
    appointment_id: str | None
    held_from: datetime
    held_until: datetime
    status: str
    overdue: bool
    is_led: bool = True
    """Whether the reader leads the couple, and so may open its record."""


def unsigned_notes(*, actor: Actor, now: datetime) -> list[UnsignedNote]:
    """What the actor has still to write or sign, the oldest first. No clinical text is read."""
    require(actor, Permission.OPEN_CHARTS)
    if actor.therapist_id is None:
        return []
    found = [*_drafts(actor, now=now), *_without_note(actor, now=now)]
    return sorted(found, key=lambda one: (one.held_from, one.code))


def notes_to_cosign(*, actor: Actor, now: datetime) -> list[UnsignedNote]:
    """The notes of others that a supervisor may co-sign, the oldest first."""
    require(actor, Permission.OPEN_CHARTS)
    if Role.SUPERVISOR not in actor.roles:
        return []
    rows = session().execute(
        select(SessionNote, Couple)
        .join(Couple, Couple.id == SessionNote.couple_id)
        .where(SessionNote.clinic_id == actor.clinic_id, SessionNote.author != actor.name)
        .where(SessionNote.status == NoteStatus.COSIGN_PENDING)
        .order_by(SessionNote.held_from, SessionNote.id)
    )
    return [
        _unsigned(note, couple, actor=actor, now=now)
        for note, couple in rows.all()
        if may(
            actor, Permission.COSIGN_NOTE, written(make_chart(couple, now=now), held_session(note))
        )
    ]


def _drafts(actor: Actor, *, now: datetime) -> list[UnsignedNote]:
    """The drafts of sessions that the actor held, and those that they began and may still write."""
    led = Couple.lead_therapist_id == actor.therapist_id
    rows = session().execute(
        select(SessionNote, Couple)
        .join(Couple, Couple.id == SessionNote.couple_id)
        .outerjoin(Appointment, Appointment.id == SessionNote.appointment_id)
        .where(SessionNote.clinic_id == actor.clinic_id)
        .where(
            or_(
                led,
                Appointment.therapist_id == actor.therapist_id,
                SessionNote.held_by_id == actor.therapist_id,
            )
        )
        .where(SessionNote.status.in_((NoteStatus.DRAFT, NoteStatus.READY)))
    )
    return [
        _unsigned(note, couple, actor=actor, now=now)
        for note, couple in rows.all()
        if _is_theirs(note, couple, actor=actor)
    ]


def _is_theirs(note: SessionNote, couple: Couple, *, actor: Actor) -> bool:
    held = held_session(note)
    by = held.held_by or couple.lead_therapist_id
    return by == actor.therapist_id or (note.author == actor.name and not held.is_individual)


def _without_note(actor: Actor, *, now: datetime) -> list[UnsignedNote]:
    rows = session().execute(
        select(
            Appointment.id,
            Appointment.starts_at,
            Appointment.ends_at,
            Couple.code,
            Couple.lead_therapist_id,
        )
        .join(Couple, Couple.id == Appointment.couple_id)
        .outerjoin(SessionNote, SessionNote.appointment_id == Appointment.id)
        .where(Appointment.therapist_id == actor.therapist_id, SessionNote.id.is_(None))
        .where(Appointment.status.in_((AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED)))
        .where(Appointment.ends_at <= now, Appointment.ends_at > now - LOOK_BACK)
    )
    return [
        UnsignedNote(
            row.code,
            None,
            row.id,
            row.starts_at,
            row.ends_at,
            "none",
            is_overdue(row.ends_at, status=NoteStatus.DRAFT, now=now),
            row.lead_therapist_id == actor.therapist_id,
        )
        for row in rows
    ]


def _unsigned(note: SessionNote, couple: Couple, *, actor: Actor, now: datetime) -> UnsignedNote:
    overdue = is_overdue(note.held_until, status=NoteStatus(note.status), now=now)
    return UnsignedNote(
        couple.code,
        note.id,
        note.appointment_id,
        note.held_from,
        note.held_until,
        note.status,
        overdue,
        leads_the_couple(actor, couple),
    )
