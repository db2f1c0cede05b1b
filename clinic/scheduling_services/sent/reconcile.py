"""Both sides compared and made equal: every hour, every night in full, and on command.

Deliveries get lost: a service that could not reach us for a quarter of an hour does not try
again. So what changed there is read by update time, with an overlap, since rows move between
pages while they are read; and what stands here is brought there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import LIVE, Appointment
from clinic.foundation import outbox
from clinic.foundation.database.transactions import lock_name, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.errors import ClinicError
from clinic.foundation.outbox import OutboxMessage
from clinic.scheduling_services.models import (
    Origin,
    ServiceBookingId,
    ServiceChain,
    ServiceConnection,
)
from clinic.scheduling_services.received.reschedule_chain_rows import lock_service
from clinic.scheduling_services.rules.calcom_bookings import BookingState, read_booking
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.rules.reschedule_chain_state import OVER
from clinic.scheduling_services.sent.calcom_availability import bring_hours
from clinic.scheduling_services.sent.calcom_client import CalcomClient, CalcomUnavailable
from clinic.scheduling_services.sent.push import client_for, push_appointment, store_api_booking
from clinic.scheduling_services.sent.push_plans import chain_of, wanted_action, z

RECONCILE = "service.reconcile"
EVERY = timedelta(hours=1)
OVERLAP = timedelta(hours=24)
IN_FULL_EVERY = timedelta(hours=20)
FULL_REACH = timedelta(days=1)
RECONCILED_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDifference:
    """Something that did not agree. `direction` is `in` (taken from there) or `out`."""

    direction: str
    external_id: str | None
    reference: str | None
    there: str
    here: str
    outcome: str

    def as_row(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


def reconcile_when_due(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `service.reconcile`: promise the next hour first, so that no failure ends the row."""
    with transaction() as session:
        connection = session.get(ServiceConnection, payload["connection"])
        if connection is None or not (connection.active and connection.api_key_sealed):
            return
        promise_reconciliation(session, connection.id, now=now, due_at=now + EVERY)
    reconcile(connection.id, now=now)


def promise_reconciliation(
    session: Session, connection_id: str, *, now: datetime, due_at: datetime | None = None
) -> None:
    """Have a connection reconciled, unless that is promised already for a later time."""
    lock_name(session, f"reconciliation|{connection_id}".encode())
    due = due_at or now
    waiting = session.scalars(
        select(OutboxMessage).where(
            OutboxMessage.kind == RECONCILE,
            OutboxMessage.done_at.is_(None),
            OutboxMessage.dead_at.is_(None),
            OutboxMessage.due_at >= due,
        )
    )
    if not any(one.payload.get("connection") == connection_id for one in waiting):
        outbox.promise(session, RECONCILE, {"connection": connection_id}, now=now, due_at=due)


def reconcile_all(*, now: datetime) -> list[SyncDifference]:
    """Every Cal.com connection that has a key; the differences found, and what became of them."""
    ids = reading().scalars(
        select(ServiceConnection.id)
        .where(
            ServiceConnection.provider == Provider.CALCOM,
            ServiceConnection.active,
            ServiceConnection.api_key_sealed.is_not(None),
        )
        .order_by(ServiceConnection.created_at)
    )
    return [found for one in ids.all() for found in reconcile(one, now=now, in_full=True)]


def reconcile(connection_id: str, *, now: datetime, in_full: bool = False) -> list[SyncDifference]:
    """Apply what is new at the service, then push what is new here; return the differences."""
    connection = reading().get_one(ServiceConnection, connection_id)
    last_full = connection.fully_reconciled_at
    full = in_full or last_full is None or now - last_full >= IN_FULL_EVERY
    try:
        found = _store_all(connection, client_for(connection), full=full, now=now)
    except ClinicError as trouble:
        with transaction() as session:
            session.get_one(ServiceConnection, connection_id).last_trouble = trouble.code[:40]
        raise
    found += _bring_out_all(connection.clinic_id, now=now)
    found += _bring_hours(connection_id, now=now)
    with transaction() as session:
        row = session.get_one(ServiceConnection, connection_id)
        row.reconciled_until = row.last_answer_at = now
        row.last_trouble = None
        if full:
            row.fully_reconciled_at = now
    return found


def _store_all(
    connection: ServiceConnection, client: CalcomClient, *, full: bool, now: datetime
) -> list[SyncDifference]:
    # Everything is read before anything is applied: of a booking that was moved, the old one
    # alone would look cancelled.
    query = {"afterStart": z(now - FULL_REACH)} if full else {}
    since = (connection.reconciled_until or now) - OVERLAP
    if not full:
        query["afterUpdatedAt"] = z(since)
    bookings = list(client.bookings(**query, sortUpdatedAt="asc"))
    if full and connection.reconciled_until is not None:
        known = {one.get("uid") for one in bookings}
        recent = client.bookings(afterUpdatedAt=z(since), sortUpdatedAt="asc")
        bookings += [one for one in recent if one.get("uid") not in known]
    seen = [(one, read_booking(one)) for one in bookings]
    moved = frozenset(one.replaces for _, one in seen if one is not None and one.replaces)
    found: list[SyncDifference] = []
    for booking, read in seen:
        if read is not None:
            found += _store_one(connection, booking, read, moved, now=now)
    return found


def _store_one(
    connection: ServiceConnection,
    booking: Mapping[str, Any],
    seen: BookingState,
    moved: frozenset[str],
    *,
    now: datetime,
) -> list[SyncDifference]:
    with transaction() as session:
        lock_service(session, clinic_id=connection.clinic_id, provider=Provider.CALCOM)
        before = _local_state(session, seen, clinic_id=connection.clinic_id)
        if before is None:
            return []
        new = store_api_booking(
            session,
            booking,
            connection_id=connection.id,
            clinic_id=connection.clinic_id,
            origin=Origin.RECONCILED,
            moved=moved,
            now=now,
        )
        if not new:
            return []
        reference = _reference(session, seen.uid, clinic_id=connection.clinic_id)
    there = _state_label(seen.starts_at, over=seen.status in OVER)
    outcome = "taken in" if reference else "waits for the desk"
    return [
        SyncDifference(
            direction="in",
            external_id=seen.uid,
            reference=reference,
            there=there,
            here=before,
            outcome=outcome,
        )
    ]


def _local_state(session: Session, seen: BookingState, *, clinic_id: str) -> str | None:
    """How this booking is known here, or None when it is known as it is there."""
    key = (clinic_id, Provider.CALCOM, seen.uid)
    known = session.get(ServiceBookingId, key, populate_existing=True)
    if known is None:
        return "unknown"
    chain = session.get_one(ServiceChain, known.chain_id, populate_existing=True)
    if chain.current_id is not None and chain.current_id != seen.uid:
        return None  # an older booking of a chain that went on
    same = (chain.status, chain.starts_at, chain.ends_at) == (
        seen.status,
        seen.starts_at,
        seen.ends_at,
    )
    return None if same else _state_label(chain.starts_at, over=chain.status in OVER)


def _bring_out_all(clinic_id: str, *, now: datetime) -> list[SyncDifference]:
    """Ask for every step that is missing there. One that fails does not keep the others waiting."""
    found: list[SyncDifference] = []
    trouble: ClinicError | None = None
    for appointment in _coming(clinic_id, now=now):
        chain = chain_of(reading(), appointment.id)
        if wanted_action(appointment, chain, now=now) is None:
            continue
        there = _state_label(chain.starts_at, over=chain.status in OVER) if chain else "unknown"
        try:
            action = push_appointment(appointment.id, now=now)
        except ClinicError as error:
            trouble, action = error, error.code
        if action is not None or (chain is not None and chain.refused_as):
            found.append(
                SyncDifference(
                    direction="out",
                    external_id=appointment.external_id,
                    reference=appointment.reference,
                    there=there,
                    here=_state_label(appointment.starts_at, over=not appointment.is_live),
                    outcome=action or "refused",
                )
            )
    if isinstance(trouble, CalcomUnavailable):
        raise trouble
    return found


def _bring_hours(connection_id: str, *, now: datetime) -> list[SyncDifference]:
    """Time off that the schedule there did not show, as one difference."""
    days = bring_hours(connection_id, now=now)
    if days is None:
        return []
    return [
        SyncDifference(
            direction="out",
            external_id=None,
            reference=None,
            there="other days away",
            here=f"{days} days with other hours",
            outcome="hours",
        )
    ]


def _coming(clinic_id: str, *, now: datetime) -> list[Appointment]:
    known = select(ServiceChain.appointment_id).where(ServiceChain.provider == Provider.CALCOM)
    query = (
        select(Appointment)
        .where(
            Appointment.clinic_id == clinic_id,
            Appointment.ends_at > now,
            Appointment.starts_at < now + RECONCILED_AHEAD,
            Appointment.status.in_(LIVE) | Appointment.id.in_(known),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .execution_options(populate_existing=True)
    )
    return list(reading().scalars(query).unique())


def _reference(session: Session, uid: str, *, clinic_id: str) -> str | None:
    known = session.get(ServiceBookingId, (clinic_id, Provider.CALCOM, uid), populate_existing=True)
    chain = session.get(ServiceChain, known.chain_id) if known else None
    if chain is None or chain.appointment_id is None:
        return None
    return session.get_one(Appointment, chain.appointment_id).reference


def _state_label(start: datetime | None, *, over: bool) -> str:
    if start is None:
        return "unknown"
    return f"{z(start)} (over)" if over else z(start)
