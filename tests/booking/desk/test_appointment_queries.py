from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.booking.desk.appointment_queries import find_appointment, staff_slots
from clinic.booking.rules.diary_lines import day_window
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def practice(context):
    return make_practice()


def test_appointment_is_found_by_its_reference_in_any_case(practice):
    made = make_appointment(practice, TEN)

    assert find_appointment(made.reference.lower(), actor=practice.desk).id == made.id


def test_appointment_of_another_clinic_is_not_found(practice):
    made = make_appointment(practice, TEN)
    stranger = Actor(clinic_id="other", roles=frozenset({Role.ADMIN}))

    with pytest.raises(NotFound):
        find_appointment(made.reference, actor=stranger)


def test_staff_may_move_into_the_appointments_own_time_and_past_the_horizon(context):
    practice = make_practice(grid_minutes=15, horizon_days=7)
    made = make_appointment(practice, TEN)
    window = day_window(TUESDAY, zone="Europe/Lisbon")
    far = day_window(date(2027, 3, 1), zone="Europe/Lisbon")

    starts = [slot.start for _therapist, slot in staff_slots(made, window=window, now=NOW)]

    assert TEN + timedelta(minutes=15) in starts
    assert TEN not in starts
    assert staff_slots(made, window=far, now=NOW)
