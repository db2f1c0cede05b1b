from __future__ import annotations

from clinic.foundation.database.transactions import session
from clinic.scheduling_services.models import (
    ServiceConnection,
)
from tests.support.calcom_stand_in import KEY
from tests.support.scheduling_services.deliveries import (
    deliver,
    deliveries,
    outcomes,
    payload,
    sign,
    the_appointment,
    work,
)
from tests.support.scheduling_services.integrations_page import PAGE, signed_in, text


def test_saying_who_is_meant_applies_what_waited(calcom):
    calcom.deliver_and_work(payload("calcom/booking_created", eventTypeId=5))
    assert outcomes() == [("waiting", "unknown_event_type")]
    client = signed_in(calcom.client, "admin")
    at = f"{PAGE}/connections/{calcom.connection.id}"
    assert client.get(at).status_code == 200
    client.post(f"{at}/event-type", data={"external": "5", "session_type": "initial-consultation", "therapist": ""})  # fmt: skip
    work()
    assert (the_appointment().external_id, outcomes()) == ("uid-A", [("applied", "booked")])


def test_a_replay_changes_nothing_that_stands(calcom):
    calcom.deliver_and_work(payload("calcom/booking_created"))
    before = (the_appointment().id, the_appointment().sequence)
    (kept,) = deliveries()
    answer = signed_in(calcom.client, "front_desk").post(f"{PAGE}/deliveries/{kept.id}/replay")
    assert answer.status_code == 303
    work()
    assert (the_appointment().id, the_appointment().sequence) == before


def test_setting_up_tries_the_key_creates_the_webhook_and_rotates_its_secret(calcom, there):
    client = signed_in(calcom.client, "admin")
    at = f"{PAGE}/connections/{calcom.connection.id}"
    wrong = client.post(f"{at}/key", data={"api_key": "cal_wrong", "version": "2024-08-13"}, follow_redirects=True)  # fmt: skip
    assert "does not take this API key" in text(wrong)
    client.post(f"{at}/key", data={"api_key": KEY, "version": "2026-02-25"})
    client.post(f"{at}/webhook")
    (hook,) = there.webhooks.values()
    assert hook["subscriberUrl"] == "http://localhost/webhooks/calcom"
    old = hook["secret"]
    client.post(f"{at}/rotate")
    assert there.webhooks["hook1"]["secret"] != old
    body = payload("calcom/booking_created")
    assert deliver(client, body, signature=sign(body, old)).status_code == 202
    session().rollback()
    row = session().get(ServiceConnection, calcom.connection.id)
    assert (row.last_trouble, row.bookings_version) == (None, "2026-02-25")
    assert KEY not in text(client.get(at))
