from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.calendars.feeds.queries import get_feed
from clinic.calendars.feeds.service import create_therapist_feed, note_read, revoke_feed
from clinic.calendars.models import CalendarFeed
from clinic.foundation.audit import AuditEntry
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_practice

TEN = NOW + timedelta(days=1, hours=1)


@pytest.fixture
def practice(context):
    return make_practice()


def actor_of(practice, *roles, therapist_id=None):
    return Actor(
        clinic_id=practice.clinic.id,
        name="account:x",
        roles=frozenset(roles),
        therapist_id=therapist_id,
    )


def make(practice, **changes):
    values = {"name": "phone", "actor": actor_of(practice, Role.ADMIN), "now": NOW} | changes
    return create_therapist_feed(practice.therapist.id, **values)


def stored():
    session().rollback()
    return session().scalars(select(CalendarFeed)).all()


def test_only_the_hash_of_a_token_is_kept(practice):
    feed, token = make(practice)

    (row,) = stored()
    assert (row.id, row.token_hash, row.created_at) == (feed.id, token_hash(token), NOW)
    kept = [str(getattr(row, column.key)) for column in CalendarFeed.__table__.columns]
    assert not any(token in text for text in kept)


def test_every_address_has_a_token_of_its_own(practice):
    tokens = {make(practice)[1] for _ in range(3)}

    assert {len(token) >= 43 for token in tokens} == {True}
    assert len(tokens) == 3


def test_therapist_makes_an_address_of_their_own_diary_only(practice):
    own = actor_of(practice, Role.THERAPIST, therapist_id=practice.therapist.id)
    other = actor_of(practice, Role.THERAPIST, therapist_id="other")

    make(practice, actor=own)
    with pytest.raises(NotAllowed):
        make(practice, actor=other)
    with pytest.raises(NotAllowed):
        make(practice, actor=practice.desk)
    assert len(stored()) == 1


def test_therapist_of_another_clinic_is_not_found(practice):
    stranger = Actor(clinic_id="other", roles=frozenset({Role.ADMIN}))

    with pytest.raises(NotFound):
        make(practice, actor=stranger)


@pytest.mark.parametrize("name", ["", "  ", "a" * 61])
def test_address_is_named_in_up_to_sixty_characters(practice, name):
    with pytest.raises(InvalidInput) as refused:
        make(practice, name=name)

    assert list(refused.value.errors) == ["name"]
    assert stored() == []


def test_ended_address_is_as_if_it_never_was(practice):
    feed, token = make(practice)

    revoke_feed(feed.id, actor=actor_of(practice, Role.ADMIN), now=NOW)

    with pytest.raises(NotFound):
        get_feed(token)


def test_ending_twice_keeps_the_first_time_and_one_line_of_audit(practice):
    feed, _token = make(practice)
    admin = actor_of(practice, Role.ADMIN)

    revoke_feed(feed.id, actor=admin, now=NOW)
    revoke_feed(feed.id, actor=admin, now=NOW + timedelta(hours=1))

    (row,) = stored()
    lines = session().scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert (row.revoked_at, lines) == (NOW, ["feed.created", "feed.revoked"])


def test_another_clinics_address_cannot_be_ended(practice):
    feed, token = make(practice)

    with pytest.raises(NotFound):
        revoke_feed(feed.id, actor=Actor(clinic_id="other"), now=NOW)
    assert get_feed(token).id == feed.id


def test_reading_is_noted_to_five_minutes(practice):
    feed, token = make(practice)
    seen = []

    for minutes in (0, 4, 5):
        note_read(get_feed(token), now=NOW + timedelta(minutes=minutes))
        seen += [row.last_read_at - NOW for row in stored()]

    assert seen == [timedelta(0), timedelta(0), timedelta(minutes=5)]
    assert feed.name == "phone"
