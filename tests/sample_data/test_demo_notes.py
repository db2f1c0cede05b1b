from __future__ import annotations

from sqlalchemy import select

from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from tests.support.demo_clinic import COURSE, rows
from tests.support.factories import NOW


def test_first_couple_has_the_course_of_eight_sessions(app, demo):
    past = rows(
        app,
        select(Appointment.starts_at, Appointment.status)
        .join(Couple, Couple.id == Appointment.couple_id)
        .where(Couple.code == "C-0001", Appointment.starts_at < NOW)
        .order_by(Appointment.starts_at),
    )

    assert [f"{start:%Y-%m-%dT%H:%MZ}" for start, _status in past] == COURSE
