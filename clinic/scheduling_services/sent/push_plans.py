"""What has to be asked of Cal.com so that it shows what stands here (decided under the lock)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment, AppointmentStatus, Source
from clinic.scheduling_services.models import (
    ServiceChain,
    ServiceConnection,
    ServiceEventType,
    ServiceHost,
)
from clinic.scheduling_services.received.reschedule_chain_rows import new_row
from clinic.scheduling_services.rules.events import OUR_METADATA_KEY, Provider
from clinic.scheduling_services.rules.reschedule_chain_state import OVER
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus as There

PUSH_LEASE = timedelta(minutes=2)
"""For how long one call to Cal.com keeps a row to itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One change to ask for. `again` says that it may have been asked, and even done, before."""

    action: str
    """`create`, `reschedule`, `cancel`, `confirm` or `decline`."""
    chain_id: str
    connection_id: str
    appointment_id: str
    start: datetime
    uid: str | None
    event_type_id: str
    asked_before: datetime | None

    @property
    def fingerprint(self) -> str:
        """What a refusal is remembered by: another change may be asked again."""
        return f"{self.action}|{self.start.isoformat()}|{self.uid or ''}"


def wanted_action(
    appointment: Appointment, chain: ServiceChain | None, *, now: datetime
) -> str | None:
    """The one step from how it stands there to how it stands here; None when both agree."""
    if appointment.ends_at <= now:
        return None
    ahead = appointment.starts_at > now
    if chain is None or chain.current_id is None:
        lost = chain is not None and chain.asked_at is not None
        if appointment.is_live:
            return "create" if ahead else None
        return "cancel" if lost else None
    if chain.status in OVER or chain.status == There.UNKNOWN:
        return None
    return _step(appointment, chain, ahead=ahead)


def _step(appointment: Appointment, chain: ServiceChain, *, ahead: bool) -> str | None:
    """The step for a booking that stands there."""
    asked = chain.status == There.REQUESTED
    if not appointment.is_live:
        return "decline" if asked else "cancel"
    if chain.starts_at != appointment.starts_at:
        return "reschedule" if ahead else None
    return "confirm" if asked and appointment.status == AppointmentStatus.CONFIRMED else None


def make_plan(session: Session, appointment: Appointment, *, now: datetime) -> Plan | None:
    """Decide, note what will be asked, and take the lease; None when nothing is to be done."""
    chain = chain_of(session, appointment.id)
    action = wanted_action(appointment, chain, now=now)
    if action is None:
        return None
    target = _target(session, appointment, chain)
    if target is None:
        return None
    connection_id, event_type_id = target
    if chain is None:
        chain = new_row(
            session,
            clinic_id=appointment.clinic_id,
            provider=Provider.CALCOM,
            appointment_id=appointment.id,
            connection_id=connection_id,
            now=now,
        )
    plan = Plan(
        action=action,
        chain_id=chain.id,
        connection_id=connection_id,
        appointment_id=appointment.id,
        start=appointment.starts_at,
        uid=chain.current_id,
        event_type_id=event_type_id,
        asked_before=chain.asked_at,
    )
    if chain.refused_as == plan.fingerprint:
        return None
    chain.asked_at = chain.asked_at or now
    chain.asked_starts_at = appointment.starts_at
    chain.asked_status = There.CONFIRMED if appointment.is_live else There.CANCELLED
    chain.busy_until = now + PUSH_LEASE
    return plan


def chain_of(session: Session, appointment_id: str) -> ServiceChain | None:
    """What Cal.com has of this appointment."""
    return session.scalar(
        select(ServiceChain).where(
            ServiceChain.appointment_id == appointment_id,
            ServiceChain.provider == Provider.CALCOM,
        )
    )


def booking_of(appointment: Appointment, plan: Plan, *, clinic_email: str) -> dict[str, object]:
    """What is asked for: the time, and no word about who comes.

    The clinic's own address stands for the clients: they get their mails from us, and their names
    have no business elsewhere.
    """
    return {
        "start": z(plan.start),
        "eventTypeId": int(plan.event_type_id),
        "attendee": {
            "name": appointment.reference,
            "email": clinic_email,
            "timeZone": appointment.time_zone,
            "language": "en",
        },
        "metadata": {OUR_METADATA_KEY: appointment.id},
    }


def z(instant: datetime) -> str:
    """An instant as the API wants it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _target(
    session: Session, appointment: Appointment, chain: ServiceChain | None
) -> tuple[str, str] | None:
    """The connection and event type for this therapist and session type, if there are any."""
    if chain is not None and chain.current_id is not None:
        known = session.get(ServiceConnection, chain.connection_id or "")
        return (known.id, "0") if known is not None and _usable(known) else None
    if appointment.source == Source.CALCOM:
        return None
    query = (
        select(ServiceConnection, ServiceEventType)
        .join(ServiceEventType, ServiceEventType.connection_id == ServiceConnection.id)
        .where(
            ServiceConnection.clinic_id == appointment.clinic_id,
            ServiceConnection.provider == Provider.CALCOM,
            ServiceEventType.session_type_id == appointment.session_type_id,
        )
        .order_by(ServiceConnection.created_at, ServiceEventType.external)
    )
    for connection, kind in session.execute(query).unique():
        if not (_usable(connection) and kind.external.isdigit()):
            continue
        theirs = kind.therapist_id == appointment.therapist_id
        if theirs or (kind.therapist_id is None and _is_host(session, connection, appointment)):
            return connection.id, kind.external
    return None


def _usable(connection: ServiceConnection) -> bool:
    return connection.active and connection.api_key_sealed is not None


def _is_host(session: Session, connection: ServiceConnection, appointment: Appointment) -> bool:
    hosts = session.scalars(
        select(ServiceHost.therapist_id).where(ServiceHost.connection_id == connection.id)
    )
    # An event type of nobody in particular books whoever the service chooses: only where
    # everyone there is this therapist does it block the right person.
    return set(hosts) == {appointment.therapist_id}
