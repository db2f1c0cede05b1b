from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.appointments.changes import confirm_appointment, move_appointment
from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.foundation.database.transactions import transaction
from clinic.scheduling_services.models import ServiceChain
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus as There
from clinic.scheduling_services.sent.push_plans import (
    PUSH_LEASE,
    Plan,
    booking_of,
    chain_of,
    make_plan,
    wanted_action,
    z,
)
from clinic.scheduling_services.sent.reconcile import reconcile_all
from tests.support.factories import make_appointment
from tests.support.scheduling_services.both_sides import NINE, NOON, TODAY, sides, tasks
from tests.support.scheduling_services.deliveries import appointments, the_appointment, work


def test_what_is_booked_here_blocks_it_there_and_says_nothing_of_who_comes(calcom, there):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    (booking,) = there.live()
    assert (booking["start"], booking["metadata"]) == ("2026-12-07T09:00:00Z", {"clinic_appointment": mine.id})  # fmt: skip
    assert booking["attendees"][0]["email"] == "clinic@example.org"
    assert booking["attendees"][0]["name"] == mine.reference
    assert the_appointment().external_id == booking["uid"]


def test_what_is_refused_there_for_good_is_put_before_the_desk_once(calcom, there):
    there.book(77, NINE, email="other@example.org")
    there.deliveries.clear()
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    work()
    assert tasks() == [("push_refused", "create")]
    calls = len(there.calls)
    found = reconcile_all(now=TODAY)
    assert [one.outcome for one in found] == ["taken in", "refused"]
    assert [one for one in there.calls[calls:] if one[0] == "POST"] == []
    assert {one.conflict for one in appointments()} == {True, False}
    move_appointment(mine.id, start=NOON, actor=calcom.practice.desk, now=TODAY)
    work()
    assert tasks() == []
    assert sides(there) == ([NINE, NOON], [NINE, NOON])


def test_a_request_there_is_confirmed_or_declined_there_when_it_is_here(calcom, there):
    booking = there.book(77, NINE, email="ana@example.org")
    booking["status"] = "pending"
    there.deliveries.clear()
    reconcile_all(now=TODAY)
    one = the_appointment()
    assert one.status == "requested"
    confirm_appointment(one.id, actor=calcom.practice.desk, now=TODAY)
    work()
    assert there.live()[0]["status"] == "accepted"
    reconcile_all(now=TODAY)
    assert the_appointment().status == "confirmed"


def here(status=AppointmentStatus.CONFIRMED, start=NINE):
    return Appointment(status=status, starts_at=start, ends_at=start + timedelta(hours=1))


def there_is(status, start=NINE, **changes):
    values = {"current_id": "uid-A", "status": status, "starts_at": start} | changes
    return ServiceChain(**values)


@pytest.mark.parametrize(
    ("appointment", "chain", "action"),
    [
        (here(), None, "create"),
        (here(AppointmentStatus.CANCELLED), None, None),
        (here(start=TODAY - timedelta(minutes=1)), None, None),
        (here(start=TODAY - timedelta(hours=1)), None, None),
        (here(), ServiceChain(asked_at=TODAY), "create"),
        (here(AppointmentStatus.CANCELLED), ServiceChain(asked_at=TODAY), "cancel"),
        (here(), there_is(There.CONFIRMED), None),
        (here(), there_is(There.CONFIRMED, NOON), "reschedule"),
        (here(), there_is(There.REQUESTED), "confirm"),
        (here(AppointmentStatus.REQUESTED), there_is(There.REQUESTED), None),
        (here(AppointmentStatus.CANCELLED), there_is(There.CONFIRMED), "cancel"),
        (here(AppointmentStatus.DECLINED), there_is(There.REQUESTED), "decline"),
        (here(), there_is(There.CANCELLED), None),
        (here(), there_is(There.UNKNOWN), None),
    ],
)
def test_one_step_leads_from_how_it_stands_there_to_how_it_stands_here(appointment, chain, action):
    assert wanted_action(appointment, chain, now=TODAY) == action


def test_a_plan_is_made_once_and_takes_the_lease(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)

    with transaction() as current:
        appointment = current.get_one(Appointment, mine.id)
        plan = make_plan(current, appointment, now=TODAY)
        chain = chain_of(current, mine.id)
        assert plan == Plan(
            action="create",
            chain_id=chain.id,
            connection_id=calcom.connection.id,
            appointment_id=mine.id,
            start=NINE,
            uid=None,
            event_type_id="77",
            asked_before=None,
        )
        assert (chain.asked_at, chain.asked_starts_at, chain.asked_status, chain.busy_until) == (
            TODAY,
            NINE,
            There.CONFIRMED,
            TODAY + PUSH_LEASE,
        )
        again = make_plan(current, appointment, now=TODAY + PUSH_LEASE)
        assert again == replace(plan, asked_before=TODAY)


def test_what_was_refused_for_good_is_not_planned_again_until_it_changes(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)

    with transaction() as current:
        appointment = current.get_one(Appointment, mine.id)
        plan = make_plan(current, appointment, now=TODAY)
        chain_of(current, mine.id).refused_as = plan.fingerprint
        assert plan.fingerprint == "create|2026-12-07T09:00:00+00:00|"
        assert make_plan(current, appointment, now=TODAY) is None


def test_a_booking_is_asked_for_without_a_word_about_who_comes(calcom):
    mine = make_appointment(calcom.practice, NINE, now=TODAY)
    plan = Plan("create", "c", "k", mine.id, NINE, None, "77", None)

    assert booking_of(mine, plan, clinic_email="clinic@example.org") == {
        "start": "2026-12-07T09:00:00Z",
        "eventTypeId": 77,
        "attendee": {
            "name": mine.reference,
            "email": "clinic@example.org",
            "timeZone": "Europe/Lisbon",
            "language": "en",
        },
        "metadata": {"clinic_appointment": mine.id},
    }


def test_an_instant_is_written_to_the_second_with_z():
    assert z(datetime(2026, 12, 7, 9, 30, 15, 250_000, tzinfo=UTC)) == "2026-12-07T09:30:15Z"
