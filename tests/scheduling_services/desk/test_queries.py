from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.scheduling_services.desk.queries import QUIET, Unknown, health_of, list_deliveries
from clinic.scheduling_services.models import ServiceConnection
from tests.support.scheduling_services.deliveries import deliver, deliveries, payload
from tests.support.scheduling_services.integrations_page import TODAY


def test_older_deliveries_follow_page_by_page_and_none_is_left_out(calcom):
    for number in range(5):
        deliver(calcom.client, payload("calcom/form_submitted", formId=f"f{number}"))
    clinic = calcom.practice.clinic.id
    seen: list[str] = []
    before: str | None = ""
    while before is not None:
        lines, before = list_deliveries(clinic, before=before, limit=2)
        seen += [one.id for one in lines]
    assert (len(seen), set(seen)) == (5, {one.id for one in deliveries()})
    assert list_deliveries(clinic, before="no cursor") == list_deliveries(clinic)


def test_what_is_not_known_is_named_with_the_way_to_say_who_it_is(calcom):
    stranger = {"id": 991, "email": "somebody@example.org", "timeZone": "Europe/Lisbon"}
    calcom.deliver_and_work(payload("calcom/booking_created", organizer=stranger))
    (line,), _ = list_deliveries(calcom.practice.clinic.id)
    assert line.unknown == Unknown(host="somebody@example.org", event_type=None)


@pytest.mark.parametrize(
    ("values", "health"),
    [
        ({}, "nothing-yet"),
        ({"last_delivery_at": TODAY}, "well"),
        ({"last_trouble": "calcom-away", "last_delivery_at": TODAY}, "calcom-away"),
        ({"api_key_sealed": b"x", "reconciled_until": TODAY - QUIET}, "well"),
        (
            {"api_key_sealed": b"x", "reconciled_until": TODAY - QUIET - timedelta(seconds=1)},
            "quiet",
        ),
        ({"api_key_sealed": b"x"}, "quiet"),
    ],
)
def test_the_health_of_a_connection_is_a_code(values, health):
    row = ServiceConnection(created_at=TODAY - timedelta(days=1), **values)

    assert health_of(row, now=TODAY) == health
