"""What visitors hold and book, counted in the database under locks, for all processes alike.

Networks and e-mail addresses are kept as blind indexes under the clinic's key. A count is part of
the transaction that it allows: what is refused, or fails for another reason, is not counted.
Order of locks: a hold takes the diary, the browser, the network, its count; a booking or a move
takes its counts, then diaries.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment, Hold, ManageLink, VisitorCount
from clinic.booking.rules.errors import TooManyBookings, TooManyHolds
from clinic.booking.rules.visitor_limits import (
    COUNTS_KEPT_FOR,
    Counted,
    HeldTime,
    is_over,
    wait_for_hold,
    wait_for_window,
    window_start,
)
from clinic.config import current_settings
from clinic.couples.models import CoupleMember, Partner
from clinic.couples.service import EMAIL_INDEX
from clinic.foundation.client_networks import network_of
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import lock_name
from clinic.foundation.permissions.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks without having signed in: what they are counted by."""

    address: str | None
    """The address of the connection, as the trusted proxies tell it."""
    browser: str = ""
    """The random value in this browser's cookie; empty for a program that keeps none."""


def give_back_held(session: Session, visitor: Visitor) -> bytes | None:
    """Give back what this browser holds; the mark that its next hold is found by."""
    if not visitor.browser:
        return None
    key = token_hash(visitor.browser)
    lock_name(session, key)  # two tabs of one browser may ask at the same moment
    session.execute(delete(Hold).where(Hold.visitor_hash == key))
    return key


def check_held_time(session: Session, hold: Hold, *, actor: Actor, now: datetime) -> None:
    """Raise `TooManyHolds` unless the network of this new hold may hold it as well."""
    if hold.network_index is None or not are_counted(actor):
        return
    lock_name(session, hold.network_index)
    of_network = select(Hold).where(
        Hold.network_index == hold.network_index, Hold.expires_at > now, Hold.id != hold.id
    )
    wait = wait_for_hold(
        [_held_time(one) for one in session.scalars(of_network)],
        therapist_id=hold.therapist_id,
        length=_held_time(hold).length,
        now=now,
    )
    if wait:
        raise TooManyHolds(retry_after=_seconds(wait))
    if wait := _count(session, Counted.HOLDS_OF_NETWORK, hold.network_index, now=now):
        raise TooManyHolds(retry_after=_seconds(wait))


def count_booking(
    session: Session, visitor: Visitor, *, emails: Iterable[str], actor: Actor, now: datetime
) -> None:
    """Count a new booking by its network and by each address named in it.

    Raises `TooManyBookings`, which takes back what was counted with the transaction.
    """
    if not are_counted(actor):
        return
    network = network_index(actor.clinic_id, visitor)
    addresses = [index_of(actor.clinic_id, one, purpose=EMAIL_INDEX) for one in emails if one]
    wanted = {(Counted.BOOKINGS_OF_NETWORK, network), (Counted.BOOKINGS_AT_ONCE, network)}
    wanted |= {(Counted.BOOKINGS_OF_ADDRESS, one) for one in addresses}
    wanted |= {(Counted.MAILS_TO_ADDRESS, one) for one in addresses}
    _count_all(session, wanted, now=now)


def count_move(
    session: Session, appointment_id: str, *, start: datetime, actor: Actor, now: datetime
) -> None:
    """Count the mails that a move by a partner's link causes. Raises `TooManyBookings`.

    Moving an appointment to where it already is sends none. Who moves it by a mailed link has
    shown that the mailbox is theirs: only what was moved so is counted, so that mails that
    strangers caused refuse them nothing.
    """
    if not are_counted(actor):
        return
    if actor.member_id is not None:
        moved = select(Appointment.id).where(
            Appointment.id == appointment_id, Appointment.starts_at != start
        )
        if session.scalar(moved) is not None:
            key = index_of(actor.clinic_id, appointment_id, purpose="booking.moves")
            _count_all(session, {(Counted.MOVES_BY_MAILED_LINK, key)}, now=now)
        return
    addresses = session.scalars(
        select(Partner.email_index)
        .join(CoupleMember, CoupleMember.person_id == Partner.id)
        .join(ManageLink, ManageLink.member_id == CoupleMember.id)
        .join(Appointment, Appointment.id == ManageLink.appointment_id)
        .where(Appointment.id == appointment_id, Appointment.starts_at != start)
        .where(ManageLink.revoked_at.is_(None), Partner.email_index.is_not(None))
    )
    found = {(Counted.MAILS_TO_ADDRESS, one) for one in addresses if one is not None}
    _count_all(session, found, now=now)


def forget_old_counts(session: Session, *, now: datetime) -> None:
    """Drop the counts whose window is over, within the running transaction."""
    session.execute(delete(VisitorCount).where(VisitorCount.window_start < now - COUNTS_KEPT_FOR))


def network_index(clinic_id: str, visitor: Visitor) -> bytes:
    """Under what the network of a visitor is counted."""
    return index_of(clinic_id, network_of(visitor.address), purpose="booking.network")


def are_counted(actor: Actor) -> bool:
    """Whether what this actor does is counted: not what staff and services do, nor load tests."""
    by_staff = actor.is_staff or actor.is_system
    return current_settings().rate_limits and not by_staff


def _held_time(hold: Hold) -> HeldTime:
    buffers = timedelta(minutes=hold.buffer_before_minutes + hold.buffer_after_minutes)
    return HeldTime(hold.therapist_id, hold.ends_at - hold.starts_at + buffers, hold.expires_at)


def _count_all(session: Session, wanted: set[tuple[Counted, bytes]], *, now: datetime) -> None:
    """Add one to each, in one order, so that no two bookings wait for each other in a circle."""
    waits = [_count(session, counted, key, now=now) for counted, key in sorted(wanted)]
    if any(waits):
        raise TooManyBookings(retry_after=_seconds(max(waits)))


def _count(session: Session, counted: Counted, key: bytes, *, now: datetime) -> timedelta:
    """Add one; how long to wait when that was one too many. Locks the count on PostgreSQL."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    number = session.scalar(
        insert(VisitorCount)
        .values(
            counted=counted, key_hash=key, window_start=window_start(counted, now=now), number=1
        )
        .on_conflict_do_update(
            index_elements=["counted", "key_hash", "window_start"],
            set_={"number": VisitorCount.number + 1},
        )
        .returning(VisitorCount.number)
    )
    return wait_for_window(counted, now=now) if is_over(counted, number or 0) else timedelta(0)


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
