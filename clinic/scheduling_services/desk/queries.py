"""Reads for the integrations page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from clinic.booking.appointments.models import Appointment
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.scheduling_services.models import (
    DeliveryState,
    RefusedDeliveries,
    ServiceChain,
    ServiceConnection,
    ServiceDelivery,
    ServiceTask,
    WebhookMessage,
    WebhookSubscriber,
)
from clinic.scheduling_services.received.inbox import stored_event
from clinic.scheduling_services.received.mapping import last_part
from clinic.scheduling_services.rules.payloads import PayloadBroken

PAGE = 50
QUIET = timedelta(hours=3)
"""Reconciliation runs hourly: without an answer for so long, something is wrong."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An organizer and an event type as the service calls them; None where it is known."""

    host: str | None
    event_type: str | None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as the page shows it; words of clients are not among it."""

    id: str
    provider: str
    origin: str
    trigger: str
    received_at: datetime
    state: str
    outcome: tuple[str, ...]
    attempts: int
    reference: str | None
    connection_id: str | None
    unknown: Unknown | None
    """Of one that waits: who or what nobody here is known as."""

    @property
    def cursor(self) -> str:
        """Where the page after this line begins."""
        return f"{self.received_at.isoformat()}~{self.id}"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Something the desk is asked to see to."""

    id: str
    kind: str
    provider: str
    details: dict[str, object]
    created_at: datetime
    reference: str | None


def list_connections(clinic_id: str) -> Sequence[ServiceConnection]:
    """The clinic's connections, in the order they were made."""
    query = select(ServiceConnection).where(ServiceConnection.clinic_id == clinic_id)
    return session().scalars(query.order_by(ServiceConnection.created_at)).all()


def get_connection(connection_id: str, *, clinic_id: str) -> ServiceConnection:
    """One connection. Raises `NotFound`."""
    row = session().get(ServiceConnection, connection_id)
    if row is None or row.clinic_id != clinic_id:
        raise NotFound
    return row


def health_of(row: ServiceConnection, *, now: datetime) -> str:
    """`well`, or what is the matter, as a code."""
    if row.last_trouble is not None:
        return row.last_trouble
    if row.api_key_sealed is not None:
        since = row.reconciled_until or row.created_at
        return "quiet" if now - since > QUIET else "well"
    return "well" if row.last_delivery_at is not None else "nothing-yet"


def list_deliveries(
    clinic_id: str, *, state: str | None = None, before: str = "", limit: int = PAGE
) -> tuple[list[DeliveryLine], str | None]:
    """The newest deliveries, of one state or of all, and the cursor of the older ones.

    `before` is such a cursor; what is none begins with the newest.
    """
    query = (
        select(ServiceDelivery, Appointment.reference)
        .outerjoin(ServiceChain, ServiceChain.id == ServiceDelivery.chain_id)
        .outerjoin(Appointment, Appointment.id == ServiceChain.appointment_id)
        .where(ServiceDelivery.clinic_id == clinic_id)
    )
    if state:
        query = query.where(ServiceDelivery.state == state)
    if (place := _place(before)) is not None:
        at, id_ = place
        older = ServiceDelivery.received_at < at
        query = query.where(
            older | ((ServiceDelivery.received_at == at) & (ServiceDelivery.id > id_))
        )
    query = query.order_by(ServiceDelivery.received_at.desc(), ServiceDelivery.id)
    rows = session().execute(query.limit(limit + 1)).all()
    lines = [_line(row, reference) for row, reference in rows[:limit]]
    return lines, lines[-1].cursor if len(rows) > limit else None


def get_delivery(delivery_id: str, *, clinic_id: str) -> DeliveryLine:
    """One delivery. Raises `NotFound`."""
    row = session().get(ServiceDelivery, delivery_id)
    if row is None or row.clinic_id != clinic_id:
        raise NotFound
    chain = session().get(ServiceChain, row.chain_id) if row.chain_id else None
    about = session().get(Appointment, chain.appointment_id or "") if chain else None
    return _line(row, about.reference if about else None)


def list_tasks(clinic_id: str) -> list[TaskLine]:
    """What is open, oldest first."""
    query = (
        select(ServiceTask, Appointment.reference)
        .outerjoin(Appointment, Appointment.id == ServiceTask.appointment_id)
        .where(ServiceTask.clinic_id == clinic_id, ServiceTask.done_at.is_(None))
        .order_by(ServiceTask.created_at, ServiceTask.id)
    )
    return [
        TaskLine(row.id, row.kind, row.provider, row.details, row.created_at, reference)
        for row, reference in session().execute(query)
    ]


def count_open_tasks(clinic_id: str) -> int:
    """How much on the integrations page needs a person."""
    tasks = select(func.count()).where(
        ServiceTask.clinic_id == clinic_id, ServiceTask.done_at.is_(None)
    )
    stuck = select(func.count()).where(
        ServiceDelivery.clinic_id == clinic_id,
        ServiceDelivery.state.in_([DeliveryState.WAITING, DeliveryState.FAILED]),
    )
    return (session().scalar(tasks) or 0) + (session().scalar(stuck) or 0)


def refusals_since(on: datetime) -> int:
    """How many deliveries were refused for their signature since this day."""
    counted = select(func.sum(RefusedDeliveries.count)).where(
        RefusedDeliveries.on_date >= on.date()
    )
    return session().scalar(counted) or 0


def list_subscribers(clinic_id: str) -> Sequence[WebhookSubscriber]:
    """The systems that are told, in the order they were added."""
    query = select(WebhookSubscriber).where(
        WebhookSubscriber.clinic_id == clinic_id, WebhookSubscriber.ended_at.is_(None)
    )
    return session().scalars(query.order_by(WebhookSubscriber.created_at)).all()


def list_messages(clinic_id: str, *, limit: int = 30) -> Sequence[WebhookMessage]:
    """The newest messages to them."""
    query = (
        select(WebhookMessage)
        .join(WebhookSubscriber, WebhookSubscriber.id == WebhookMessage.subscriber_id)
        .where(WebhookSubscriber.clinic_id == clinic_id)
        .order_by(WebhookMessage.created_at.desc(), WebhookMessage.id)
        .limit(limit)
    )
    return session().scalars(query).unique().all()


def _place(cursor: str) -> tuple[datetime, str] | None:
    """The instant and id of a cursor; addresses get cut off and edited."""
    at, _, id_ = cursor.partition("~")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (instant.astimezone(UTC), id_) if instant.tzinfo is not None else None


def _unknown(row: ServiceDelivery) -> Unknown | None:
    if row.state != DeliveryState.WAITING:
        return None
    try:
        event = stored_event(row)
    except PayloadBroken:
        return None
    missing = row.outcome.split(",")
    named = [*event.organizer_emails, *event.organizer_ids]
    return Unknown(
        host=last_part(named[0]) if named and "unknown_host" in missing else None,
        event_type=last_part(event.event_type_id)
        if event.event_type_id and "unknown_event_type" in missing
        else None,
    )


def _line(row: ServiceDelivery, reference: str | None) -> DeliveryLine:
    said = (row.outcome,) if row.state in {"ignored", "broken"} else tuple(row.outcome.split(","))
    return DeliveryLine(
        id=row.id,
        provider=row.provider,
        origin=row.origin,
        trigger=row.trigger,
        received_at=row.received_at,
        state=row.state,
        outcome=tuple(one for one in said if one),
        attempts=row.attempts,
        reference=reference,
        connection_id=row.connection_id,
        unknown=_unknown(row),
    )
