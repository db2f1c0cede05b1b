from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from clinic.booking.desk.audited_reads import read_appointment, read_day, read_requests
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def practice(context):
    return make_practice()


def reads():
    session().rollback()
    query = select(AuditEntry.action, AuditEntry.object_id).order_by(AuditEntry.seq)
    return [
        tuple(row)
        for row in session().execute(query)
        if row.action in {"couple.names_read", "appointment.read", "appointment.read_in_full"}
    ]


def test_a_day_with_names_is_noted_once_for_each_couple(practice):
    first = make_appointment(practice, TEN)
    make_appointment(practice, TEN.replace(hour=12))

    day = read_day(practice.therapist.id, TUESDAY, actor=practice.desk, now=NOW)

    assert [one.start for one in day.sessions] == [TEN, TEN.replace(hour=12)]
    assert reads() == [("couple.names_read", first.couple_id)]


def test_a_day_without_sessions_leaves_no_line(practice):
    assert (
        list(read_day(practice.therapist.id, TUESDAY, actor=practice.desk, now=NOW).sessions) == []
    )
    assert reads() == []


def test_a_diary_of_somebody_else_is_not_found(practice):
    other = make_therapist(practice.clinic, slug="other")
    actor = Actor(
        clinic_id=practice.clinic.id,
        name="account:t",
        account_id="t",
        roles=frozenset({Role.THERAPIST}),
        therapist_id=practice.therapist.id,
    )

    with pytest.raises(NotFound):
        read_day(other.id, TUESDAY, actor=actor, now=NOW)
    assert reads() == []


def test_requests_are_noted_with_the_couples_they_name(context):
    practice = make_practice(needs_confirmation=True)
    asked = make_appointment(practice, TEN)

    found = read_requests(actor=practice.desk, now=NOW)

    assert [one.couple_id for one in found] == [asked.couple_id]
    assert reads() == [("couple.names_read", asked.couple_id)]


def test_an_appointment_is_noted_with_or_without_its_words(practice):
    made = make_appointment(practice, TEN)

    appointment, page = read_appointment(made.reference, actor=practice.desk, now=NOW)

    noted = "appointment.read_in_full" if page.shows_words else "appointment.read"
    assert appointment.id == made.id
    assert reads() == [(noted, made.id)]


def test_an_appointment_that_is_not_there_is_not_found(practice):
    with pytest.raises(NotFound):
        read_appointment("NOBODY", actor=practice.desk, now=NOW)
