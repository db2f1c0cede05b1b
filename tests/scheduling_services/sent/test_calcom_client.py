from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.scheduling_services.models import ServiceConnection
from clinic.scheduling_services.sent.calcom_client import (
    CalcomClient,
    CalcomKeyRefused,
    CalcomRefused,
    CalcomUnavailable,
)
from clinic.scheduling_services.sent.reconcile import reconcile_all
from tests.support.calcom_stand_in import KEY, StandIn, running
from tests.support.factories import make_appointment
from tests.support.scheduling_services.both_sides import HOUR, NINE, TODAY
from tests.support.scheduling_services.deliveries import appointments, work


def test_reconciliation_reads_all_pages(calcom, there):
    for number in range(230):
        there.book(77, NINE + number * HOUR, email=f"c{number}@example.org")
    there.deliveries.clear()
    from clinic.scheduling_services.sent.push import client_for

    row = session().get(ServiceConnection, calcom.connection.id, populate_existing=True)
    assert len(list(client_for(row).bookings(sortUpdatedAt="asc"))) == 230


def test_the_newer_version_of_the_bookings_family_works_and_a_wrong_one_changes_nothing(
    calcom, there
):
    there.book(77, NINE, email="ana@example.org")
    there.deliveries.clear()
    for version, count in (("1999-01-01", 0), ("2026-02-25", 1)):
        with transaction() as current:
            current.get_one(ServiceConnection, calcom.connection.id).bookings_version = version
        reconcile_all(now=TODAY)
        assert len(appointments()) == count


def test_a_refused_key_is_shown_and_nothing_is_lost(calcom, there):
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = "cal_old"
    make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    session().rollback()
    row = session().get(ServiceConnection, calcom.connection.id, populate_existing=True)
    assert (row.last_trouble, there.live()) == ("calcom-key-refused", [])
    with transaction() as current:
        current.get_one(ServiceConnection, calcom.connection.id).api_key = KEY
    clock.move(timedelta(seconds=11))
    work()
    assert len(there.live()) == 1


@pytest.fixture
def service():
    state = StandIn(now=clock.now)
    state.add_event_type(77, length=60, host={"id": 41, "email": "vera@example.org"})
    with running(state):
        yield state


def client_of(service, **changes):
    return CalcomClient(**({"base_url": service.url, "api_key": KEY} | changes))


def asked(**changes):
    attendee = {"name": "A", "email": "a@example.org", "timeZone": "Europe/Lisbon"}
    return {"start": "2026-12-07T09:00:00Z", "eventTypeId": 77, "attendee": attendee} | changes


def test_a_booking_is_made_read_moved_and_cancelled(service):
    client = client_of(service)

    made = client.create_booking(asked())
    assert client.booking(made["uid"])["start"] == "2026-12-07T09:00:00Z"
    moved = client.act(made["uid"], "reschedule", {"start": "2026-12-07T12:00:00Z"})
    assert [one["uid"] for one in service.live()] == [moved["uid"]]
    client.act(moved["uid"], "cancel", {"cancellationReason": "ill"})
    assert service.live() == []


def test_event_types_and_webhooks_are_those_of_the_account(service):
    client = client_of(service)

    assert [one["id"] for one in client.event_types()] == [77]
    hook = client.create_webhook(url="https://clinic.example/h", secret="s", triggers=["X"])
    client.change_webhook(hook, secret="t")
    assert service.webhooks[hook]["secret"] == "t"
    assert service.webhooks[hook]["subscriberUrl"] == "https://clinic.example/h"


def test_a_key_that_is_not_good_is_refused(service):
    with pytest.raises(CalcomKeyRefused):
        client_of(service, api_key="cal_other").me()


def test_what_it_will_not_do_is_refused_with_the_status_of_its_answer(service):
    with pytest.raises(CalcomRefused) as refused:
        client_of(service).create_booking(asked(eventTypeId=78))

    assert (refused.value.status, refused.value.answered) == (422, 404)


def test_a_service_that_is_too_busy_says_for_how_long(service):
    service.rate_limited, service.retry_after = True, 90

    with pytest.raises(CalcomUnavailable) as away:
        client_of(service).me()

    assert (away.value.status, away.value.retry_after) == (503, 90)


def test_a_service_that_is_gone_is_away(service):
    client = client_of(service, base_url="http://127.0.0.1:1")

    with pytest.raises(CalcomUnavailable) as away:
        client.me()

    assert away.value.retry_after is None


def test_bookings_come_page_by_page_in_the_order_of_the_query(service, monkeypatch):
    monkeypatch.setattr("clinic.scheduling_services.sent.calcom_client.PAGE", 2)
    for hour in range(3):
        service.book(77, NINE.replace(hour=9 + hour), email="a@example.org")
    service.calls.clear()

    found = [one["start"] for one in client_of(service).bookings(sortUpdatedAt="asc")]

    assert found == [one["start"] for one in service.live()]
