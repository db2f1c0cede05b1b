"""A therapist subscribes in a calendar program; what clients do on the site appears there.

The feed is fetched over HTTP from the real app by vdirsyncer and shown by khal.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.models import Appointment
from clinic.calendars.feeds.service import create_therapist_feed, revoke_feed
from clinic.calendars.models import CalendarFeed
from clinic.extensions import db
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.calendars.calendar_programs import listed, sync
from tests.support.factories import NOW, make_appointment, make_practice
from tests.support.live_clinic import live_clinic

MONDAY = date(2026, 11, 30)
TUESDAY_TEN = datetime(2026, 12, 1, 10, tzinfo=UTC)
THURSDAY_FOUR = datetime(2026, 12, 3, 16, tzinfo=UTC)
FRIDAY_NINE = datetime(2026, 12, 4, 9, tzinfo=UTC)


@pytest.fixture
def clinic(database_url, tmp_path):
    with live_clinic(tmp_path, database_url) as served, served.app.app_context():
        yield served


@pytest.fixture
def practice(clinic):
    return make_practice()


@pytest.fixture
def themselves(practice):
    return Actor(
        clinic_id=practice.clinic.id,
        name="account:ines",
        account_id="ines",
        roles=frozenset({Role.THERAPIST}),
        therapist_id=practice.therapist.id,
    )


@pytest.fixture
def address(clinic, practice, themselves):
    _feed, token = create_therapist_feed(
        practice.therapist.id, name="Phone", actor=themselves, now=NOW
    )
    return f"{clinic.url}/calendar/{token}.ics"


def test_what_is_booked_moved_and_cancelled_on_the_site_is_seen_in_the_calendar_program(
    practice, address, tmp_path
):
    folder = tmp_path / "program"
    folder.mkdir()

    def seen():
        db.session.remove()
        sync(address, folder)
        return listed(folder, first=MONDAY, days=7, time_zone="Europe/Lisbon")

    assert seen() == []

    stays = make_appointment(practice, THURSDAY_FOUR).id
    booked = make_appointment(practice, TUESDAY_TEN)
    after_booking = seen()
    assert [(one.title, one.starts, one.ends) for one in after_booking] == [
        ("Session", "2026-12-01 10:00", "2026-12-01 10:30"),
        ("Session", "2026-12-03 16:00", "2026-12-03 16:30"),
    ]

    move_appointment(booked.id, start=FRIDAY_NINE, actor=practice.holder_of(booked), now=NOW)
    after_moving = seen()
    assert [(one.starts, one.cancelled) for one in after_moving] == [
        ("2026-12-03 16:00", False),
        ("2026-12-04 09:00", False),
    ]
    assert after_moving[0] == after_booking[1]

    cancel_appointment(booked.id, actor=practice.holder_of(booked), now=NOW)
    after_cancelling = seen()
    assert after_cancelling[0] == after_booking[1]
    assert [(one.starts, one.cancelled) for one in after_cancelling[1:]] == [
        ("2026-12-04 09:00", True)
    ]
    assert db.session.get_one(Appointment, stays).sequence == 0


def test_nothing_that_a_client_wrote_reaches_the_program(practice, address, tmp_path):
    make_appointment(practice, TUESDAY_TEN, message="about the winter")
    db.session.remove()
    folder = tmp_path / "program"
    folder.mkdir()
    [text] = sync(address, folder)
    assert [word for word in ("Alex", "alex@", "winter", "ouple") if word in text] == []


def test_a_revoked_address_fetches_nothing_more(practice, address, themselves, tmp_path):
    make_appointment(practice, TUESDAY_TEN)
    feed = db.session.scalars(select(CalendarFeed)).one()
    revoke_feed(feed.id, actor=themselves, now=NOW)
    db.session.remove()
    folder = tmp_path / "program"
    folder.mkdir()
    with pytest.raises(AssertionError, match="NOT FOUND"):
        sync(address, folder)
