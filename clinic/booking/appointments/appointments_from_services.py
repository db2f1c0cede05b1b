"""Appointments that were made elsewhere: recorded, moved and ended as the service there says.

What happened there has happened, so the rules of slots are not asked. What overlaps is stored too,
and marked (`conflicts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.book import new_reference
from clinic.booking.appointments.conflicts import overlaps_another
from clinic.booking.appointments.models import LIVE, Appointment, AppointmentStatus
from clinic.booking.appointments.sequence_and_history import (
    make_links,
    note_change,
    note_significant_change,
    raise_sequence,
)
from clinic.couples.service import PartnerDetails, enrol_couple, members_named
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.wall_clock import wall_text
from clinic.practice.locks import lock_diary
from clinic.practice.models import SessionType, Therapist

HISTORY_KINDS = {
    AppointmentStatus.REQUESTED: "requested",
    AppointmentStatus.CONFIRMED: "booked",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.DECLINED: "declined",
}
"""What the birth of an appointment with this status is called in its history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideBooking:
    """A booking as a scheduling service told of it; `revision` is the least SEQUENCE it has."""

    source: str
    external_id: str
    therapist_id: str
    session_type_id: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    partners: tuple[PartnerDetails, ...]
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChange:
    """What became of it there. `kind` is the word for the history; `quiet` mails nobody."""

    kind: str
    external_id: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    revision: int = 0
    reason: str = ""
    quiet: bool = False


def record_outside_booking(booking: OutsideBooking, *, actor: Actor, now: datetime) -> Appointment:
    """Store a booking made elsewhere; one that is over already is recorded, and nobody is told."""
    require(actor, Permission.CHANGE_APPOINTMENT)
    with transaction() as session:
        therapist = session.get_one(Therapist, booking.therapist_id)
        kind = session.get_one(SessionType, booking.session_type_id)
        lock_diary(session, therapist.id)
        couple = enrol_couple(
            booking.partners, lead_therapist_id=therapist.id, actor=actor, now=now
        )
        appointment = _new_appointment(session, booking, therapist, kind, couple.id, now=now)
        session.add(appointment)
        session.flush()
        make_links(session, appointment, members_named(couple, booking.partners), now=now)
        over = booking.status not in LIVE or booking.ends_at <= now
        note_change(
            session, appointment, HISTORY_KINDS[booking.status], quiet=over, actor=actor, now=now
        )
    return appointment


def follow_outside_change(
    appointment_id: str, change: OutsideChange, *, actor: Actor, now: datetime
) -> Appointment:
    """Bring an appointment to where the service says it is; there already, nothing is noted."""
    with transaction() as session:
        appointment = _locked(session, appointment_id, actor=actor)
        appointment.external_id = change.external_id
        before = (appointment.starts_at, appointment.ends_at, appointment.status)
        if before == (change.starts_at, change.ends_at, change.status):
            return appointment
        _place(session, appointment, change, now=now)
        raise_sequence(appointment, least=change.revision - 1)
        moved = before[0] != change.starts_at
        note_significant_change(
            session,
            appointment,
            change.kind,
            previous=before[0] if moved else None,
            reason=change.reason,
            quiet=change.quiet or appointment.ends_at <= now,
            actor=actor,
            now=now,
        )
    return appointment


def hand_over(
    appointment_id: str, *, therapist_id: str, actor: Actor, now: datetime
) -> Appointment:
    """Give an appointment to the therapist who holds it there now."""
    with transaction() as session:
        current = session.get_one(Appointment, appointment_id).therapist_id
        for one in sorted({current, therapist_id}):
            lock_diary(session, one)
        appointment = _locked(session, appointment_id, actor=actor)
        if appointment.therapist_id == therapist_id:
            return appointment
        therapist = session.get_one(Therapist, therapist_id)
        appointment.conflict = appointment.is_live and overlaps_another(
            session, appointment, therapist_id=therapist_id
        )
        appointment.therapist_id, appointment.therapist = therapist_id, therapist
        appointment.wall_start = wall_text(appointment.starts_at, zone=therapist.time_zone)
        appointment.time_zone = therapist.time_zone
        note_significant_change(session, appointment, "moved", actor=actor, now=now)
    return appointment


def _new_appointment(
    session: Session,
    booking: OutsideBooking,
    therapist: Therapist,
    kind: SessionType,
    couple_id: str,
    *,
    now: datetime,
) -> Appointment:
    appointment = Appointment(
        id=new_id(),
        clinic_id=therapist.clinic_id,
        reference=new_reference(session),
        status=booking.status,
        therapist_id=therapist.id,
        session_type_id=kind.id,
        couple_id=couple_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        wall_start=wall_text(booking.starts_at, zone=therapist.time_zone),
        time_zone=therapist.time_zone,
        buffer_before_minutes=kind.buffer_before_minutes,
        buffer_after_minutes=kind.buffer_after_minutes,
        format=_format(kind, therapist),
        source=booking.source,
        external_id=booking.external_id,
        created_at=now,
        updated_at=now,
        cancelled_at=None if booking.status in LIVE else now,
    )
    raise_sequence(appointment, least=booking.revision)
    live = booking.status in LIVE
    appointment.conflict = live and overlaps_another(
        session, appointment, therapist_id=therapist.id
    )
    return appointment


def _format(kind: SessionType, therapist: Therapist) -> str:
    """What both offer; the service's own location field is free text."""
    both = [one for one in kind.formats if one in therapist.formats]
    return next(iter([*both, *kind.formats, "online"]))


def _place(
    session: Session, appointment: Appointment, change: OutsideChange, *, now: datetime
) -> None:
    appointment.starts_at, appointment.ends_at = change.starts_at, change.ends_at
    appointment.wall_start = wall_text(change.starts_at, zone=appointment.therapist.time_zone)
    appointment.time_zone = appointment.therapist.time_zone
    live = change.status in LIVE
    with session.no_autoflush:
        appointment.conflict = live and overlaps_another(
            session, appointment, therapist_id=appointment.therapist_id
        )
    appointment.cancelled_at = None if live else appointment.cancelled_at or now
    appointment.status = change.status


def _locked(session: Session, appointment_id: str, *, actor: Actor) -> Appointment:
    """The appointment, its diary locked first. Raises `NotFound`."""
    therapist_id = session.scalar(
        select(Appointment.therapist_id).where(
            Appointment.id == appointment_id, Appointment.clinic_id == actor.clinic_id
        )
    )
    if therapist_id is None:
        raise NotFound
    lock_diary(session, therapist_id)
    found = session.get_one(Appointment, appointment_id, populate_existing=True)
    require(actor, Permission.CHANGE_APPOINTMENT, found)
    return found
