"""Changes out: what was booked, moved or cancelled here is brought to Cal.com.

Not the change is sent but what stands: however often a message is delivered, and in whatever
order, it looks at both sides and asks for the one step that is missing. The call is made outside
of any transaction; before it we note what we ask, after it what we were told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.appointments.conflicts import clear_conflicts
from clinic.booking.appointments.models import Appointment, Source
from clinic.config import current_settings
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import ClinicError
from clinic.practice.models import Clinic
from clinic.scheduling_services.models import (
    Origin,
    ServiceChain,
    ServiceConnection,
    ServiceDelivery,
    TaskKind,
)
from clinic.scheduling_services.received.apply import apply_stored
from clinic.scheduling_services.received.inbox import digest_of, store_delivery
from clinic.scheduling_services.received.reschedule_chain_rows import link_ids, lock_service
from clinic.scheduling_services.received.tasks import add_task, withdraw_task
from clinic.scheduling_services.rules.calcom_bookings import as_deliveries
from clinic.scheduling_services.rules.calcom_events import parse_calcom
from clinic.scheduling_services.rules.events import OUR_METADATA_KEY, Provider
from clinic.scheduling_services.rules.reschedule_chain_state import OVER
from clinic.scheduling_services.sent.calcom_client import (
    CalcomClient,
    CalcomRefused,
    CalcomUnavailable,
)
from clinic.scheduling_services.sent.push_plans import (
    Plan,
    booking_of,
    chain_of,
    make_plan,
    wanted_action,
    z,
)

LOOK_BACK = timedelta(hours=1)


def follow_change(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `appointment.changed`: conflicts that are none any more, then Cal.com."""
    appointment = reading().get(Appointment, payload["appointment"])
    if appointment is None or not _is_connected(appointment.clinic_id):
        return
    cleared = clear_conflicts(appointment.therapist_id)
    with transaction() as session:
        for one in cleared:
            clinic = appointment.clinic_id
            withdraw_task(session, TaskKind.CONFLICT, one, clinic_id=clinic, now=now)
        _add_calendly_task(session, appointment.id, now=now)
    push_appointment(appointment.id, now=now)


def push_appointment(appointment_id: str, *, now: datetime) -> str | None:
    """Make Cal.com show what stands here; the step that was asked for, if one was.

    Raise `CalcomUnavailable` or `CalcomKeyRefused` to be tried again; for what is refused for
    good the desk gets a task instead.
    """
    with transaction() as session:
        appointment = session.get_one(Appointment, appointment_id, populate_existing=True)
        lock_service(session, clinic_id=appointment.clinic_id, provider=Provider.CALCOM)
        chain = chain_of(session, appointment_id)
        if chain is not None and chain.busy_until is not None and chain.busy_until > now:
            raise CalcomUnavailable
        if wanted_action(appointment, chain, now=now) is None:
            _nothing_refused(session, appointment, chain, now=now)
        plan = make_plan(session, appointment, now=now)
    if plan is None:
        return None
    try:
        _request_or_add_task(plan, now=now)
    except ClinicError as trouble:
        _give_back(plan, trouble)
        raise
    return plan.action


def client_for(connection: ServiceConnection) -> CalcomClient:
    """The API of a connection's account."""
    return CalcomClient(
        base_url=current_settings().calcom_api_url,
        api_key=connection.api_key or "",
        bookings_version=connection.bookings_version,
    )


def store_api_booking(
    session: Session,
    booking: Mapping[str, Any],
    *,
    connection_id: str,
    clinic_id: str,
    origin: Origin,
    moved: frozenset[str] = frozenset(),
    now: datetime,
) -> int:
    """Store and apply what a booking of the API tells; how many deliveries were new."""
    count = 0
    for body in as_deliveries(booking, moved=moved):
        raw = json.dumps(body, sort_keys=True).encode()
        digest = digest_of("calcom-api", raw)
        event = parse_calcom(body)
        is_new = store_delivery(
            session,
            event,
            body,
            digest=digest,
            connection_id=connection_id,
            clinic_id=clinic_id,
            origin=origin,
            now=now,
        )
        if is_new:
            row = session.query(ServiceDelivery).filter_by(digest=digest).one()
            apply_stored(session, row.id, now=now)
            count += 1
    return count


def _is_connected(clinic_id: str) -> bool:
    found = select(ServiceConnection.id).where(ServiceConnection.clinic_id == clinic_id)
    return reading().scalar(found.limit(1)) is not None


def _nothing_refused(
    session: Session, appointment: Appointment, chain: ServiceChain | None, *, now: datetime
) -> None:
    """Both sides agree, however they came to: what was refused on the way is over."""
    if chain is not None and chain.refused_as is not None:
        chain.refused_as = None
        key, clinic = appointment.id, appointment.clinic_id
        withdraw_task(session, TaskKind.PUSH_REFUSED, key, clinic_id=clinic, now=now)


def _request_or_add_task(plan: Plan, *, now: datetime) -> None:
    try:
        _request(plan, now=now)
    except CalcomRefused as refused:
        _refresh_and_add_task(plan, refused, now=now)


def _request(plan: Plan, *, now: datetime) -> None:
    connection = reading().get_one(ServiceConnection, plan.connection_id)
    client = client_for(connection)
    answer = _completed_by_earlier_try(plan, client) if plan.asked_before is not None else None
    if answer is None:
        answer = _call(plan, client)
    if answer is not None:
        _record(plan, answer, now=now)
    else:
        _settle(plan, now=now)


def _call(plan: Plan, client: CalcomClient) -> dict[str, Any] | None:
    if plan.action == "create":
        appointment = reading().get_one(Appointment, plan.appointment_id)
        clinic = reading().get_one(Clinic, appointment.clinic_id)
        return client.create_booking(booking_of(appointment, plan, clinic_email=clinic.email))
    if plan.uid is None:
        return None  # it was never made there, so there is nothing to cancel
    asked = {"start": z(plan.start)} if plan.action == "reschedule" else {}
    if plan.action == "cancel":
        asked = {"cancellationReason": "Cancelled at the clinic"}
    return client.act(plan.uid, plan.action, asked)


def _completed_by_earlier_try(plan: Plan, client: CalcomClient) -> dict[str, Any] | None:
    """What an earlier try brought about without our hearing of it."""
    since = (plan.asked_before or plan.start) - LOOK_BACK
    if plan.uid is None:
        found = [
            one
            for one in client.bookings(afterCreatedAt=z(since), sortCreated="asc")
            if (one.get("metadata") or {}).get(OUR_METADATA_KEY) == plan.appointment_id
        ]
        if found and plan.action == "cancel" and found[-1].get("status") != "cancelled":
            return client.act(str(found[-1]["uid"]), "cancel", {})
        return found[-1] if found else None
    if plan.action == "reschedule":
        moved = client.bookings(afterUpdatedAt=z(since), sortUpdatedAt="asc")
        return next((one for one in moved if one.get("rescheduledFromUid") == plan.uid), None)
    now_there = client.booking(plan.uid)
    return now_there if now_there.get("status") in {"cancelled", "rejected"} else None


def _record(plan: Plan, answer: Mapping[str, Any], *, now: datetime) -> None:
    """Store the answer as a delivery of our own making, and be ready for the next change."""
    with transaction() as session:
        chain = session.get_one(ServiceChain, plan.chain_id, populate_existing=True)
        lock_service(session, clinic_id=chain.clinic_id, provider=chain.provider)
        if plan.uid is None and chain.current_id is None:
            link_ids(session, chain, [str(answer.get("uid", ""))])
        store_api_booking(
            session,
            answer,
            connection_id=plan.connection_id,
            clinic_id=chain.clinic_id,
            origin=Origin.PUSHED,
            now=now,
        )
        _release(session, plan, now=now)


def _settle(plan: Plan, *, now: datetime) -> None:
    with transaction() as session:
        _release(session, plan, now=now)


def _release(session: Session, plan: Plan, *, now: datetime) -> None:
    chain = session.get(ServiceChain, plan.chain_id, populate_existing=True)
    if chain is not None:
        chain.asked_at = chain.asked_status = chain.asked_starts_at = None
        chain.busy_until = chain.refused_as = None
        key = plan.appointment_id
        clinic = chain.clinic_id
        withdraw_task(session, TaskKind.PUSH_REFUSED, key, clinic_id=clinic, now=now)
    connection = session.get_one(ServiceConnection, plan.connection_id)
    connection.last_answer_at, connection.last_trouble = now, None


def _give_back(plan: Plan, trouble: ClinicError) -> None:
    """The call failed, perhaps after it was carried out: the next try looks first."""
    with transaction() as session:
        chain = session.get(ServiceChain, plan.chain_id, populate_existing=True)
        if chain is not None:
            chain.busy_until = None
        connection = session.get_one(ServiceConnection, plan.connection_id)
        connection.last_trouble = trouble.code[:40]


def _refresh_and_add_task(plan: Plan, refused: CalcomRefused, *, now: datetime) -> None:
    """Refused for good: see how it stands there, and if that is not enough, ask the desk."""
    booking = _fetch_booking(plan)
    with transaction() as session:
        chain = session.get_one(ServiceChain, plan.chain_id, populate_existing=True)
        lock_service(session, clinic_id=chain.clinic_id, provider=chain.provider)
        session.refresh(chain)
        if booking is not None:
            store_api_booking(
                session,
                booking,
                connection_id=plan.connection_id,
                clinic_id=chain.clinic_id,
                origin=Origin.RECONCILED,
                now=now,
            )
        _release(session, plan, now=now)
        appointment = session.get_one(Appointment, plan.appointment_id, populate_existing=True)
        agreed = plan.uid is not None and (
            not appointment.is_live if chain.status in OVER else chain.starts_at == plan.start
        )
        if not agreed or (plan.action in {"cancel", "decline"} and chain.status not in OVER):
            chain.refused_as = plan.fingerprint
            add_task(
                session,
                TaskKind.PUSH_REFUSED,
                plan.appointment_id,
                clinic_id=chain.clinic_id,
                provider=Provider.CALCOM,
                appointment_id=plan.appointment_id,
                details={"action": plan.action, "status": refused.answered, "start": z(plan.start)},
                now=now,
            )


def _fetch_booking(plan: Plan) -> dict[str, Any] | None:
    if plan.uid is None:
        return None
    connection = reading().get_one(ServiceConnection, plan.connection_id)
    try:
        return client_for(connection).booking(plan.uid)
    except CalcomRefused:
        return None


def _add_calendly_task(session: Session, appointment_id: str, *, now: datetime) -> None:
    """Calendly takes no changes from us: where the two differ, a person has to make it there."""
    appointment = session.get_one(Appointment, appointment_id, populate_existing=True)
    if appointment.source != Source.CALENDLY:
        return
    chain = (
        session.query(ServiceChain)
        .filter_by(appointment_id=appointment_id, provider=Provider.CALENDLY)
        .first()
    )
    if chain is None or chain.starts_at is None or appointment.ends_at <= now:
        return
    there = chain.starts_at if chain.status not in OVER else None
    here = appointment.starts_at if appointment.is_live else None
    if there == here:
        key, clinic = appointment_id, appointment.clinic_id
        withdraw_task(session, TaskKind.TELL_SERVICE, key, clinic_id=clinic, now=now)
        return
    add_task(
        session,
        TaskKind.TELL_SERVICE,
        appointment_id,
        clinic_id=appointment.clinic_id,
        provider=Provider.CALENDLY,
        appointment_id=appointment_id,
        details={"start": z(here) if here else ""},
        now=now,
    )
