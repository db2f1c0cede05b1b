from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.conflicts import clear_conflicts, overlaps_another
from clinic.booking.appointments.models import Appointment
from clinic.foundation.database.transactions import session, transaction
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
LENGTH = timedelta(minutes=30)


@pytest.fixture
def practice(context):
    return make_practice()


def mark(appointment_id):
    with transaction() as current:
        current.get_one(Appointment, appointment_id).conflict = True


def is_marked(appointment_id):
    return session().get_one(Appointment, appointment_id, populate_existing=True).conflict


@pytest.mark.parametrize(
    ("later", "overlaps"),
    [
        (timedelta(minutes=-30), False),
        (timedelta(minutes=-29), True),
        (timedelta(0), True),
        (timedelta(minutes=29), True),
        (timedelta(minutes=30), False),
    ],
)
def test_appointments_overlap_when_they_share_a_minute(practice, later, overlaps):
    make_appointment(practice, TEN)
    asked = Appointment(id="0" * 32, starts_at=TEN + later, ends_at=TEN + later + LENGTH)
    other = make_therapist(practice.clinic, slug="daniel", name="Daniel Park")

    def answer(therapist):
        return overlaps_another(session(), asked, therapist_id=therapist.id)

    assert (answer(practice.therapist), answer(other)) == (overlaps, False)


def test_mark_goes_once_nothing_overlaps_any_more(practice):
    mine = make_appointment(practice, TEN)
    marked = make_appointment(practice, TEN + LENGTH)
    mark(marked.id)

    assert clear_conflicts(practice.therapist.id) == [marked.id]
    assert is_marked(marked.id) is False
    assert clear_conflicts(practice.therapist.id) == []
    assert is_marked(mine.id) is False


def test_cancelled_appointment_is_no_conflict(practice):
    mine = make_appointment(practice, TEN)
    cancel_appointment(mine.id, actor=practice.desk, now=NOW)
    asked = Appointment(id="0" * 32, starts_at=TEN, ends_at=TEN + LENGTH)

    assert overlaps_another(session(), asked, therapist_id=practice.therapist.id) is False
