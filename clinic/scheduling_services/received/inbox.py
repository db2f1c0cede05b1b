"""Deliveries in: verified on the raw bytes, stored sealed, answered at once, applied later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.foundation import outbox
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.scheduling_services.models import (
    DeliveryState,
    Origin,
    RefusedDeliveries,
    ServiceConnection,
    ServiceDelivery,
)
from clinic.scheduling_services.rules.calcom_events import parse_calcom
from clinic.scheduling_services.rules.calendly_events import parse_calendly
from clinic.scheduling_services.rules.events import EventKind, Provider, ServiceEvent
from clinic.scheduling_services.rules.payloads import PayloadBroken, read_payload, strip_secrets
from clinic.scheduling_services.rules.signatures import (
    SignatureRefused,
    verify_calcom,
    verify_calendly,
)

APPLY = "service_delivery.apply"
SEEN_NOTED_EVERY = timedelta(minutes=1)
KEPT_OF_RUBBISH = 10_000
"""How many characters of a signed but unreadable body are kept for the desk."""

PARSERS: Mapping[str, Callable[[Mapping[str, Any]], ServiceEvent]] = {
    Provider.CALCOM: parse_calcom,
    Provider.CALENDLY: parse_calendly,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done with a delivery: `accepted`, `ignored`, `duplicate` or `pong`."""

    status: str


def receive_delivery(
    provider: Provider, body: bytes, *, signature: str | None, clinic_id: str, now: datetime
) -> Receipt:
    """Verify, then store once, and promise to apply it, in one transaction.

    Raises SignatureRefused (counted, nothing else is stored) and PayloadBroken (kept for the
    desk). A body that was delivered before changes nothing.
    """
    try:
        connection_id = _signer(provider, body, signature=signature, clinic_id=clinic_id, now=now)
    except SignatureRefused:
        _count_refusal(provider, now=now)
        raise
    try:
        payload = read_payload(body)
        event = PARSERS[provider](payload)
    except PayloadBroken as broken:
        _store_unreadable_delivery(
            provider, body, broken, connection_id, clinic_id=clinic_id, now=now
        )
        raise
    if event.kind is EventKind.PING:
        _note_seen(connection_id, now=now)
        return Receipt("pong")
    with transaction() as session:
        is_new = store_delivery(
            session,
            event,
            payload,
            digest=digest_of(provider, body),
            connection_id=connection_id,
            clinic_id=clinic_id,
            now=now,
        )
    _note_seen(connection_id, now=now)
    if not is_new:
        return Receipt("duplicate")
    return Receipt("ignored" if event.kind is EventKind.IGNORED else "accepted")


def store_delivery(
    session: Session,
    event: ServiceEvent,
    payload: Mapping[str, Any],
    *,
    digest: bytes,
    connection_id: str | None,
    clinic_id: str,
    origin: Origin = Origin.WEBHOOK,
    now: datetime,
) -> bool:
    """Store a delivery unless it is there already, and promise to apply it; whether it is new."""
    ignored = event.kind is EventKind.IGNORED
    row = ServiceDelivery(
        id=new_id(),
        clinic_id=clinic_id,
        provider=event.provider,
        connection_id=connection_id,
        origin=origin,
        digest=digest,
        trigger=event.trigger[:60],
        received_at=now,
        state=DeliveryState.IGNORED if ignored else DeliveryState.NEW,
        outcome=(event.reason or "")[:200] if ignored else "",
        attempts=0,
    )
    row.body = json.dumps(strip_secrets(dict(payload)), ensure_ascii=False, sort_keys=True)
    if not _insert_once(session, row):
        return False
    if not ignored:
        outbox.promise(session, APPLY, {"delivery": row.id}, now=now)
    return True


def digest_of(provider: str, body: bytes) -> bytes:
    """What makes a delivery the same as another: who sent it, and every byte."""
    return hashlib.sha256(provider.encode() + b"\x00" + body).digest()


def stored_event(row: ServiceDelivery) -> ServiceEvent:
    """What a stored delivery says. Raises PayloadBroken."""
    try:
        payload = json.loads(row.body or "{}")
    except ValueError as error:
        raise PayloadBroken("The delivery is not readable JSON.") from error
    return PARSERS[row.provider](payload if isinstance(payload, dict) else {})


def _signer(
    provider: Provider, body: bytes, *, signature: str | None, clinic_id: str, now: datetime
) -> str:
    """The connection whose secret signed the body; every live secret is tried."""
    found: str | None = None
    for connection in _connections(provider, clinic_id=clinic_id):
        secrets = [one for one in (connection.secret, connection.previous_secret) if one]
        try:
            if provider is Provider.CALCOM:
                verify_calcom(body, header=signature, secrets=secrets)
            else:
                verify_calendly(body, header=signature, keys=secrets, now=now)
        except SignatureRefused:
            continue
        found = found or connection.id
    if found is None:
        raise SignatureRefused
    return found


def _connections(provider: str, *, clinic_id: str) -> list[ServiceConnection]:
    query = select(ServiceConnection).where(
        ServiceConnection.clinic_id == clinic_id,
        ServiceConnection.provider == provider,
        ServiceConnection.active,
    )
    return list(reading().scalars(query.order_by(ServiceConnection.created_at)))


def _store_unreadable_delivery(
    provider: Provider,
    body: bytes,
    broken: PayloadBroken,
    connection_id: str,
    *,
    clinic_id: str,
    now: datetime,
) -> None:
    row = ServiceDelivery(
        id=new_id(),
        clinic_id=clinic_id,
        provider=provider,
        connection_id=connection_id,
        origin=Origin.WEBHOOK,
        digest=digest_of(provider, body),
        trigger="",
        received_at=now,
        state=DeliveryState.BROKEN,
        outcome=broken.message[:200],
        attempts=0,
    )
    text = body[:KEPT_OF_RUBBISH].decode("utf-8", "replace")
    row.body = text.encode("utf-8", "replace").decode("utf-8")
    with transaction() as session:
        _insert_once(session, row)


def _insert_once(session: Session, row: ServiceDelivery) -> bool:
    table = ServiceDelivery.__table__
    values = {column.name: getattr(row, column.name) for column in table.columns}
    statement = _insert_into(session, ServiceDelivery).values(**values)
    done = session.execute(
        statement.on_conflict_do_nothing(index_elements=["digest"]).returning(ServiceDelivery.id)
    )
    return done.first() is not None


def _count_refusal(provider: str, *, now: datetime) -> None:
    """One more of today: the count is all that is kept of what nobody we know has signed."""
    with transaction() as session:
        statement = _insert_into(session, RefusedDeliveries).values(
            provider=provider, on_date=now.date(), count=1
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["provider", "on_date"],
                set_={"count": RefusedDeliveries.count + 1},
            )
        )


def _note_seen(connection_id: str, *, now: datetime) -> None:
    known = reading().get(ServiceConnection, connection_id)
    last = known.last_delivery_at if known else None
    if last is not None and now - last < SEEN_NOTED_EVERY:
        return
    with transaction() as session:
        session.get_one(ServiceConnection, connection_id).last_delivery_at = now


def _insert_into(session: Session, table: Any) -> Any:
    """Both databases know ON CONFLICT, but each has its own statement for it."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    statement: Insert = (postgresql if on_postgresql else sqlite).insert(table)
    return statement
