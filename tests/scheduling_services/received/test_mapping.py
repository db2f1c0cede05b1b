from __future__ import annotations

from sqlalchemy import func, select

from clinic.couples.models import Couple, Partner
from clinic.foundation import outbox
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.scheduling_services.models import ServiceHost
from tests.support.scheduling_services.calcom_bookings import (
    TODAY,
)
from tests.support.scheduling_services.deliveries import (
    appointments,
    deliveries,
    outcomes,
    payload,
    the_appointment,
    work,
)


def test_an_unknown_organizer_waits_and_is_applied_once_somebody_says_who_it_is(calcom):
    strange = payload("calcom/booking_created")
    strange["payload"]["organizer"] |= {"id": 99, "email": "nobody@example.org"}
    calcom.deliver_and_work(strange)
    assert (appointments(), outcomes()) == ([], [("waiting", "unknown_host")])
    (kept,) = deliveries()
    with transaction() as current:
        current.add(ServiceHost(id=new_id(), connection_id=calcom.connection.id, external="99", therapist_id=calcom.practice.therapist.id))  # fmt: skip
        outbox.promise(current, "service_delivery.apply", {"delivery": kept.id}, now=TODAY)  # fmt: skip
    work()
    assert (the_appointment().external_id, outcomes()) == ("uid-A", [("applied", "booked")])


def test_an_unknown_event_type_waits_with_everything_that_follows_it(calcom):
    calcom.deliver_and_work(payload("calcom/booking_created", eventTypeId=5), payload("calcom/booking_rescheduled", eventTypeId=5))  # fmt: skip
    assert outcomes() == [("waiting", "unknown_event_type")] * 2
    assert appointments() == []


def test_an_invented_address_is_never_kept(calcom):
    calcom.deliver_and_work(payload("calcom/booking_created_phone_only"))
    people = session().scalars(select(Partner)).all()
    assert [one.email for one in people if one.email and "sms.cal.com" in one.email] == []
    assert the_appointment().status == "confirmed"


def test_two_phone_only_bookers_are_two_couples(calcom):
    first = payload("calcom/booking_created_phone_only")
    second = payload("calcom/booking_created_phone_only", uid="uid-Q", startTime="2026-12-09T09:00:00Z", endTime="2026-12-09T10:00:00Z")  # fmt: skip
    calcom.deliver_and_work(first, second)
    assert session().scalar(select(func.count()).select_from(Couple)) == 2
