from __future__ import annotations

import json

from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.scheduling_services.models import ServiceConnection
from tests.support.scheduling_services.deliveries import (
    appointments,
    deliver,
    deliver_calendly,
    payload,
    sign,
    work,
)


def test_the_demo_clinic_takes_what_its_own_keys_sign(context, demo, settings, client):
    found = json.loads((settings.instance / "demo.json").read_text(encoding="utf-8"))["webhooks"]
    body = payload("calcom/booking_created", eventTypeId=found["calcom"]["event_type_id"])
    body["payload"]["organizer"] = {"id": 9, "email": found["calcom"]["organizer_email"]}
    signature = sign(body, found["calcom"]["secret"])
    assert deliver(client, body, signature=signature).status_code == 202
    told = payload("calendly/invitee_created")
    told["payload"]["scheduled_event"] |= {
        "event_type": found["calendly"]["event_type_uri"],
        "event_memberships": [{"user": found["calendly"]["user_uri"]}],
        "start_time": "2026-12-09T09:00:00.000000Z",
        "end_time": "2026-12-09T09:30:00.000000Z",
    }
    assert deliver_calendly(client, told, key=found["calendly"]["signing_key"]).status_code == 202
    work()
    made = sorted((one.source, one.therapist.slug) for one in appointments())
    assert made[:2] == [("calcom", "ines-duarte"), ("calendly", "ines-duarte")]


def test_the_demo_clinic_never_calls_the_real_service(context, demo):
    keys = session().scalars(select(ServiceConnection.api_key_sealed)).all()
    assert keys == [None, None]
