from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from clinic.booking.appointments.models import LIVE
from clinic.booking.desk.diary_queries import (
    count_requests,
    day_of,
    entries,
    first_name,
    visible_therapists,
    weeks_of,
    why_not_at,
)
from clinic.booking.rules.diary_lines import day_window
from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def practice(context):
    return make_practice()


def therapist_actor(practice, therapist_id):
    return Actor(
        clinic_id=practice.clinic.id,
        name="account:t",
        roles=frozenset({Role.THERAPIST}),
        therapist_id=therapist_id,
    )


def another(practice, **changes):
    values = {"slug": "daniel-reyes", "name": "Daniel Reyes", "sort": 1} | changes
    return make_therapist(practice.clinic, session_types=[practice.session_type], **values)


def queries_of(action):
    """How many statements an action sends."""
    session().rollback()
    session().expunge_all()
    session().info.clear()
    sent = []

    def note(*arguments):
        sent.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(sent)


def test_desk_sees_all_diaries_and_a_therapist_their_own(practice):
    daniel = another(practice)

    seen = [one.slug for one in visible_therapists(practice.desk)]
    own = [one.slug for one in visible_therapists(therapist_actor(practice, daniel.id))]

    assert (seen, own) == (["ines-duarte", "daniel-reyes"], ["daniel-reyes"])


def test_staff_without_a_diary_see_none(practice):
    assert visible_therapists(therapist_actor(practice, None)) == []


def test_day_needs_as_many_queries_with_one_session_as_with_eight(practice):
    therapist = practice.therapist
    make_appointment(practice, TEN)
    session().expunge_all()
    few = queries_of(lambda: day_of(therapist, TUESDAY, names=True, now=NOW))
    for number in range(1, 8):
        make_appointment(practice, TEN + number * HALF_HOUR)

    assert queries_of(lambda: day_of(therapist, TUESDAY, names=True, now=NOW)) == few


def test_weeks_need_as_many_queries_for_three_therapists_as_for_one(practice):
    people = [practice.therapist, another(practice), another(practice, slug="marta", name="M")]
    window = day_window(date(2026, 11, 23), days=7, zone="Europe/Lisbon")
    for one in people:
        make_appointment(practice, TEN, therapist=one.slug)

    one = queries_of(lambda: weeks_of(people[:1], window=window, now=NOW))
    three = queries_of(lambda: weeks_of(people, window=window, now=NOW))

    assert three == one


def test_names_stay_sealed_where_they_are_not_asked_for(practice):
    make_appointment(practice, TEN)
    window = day_window(TUESDAY, zone="Europe/Lisbon")

    (entry,) = entries([practice.therapist.id], window=window, statuses=LIVE, names=False)

    assert (entry.couple_code, entry.names) == ("C-0001", ())


def test_requests_are_counted_for_those_who_can_answer_them(context):
    practice = make_practice(needs_confirmation=True)
    daniel = another(practice)
    make_appointment(practice, TEN)

    counts = [
        count_requests(actor)
        for actor in (
            practice.desk,
            therapist_actor(practice, practice.therapist.id),
            therapist_actor(practice, daniel.id),
        )
    ]

    assert counts == [1, 1, 0]


@pytest.mark.parametrize(
    ("wall", "rule"),
    [
        (datetime(2026, 11, 24, 11), None),
        (datetime(2026, 11, 24, 10), RestrictionRule.APPOINTMENT),
        (datetime(2026, 11, 24, 8), RestrictionRule.CLOSED),
        (datetime(2027, 3, 28, 1, 30), RestrictionRule.NONEXISTENT_TIME),
    ],
)
def test_rule_against_a_wall_time_is_named(practice, wall, rule):
    make_appointment(practice, TEN)

    assert why_not_at(practice.therapist, practice.session_type, wall, now=NOW) == rule


@pytest.mark.parametrize(
    ("name", "first"),
    [("Alex Example", "Alex"), ("Ngọc", "Ngọc"), ("  Ana  Maria ", "Ana"), ("", "")],
)
def test_first_name_is_what_comes_first(name, first):
    assert first_name(name) == first
