from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.changes import confirm_appointment
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.booking.appointments.request_expiry import EXPIRE, expire_when_due
from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.outbox import GiveUp, OutboxMessage
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
SOON = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def asking(context):
    return make_practice(needs_confirmation=True)


def due():
    return session().scalars(select(OutboxMessage.due_at).where(OutboxMessage.kind == EXPIRE)).all()


def test_request_expires_after_48_hours(asking):
    make_appointment(asking, TEN)

    assert due() == [NOW + timedelta(hours=48)]


def test_request_expires_at_its_start_when_that_is_sooner(asking):
    make_appointment(asking, SOON)

    assert due() == [SOON]


def test_what_needs_no_answer_does_not_expire(context):
    make_appointment(make_practice(), TEN)

    assert due() == []


def test_the_system_is_named_as_who_gave_the_time_back(asking):
    appointment = make_appointment(asking, TEN)

    expire_when_due({"appointment": appointment.id}, NOW)
    expire_when_due({"appointment": appointment.id}, NOW)

    rows = session().scalars(select(AppointmentChange).order_by(AppointmentChange.number)).all()
    assert [(row.kind, row.actor) for row in rows] == [
        ("requested", "visitor"),
        ("expired", "system:requests"),
    ]


def test_confirmed_appointment_is_left_alone(asking):
    appointment = make_appointment(asking, TEN)
    confirm_appointment(appointment.id, actor=asking.desk, now=NOW)

    expire_when_due({"appointment": appointment.id}, NOW + timedelta(hours=48))

    assert session().get_one(Appointment, appointment.id).status == "confirmed"


def test_appointment_that_is_not_there_is_given_up(asking):
    with pytest.raises(GiveUp):
        expire_when_due({"appointment": new_id()}, NOW)
