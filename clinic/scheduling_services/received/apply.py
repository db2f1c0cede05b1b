"""Deliveries applied: one transaction for a chain, from the stored events to the appointment.

The state of a chain is worked out anew from everything it was told, so it does not matter in
which order deliveries are applied, how often, or where a worker was killed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from clinic.booking.appointments.models import ImportedBusyRow
from clinic.foundation import outbox
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.permissions.actors import Actor
from clinic.practice.locks import lock_diary
from clinic.scheduling_services.models import (
    DeliveryState,
    ServiceChain,
    ServiceDelivery,
    TaskKind,
)
from clinic.scheduling_services.received.apply_effects import Work, apply_effects
from clinic.scheduling_services.received.inbox import stored_event
from clinic.scheduling_services.received.mapping import host_of, map_chain
from clinic.scheduling_services.received.reschedule_chain_rows import (
    OPEN,
    applied_state,
    deliveries_of,
    lock_service,
    merge_into,
    rows_of,
)
from clinic.scheduling_services.received.tasks import add_task
from clinic.scheduling_services.rules.appointment_effects import Book, diff
from clinic.scheduling_services.rules.events import EventKind, ServiceEvent
from clinic.scheduling_services.rules.payloads import PayloadBroken
from clinic.scheduling_services.rules.reducer import reduce
from clinic.scheduling_services.rules.reschedule_chain_state import RESCHEDULE_HOLD, ChainState

SETTLE = "service_chain.settle"


def apply_delivery(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `service_delivery.apply`; a delivery that was applied already is left alone."""
    delivery_id = payload["delivery"]
    try:
        with transaction() as session:
            apply_stored(session, delivery_id, now=now)
    except Exception as error:
        _note_failure(delivery_id, error)
        raise


def settle_chain(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `service_chain.settle`: a move that never arrived was a cancellation."""
    with transaction() as session:
        chain = session.get(ServiceChain, payload["chain"])
        if chain is None:
            return
        lock_service(session, clinic_id=chain.clinic_id, provider=chain.provider)
        deliveries = deliveries_of(session, [chain])
        if deliveries and chain.held_until is not None and not chain.settled:
            _bring_up(session, [chain], deliveries, deliveries[-1:], now=now)


def apply_stored(session: Session, delivery_id: str, *, now: datetime) -> None:
    """Apply one stored delivery, within the running transaction."""
    row = session.get(ServiceDelivery, delivery_id)
    if row is None:
        return
    lock_service(session, clinic_id=row.clinic_id, provider=row.provider)
    session.refresh(row)
    if row.state not in OPEN:
        return
    row.attempts += 1
    try:
        event = stored_event(row)
    except PayloadBroken as broken:
        row.state, row.outcome, row.settled_at = DeliveryState.BROKEN, broken.message, now
        return
    if event.kind is EventKind.OUT_OF_OFFICE:
        _note_absence(session, row, event, now=now)
        return
    chains = rows_of(session, event, clinic_id=row.clinic_id, now=now)
    row.chain_id = chains[0].id
    session.flush()
    deliveries = deliveries_of(session, chains)
    _bring_up(
        session, chains, deliveries, [one for one in deliveries if one.state in OPEN], now=now
    )


def _bring_up(
    session: Session,
    chains: list[ServiceChain],
    deliveries: Sequence[ServiceDelivery],
    fresh: Sequence[ServiceDelivery],
    *,
    now: datetime,
) -> None:
    """Bring the appointment to what these chains add up to; they become one."""
    events = [stored_event(one) for one in deliveries]
    state = _held(reduce(events), deliveries, now=now)
    earlier = _earlier(chains, deliveries)
    found = diff(earlier[0][1] if earlier else None, state, joined=[one for _, one in earlier[1:]])
    surviving = _surviving_chain(chains, earlier, state)
    missing = _missing(session, surviving, found, clinic_id=surviving.clinic_id)
    work = Work(
        session=session,
        chain=surviving,
        state=state,
        appointments={s.root_id: row.appointment_id for row, s in earlier if row.appointment_id},
        reported_at=max(one.occurred_at for one in events),
        actor=system_actor(surviving.clinic_id, surviving.provider),
        now=now,
    )
    if not missing:
        apply_effects(work, found)
    merge_into(session, surviving, [one for one in chains if one is not surviving])
    for one in fresh:
        one.state = DeliveryState.WAITING if missing else DeliveryState.APPLIED
        one.outcome = ",".join(missing or dict.fromkeys(work.done))[:200]
        one.settled_at = now
    _remember(session, surviving, state, deliveries, reported_at=work.reported_at, now=now)


def _held(state: ChainState, deliveries: Sequence[ServiceDelivery], *, now: datetime) -> ChainState:
    """`state`, its hold counted from when we heard at the earliest, and settled when it is over.

    The two halves of a move may both come late; neither half alone is to be told to anybody.
    """
    if state.held_until is None:
        return state
    newest = max(one.received_at for one in deliveries)
    until = max(state.held_until, newest + RESCHEDULE_HOLD)
    return state.settled(until) if now >= until else state


def _earlier(
    chains: Sequence[ServiceChain], deliveries: Sequence[ServiceDelivery]
) -> list[tuple[ServiceChain, ChainState]]:
    """What was carried out of each chain. Without an appointment, nothing was."""
    states = [(row, applied_state(row, deliveries)) for row in chains]
    return [
        (row, state)
        for row, state in states
        if state is not None and (row.appointment_id is not None or not state.is_made)
    ]


def _surviving_chain(
    chains: Sequence[ServiceChain],
    earlier: Sequence[tuple[ServiceChain, ChainState]],
    state: ChainState,
) -> ServiceChain:
    """The chain whose appointment stays: the oldest link's, as `diff` decides it."""
    made = [(row, one) for row, one in earlier if one.is_made]
    if made:
        return min(made, key=lambda pair: state.ids.index(pair[1].root_id))[0]
    return next((row for row in chains if row.appointment_id is not None), chains[0])


def _missing(
    session: Session, surviving: ServiceChain, found: Sequence[Any], *, clinic_id: str
) -> tuple[str, ...]:
    """What somebody has to say before this can be carried out."""
    if surviving.appointment_id is not None:
        return ()
    booked = [one.state for one in found if isinstance(one, Book)]
    return map_chain(session, booked[0], clinic_id=clinic_id).missing if booked else ()


def _remember(
    session: Session,
    chain: ServiceChain,
    state: ChainState,
    deliveries: Sequence[ServiceDelivery],
    *,
    reported_at: datetime,
    now: datetime,
) -> None:
    """Store what the service last reported, and wake up when a hold ends."""
    raw = reduce([stored_event(one) for one in deliveries])
    chain.current_id, chain.status = state.current_id, state.status
    chain.starts_at, chain.ends_at, chain.told_at = state.starts_at, state.ends_at, reported_at
    chain.connection_id = chain.connection_id or next(
        (one.connection_id for one in deliveries if one.connection_id), None
    )
    chain.held_until = raw.held_until
    chain.settled = raw.held_until is not None and state.held_until is None
    if state.held_until is not None:
        due = max(state.held_until, max(one.received_at for one in deliveries) + RESCHEDULE_HOLD)
        outbox.promise(session, SETTLE, {"chain": chain.id}, now=now, due_at=due)


def _note_absence(
    session: Session, row: ServiceDelivery, event: ServiceEvent, *, now: datetime
) -> None:
    """An absence entered there blocks its time here, and the desk is told.

    The service never says when it is changed or taken back, so a person has to.
    """
    names = [*event.organizer_ids, *event.organizer_emails]
    therapist = host_of(session, names, provider=row.provider, clinic_id=row.clinic_id)
    row.settled_at = now
    if therapist is None:
        row.state, row.outcome = DeliveryState.WAITING, "unknown_host"
        return
    origin = f"absence:{event.external_id}"[:60]
    made = session.query(ImportedBusyRow.id).filter_by(origin=origin, therapist_id=therapist)
    if made.first() is None:
        lock_diary(session, therapist)
        session.add(
            ImportedBusyRow(
                id=new_id(),
                therapist_id=therapist,
                origin=origin,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
            )
        )
    add_task(
        session,
        TaskKind.AWAY,
        origin,
        clinic_id=row.clinic_id,
        provider=row.provider,
        details={"origin": origin, "therapist": therapist},
        now=now,
    )
    row.state, row.outcome = DeliveryState.APPLIED, "away"


def system_actor(clinic_id: str, provider: str) -> Actor:
    """Who acts here: the product itself, for this service."""
    return Actor(clinic_id=clinic_id, name=f"system:{provider}", is_system=True)


def _note_failure(delivery_id: str, error: Exception) -> None:
    with transaction() as session:
        row = session.get(ServiceDelivery, delivery_id)
        if row is not None and row.state in OPEN:
            row.state, row.outcome = DeliveryState.FAILED, f"failed:{type(error).__name__}"[:200]
            row.attempts += 1
