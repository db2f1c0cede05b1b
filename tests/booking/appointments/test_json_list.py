from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.json_list import list_appointments
from clinic.booking.appointments.models import Appointment
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.extensions import db
from clinic.foundation.database.transactions import transaction
from tests.support.factories import NOW, make_appointment, make_practice
from tests.support.query_counting import count_queries

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
SAM = EnteredPartner(name="Sam", email="sam@example.org", time_zone="Europe/Lisbon", language="en")


@pytest.fixture
def practice(context):
    return make_practice()


def test_each_appointment_is_a_row_for_a_program(practice):
    appointment = make_appointment(practice, TEN, other_partner=SAM)

    assert list_appointments() == [
        {
            "reference": appointment.reference,
            "uid": appointment.uid,
            "sequence": 0,
            "status": "confirmed",
            "start": "2026-11-24T10:00:00Z",
            "end": "2026-11-24T10:30:00Z",
            "therapist": "ines-duarte",
            "session_type": "initial-consultation",
            "source": "site",
            "external_id": None,
            "email": "alex@example.org",
            "conflict": False,
        }
    ]
    assert json.loads(json.dumps(list_appointments())) == list_appointments()


def test_rows_come_by_start_cancelled_ones_too(practice):
    later, sooner = make_appointment(practice, TEN + HALF_HOUR), make_appointment(practice, TEN)
    cancel_appointment(sooner.id, actor=practice.desk, now=NOW)

    assert [(row["reference"], row["status"], row["sequence"]) for row in list_appointments()] == [
        (sooner.reference, "cancelled", 1),
        (later.reference, "confirmed", 0),
    ]


def test_rows_can_be_asked_for_by_source_and_outside_id(practice):
    mine, outside = make_appointment(practice, TEN), make_appointment(practice, TEN + HALF_HOUR)
    with transaction() as current:
        row = current.get_one(Appointment, outside.id)
        row.source, row.external_id = "calcom", "abc"

    def references(**which):
        return [row["reference"] for row in list_appointments(**which)]

    assert references(source="site") == [mine.reference]
    assert references(source="calcom") == [outside.reference]
    assert references(external_id="abc") == [outside.reference]
    assert references(external_id="abc", source="site") == []
    assert references(external_id="") == []


def test_the_address_is_of_the_partner_who_booked(practice):
    make_appointment(practice, TEN, other_partner=SAM)
    make_appointment(practice, TEN + HALF_HOUR, partner=SAM)

    assert [row["email"] for row in list_appointments()] == ["alex@example.org", "sam@example.org"]


def test_the_list_costs_the_same_however_long_it_is(practice):
    make_appointment(practice, TEN)

    def cost():
        db.session.remove()
        with count_queries() as seen:
            list_appointments()
        return [one for one in seen if "FROM data_key" not in one]

    one = len(cost())
    for number in range(1, 5):
        person = EnteredPartner(
            name="P", email=f"p{number}@example.org", time_zone="Europe/Lisbon", language="en"
        )
        make_appointment(practice, TEN + number * HALF_HOUR, partner=person)

    assert len(cost()) == one
