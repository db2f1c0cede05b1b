"""Setting a scheduling service up: key, secret, webhook, and who and what is meant by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.foundation import audit, outbox
from clinic.foundation.crypto.tokens import random_token
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.errors import N_, ClinicError, InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.texts.single_line import one_line
from clinic.practice.hours.service import HOURS_CHANGED
from clinic.practice.models import SessionType, Therapist
from clinic.scheduling_services.models import (
    DeliveryState,
    ServiceConnection,
    ServiceDelivery,
    ServiceEventType,
    ServiceHost,
)
from clinic.scheduling_services.received.inbox import APPLY
from clinic.scheduling_services.received.mapping import last_part, name_of_host
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.sent.calcom_client import BOOKING_VERSIONS
from clinic.scheduling_services.sent.push import client_for
from clinic.scheduling_services.sent.reconcile import promise_reconciliation

TRIGGERS = [
    "BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED",
    "BOOKING_REJECTED", "BOOKING_PAID", "BOOKING_NO_SHOW_UPDATED", "MEETING_ENDED", "OOO_CREATED",
]  # fmt: skip


def add_connection(provider: str, *, name: str, actor: Actor, now: datetime) -> ServiceConnection:
    """A new connection with a signing secret of its own. Raises `InvalidInput`."""
    require(actor, Permission.MANAGE_INTEGRATIONS)
    tidied = one_line(name, longest=60)
    if provider not in set(Provider) or tidied is None:
        raise InvalidInput({"name": [N_("Please name it, in up to 60 characters.")]})
    with transaction() as session:
        row = ServiceConnection(
            id=new_id(),
            clinic_id=actor.clinic_id,
            provider=provider,
            name=tidied,
            created_at=now,
        )
        row.secret = random_token()
        session.add(row)
        _record(session, "integration.added", row, actor=actor, now=now)
    return row


def set_api_key(
    connection_id: str, *, api_key: str, version: str, actor: Actor, now: datetime
) -> None:
    """Try a key, and keep it when the service takes it. Raises what the service answers."""
    key = api_key.strip()
    if version not in BOOKING_VERSIONS or not 0 < len(key) <= 200 or not key.isascii():
        raise InvalidInput({"api_key": [N_("This does not look like an API key.")]})
    with transaction() as session:
        row = _own(session, connection_id, actor=actor)
        row.api_key, row.bookings_version = key, version
        _record(session, "integration.key_set", row, actor=actor, now=now)
        promise_reconciliation(session, row.id, now=now)
    check_key(connection_id, actor=actor, now=now)


def check_key(connection_id: str, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """Ask the service whose key it is; how it went is remembered for the page."""
    row = _own(reading(), connection_id, actor=actor)
    trouble: ClinicError | None = None
    found: dict[str, Any] = {}
    try:
        found = client_for(row).me()
    except ClinicError as error:
        trouble = error
    with transaction() as session:
        kept = session.get_one(ServiceConnection, connection_id)
        kept.last_trouble = trouble.code[:40] if trouble else None
        kept.last_answer_at = kept.last_answer_at if trouble else now
    if trouble is not None:
        raise trouble
    return found


def rotate_secret(connection_id: str, *, actor: Actor, now: datetime) -> None:
    """A new signing secret; the one before stays good until the next change.

    Where we made the webhook, the service is told at once.
    """
    with transaction() as session:
        row = _own(session, connection_id, actor=actor)
        row.previous_secret, row.secret = row.secret, random_token()
        _record(session, "integration.secret_rotated", row, actor=actor, now=now)
        webhook_id, secret = row.webhook_id, row.secret
    if webhook_id is not None and row.provider == Provider.CALCOM and row.api_key:
        client_for(row).change_webhook(webhook_id, secret=secret)


def set_secret(connection_id: str, *, secret: str, actor: Actor, now: datetime) -> None:
    """Store a secret that was chosen at the service."""
    if not 8 <= len(secret.strip()) <= 200:
        raise InvalidInput({"secret": [N_("A secret has between 8 and 200 characters.")]})
    with transaction() as session:
        row = _own(session, connection_id, actor=actor)
        row.previous_secret, row.secret = row.secret, secret.strip()
        _record(session, "integration.secret_set", row, actor=actor, now=now)


def create_webhook(connection_id: str, *, url: str, actor: Actor, now: datetime) -> None:
    """Have the service deliver to `url`, with our secret; made once, then only brought up."""
    row = _own(reading(), connection_id, actor=actor)
    client = client_for(row)
    values = {"subscriberUrl": url, "active": True, "secret": row.secret or ""}
    if row.webhook_id is not None:
        client.change_webhook(row.webhook_id, triggers=TRIGGERS, **values)
        return
    id_ = client.create_webhook(url=url, secret=row.secret or "", triggers=TRIGGERS)
    with transaction() as session:
        kept = _own(session, connection_id, actor=actor)
        kept.webhook_id = id_[:200] or None
        _record(session, "integration.webhook_created", kept, actor=actor, now=now)


def map_host(
    connection_id: str, *, external: str, therapist: str, actor: Actor, now: datetime
) -> None:
    """Map an organizer at the service to a therapist; what waited for it is applied."""
    name = one_line(name_of_host(external), longest=254)
    if name is None:
        raise InvalidInput({"external": [N_("Please give an address or an id.")]})
    with transaction() as session:
        row = _own(session, connection_id, actor=actor)
        who = _one(session, Therapist, "therapist", therapist, actor=actor)
        session.execute(
            delete(ServiceHost).where(
                ServiceHost.connection_id == row.id, ServiceHost.external == name
            )
        )
        session.add(
            ServiceHost(id=new_id(), connection_id=row.id, external=name, therapist_id=who.id)
        )
        _apply_pending(session, row, now=now)
        outbox.promise(session, HOURS_CHANGED, {"therapists": [who.id]}, now=now)
        _record(session, "integration.host_mapped", row, actor=actor, now=now)


def map_event_type(
    connection_id: str,
    *,
    external: str,
    session_type: str,
    therapist: str | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Map an event type of the service to a session type; what waited for it is applied."""
    name = one_line(last_part(external), longest=200)
    if name is None:
        raise InvalidInput({"external": [N_("Please give an address or an id.")]})
    with transaction() as session:
        row = _own(session, connection_id, actor=actor)
        kind = _one(session, SessionType, "session_type", session_type, actor=actor)
        who = _one(session, Therapist, "therapist", therapist, actor=actor) if therapist else None
        session.execute(
            delete(ServiceEventType).where(
                ServiceEventType.connection_id == row.id, ServiceEventType.external == name
            )
        )
        session.add(
            ServiceEventType(
                id=new_id(),
                connection_id=row.id,
                external=name,
                session_type_id=kind.id,
                therapist_id=who.id if who else None,
            )
        )
        _apply_pending(session, row, now=now)
        _record(session, "integration.event_type_mapped", row, actor=actor, now=now)


def replay_delivery(delivery_id: str, *, actor: Actor, now: datetime) -> None:
    """Apply a delivery again; what was applied before changes nothing. Raises `NotFound`."""
    require(actor, Permission.SEE_INTEGRATIONS)
    with transaction() as session:
        row = session.get(ServiceDelivery, delivery_id, with_for_update=True)
        if row is None or row.clinic_id != actor.clinic_id:
            raise NotFound
        if row.state != DeliveryState.IGNORED:
            row.state = DeliveryState.NEW
            outbox.promise(session, APPLY, {"delivery": row.id}, now=now)
        audit.record(
            session,
            "integration.replayed",
            kind="service_delivery",
            object_id=row.id,
            actor=actor,
            now=now,
        )


def read_body(delivery_id: str, *, actor: Actor, now: datetime) -> str:
    """The words of a delivery: for those who may, and noted in the audit log."""
    require(actor, Permission.MANAGE_INTEGRATIONS)
    with transaction() as session:
        row = session.get(ServiceDelivery, delivery_id)
        if row is None or row.clinic_id != actor.clinic_id:
            raise NotFound
        audit.record(
            session,
            "integration.body_read",
            kind="service_delivery",
            object_id=row.id,
            actor=actor,
            now=now,
        )
        return row.body or ""


def _apply_pending(session: Session, row: ServiceConnection, *, now: datetime) -> None:
    waiting = session.scalars(
        select(ServiceDelivery.id).where(
            ServiceDelivery.clinic_id == row.clinic_id,
            ServiceDelivery.provider == row.provider,
            ServiceDelivery.state == DeliveryState.WAITING,
        )
    )
    for one in waiting:
        outbox.promise(session, APPLY, {"delivery": one}, now=now)


def _own(session: Session, connection_id: str, *, actor: Actor) -> ServiceConnection:
    """The connection, locked while a transaction runs: its changes come one by one."""
    require(actor, Permission.MANAGE_INTEGRATIONS)
    lock = bool(session.info.get("writing"))
    row = session.get(ServiceConnection, connection_id, with_for_update=lock)
    if row is None or row.clinic_id != actor.clinic_id:
        raise NotFound
    return row


def _one(session: Session, table: Any, place: str, slug: str, *, actor: Actor) -> Any:
    found = session.scalar(
        select(table).where(table.clinic_id == actor.clinic_id, table.slug == slug)
    )
    if found is None:
        raise InvalidInput({place: [N_("Please choose one of these.")]})
    return found


def _record(
    session: Session, action: str, row: ServiceConnection, *, actor: Actor, now: datetime
) -> None:
    audit.record(session, action, kind="service_connection", object_id=row.id, actor=actor, now=now)
