"""Confirm, decline, expire, move and cancel: each one transaction under the diary's lock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.booking.appointments.claims import (
    check_open,
    is_overlap,
    with_alternatives,
)
from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.booking.appointments.sequence_and_history import note_significant_change
from clinic.booking.appointments.visitor_counts import count_move
from clinic.booking.rules.change_deadline import change_deadline
from clinic.booking.rules.contact_details import check_message
from clinic.booking.rules.errors import NotChangeable, SlotUnavailable, TooLateToChange
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.wall_clock import wall_text
from clinic.practice.locks import lock_diary


def confirm_appointment(appointment_id: str, *, actor: Actor, now: datetime) -> Appointment:
    """Accept a request. Its time was blocked all along, so nothing can have come between."""
    with transaction() as session:
        appointment = _locked(session, appointment_id, actor=actor)
        require(actor, Permission.CHANGE_APPOINTMENT, appointment)
        if appointment.status == AppointmentStatus.CONFIRMED:
            return appointment
        _must_be(appointment, AppointmentStatus.REQUESTED)
        appointment.status = AppointmentStatus.CONFIRMED
        note_significant_change(session, appointment, "confirmed", actor=actor, now=now)
    return appointment


def decline_appointment(
    appointment_id: str, *, reason: str = "", actor: Actor, now: datetime
) -> Appointment:
    """Decline a request; its time is free again."""
    if problems := check_message(reason):
        raise InvalidInput({"reason": problems["message"]})
    with transaction() as session:
        appointment = _locked(session, appointment_id, actor=actor)
        require(actor, Permission.CHANGE_APPOINTMENT, appointment)
        _must_be(appointment, AppointmentStatus.REQUESTED)
        appointment.status, appointment.cancelled_at = AppointmentStatus.DECLINED, now
        note_significant_change(
            session, appointment, "declined", reason=reason, actor=actor, now=now
        )
    return appointment


def expire_request(appointment_id: str, *, actor: Actor, now: datetime) -> None:
    """Give a request's time back when nobody answered it; anything else is left as it is."""
    with transaction() as session:
        appointment = _locked(session, appointment_id, actor=actor)
        require(actor, Permission.CHANGE_APPOINTMENT, appointment)
        if appointment.status == AppointmentStatus.REQUESTED:
            appointment.status, appointment.cancelled_at = AppointmentStatus.EXPIRED, now
            note_significant_change(session, appointment, "expired", actor=actor, now=now)


def move_appointment(
    appointment_id: str, *, start: datetime, actor: Actor, now: datetime
) -> Appointment:
    """Move an appointment to another free time with the same therapist.

    The entry keeps its UID; moving it to where it already is changes nothing. Raises
    `TooLateToChange`, `NotChangeable`, `TimeRefused`, `SlotUnavailable`, and `TooManyBookings`
    when partners have moved so often that enough mails went to one of them today.
    """
    try:
        with transaction() as session:
            count_move(session, appointment_id, start=start, actor=actor, now=now)
            appointment = _locked(session, appointment_id, actor=actor)
            _may_change(appointment, actor=actor, now=now)
            if appointment.starts_at == start:
                return appointment
            left_out = frozenset({appointment.id})
            check_open(
                appointment.therapist,
                appointment.session_type,
                start,
                now=now,
                leave_out=left_out,
                by_staff=actor.is_staff,
            )
            before = appointment.starts_at
            length = appointment.ends_at - appointment.starts_at
            appointment.starts_at, appointment.ends_at = start, start + length
            appointment.wall_start = wall_text(start, zone=appointment.therapist.time_zone)
            appointment.time_zone = appointment.therapist.time_zone
            appointment.conflict = False
            note_significant_change(
                session, appointment, "moved", previous=before, actor=actor, now=now
            )
    except (SlotUnavailable, IntegrityError) as error:
        if isinstance(error, IntegrityError) and not is_overlap(error):
            raise
        taken = (
            error
            if isinstance(error, SlotUnavailable)
            else SlotUnavailable(rule=RestrictionRule.APPOINTMENT)
        )
        raise with_alternatives(
            taken, [appointment.therapist], appointment.session_type, start, now=now
        ) from None
    return appointment


def cancel_appointment(
    appointment_id: str, *, reason: str = "", actor: Actor, now: datetime
) -> Appointment:
    """Cancel: the row stays, its time is free. Cancelling again changes nothing."""
    if problems := check_message(reason):
        raise InvalidInput({"reason": problems["message"]})
    with transaction() as session:
        appointment = _locked(session, appointment_id, actor=actor)
        if appointment.status == AppointmentStatus.CANCELLED:
            _may_see(appointment, actor)
            return appointment
        _may_change(appointment, actor=actor, now=now)
        appointment.status, appointment.cancelled_at = AppointmentStatus.CANCELLED, now
        note_significant_change(
            session, appointment, "cancelled", reason=reason, actor=actor, now=now
        )
    return appointment


def _locked(session: Session, appointment_id: str, *, actor: Actor) -> Appointment:
    """The appointment, its diary locked first (always diary, then row). Raises `NotFound`."""
    therapist_id = session.scalar(
        select(Appointment.therapist_id).where(
            Appointment.id == appointment_id, Appointment.clinic_id == actor.clinic_id
        )
    )
    if therapist_id is None:
        raise NotFound
    lock_diary(session, therapist_id)
    return session.get_one(Appointment, appointment_id, populate_existing=True)


def _may_see(appointment: Appointment, actor: Actor) -> None:
    if actor.is_staff or actor.is_system:
        require(actor, Permission.CHANGE_APPOINTMENT, appointment)
    else:
        require(actor, Permission.CHANGE_OWN_APPOINTMENT, appointment)


def _may_change(appointment: Appointment, *, actor: Actor, now: datetime) -> None:
    _may_see(appointment, actor)
    if (
        appointment.status not in {AppointmentStatus.REQUESTED, AppointmentStatus.CONFIRMED}
        or appointment.ends_at <= now
    ):
        raise NotChangeable
    if actor.is_staff or actor.is_system:
        return
    notice = appointment.session_type.change_notice_minutes
    if now > change_deadline(appointment.starts_at, notice_minutes=notice):
        raise TooLateToChange


def _must_be(appointment: Appointment, status: AppointmentStatus) -> None:
    if appointment.status != status:
        raise NotChangeable
