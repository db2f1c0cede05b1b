from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.foundation.database.transactions import new_id, transaction
from clinic.scheduling_services.models import ServiceHost
from tests.support.factories import make_appointment, make_therapist
from tests.support.scheduling_services.calcom_bookings import (
    CONFIRMED,
    CREATED,
    LATER,
    MOVED,
    NINE,
    REJECTED,
    REQUESTED,
    TEN,
    TODAY,
    history,
    tasks,
)
from tests.support.scheduling_services.deliveries import (
    appointments,
    connect,
    outcomes,
    payload,
    standing,
    the_appointment,
    work,
)


def test_a_request_is_confirmed_or_declined_by_its_own_events(calcom):
    calcom.deliver_and_work(REQUESTED)
    assert the_appointment().status == "requested"
    calcom.deliver_and_work(CONFIRMED)
    assert (the_appointment().status, history()[-1]) == ("confirmed", ("confirmed", 1))


def test_a_declined_request_is_declined_here(calcom):
    calcom.deliver_and_work(REQUESTED, REJECTED)
    assert the_appointment().status == "declined"


def test_an_overlapping_arrival_is_kept_marked_and_asked_about(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    calcom.deliver_and_work(CREATED)
    arrived, kept = sorted(appointments(), key=lambda one: one.source)
    assert (kept.id, kept.conflict, kept.status) == (mine.id, False, "confirmed")
    assert standing(arrived) == ("confirmed", NINE, TEN, "uid-A", True)
    assert (tasks(), outcomes()) == (["conflict"], [("applied", "booked,conflict")])
    from clinic.booking.rules.errors import SlotUnavailable

    cancel_appointment(mine.id, actor=calcom.practice.desk, now=TODAY)
    with pytest.raises(SlotUnavailable):
        make_appointment(calcom.practice, NINE, now=TODAY)


def test_a_conflict_is_over_when_the_other_appointment_is(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    calcom.deliver_and_work(CREATED)
    cancel_appointment(mine.id, actor=calcom.practice.desk, now=TODAY)
    work()
    assert [one.conflict for one in appointments() if one.is_live] == [False]
    assert tasks() == []


def test_an_overlap_with_a_conflict_is_a_conflict_too(calcom):
    make_appointment(calcom.practice, NINE, now=TODAY)
    third = payload("calcom/booking_created", uid="uid-T")
    third["createdAt"] = "2026-12-01T08:05:00.000Z"
    calcom.deliver_and_work(CREATED, third)
    assert sorted(one.conflict for one in appointments()) == [False, True, True]


def test_news_in_another_order_never_gives_a_lower_sequence(calcom):
    calcom.deliver_and_work(MOVED, CREATED)
    assert (the_appointment().sequence, the_appointment().starts_at) == (1, LATER)


def test_another_host_takes_the_appointment_over(calcom):
    other = make_therapist(calcom.practice.clinic, slug="hugo", name="Hugo")
    connect(calcom.practice, secret="x", hosts=[], types=[])
    calcom.deliver_and_work(CREATED, payload("calcom/booking_created_reassigned"))
    assert tasks() == ["host"]
    with transaction() as current:
        current.add(ServiceHost(id=new_id(), connection_id=calcom.connection.id, external="42", therapist_id=other.id))  # fmt: skip
    third = payload("calcom/booking_created_reassigned")
    third["payload"]["organizer"] |= {"id": 41}
    third["createdAt"] = "2026-12-02T09:00:00.000Z"
    calcom.deliver_and_work(third)
    fourth = payload("calcom/booking_created_reassigned")
    fourth["createdAt"] = "2026-12-02T10:00:00.000Z"
    calcom.deliver_and_work(fourth)
    assert the_appointment().therapist_id == other.id


def test_what_the_desk_did_last_stands_against_older_news(calcom):
    calcom.deliver_and_work(CREATED)
    noon = datetime(2026, 12, 7, 12, tzinfo=UTC)
    move_appointment(the_appointment().id, start=noon, actor=calcom.practice.desk, now=TODAY)
    calcom.deliver_and_work(MOVED)
    assert (the_appointment().starts_at, outcomes()[1]) == (noon, ("applied", "kept_ours"))
