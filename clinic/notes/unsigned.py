"""What waits for a therapist: drafts, sessions without a note, notes to co-sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.booking.models import Appointment, Status
from clinic.couples.models import Couple
from clinic.foundation.database import session
from clinic.foundation.permissions import Actor, Permission, Role, require
from clinic.notes.models import SessionNote
from clinic.notes.seal import NoteStatus, is_overdue

LOOK_BACK = timedelta(days=90)
"""Sessions without a note are asked for this long."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One note that waits; `status` is `none` where a session has no note yet."""

    code: str
    note_id: str | None
    appointment_id: str | None
    held_from: datetime
    held_until: datetime
    status: str
    overdue: bool


def unsigned_notes(*, actor: Actor, now: datetime) -> list[Waiting]:
    """What the actor has still to write or sign, the oldest first. No clinical text is read."""
    require(actor, Permission.OPEN_CHARTS)
    if actor.therapist_id is None:
        return []
    found = [*_drafts(actor, now=now), *_without_note(actor, now=now)]
    return sorted(found, key=lambda one: (one.held_from, one.code))


def waiting_for_cosignature(*, actor: Actor, now: datetime) -> list[Waiting]:
    """The notes of others that a supervisor may co-sign, the oldest first."""
    require(actor, Permission.OPEN_CHARTS)
    if Role.SUPERVISOR not in actor.roles:
        return []
    rows = session().execute(
        select(SessionNote, Couple.code)
        .join(Couple, Couple.id == SessionNote.couple_id)
        .where(SessionNote.clinic_id == actor.clinic_id, SessionNote.author != actor.name)
        .where(SessionNote.status == NoteStatus.COSIGN_PENDING)
        .order_by(SessionNote.held_from, SessionNote.id)
    )
    return [_waiting(note, code, now=now) for note, code in rows]


def _drafts(actor: Actor, *, now: datetime) -> list[Waiting]:
    rows = session().execute(
        select(SessionNote, Couple.code)
        .join(Couple, Couple.id == SessionNote.couple_id)
        .where(Couple.lead_therapist_id == actor.therapist_id)
        .where(SessionNote.status.in_((NoteStatus.DRAFT, NoteStatus.READY)))
    )
    return [_waiting(note, code, now=now) for note, code in rows]


def _without_note(actor: Actor, *, now: datetime) -> list[Waiting]:
    rows = session().execute(
        select(Appointment.id, Appointment.starts_at, Appointment.ends_at, Couple.code)
        .join(Couple, Couple.id == Appointment.couple_id)
        .outerjoin(SessionNote, SessionNote.appointment_id == Appointment.id)
        .where(Couple.lead_therapist_id == actor.therapist_id, SessionNote.id.is_(None))
        .where(Appointment.status.in_((Status.CONFIRMED, Status.COMPLETED)))
        .where(Appointment.ends_at <= now, Appointment.ends_at > now - LOOK_BACK)
    )
    return [
        Waiting(
            row.code,
            None,
            row.id,
            row.starts_at,
            row.ends_at,
            "none",
            is_overdue(row.ends_at, status=NoteStatus.DRAFT, now=now),
        )
        for row in rows
    ]


def _waiting(note: SessionNote, code: str, *, now: datetime) -> Waiting:
    overdue = is_overdue(note.held_until, status=NoteStatus(note.status), now=now)
    return Waiting(
        code,
        note.id,
        note.appointment_id,
        note.held_from,
        note.held_until,
        note.status,
        overdue,
    )
