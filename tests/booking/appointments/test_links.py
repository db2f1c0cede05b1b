from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.appointments.links import (
    MailedLinkNeeded,
    first_change,
    link_of,
    links_of,
    number_invited,
    open_link,
)
from clinic.booking.appointments.models import ManageLink
from clinic.booking.appointments.sequence_and_history import manage_token, shown_token
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, LinkChannel
from tests.support.factories import NOW, a_request, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
ENDS = TEN + timedelta(minutes=30)
THIRTY_DAYS = timedelta(days=30)
SAM = EnteredPartner(
    name="Sam Sample", email="sam@example.org", time_zone="Asia/Tokyo", language="pt"
)


@pytest.fixture
def practice(context):
    return make_practice()


def tokens_of(appointment):
    return [manage_token(one, clinic_id=appointment.clinic_id) for one in links_of(appointment)]


def test_each_partners_token_opens_the_appointment_as_that_partner(practice):
    appointment = make_appointment(practice, TEN, other_partner=SAM)

    opened = [open_link(token, now=NOW) for token in tokens_of(appointment)]

    assert [(one.appointment.id, one.partner.person.name) for one in opened] == [
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

    assert open_link(token, now=NOW).appointment.status == "cancelled"


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


def test_mailed_link_is_held_by_that_partner(practice):
    appointment = make_appointment(practice, TEN)
    (token,) = tokens_of(appointment)
    member = links_of(appointment)[0].member

    opened = open_link(token, now=NOW)

    assert (opened.time_zone, opened.partner) == ("Europe/Lisbon", member)
    assert opened.actor == Actor(
        clinic_id=practice.clinic.id,
        name=f"link:{member.id}",
        appointment_id=appointment.id,
        link=LinkChannel.MAILED,
        member_id=member.id,
    )


def test_shown_link_is_held_by_nobody_in_particular(practice):
    """Whoever books with a known address learns neither who that is nor where they live."""
    make_appointment(practice, TEN, partner=SAM)
    stranger = replace(SAM, name="Somebody Else", time_zone="Asia/Kathmandu", language="en")
    appointment = make_appointment(practice, TEN + timedelta(hours=1), partner=stranger)
    (link,) = links_of(appointment)

    opened = open_link(shown_token(link, clinic_id=practice.clinic.id), now=NOW)

    assert (opened.appointment.id, opened.time_zone) == (appointment.id, "Asia/Kathmandu")
    assert opened.actor == Actor(
        clinic_id=practice.clinic.id,
        name=f"shown:{link.id}",
        appointment_id=appointment.id,
        link=LinkChannel.SHOWN,
    )
    with pytest.raises(MailedLinkNeeded):
        _ = opened.partner


def test_only_who_booked_is_shown_a_link_and_what_staff_book_is_mailed_only(practice):
    by_visitor = make_appointment(practice, TEN, other_partner=SAM)
    request = a_request(TEN + timedelta(hours=1), other_partner=SAM)
    by_staff = book_appointment(request, actor=practice.desk, now=NOW)

    def opens(appointment):
        tokens = [shown_token(one, clinic_id=practice.clinic.id) for one in links_of(appointment)]
        return [found(token) for token in tokens]

    def found(token):
        try:
            return open_link(token, now=NOW).actor.link
        except NotFound:
            return None

    assert opens(by_visitor) == [LinkChannel.SHOWN, None]
    assert opens(by_staff) == [None, None]


def test_link_of_an_earlier_release_works_as_mailed_and_is_shown_anew_when_asked_again(practice):
    request = a_request(TEN, idempotency_key="k")
    appointment = book_appointment(request, actor=practice.visitor, now=NOW)
    with transaction() as current:
        link = current.get_one(ManageLink, links_of(appointment)[0].id)
        link.shown_token_hash = link.shown_time_zone = None
    mailed, shown = (
        token(link, clinic_id=practice.clinic.id) for token in (manage_token, shown_token)
    )
    with pytest.raises(NotFound):
        open_link(shown, now=NOW)

    book_appointment(request, actor=practice.visitor, now=NOW)

    assert [open_link(one, now=NOW).actor.link for one in (mailed, shown)] == ["mailed", "shown"]


def test_number_invited_does_not_tell_that_a_link_was_revoked(practice):
    appointment = make_appointment(practice, TEN, other_partner=SAM)
    with transaction() as current:
        current.get_one(ManageLink, links_of(appointment)[1].id).revoked_at = NOW

    assert (len(links_of(appointment)), number_invited(appointment)) == (1, 2)


def test_address_of_nobody_has_no_link(practice):
    appointment = make_appointment(practice, TEN)

    with pytest.raises(NotFound):
        link_of(appointment, "sam@example.org")


def test_first_change_tells_how_it_was_made(practice):
    appointment = make_appointment(practice, TEN)
    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)

    assert (first_change(appointment).kind, first_change(appointment).at) == ("booked", NOW)
    session().rollback()
