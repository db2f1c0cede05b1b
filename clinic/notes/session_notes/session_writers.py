"""Whose note an appointment's is to write, and what becomes of one that somebody else began."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.accounts.models import Account
from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.named_partners import named_members
from clinic.foundation import audit
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import N_, Conflict, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.record.held_sessions import (
    UNTOUCHED,
    HeldSession,
    held_session,
    kind_of_appointment,
)
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Written, find_note, make_chart, require_for, written
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.note_content import Attendance
from clinic.notes.session_notes.drafts import add_version


def session_to_write(
    appointment_id: str, *, actor: Actor, now: datetime
) -> tuple[Appointment, Written, str]:
    """An appointment whose note the actor writes, what it is to the access policy, its kind.

    Raises `NotFound`, `NotAllowed`.
    """
    appointment = session().get(Appointment, appointment_id)
    if appointment is None:
        raise NotFound
    kind = kind_of_appointment(appointment, named_members(appointment))
    held = HeldSession(kind, appointment.therapist_id, author="", is_signed=False)
    subject = written(make_chart(appointment.couple, now=now), held)
    require_for(subject, Permission.WRITE_NOTE, actor=actor)
    return appointment, subject, kind


def separate_holder(subject: Written) -> str | None:
    """The therapist whom the note of this session names, or None where the lead held it."""
    return subject.held_by if subject.is_apart else None


def note_of_both(note_id: str, *, actor: Actor, now: datetime) -> None:
    """Make the draft of one partner's session with the lead a joint one: the other came as well.

    Raises `NotFound`, `NotAllowed`, and `Conflict` for every other note.
    """
    with transaction() as current:
        note, chart = find_note(note_id, actor=actor, now=now)
        subject = written(chart, held_session(note))
        if subject.is_signed or subject.is_apart or not subject.is_individual:
            raise Conflict(N_("This note cannot become one of both partners."), code="not-joint")
        body = note.body
        told = {one.partner for one in body.content.attendance}
        came = tuple(Attendance(slot, "present") for slot in chart.members if slot not in told)
        content = replace(body.content, attendance=(*body.content.attendance, *came))
        note.kind = "joint"
        note.revision += 1
        note.body = NoteBody(content, body.late_reason, body.nonce)
        note.saved_at, note.saved_by = now, actor.name
        current.flush()
        add_version(current, note, note.body, kind="manual", by=actor.name, now=now)
        audit.record(
            current, "note.joint", kind="session_note", object_id=note.id, actor=actor, now=now
        )


def set_aside(
    current: Session, note: SessionNote, subject: Written, *, actor: Actor, now: datetime
) -> bool:
    """Detach the appointment from a draft that another than its therapist began; whether it was.

    Only where it is a session apart from the lead, or was before it was handed over. The draft
    stays its author's, outside the joint course, so that no word is handed to the therapist or
    lost. One in which nothing was typed is not worth keeping: the therapist goes on in it.
    """
    if not is_begun_by_another(note, subject, actor=actor) or note.revision == UNTOUCHED:
        return False
    note.kind, note.appointment_id = held_session(note).kind, None
    current.flush()
    audit.record(
        current, "note.set_aside", kind="session_note", object_id=note.id, actor=actor, now=now
    )
    return True


def is_begun_by_another(note: SessionNote, subject: Written, *, actor: Actor) -> bool:
    """Whether a draft of a session was begun by somebody who does not hold it, or no longer."""
    if note.signed_at is not None or note.author == actor.name:
        return False
    if note.held_by_id is not None or not subject.is_apart:
        return note.held_by_id not in {None, subject.held_by}
    account = session().get(Account, note.author.removeprefix("account:"))
    return account is None or account.therapist_id != subject.held_by
