"""Who held the session of a note, and whether it was one partner's own or the couple's.

Who holds an appointment and who is named in it decide, not what a note was stored as: a session
that another therapist than the lead held with one partner alone is never the couple's. Of a
session that the lead held the note itself tells, once somebody has written in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import selectinload

from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.booking.appointments.named_partners import Named, booked_session, named_in_each
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.notes.record.note_models import INDIVIDUAL_KINDS, SessionNote

HELD = (AppointmentStatus.CONFIRMED, AppointmentStatus.COMPLETED)
ALONE = {"A": "individual_a", "B": "individual_b"}
UNTOUCHED = 1
"""The revision of a draft that was opened and never saved."""


@dataclass(frozen=True, slots=True)
class HeldSession:
    """The session of a note. `held_by` is None where the lead held it."""

    kind: str
    held_by: str | None
    author: str
    is_signed: bool

    @property
    def is_individual(self) -> bool:
        """Whether one partner alone was expected."""
        return self.kind in INDIVIDUAL_KINDS


def kind_of_appointment(appointment: Appointment, named: Named) -> str:
    """Return the kind of the note that an appointment calls for."""
    slots = [one.slot for one in named]
    if booked_session(appointment, named).is_individual and slots[0] in ALONE:
        return ALONE[slots[0]]
    return "joint" if appointment.session_type.audience == "existing" else "consultation"


def held_session(note: SessionNote) -> HeldSession:
    """Return the session of one note."""
    return _held([note], SessionNote.id == note.id)[note.id]


def held_sessions(couple_id: str) -> Mapping[str, HeldSession]:
    """Return the session of each note of a couple, by the note's id. No text is read."""
    columns = ("id", "appointment_id", "held_by_id", "kind", "revision", "author", "signed_at")
    rows = session().execute(
        select(*(getattr(SessionNote, name) for name in columns)).where(
            SessionNote.couple_id == couple_id
        )
    )
    return _held(rows, SessionNote.couple_id == couple_id)


def individual_notes(couple_id: str) -> frozenset[str]:
    """Return the ids of the notes of sessions with one partner alone: not in the joint course."""
    found = held_sessions(couple_id).items()
    return frozenset(note_id for note_id, held in found if held.is_individual)


def separate_notes(couple_id: str) -> frozenset[str]:
    """Return the ids of the notes of individual sessions that another than the lead held."""
    nobody_else = {None, session().get_one(Couple, couple_id).lead_therapist_id}
    return frozenset(
        note_id
        for note_id, held in held_sessions(couple_id).items()
        if held.is_individual and held.held_by not in nobody_else
    )


def separate_appointments(couple_id: str) -> list[Appointment]:
    """Return the couple's individual sessions with another therapist than the lead, by start."""
    query = (
        _with_members()
        .join(Couple, Couple.id == Appointment.couple_id)
        .where(
            Appointment.couple_id == couple_id,
            Appointment.status.in_(HELD),
            Appointment.therapist_id.is_distinct_from(Couple.lead_therapist_id),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    rows = session().scalars(query).unique().all()
    named = named_in_each(rows)
    return [row for row in rows if booked_session(row, named[row.id]).is_individual]


def _with_members() -> Select[Appointment]:
    return select(Appointment).options(
        selectinload(Appointment.couple).selectinload(Couple.members)
    )


def _held(notes: Iterable[Any], which: ColumnElement[bool]) -> dict[str, HeldSession]:
    appointments = _held_without_note(which)
    named = named_in_each(appointments.values()) if appointments else {}
    found = {}
    for note in notes:
        appointment = appointments.get(note.appointment_id or "")
        kind, by = note.kind, note.held_by_id
        if appointment is not None:
            kind = _kind(note, appointment, named[appointment.id])
            by = by or _other_than_lead(appointment)
        found[note.id] = HeldSession(kind, by, note.author, note.signed_at is not None)
    return found


def _held_without_note(which: ColumnElement[bool]) -> dict[str, Appointment]:
    """The appointments of these notes that another than the lead holds, or of untouched drafts."""
    untouched = and_(SessionNote.signed_at.is_(None), SessionNote.revision == UNTOUCHED)
    query = (
        _with_members()
        .join(SessionNote, SessionNote.appointment_id == Appointment.id)
        .join(Couple, Couple.id == Appointment.couple_id)
        .where(which)
        .where(or_(Appointment.therapist_id.is_distinct_from(Couple.lead_therapist_id), untouched))
    )
    return {row.id: row for row in session().scalars(query).unique()}


def _kind(note: Any, appointment: Appointment, named: Named) -> str:
    by_naming = kind_of_appointment(appointment, named)
    is_untouched = note.signed_at is None and note.revision == UNTOUCHED
    if by_naming in INDIVIDUAL_KINDS and (_other_than_lead(appointment) or is_untouched):
        return by_naming
    return str(note.kind)


def _other_than_lead(appointment: Appointment) -> str | None:
    therapist = appointment.therapist_id
    return therapist if therapist != appointment.couple.lead_therapist_id else None
