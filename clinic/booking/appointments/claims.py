"""Taking a therapist's time under the diary's lock: holds, and the check every claim makes."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Hold
from clinic.booking.appointments.queries import slots_of, why_not
from clinic.booking.appointments.visitor_counts import (
    Visitor,
    check_held_time,
    give_back_held,
    network_index,
)
from clinic.booking.rules.errors import TAKEN, HoldExpired, SlotUnavailable, TimeRefused
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import Slot
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.foundation.crypto.tokens import derived_token
from clinic.foundation.database.transactions import ID, new_id, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.practice.clinic.queries import get_session_type, get_therapist, list_bookable
from clinic.practice.locks import lock_diary
from clinic.practice.models import SessionType, Therapist

HOLD_MINUTES = 10
ID_LENGTH = ID.length
ALTERNATIVES = 3
ALTERNATIVES_WITHIN = timedelta(days=14)


def hold_slot(
    *,
    therapist: str,
    session_type: str,
    start: datetime,
    replaces: str | None = None,
    visitor: Visitor | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[Hold, str]:
    """Hold a slot for ten minutes; the hold and its signed token.

    `replaces`, and whatever else the visitor's browser holds, is given back. Raises
    `SlotUnavailable` with alternatives, `TimeRefused`, `TooManyHolds`, or `InvalidInput` when the
    therapist does not offer this.
    """
    require(actor, Permission.BOOK)
    try:
        with transaction() as session:
            who = get_therapist(actor.clinic_id, therapist)
            kind = get_session_type(actor.clinic_id, session_type)
            _must_offer(who, kind)
            lock_diary(session, who.id)  # before any hold, as whoever books does
            hold = _new_hold(who, kind, start, now=now)
            if visitor is not None:
                hold.visitor_hash = give_back_held(session, visitor)
                hold.network_index = network_index(actor.clinic_id, visitor)
            if replaces:
                _drop(session, replaces, clinic_id=actor.clinic_id)
            check_held_time(session, hold, actor=actor, now=now)
            check_open(who, kind, start, now=now)
            _drop_expired(session, who, now=now)
            session.add(hold)
    except SlotUnavailable as refused:
        raise with_alternatives(refused, [who], kind, start, now=now) from None
    return hold, sign_hold(hold, clinic_id=actor.clinic_id)


def _new_hold(
    therapist: Therapist, session_type: SessionType, start: datetime, *, now: datetime
) -> Hold:
    return Hold(
        id=new_id(),
        therapist_id=therapist.id,
        session_type_id=session_type.id,
        starts_at=start,
        ends_at=start + timedelta(minutes=session_type.length_minutes),
        buffer_before_minutes=session_type.buffer_before_minutes,
        buffer_after_minutes=session_type.buffer_after_minutes,
        created_at=now,
        expires_at=now + timedelta(minutes=HOLD_MINUTES),
    )


def _must_offer(therapist: Therapist, kind: SessionType) -> None:
    offering = list_bookable(therapist.clinic_id, kind.id)
    if therapist.id not in {one.id for one in offering}:
        raise InvalidInput({"therapist": [N_("This therapist does not offer this.")]})


def release_hold(token: str, *, actor: Actor) -> None:
    """Give a held slot back; an unknown or expired token is no error."""
    with transaction() as session:
        _drop(session, token, clinic_id=actor.clinic_id)


def get_hold(token: str, *, clinic_id: str, now: datetime) -> Hold:
    """The hold that a token opens. Raises `HoldExpired` when it is forged, used up or expired."""
    hold = find_hold(reading(), token, clinic_id=clinic_id)
    if hold is None or hold.expires_at <= now:
        raise HoldExpired
    return hold


def find_hold(session: Session, token: str, *, clinic_id: str) -> Hold | None:
    """The hold whose id the token signs, expired or not."""
    hold_id, _, signature = token.partition(".")
    if not (len(hold_id) == ID_LENGTH and hold_id.isascii() and hold_id.isalnum()):
        return None
    expected = derived_token(clinic_id, "hold", hold_id)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return None
    return session.get(Hold, hold_id)


def sign_hold(hold: Hold, *, clinic_id: str) -> str:
    """`<id>.<signature>`: the only thing that opens a hold."""
    return f"{hold.id}.{derived_token(clinic_id, 'hold', hold.id)}"


def _drop(session: Session, token: str, *, clinic_id: str) -> None:
    if hold := find_hold(session, token, clinic_id=clinic_id):
        session.execute(delete(Hold).where(Hold.id == hold.id))


def _drop_expired(session: Session, therapist: Therapist, *, now: datetime) -> None:
    """Delete what ran out, but for what somebody else is deleting: nobody waits in a circle."""
    expired = select(Hold.id).where(Hold.therapist_id == therapist.id, Hold.expires_at <= now)
    free = expired.with_for_update(skip_locked=True)
    session.execute(delete(Hold).where(Hold.id.in_(free)))


def check_open(
    therapist: Therapist,
    session_type: SessionType,
    start: datetime,
    *,
    now: datetime,
    leave_out: frozenset[str] = frozenset(),
    by_staff: bool = False,
) -> None:
    """Raise `SlotUnavailable` or `TimeRefused` unless this start is open, under the lock."""
    rule = why_not(therapist, session_type, start, now=now, leave_out=leave_out, by_staff=by_staff)
    if rule is not None:
        refuse(rule)


def refuse(rule: RestrictionRule) -> None:
    """Raise what this rule means: a time that was taken, or one that is not offered."""
    if rule in TAKEN:
        raise SlotUnavailable(rule=rule)
    raise TimeRefused(rule)


def with_alternatives(
    refused: SlotUnavailable,
    therapists: Sequence[Therapist],
    session_type: SessionType,
    start: datetime,
    *,
    now: datetime,
) -> SlotUnavailable:
    """The same refusal with the three nearest free slots of these therapists."""
    around = Interval(max(now, start - ALTERNATIVES_WITHIN), max(now, start) + ALTERNATIVES_WITHIN)
    found = slots_of(therapists, session_type, window=around, now=now)
    if len(found) < ALTERNATIVES:  # a full month: look through all that can be booked
        until = now + timedelta(days=session_type.horizon_days + 2)
        found = slots_of(therapists, session_type, window=Interval(now, until), now=now)
    by_distance = sorted(found, key=lambda pair: (abs(pair[1].start - start), pair[1].start))
    nearest = by_distance[:ALTERNATIVES]
    pairs: list[tuple[str, Slot]] = [(therapist.slug, slot) for therapist, slot in nearest]
    return SlotUnavailable(rule=refused.rule, alternatives=pairs)


def is_overlap(error: IntegrityError) -> bool:
    """Whether the database refused two overlapping appointments (or ran out of other words)."""
    return "appointment_no_overlap" in str(error.orig)
