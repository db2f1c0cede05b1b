"""Reading what names people: each reading leaves a line in the audit log, or does not happen.

The line is written in the transaction that reads, so nothing is shown that could not be noted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment
from clinic.booking.desk.appointment_queries import (
    AppointmentPage,
    appointment_page,
    find_appointment,
)
from clinic.booking.desk.diary_queries import DayPage, day_of, open_requests, visible_therapists
from clinic.booking.rules.diary_lines import DiaryEntry
from clinic.foundation import audit
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.practice.models import Therapist


def read_day(therapist_id: str, on: date, *, actor: Actor, now: datetime) -> DayPage:
    """A day with the partners' first names. Raises `NotFound` for a diary that is not theirs."""
    with transaction() as session:
        therapist = _visible(therapist_id, actor=actor)
        day = day_of(therapist, on, names=True, now=now)
        _note_names(session, day.sessions, actor=actor, now=now)
    return day


def read_requests(*, actor: Actor, now: datetime) -> list[DiaryEntry]:
    """The requests that this actor may answer, with first names."""
    with transaction() as session:
        ids = [one.id for one in visible_therapists(actor)]
        found = open_requests(ids, names=True)
        _note_names(session, found, actor=actor, now=now)
    return found


def read_appointment(
    reference: str, *, actor: Actor, now: datetime
) -> tuple[Appointment, AppointmentPage]:
    """One appointment, with who and what the actor may know. Raises `NotFound`."""
    with transaction() as session:
        appointment = find_appointment(reference, actor=actor)
        page = appointment_page(appointment, actor=actor)
        audit.record(
            session,
            "appointment.read_in_full" if page.shows_words else "appointment.read",
            kind="appointment",
            object_id=appointment.id,
            actor=actor,
            now=now,
        )
    return appointment, page


def _visible(therapist_id: str, *, actor: Actor) -> Therapist:
    found = [one for one in visible_therapists(actor) if one.id == therapist_id]
    if not found:
        raise NotFound
    return found[0]


def _note_names(
    session: Session, entries: Iterable[DiaryEntry], *, actor: Actor, now: datetime
) -> None:
    """One line for each couple whose names were shown."""
    for couple_id in sorted({entry.couple_id for entry in entries}):
        audit.record(
            session,
            "couple.names_read",
            kind="couple",
            object_id=couple_id,
            actor=actor,
            now=now,
        )
