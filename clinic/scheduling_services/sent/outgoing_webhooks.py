"""Webhooks out: other systems of the clinic are told of changes to appointments.

Signed as Standard Webhooks ask (id, timestamp, signature); tried for about 72 hours by the
outbox, then kept as dead letters. What is sent names nobody: ids, times and a status.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.foundation import audit, outbox
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.errors import N_, InvalidInput, NotFound, Unavailable
from clinic.foundation.outbound.allowed_addresses import (
    NO_EXCEPTIONS,
    Guard,
    OutboundRefused,
    check_url,
)
from clinic.foundation.outbound_http import send
from clinic.foundation.outbox import GiveUp
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.foundation.texts.single_line import one_line
from clinic.foundation.wall_clock import utc_text
from clinic.scheduling_services.models import WebhookMessage, WebhookSubscriber
from clinic.scheduling_services.rules.signatures import new_outgoing_secret, sign_outgoing

SEND = "webhook.send"
SUBSCRIBER_TIMEOUT_S = 20.0
GONE = 410


class SubscriberUnavailable(Unavailable):
    """The other system did not take the message; it is tried again."""

    code = "subscriber-away"

    def __init__(self, *, retry_after: int | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


def add_subscriber(
    *, name: str, url: str, actor: Actor, now: datetime
) -> tuple[WebhookSubscriber, str]:
    """Add another system; return the subscriber and its secret, which is shown once.

    Raises `InvalidInput`, also for an address that may not be called.
    """
    require(actor, Permission.MANAGE_INTEGRATIONS)
    tidied = _check(name, url)
    secret = new_outgoing_secret(secrets.token_bytes(32))
    with transaction() as session:
        row = WebhookSubscriber(id=new_id(), clinic_id=actor.clinic_id, name=tidied, created_at=now)
        row.url, row.secret = url.strip(), secret
        session.add(row)
        _record(session, "webhook.added", row.id, actor=actor, now=now)
    return row, secret


def _check(name: str, url: str) -> str:
    """The name, tidied. Raises `InvalidInput` with all that is wrong."""
    problems: dict[str, list[str]] = {}
    tidied = one_line(name, longest=60)
    if tidied is None:
        problems["name"] = [N_("Please name it, in up to 60 characters.")]
    try:
        check_url(url, guard=_guard())
    except OutboundRefused as refused:
        problems["url"] = [refused.message]
    if tidied is None or problems:
        raise InvalidInput(problems)
    return tidied


def end_subscriber(subscriber_id: str, *, actor: Actor, now: datetime) -> None:
    """Send it no more webhooks. Raises `NotFound`."""
    require(actor, Permission.MANAGE_INTEGRATIONS)
    with transaction() as session:
        row = session.get(WebhookSubscriber, subscriber_id, with_for_update=True)
        if row is None or row.clinic_id != actor.clinic_id:
            raise NotFound
        if row.ended_at is None:
            row.ended_at = now
            _record(session, "webhook.ended", row.id, actor=actor, now=now)


def redeliver_message(message_id: str, *, actor: Actor, now: datetime) -> None:
    """Send a message again: the same id, so that the other side may know it. Raises `NotFound`."""
    require(actor, Permission.REDELIVER)
    with transaction() as session:
        row = session.get(WebhookMessage, message_id)
        if row is None or row.subscriber.clinic_id != actor.clinic_id:
            raise NotFound
        row.delivered_at = row.given_up_at = None
        outbox.promise(session, SEND, {"message": row.id}, now=now)


def announce_change(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `appointment.changed`: one message for each subscriber, written once."""
    with transaction() as session:
        appointment = session.get_one(Appointment, payload["appointment"])
        live = session.scalars(
            select(WebhookSubscriber.id).where(
                WebhookSubscriber.clinic_id == appointment.clinic_id,
                WebhookSubscriber.ended_at.is_(None),
            )
        ).all()
        if not live:
            return
        change = session.scalars(
            select(AppointmentChange).where(
                AppointmentChange.appointment_id == appointment.id,
                AppointmentChange.number == payload["change"],
            )
        ).one()
        for subscriber_id in live:
            _write_once(session, subscriber_id, appointment, change, now=now)


def send_message(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `webhook.send`: one try. Anything but a 2xx is tried again; 410 ends it."""
    message = reading().get_one(WebhookMessage, payload["message"], populate_existing=True)
    subscriber = message.subscriber
    if message.delivered_at is not None:
        return
    if subscriber.ended_at is not None:
        raise GiveUp
    body = json.dumps(message.body, separators=(",", ":"), sort_keys=True).encode()
    message_id = message.id
    headers = sign_outgoing(body, secret=subscriber.secret or "", message_id=message_id, now=now)
    answer = send(
        "POST",
        subscriber.url or "",
        body=body,
        headers={**headers, "Content-Type": "application/json"},
        max_bytes=64 * 1024,
        total_seconds=SUBSCRIBER_TIMEOUT_S,
        guard=_guard(),
    )
    _note_answer(message_id, answer.status, now=now)
    if answer.status == GONE:
        raise GiveUp
    if not 200 <= answer.status < 300:
        raise SubscriberUnavailable(retry_after=answer.retry_after)


def event_body(appointment: Appointment, change: AppointmentChange) -> dict[str, Any]:
    """What is told of a change: as it was with this change, and no word about anybody."""
    return {
        "type": f"appointment.{change.kind}",
        "timestamp": utc_text(change.at),
        "data": {
            "reference": appointment.reference,
            "uid": appointment.uid,
            "sequence": change.sequence,
            "status": change.status,
            "start": utc_text(change.starts_at),
            "end": utc_text(change.ends_at),
            "therapist": appointment.therapist.slug,
            "session_type": appointment.session_type.slug,
            "source": appointment.source,
        },
    }


def _write_once(
    session: Session,
    subscriber_id: str,
    appointment: Appointment,
    change: AppointmentChange,
    *,
    now: datetime,
) -> None:
    message = {
        "id": new_id(),
        "subscriber_id": subscriber_id,
        "event_key": f"{appointment.id}.{change.number}",
        "kind": f"appointment.{change.kind}",
        "body": event_body(appointment, change),
        "created_at": now,
        "tries": 0,
    }
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert: Any = (postgresql if on_postgresql else sqlite).insert(WebhookMessage)
    unique = ["subscriber_id", "event_key"]
    statement = insert.values(**message).on_conflict_do_nothing(index_elements=unique)
    if session.execute(statement.returning(WebhookMessage.id)).first() is not None:
        outbox.promise(session, SEND, {"message": message["id"]}, now=now)


def _note_answer(message_id: str, status: int, *, now: datetime) -> None:
    with transaction() as session:
        row = session.get_one(WebhookMessage, message_id)
        row.tries, row.last_status = row.tries + 1, status
        if 200 <= status < 300:
            row.delivered_at = now
        if status == GONE:
            row.given_up_at = row.subscriber.ended_at = now


def _guard() -> Guard:
    """Public https only, but for what an installation (or a test) allows."""
    found: Guard = current_app.extensions.get("webhook_guard", NO_EXCEPTIONS)
    return found


def _record(session: Session, action: str, object_id: str, *, actor: Actor, now: datetime) -> None:
    audit.record(
        session, action, kind="webhook_subscriber", object_id=object_id, actor=actor, now=now
    )
