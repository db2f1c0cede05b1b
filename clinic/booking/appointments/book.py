"""Booking an appointment: one transaction under the diary's lock.

What follows an appointment's birth is in `changes.py`, what is written with every change in
`sequence_and_history.py`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.booking.appointments.claims import (
    check_open,
    find_hold,
    is_overlap,
    with_alternatives,
)
from clinic.booking.appointments.links import link_of
from clinic.booking.appointments.models import (
    Appointment,
    AppointmentStatus,
    Hold,
    IdempotencyKey,
    Source,
)
from clinic.booking.appointments.request_expiry import EXPIRE
from clinic.booking.appointments.sequence_and_history import make_links, note_change, show_link
from clinic.booking.appointments.visitor_counts import Visitor, count_booking
from clinic.booking.rules.contact_details import BookingRequest, check_request, tidy
from clinic.booking.rules.errors import KeyReused, SlotUnavailable, TimeRefused
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.couples.models import Couple
from clinic.couples.service import PartnerDetails, enrol_couple, members_named
from clinic.foundation import outbox
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.errors import N_, InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.wall_clock import wall_text
from clinic.practice.clinic.queries import get_session_type, list_bookable, list_offering
from clinic.practice.locks import lock_diary
from clinic.practice.models import SessionType, Therapist
from clinic.practice.vocabularies.terms import vocabulary_of

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REQUEST_LASTS = timedelta(hours=48)


def book_appointment(
    request: BookingRequest, *, visitor: Visitor | None = None, actor: Actor, now: datetime
) -> Appointment:
    """Book (or request) an appointment; the couple's record is opened when it is their first.

    The same idempotency key with the same request gives the same appointment again. Raises
    `InvalidInput` by field, `TimeRefused`, `SlotUnavailable` with alternatives, `KeyReused`, and
    `TooManyBookings` by what is counted of the `visitor` (who is None when the clinic books).
    """
    require(actor, Permission.BOOK)
    problems = check_request(request, concern_codes=concern_codes(actor.clinic_id))
    if problems:
        raise InvalidInput(problems)
    try:
        with transaction() as session:
            if (before := _answered_before(session, request, actor=actor)) is not None:
                _show_to_booker(before, request, actor=actor)
                return before
            if visitor is not None:
                emails = [partner.email for partner in _partners(request)]
                count_booking(session, visitor, emails=emails, actor=actor, now=now)
            kind = _bookable_type(request, actor=actor)
            candidates = _candidates(request, kind, actor=actor)
            therapist, left_out = _claim_first_open(session, request, kind, candidates, actor, now)
            return _store_booking(session, request, therapist, kind, left_out, actor, now)
    except SlotUnavailable as refused:
        raise with_alternatives(refused, candidates, kind, request.start, now=now) from None
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        taken = SlotUnavailable(rule=RestrictionRule.APPOINTMENT)
        raise with_alternatives(taken, candidates, kind, request.start, now=now) from None


def concern_codes(clinic_id: str) -> frozenset[str]:
    """The codes a client may choose from."""
    return frozenset(term.code for term in vocabulary_of(clinic_id, "need").offered())


def _bookable_type(request: BookingRequest, *, actor: Actor) -> SessionType:
    try:
        kind = get_session_type(actor.clinic_id, request.session_type)
    except NotFound:
        raise InvalidInput({"session_type": [N_("We do not offer this.")]}) from None
    if kind.audience != "public" and not actor.is_staff:
        raise InvalidInput({"session_type": [N_("This is for couples we already know.")]})
    if request.format not in kind.formats:
        raise InvalidInput({"format": [N_("This is not offered in this format.")]})
    return kind


def _candidates(request: BookingRequest, kind: SessionType, *, actor: Actor) -> Sequence[Therapist]:
    open_to = list_offering if actor.is_staff else list_bookable
    offering = [
        therapist
        for therapist in open_to(actor.clinic_id, kind.id)
        if request.format in therapist.formats
    ]
    if request.therapist is None:
        return offering
    chosen = [therapist for therapist in offering if therapist.slug == request.therapist]
    if not chosen:
        raise InvalidInput({"therapist": [N_("This therapist does not offer this.")]})
    return chosen


def _claim_first_open(
    session: Session,
    request: BookingRequest,
    kind: SessionType,
    candidates: Sequence[Therapist],
    actor: Actor,
    now: datetime,
) -> tuple[Therapist, frozenset[str]]:
    """Lock and check one after the other, in the order of ids; the first who is free."""
    left_out: frozenset[str] = frozenset()
    if request.hold_token:
        hold = find_hold(session, request.hold_token, clinic_id=actor.clinic_id)
        if hold is not None and hold.starts_at == request.start:
            left_out = frozenset({hold.id})
            candidates = [one for one in candidates if one.id == hold.therapist_id] or candidates
    refused: SlotUnavailable | TimeRefused = TimeRefused(RestrictionRule.CLOSED)
    for therapist in sorted(candidates, key=lambda one: one.id):
        lock_diary(session, therapist.id)
        try:
            check_open(therapist, kind, request.start, now=now, leave_out=left_out)
        except (SlotUnavailable, TimeRefused) as said:
            refused = said if not isinstance(refused, SlotUnavailable) else refused
        else:
            return therapist, left_out
    raise refused


def _store_booking(
    session: Session,
    request: BookingRequest,
    therapist: Therapist,
    kind: SessionType,
    left_out: frozenset[str],
    actor: Actor,
    now: datetime,
) -> Appointment:
    couple = enrol_couple(_partners(request), lead_therapist_id=therapist.id, actor=actor, now=now)
    appointment = _new_appointment(session, request, therapist, kind, couple, actor, now)
    session.execute(delete(Hold).where(Hold.id.in_(left_out)))
    if request.idempotency_key:
        session.add(
            IdempotencyKey(
                key_hash=_key_hash(actor, request.idempotency_key),
                fingerprint=_fingerprint(request),
                appointment_id=appointment.id,
                created_at=now,
            )
        )
    return appointment


def _partners(request: BookingRequest) -> list[PartnerDetails]:
    people = [request.partner, *([request.other_partner] if request.other_partner else [])]
    return [
        PartnerDetails(
            name=tidy(person.name),
            email=tidy(person.email),
            time_zone=person.time_zone,
            language=person.language,
        )
        for person in people
    ]


def _new_appointment(
    session: Session,
    request: BookingRequest,
    therapist: Therapist,
    kind: SessionType,
    couple: Couple,
    actor: Actor,
    now: datetime,
) -> Appointment:
    waits = kind.needs_confirmation and not actor.is_staff
    appointment = Appointment(
        id=new_id(),
        clinic_id=actor.clinic_id,
        reference=new_reference(session),
        status=AppointmentStatus.REQUESTED if waits else AppointmentStatus.CONFIRMED,
        therapist_id=therapist.id,
        session_type_id=kind.id,
        couple_id=couple.id,
        starts_at=request.start,
        ends_at=request.start + timedelta(minutes=kind.length_minutes),
        wall_start=wall_text(request.start, zone=therapist.time_zone),
        time_zone=therapist.time_zone,
        buffer_before_minutes=kind.buffer_before_minutes,
        buffer_after_minutes=kind.buffer_after_minutes,
        format=request.format,
        source=Source.STAFF if actor.is_staff else Source.SITE,
        privacy_accepted_at=now,
        created_at=now,
        updated_at=now,
    )
    appointment.concerns = json.dumps(sorted(set(request.concerns))) if request.concerns else None
    appointment.message = request.message.strip() or None
    session.add(appointment)
    session.flush()
    make_links(session, appointment, members_named(couple, _partners(request)), now=now)
    _show_to_booker(appointment, request, actor=actor)
    note_change(session, appointment, "requested" if waits else "booked", actor=actor, now=now)
    if waits:
        due = min(now + REQUEST_LASTS, appointment.starts_at)
        outbox.promise(session, EXPIRE, {"appointment": appointment.id}, now=now, due_at=due)
    return appointment


def _show_to_booker(appointment: Appointment, request: BookingRequest, *, actor: Actor) -> None:
    """Prepare the link that the one who booked is shown; what staff book is mailed only."""
    if actor.is_staff:
        return
    link = link_of(appointment, request.partner.email)
    if link.shown_token_hash is None:
        show_link(link, clinic_id=actor.clinic_id, time_zone=request.partner.time_zone)


def new_reference(session: Session) -> str:
    """A reference nobody has yet: six letters and digits that are not mistaken for each other."""
    while True:
        drawn = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(6))
        taken = session.scalar(
            select(func.count()).where(Appointment.reference == drawn).select_from(Appointment)
        )
        if not taken:
            return drawn


def _answered_before(
    session: Session, request: BookingRequest, *, actor: Actor
) -> Appointment | None:
    if not request.idempotency_key:
        return None
    key = _key_hash(actor, request.idempotency_key)
    lock_name(session, key)  # the same submit may be running at this moment
    found = session.get(IdempotencyKey, key)
    if found is None:
        return None
    if not secrets.compare_digest(found.fingerprint, _fingerprint(request)):
        raise KeyReused
    return session.get_one(Appointment, found.appointment_id)


def _key_hash(actor: Actor, key: str) -> bytes:
    return hashlib.sha256(f"{actor.clinic_id}|{key}".encode()).digest()


def _fingerprint(request: BookingRequest) -> bytes:
    plain = asdict(replace(request, hold_token=None, idempotency_key=None))
    text = json.dumps(plain, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).digest()
