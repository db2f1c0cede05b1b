from datetime import timedelta

import pytest

from clinic.booking.appointments.changes import (
    cancel_appointment,
    confirm_appointment,
    decline_appointment,
)
from clinic.booking.appointments.models import Appointment
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.calendars.feeds.queries import content_of, get_feed, list_feeds
from clinic.calendars.feeds.service import create_partner_feed, create_therapist_feed, revoke_feed
from clinic.calendars.feeds.writer.feed import EntryStatus
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_appointment, make_practice

TEN = NOW + timedelta(days=1, hours=1)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def practice(context):
    return make_practice()


def admin(practice):
    return Actor(clinic_id=practice.clinic.id, roles=frozenset({Role.ADMIN}))


def make_feed(practice, name="phone", now=NOW):
    return create_therapist_feed(practice.therapist.id, name=name, actor=admin(practice), now=now)


def content(practice, *, now=NOW, token=None):
    token = token or make_feed(practice)[1]
    return content_of(get_feed(token), summary="Session", now=now)


def shown(practice, *, now=NOW):
    return [(one.starts_at, one.status) for one in content(practice, now=now).entries]


def shift(appointment, start):
    """Put a stored appointment at another time, past or far, where nobody could book."""
    with transaction() as current:
        row = current.get_one(Appointment, appointment.id)
        row.starts_at, row.ends_at = start, start + HALF_HOUR


@pytest.mark.parametrize("token", ["", "a", "é", "\ud800", "x" * 10_000])
def test_wrong_token_opens_nothing(practice, token):
    with pytest.raises(NotFound):
        get_feed(token)


def test_live_addresses_are_listed_the_newest_first(practice):
    make_feed(practice, "old")
    make_feed(practice, "new", now=NOW + HALF_HOUR)
    gone, _token = make_feed(practice, "gone", now=NOW + DAY)
    revoke_feed(gone.id, actor=admin(practice), now=NOW + DAY)

    assert [one.name for one in list_feeds(practice.therapist.id)] == ["new", "old"]


def test_feed_has_the_therapists_zone_and_the_clinics_short_name(practice):
    found = content(practice)

    assert (found.name, found.time_zone, found.entries) == ("Clinic", "Europe/Lisbon", ())


def test_entry_carries_the_stored_identity_and_nothing_of_the_client(practice):
    made = make_appointment(practice, TEN, message="We argue", concerns=("feel_safe",))

    (entry,) = content(practice).entries

    assert (entry.uid, entry.sequence, entry.summary) == (made.uid, 0, "Session")
    assert (entry.location, entry.updated_at) == (None, NOW)


@pytest.mark.parametrize(
    ("start", "is_shown"),
    [
        (NOW - 60 * DAY, True),
        (NOW - 60 * DAY - HALF_HOUR, False),
        (NOW + 540 * DAY - HALF_HOUR, True),
        (NOW + 540 * DAY, False),
    ],
)
def test_feed_holds_sixty_days_back_and_a_year_and_a_half_ahead(practice, start, is_shown):
    shift(make_appointment(practice, TEN), start)

    assert bool(shown(practice)) is is_shown


def test_request_is_tentative_until_it_is_answered(context):
    practice = make_practice(needs_confirmation=True)
    made = make_appointment(practice, TEN)
    assert shown(practice) == [(TEN, EntryStatus.TENTATIVE)]

    confirm_appointment(made.id, actor=practice.desk, now=NOW)
    assert shown(practice) == [(TEN, EntryStatus.CONFIRMED)]


def test_declined_request_is_crossed_out(context):
    practice = make_practice(needs_confirmation=True)
    made = make_appointment(practice, TEN)

    decline_appointment(made.id, actor=practice.desk, now=NOW)

    assert shown(practice) == [(TEN, EntryStatus.CANCELLED)]


@pytest.mark.parametrize(
    ("later", "is_shown"), [(timedelta(days=30, seconds=-1), True), (timedelta(days=30), False)]
)
def test_cancelled_session_is_kept_for_thirty_days(practice, later, is_shown):
    made = make_appointment(practice, TEN)
    cancel_appointment(made.id, actor=practice.desk, now=NOW)

    assert bool(shown(practice, now=NOW + later)) is is_shown


def test_partners_feed_holds_their_couples_sessions_in_their_own_zone(practice):
    sam = EnteredPartner(
        name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
    )
    couple = make_appointment(practice, TEN, other_partner=sam).couple
    stranger = EnteredPartner(
        name="Kim", email="kim@example.org", time_zone="Europe/Lisbon", language="en"
    )
    make_appointment(practice, TEN + HALF_HOUR, partner=stranger)
    member = couple.members[1].id
    themselves = Actor(clinic_id=practice.clinic.id, member_id=member)
    _feed, token = create_partner_feed(member, name="phone", actor=themselves, now=NOW)

    found = content(practice, token=token)

    assert (found.time_zone, [one.starts_at for one in found.entries]) == ("Asia/Kathmandu", [TEN])


def test_content_does_not_change_with_the_clock(practice):
    make_appointment(practice, TEN)
    token = make_feed(practice)[1]

    first = content(practice, token=token)
    session().expunge_all()

    assert content(practice, token=token, now=NOW + HALF_HOUR) == first
