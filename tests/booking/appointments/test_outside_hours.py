"""What is booked at times that are not worked: listed for the desk, never moved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.outside_hours import OutsideHours, booked_outside_hours
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.hours.service import (
    add_closure,
    add_time_off,
    remove_time_off,
    set_day_override,
    set_weekly_hours,
)
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    DayHours,
    HoursRange,
    WeeklyRange,
)
from tests.support.booking.desk_fixtures import open_desk
from tests.support.factories import NOW, make_appointment, make_practice
from tests.support.query_counting import count_queries

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""A Tuesday."""
SLUG = "ines-duarte"


@pytest.fixture
def practice(context):
    return make_practice()


def by(practice):
    admin = Actor(clinic_id=practice.clinic.id, name="account:x", roles=frozenset({Role.ADMIN}))
    return {"actor": admin, "now": NOW}


def found(practice, *, now=NOW):
    return booked_outside_hours([practice.therapist.id], now=now)


def references(practice, *, now=NOW):
    return [one.reference for one in found(practice, now=now)]


def test_nothing_is_listed_while_everything_lies_within_the_hours(practice):
    make_appointment(practice, TEN)
    assert found(practice) == []
    assert booked_outside_hours([], now=NOW) == []


def test_time_off_lists_what_it_hits_and_nothing_else(practice):
    hit = make_appointment(practice, TEN)
    make_appointment(practice, TEN + timedelta(hours=2))
    away = AbsenceTimes("2026-11-24T10:15", "2026-11-24T10:20")
    row = add_time_off(SLUG, absence=away, **by(practice))
    assert found(practice) == [
        OutsideHours(
            reference=hit.reference,
            starts_at=TEN,
            ends_at=TEN + timedelta(minutes=30),
            session_type={"en": "Initial consultation", "pt": "Consulta inicial"},
            therapist="Inês Duarte",
            time_zone="Europe/Lisbon",
        )
    ]
    remove_time_off(SLUG, time_off_id=row.id, **by(practice))
    assert found(practice) == []


def test_an_absence_that_only_touches_hits_nothing(practice):
    make_appointment(practice, TEN)
    away = AbsenceTimes("2026-11-24T10:30", "2026-11-24T11:00")
    add_time_off(SLUG, absence=away, **by(practice))
    assert found(practice) == []


def test_other_hours_of_a_day_a_closure_and_a_new_week_list_theirs(practice):
    tuesday = make_appointment(practice, TEN).reference
    wednesday = make_appointment(practice, TEN + timedelta(days=1)).reference
    thursday = make_appointment(practice, TEN + timedelta(days=2)).reference
    afternoon = DayHours(date(2026, 11, 24), (HoursRange(13 * 60, 17 * 60),))
    set_day_override(SLUG, hours=afternoon, **by(practice))
    assert references(practice) == [tuesday]
    away = AbsenceTimes("2026-11-25T00:00", "2026-11-26T00:00")
    add_closure(ClinicClosure("Works", away), **by(practice))
    assert references(practice) == [tuesday, wednesday]
    mornings = [WeeklyRange(day, 8 * 60, 9 * 60) for day in range(5)]
    set_weekly_hours(SLUG, ranges=mornings, **by(practice))
    assert references(practice) == [tuesday, wednesday, thursday]


def test_what_is_over_or_cancelled_needs_nobody(practice):
    made = make_appointment(practice, TEN)
    away = AbsenceTimes("2026-11-24T10:00", "2026-11-24T12:00")
    add_time_off(SLUG, absence=away, **by(practice))
    assert references(practice, now=TEN + timedelta(minutes=30)) == []
    cancel_appointment(made.id, actor=practice.desk, now=NOW)
    assert references(practice) == []


def test_the_queries_grow_with_neither_days_nor_appointments(practice):
    counts = []
    for number in (1, 4):
        for week in range(number):
            start = TEN + timedelta(days=7 * week, hours=number)
            make_appointment(practice, start)
        with count_queries() as said:
            found(practice)
        counts.append(len(said))
    assert counts[0] == counts[1]


def test_the_hours_page_and_the_closures_page_show_the_list_with_its_links(app):
    house = open_desk(app)
    booked = house.book(TEN)
    admin = house.enter("admin")
    hours = "/desk/practice/therapists/ines-duarte/hours"
    assert "Booked at times that are not worked" not in admin.get(hours).text
    away = AbsenceTimes("2026-11-24T10:00", "2026-11-24T12:00")
    house.do(lambda: add_time_off(SLUG, absence=away, actor=house.desk, now=NOW))
    for page in (hours, "/desk/practice/closures"):
        said = admin.get(page).text
        assert "Booked at times that are not worked" in said
        assert f'href="{booked.at()}"' in said
        assert f'href="{booked.at("/move")}"' in said
        assert "Alex" not in said
