"""The demo clinic's accounts at Cal.com and Calendly: made up, but their keys are checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from clinic.config import Settings
from clinic.foundation.crypto.tokens import random_token
from clinic.foundation.database.transactions import new_id, transaction
from clinic.practice.models import SessionType, Therapist
from clinic.scheduling_services.models import (
    ServiceConnection,
    ServiceEventType,
    ServiceHost,
)
from clinic.scheduling_services.received.mapping import last_part, name_of_host
from clinic.scheduling_services.rules.events import Provider
from clinic.scheduling_services.sent.calcom_client import PUBLIC_URL
from clinic.scheduling_services.sent.reconcile import promise_reconciliation

EVENT_TYPE_ID = 1001
USER_URI = "https://api.calendly.com/users/DEMOUSER0001"
EVENT_TYPE_URI = "https://api.calendly.com/event_types/DEMOTYPE0001"
API_KEY = "cal_test_demo"


def connect_demo_services(
    settings: Settings,
    therapists: Sequence[Therapist],
    types: Sequence[SessionType],
    *,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """Connect both services; the `webhooks` part of `demo.json`.

    There is an API key only where a stand-in is configured: nothing made up is sent to the real
    service.
    """
    host, kind = therapists[0], types[0]
    with transaction() as session:
        calcom = _connect(session, Provider.CALCOM, host, now=now)
        for one in therapists:
            _map_host(session, calcom, one.email or one.slug, one)
        _map_event_type(session, calcom, str(EVENT_TYPE_ID), kind, host)
        if settings.calcom_api_url != PUBLIC_URL:
            calcom.api_key = API_KEY
            promise_reconciliation(session, calcom.id, now=now)
        calendly = _connect(session, Provider.CALENDLY, host, now=now)
        _map_host(session, calendly, USER_URI, host)
        _map_event_type(session, calendly, EVENT_TYPE_URI, kind, host)
        return {
            "calcom": {
                "url": f"{settings.base_url}/webhooks/calcom",
                "secret": calcom.secret,
                "organizer_email": host.email,
                "event_type_id": EVENT_TYPE_ID,
            },
            "calendly": {
                "url": f"{settings.base_url}/webhooks/calendly",
                "signing_key": calendly.secret,
                "user_uri": USER_URI,
                "event_type_uri": EVENT_TYPE_URI,
            },
        }


def _connect(
    session: Session, provider: Provider, host: Therapist, *, now: datetime
) -> ServiceConnection:
    row = ServiceConnection(
        id=new_id(),
        clinic_id=host.clinic_id,
        provider=provider,
        name={"calcom": "Cal.com", "calendly": "Calendly"}[provider],
        created_at=now,
    )
    row.secret = random_token()
    session.add(row)
    session.flush()
    return row


def _map_host(
    session: Session, connection: ServiceConnection, external: str, therapist: Therapist
) -> None:
    session.add(
        ServiceHost(
            id=new_id(),
            connection_id=connection.id,
            external=name_of_host(external),
            therapist_id=therapist.id,
        )
    )


def _map_event_type(
    session: Session,
    connection: ServiceConnection,
    external: str,
    kind: SessionType,
    therapist: Therapist,
) -> None:
    session.add(
        ServiceEventType(
            id=new_id(),
            connection_id=connection.id,
            external=last_part(external),
            name=kind.name["en"],
            session_type_id=kind.id,
            therapist_id=therapist.id,
        )
    )
