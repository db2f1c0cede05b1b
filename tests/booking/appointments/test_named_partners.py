"""Who is named in an appointment, from wherever it was booked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.json_list import list_appointments
from clinic.booking.appointments.links import links_of
from clinic.booking.appointments.models import Appointment, AppointmentChange, ManageLink
from clinic.booking.appointments.named_partners import is_individual, named_in_each, named_members
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.booking.site.mails import render_appointment_mail
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from tests.support.factories import (
    NOW,
    a_request,
    make_appointment,
    make_care_couple,
    make_practice,
)
from tests.support.query_counting import count_queries
from tests.support.scheduling_services.deliveries import appointments, connected_clinic, payload

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
SAM = EnteredPartner(name="Sam", email="sam@example.org", time_zone="Europe/Lisbon", language="en")
SAM_WITHOUT = EnteredPartner(name="Sam", email="", time_zone="Europe/Lisbon", language="en")


def names(appointment):
    return [member.person.name for member in named_members(appointment)]


@pytest.fixture
def practice(context):
    return make_practice()


def test_both_are_named_who_gave_an_address_in_the_booking(practice):
    assert names(make_appointment(practice, TEN, other_partner=SAM)) == ["Alex Example", "Sam"]


def test_partner_of_the_couple_who_was_not_named_is_not(practice):
    make_care_couple(practice)

    assert names(make_appointment(practice, TEN)) == ["Alex Example"]


def test_partner_who_books_alone_is_named_alone_whichever_it_is(practice):
    make_care_couple(practice)

    assert names(make_appointment(practice, TEN, partner=SAM)) == ["Sam Example"]


def test_partner_without_an_address_is_named_in_the_booking_that_entered_them(practice):
    first = make_appointment(practice, TEN, other_partner=SAM_WITHOUT)
    alone = make_appointment(practice, TEN + HALF_HOUR, now=NOW + DAY - HALF_HOUR)

    assert first.couple_id == alone.couple_id
    assert [names(first), names(alone)] == [["Alex Example", "Sam"], ["Alex Example"]]


def test_what_staff_book_names_whom_they_name(practice):
    make_care_couple(practice)
    asked = a_request(TEN)

    assert names(book_appointment(asked, actor=practice.desk, now=NOW)) == ["Alex Example"]


def test_ended_link_unnames_nobody(practice):
    appointment = make_appointment(practice, TEN, other_partner=SAM)
    with transaction():
        links_of(appointment)[1].revoked_at = NOW

    assert names(appointment) == ["Alex Example", "Sam"]


def test_named_of_many_appointments_are_found_with_one_query(practice):
    make_care_couple(practice)
    rows = [make_appointment(practice, TEN + HALF_HOUR * number) for number in range(4)]
    both = make_appointment(practice, TEN + HALF_HOUR * 4, other_partner=SAM)
    rows = session().scalars(sa.select(Appointment)).unique().all()
    for row in rows:
        assert len(row.couple.members) == 2

    with count_queries() as asked:
        found = named_in_each(rows)

    assert len(asked) == 1
    assert {id_: len(named) for id_, named in found.items()} == {
        row.id: 2 if row.id == both.id else 1 for row in rows
    }


def test_row_for_a_program_gives_the_address_of_who_was_named(practice):
    make_care_couple(practice)
    make_appointment(practice, TEN, partner=SAM)

    assert [row["email"] for row in list_appointments()] == ["sam@example.org"]


def test_mail_to_the_partner_who_booked_alone_speaks_of_their_own_booking(practice):
    make_care_couple(practice)
    appointment = make_appointment(practice, TEN, partner=SAM)
    change = session().scalars(sa.select(AppointmentChange)).one()
    link = session().scalars(sa.select(ManageLink)).unique().one()

    from clinic.booking.site.mails import _reader

    mail = render_appointment_mail(appointment, change, _reader(appointment, link.id))

    assert "Your appointment is booked." in mail.text


def test_booking_at_calcom_names_its_attendees_and_nobody_else_of_the_couple(context, client):
    clock.freeze(datetime(2026, 12, 4, 9, tzinfo=UTC))
    created = payload("calcom/booking_created")
    alone = payload(
        "calcom/booking_created",
        uid="uid-Z",
        startTime="2026-12-09T09:00:00Z",
        endTime="2026-12-09T10:00:00Z",
        attendees=created["payload"]["attendees"][:1],
        responses={},
    )
    connected_clinic(client).deliver_and_work(created, alone)

    both, one = sorted(appointments(), key=lambda row: row.starts_at)

    assert both.couple_id == one.couple_id
    assert [names(both), names(one)] == [["Ana Sample", "ben"], ["Ana Sample"]]


def test_booking_at_calendly_names_its_invitee_and_guest_and_nobody_else(context, client):
    clock.freeze(datetime(2026, 12, 4, 9, tzinfo=UTC))
    created, alone = (payload("calendly/invitee_created") for _ in range(2))
    event = "https://api.calendly.example.org/scheduled_events/ev-Z"
    alone["payload"] |= {"uri": f"{event}/invitees/inv-Z", "event": event}
    alone["payload"]["scheduled_event"] |= {
        "uri": event,
        "start_time": "2026-12-09T09:00:00.000000Z",
        "end_time": "2026-12-09T10:00:00.000000Z",
        "event_guests": [],
    }
    connected_clinic(client).deliver_calendly_and_work(created, alone)

    both, one = sorted(appointments(), key=lambda row: row.starts_at)

    assert both.couple_id == one.couple_id
    assert [names(both), names(one)] == [["Ana Sample", "ben"], ["Ana Sample"]]


@pytest.mark.parametrize(
    ("named", "members", "held_by_lead", "expected"),
    [
        (["A"], ["A", "B"], True, True),
        (["B"], ["A", "B"], False, True),
        (["A", "B"], ["A", "B"], False, False),
        (["A"], ["A"], True, False),
        (["A"], ["A"], False, True),
        ([], ["A", "B"], False, False),
    ],
)
def test_session_is_individual_when_one_alone_is_named(named, members, held_by_lead, expected):
    found = is_individual(named, members=members, held_by_lead=held_by_lead)

    assert found is expected
