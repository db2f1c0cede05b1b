"""The stored side of chains: which row an event belongs to, and what it has been told so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import lock_name, new_id
from clinic.scheduling_services.models import (
    DeliveryState,
    ServiceBookingId,
    ServiceChain,
    ServiceDelivery,
)
from clinic.scheduling_services.received.inbox import stored_event
from clinic.scheduling_services.rules.events import ServiceEvent
from clinic.scheduling_services.rules.reducer import reduce
from clinic.scheduling_services.rules.reschedule_chain_state import ChainState
from clinic.scheduling_services.rules.reschedule_chains import ids_of

OPEN = (DeliveryState.NEW, DeliveryState.WAITING, DeliveryState.FAILED)


def lock_service(session: Session, *, clinic_id: str, provider: str) -> None:
    """One chain at a time for each service.

    A late link joins chains, so a lock for each chain would have to be taken before it is known
    which chains there are; a service sends a few deliveries a minute.
    """
    lock_name(session, f"scheduling-service|{clinic_id}|{provider}".encode())


def rows_of(
    session: Session, event: ServiceEvent, *, clinic_id: str, now: datetime
) -> list[ServiceChain]:
    """The chains that this event belongs to, oldest first: none known makes a new one."""
    ids = ids_of(event)
    query = (
        select(ServiceChain)
        .join(ServiceBookingId, ServiceBookingId.chain_id == ServiceChain.id)
        .where(
            ServiceBookingId.clinic_id == clinic_id,
            ServiceBookingId.provider == event.provider,
            ServiceBookingId.external_id.in_(ids),
        )
    )
    found = {one.id: one for one in session.scalars(query)}
    if (ours := _our_row(session, event, clinic_id=clinic_id)) is not None:
        found[ours.id] = ours
    rows = sorted(found.values(), key=lambda one: (one.created_at, one.id))
    if not rows:
        rows = [new_row(session, clinic_id=clinic_id, provider=event.provider, now=now)]
    link_ids(session, rows[0], ids)
    return rows


def new_row(
    session: Session,
    *,
    clinic_id: str,
    provider: str,
    appointment_id: str | None = None,
    connection_id: str | None = None,
    now: datetime,
) -> ServiceChain:
    """A chain of which nothing has been told yet."""
    row = ServiceChain(
        id=new_id(),
        clinic_id=clinic_id,
        provider=provider,
        appointment_id=appointment_id,
        connection_id=connection_id,
        status="unknown",
        settled=False,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def link_ids(session: Session, row: ServiceChain, ids: Iterable[str]) -> None:
    """Remember that these booking ids are this chain's, unless they are another's."""
    for external_id in ids:
        key = (row.clinic_id, row.provider, external_id)
        if session.get(ServiceBookingId, key) is None:
            session.add(
                ServiceBookingId(
                    clinic_id=row.clinic_id,
                    provider=row.provider,
                    external_id=external_id,
                    chain_id=row.id,
                )
            )
            session.flush()


def deliveries_of(session: Session, rows: Sequence[ServiceChain]) -> list[ServiceDelivery]:
    """Everything these chains were told, by arrival."""
    query = select(ServiceDelivery).where(
        ServiceDelivery.chain_id.in_([row.id for row in rows]),
        ServiceDelivery.state.in_([*OPEN, DeliveryState.APPLIED]),
    )
    return list(session.scalars(query.order_by(ServiceDelivery.received_at, ServiceDelivery.id)))


def applied_state(row: ServiceChain, deliveries: Sequence[ServiceDelivery]) -> ChainState | None:
    """The state that has been carried out here: what was applied of this chain, and no more."""
    events = [
        stored_event(one)
        for one in deliveries
        if one.chain_id == row.id and one.state == DeliveryState.APPLIED
    ]
    if not events:
        return None
    state = reduce(events)
    return state.settled(state.held_until) if row.settled and state.held_until else state


def merge_into(session: Session, surviving: ServiceChain, others: Iterable[ServiceChain]) -> None:
    """Make one chain of several; the appointments are the caller's to look after."""
    for other in others:
        for table in (ServiceDelivery, ServiceBookingId):
            session.execute(
                update(table).where(table.chain_id == other.id).values(chain_id=surviving.id)
            )
        session.execute(delete(ServiceChain).where(ServiceChain.id == other.id))
        session.expunge(other)


def _our_row(session: Session, event: ServiceEvent, *, clinic_id: str) -> ServiceChain | None:
    """The chain of the appointment that we sent there ourselves.

    Anybody may write into a public booking's metadata, so the reference counts only for an
    appointment that we did send, and only until the booking made for it is known.
    """
    if event.our_reference is None:
        return None
    row = session.scalar(
        select(ServiceChain).where(
            ServiceChain.appointment_id == event.our_reference,
            ServiceChain.provider == event.provider,
            ServiceChain.clinic_id == clinic_id,
            ServiceChain.asked_at.is_not(None) | ServiceChain.current_id.is_not(None),
        )
    )
    if row is None or row.current_id in {None, *ids_of(event)}:
        return row
    return None
