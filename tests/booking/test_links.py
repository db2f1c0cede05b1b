from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.changes import cancel_appointment
from clinic.booking.details import Person
from clinic.booking.history import manage_token
from clinic.booking.links import first_change, link_actor, link_of, links_of, open_link
from clinic.booking.models import ManageLink
from clinic.foundation.database import session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Actor
from tests.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
ENDS = TEN + timedelta(minutes=30)
THIRTY_DAYS = timedelta(days=30)
SAM = Person(name="Sam Sample", email="sam@example.org", time_zone="Asia/Tokyo", language="pt")


@pytest.fixture
def practice(context):
    return make_practice()


def tokens_of(appointment):
    return [manage_token(one, clinic_id=appointment.clinic_id) for one in links_of(appointment)]


def test_each_partners_token_opens_the_appointment_as_that_partner(practice):
    appointment = make_appointment(practice, TEN, other_partner=SAM)

    opened = [open_link(token, now=NOW) for token in tokens_of(appointment)]

    assert [(found.id, member.person.name) for found, member in opened] == [
        (appointment.id, "Alex Example"),
        (appointment.id, "Sam Sample"),
    ]


def test_link_is_open_until_thirty_days_after_the_end_and_then_dead(practice):
    (token,) = tokens_of(make_appointment(practice, TEN))

    assert open_link(token, now=ENDS + THIRTY_DAYS)
    with pytest.raises(NotFound):
        open_link(token, now=ENDS + THIRTY_DAYS + timedelta(microseconds=1))


def test_cancelled_appointment_can_still_be_seen(practice):
    appointment = make_appointment(practice, TEN)
    (token,) = tokens_of(appointment)

    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)

    assert open_link(token, now=NOW)[0].status == "cancelled"


def test_revoked_link_is_as_if_it_never_was(practice):
    appointment = make_appointment(practice, TEN)
    (token,) = tokens_of(appointment)
    with transaction() as current:
        current.get_one(ManageLink, links_of(appointment)[0].id).revoked_at = NOW

    with pytest.raises(NotFound):
        open_link(token, now=NOW)
    assert links_of(appointment) == []
    with pytest.raises(NotFound):
        link_of(appointment, "alex@example.org")


def test_a_thousand_guesses_open_nothing(practice):
    (token,) = tokens_of(make_appointment(practice, TEN))
    changed = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(43)
    ]
    guesses = [secrets.token_urlsafe(32) for _ in range(1000)]
    odd = ["", "\x00", "\ud800", "é", token.lower(), token + "=", token[:-1], "x" * 10_000]

    for guess in [*changed, *guesses, *odd]:
        with pytest.raises(NotFound):
            open_link(guess, now=NOW)


def test_holder_of_a_link_may_act_on_its_one_appointment(practice):
    appointment = make_appointment(practice, TEN)
    (token,) = tokens_of(appointment)
    member = links_of(appointment)[0].member

    assert link_actor(token, now=NOW) == Actor(
        clinic_id=practice.clinic.id,
        name=f"link:{member.id}",
        appointment_id=appointment.id,
        member_id=member.id,
    )


def test_address_of_nobody_has_no_link(practice):
    appointment = make_appointment(practice, TEN)

    with pytest.raises(NotFound):
        link_of(appointment, "sam@example.org")


def test_first_change_tells_how_it_was_made(practice):
    appointment = make_appointment(practice, TEN)
    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)

    assert (first_change(appointment).kind, first_change(appointment).at) == ("booked", NOW)
    session().rollback()
