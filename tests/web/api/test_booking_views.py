"""The JSON API: bookings that are made, once and for the right people."""

import pytest
from sqlalchemy import select

from clinic.booking.appointments.links import links_of, open_link
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.couples.models import Couple, Partner
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from tests.support.factories import make_practice
from tests.support.web.api_client import (
    BOOKINGS,
    TEN,
    a_body,
    book,
    count,
    nothing_stored,
    partner,
    problem,
    refused_fields,
    without,
)


@pytest.fixture
def practice(app):
    with app.app_context():
        yield make_practice()


def test_booking_is_answered_with_everything_its_holder_needs(client, practice):
    response = client.post(BOOKINGS, json=a_body())

    appointment = session().scalars(select(Appointment)).one()
    token = response.json["manage_token"]
    assert response.status_code == 201
    assert response.json == {
        "reference": appointment.reference,
        "status": "confirmed",
        "start": TEN,
        "end": "2026-11-24T10:30:00Z",
        "therapist": "ines-duarte",
        "session_type": "initial-consultation",
        "uid": appointment.uid,
        "manage_url": f"http://localhost/a/{token}",
        "manage_token": token,
        "calendar_url": f"http://localhost/a/{token}/appointment.ics",
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert appointment.source == "site"


def test_calendar_of_a_booking_holds_its_entry_and_follows_it(client, practice):
    booked = book(client)
    path = booked["calendar_url"].removeprefix("http://localhost")
    client.post(
        f"{BOOKINGS}/{booked['manage_token']}/reschedule", json={"start": "2026-11-25T11:00:00Z"}
    )

    entry = client.get(path)

    assert path == f"/a/{booked['manage_token']}/appointment.ics"
    assert entry.content_type == "text/calendar; charset=utf-8"
    for line in (f"UID:{booked['uid']}", "SEQUENCE:1", "20261125T110000"):
        assert line in entry.text


def test_partner_who_books_is_shown_their_own_link(client, practice):
    """B of a known couple books: B's link is shown, in the zone that was stated."""
    other = {"name": "Sam Sample", "email": "sam@example.org"}
    book(client, other_partner=other)

    second = book(
        client,
        start="2026-11-25T10:00:00Z",
        partner=partner(**other, time_zone="Asia/Kathmandu"),
    )

    opened = open_link(second["manage_token"], now=clock.now())
    (link,) = links_of(opened.appointment)
    assert (link.member.slot, opened.actor.name) == ("B", f"shown:{link.id}")
    assert (opened.member, opened.time_zone) == (None, "Asia/Kathmandu")


def test_whoever_is_free_is_taken_when_no_therapist_is_named(client, practice):
    assert book(client, therapist=None)["therapist"] == "ines-duarte"


def test_start_may_carry_any_offset(client, practice):
    assert book(client, start="2026-11-24T15:45:00+05:45")["start"] == TEN


def test_request_that_is_confirmed_by_the_clinic_is_answered_as_requested(client, app):
    with app.app_context():
        make_practice(needs_confirmation=True)

    assert book(client)["status"] == "requested"


def test_other_partner_lives_where_and_speaks_as_the_first(client, practice):
    book(
        client,
        partner=partner(time_zone="Asia/Kathmandu", language="pt"),
        other_partner={"name": "Sam", "email": "sam@example.org", "language": "xx"},
    )

    couple = session().scalars(select(Couple)).one()
    assert [(m.person.name, m.person.time_zone, m.person.language) for m in couple.members] == [
        ("Alex Example", "Asia/Kathmandu", "pt"),
        ("Sam", "Asia/Kathmandu", "pt"),
    ]


def test_zone_and_language_left_out_are_the_clinics(client, practice):
    book(client, partner=without(partner(), "time_zone", "language"))

    person = session().scalars(select(Partner)).one()
    assert (person.time_zone, person.language) == ("Europe/Lisbon", "en")


def test_members_that_are_not_documented_are_not_read(client, practice):
    """Mass assignment: nothing but what is named gets through."""
    taken = book(client)
    before = session().scalars(select(Appointment)).one()
    slipped_in = {
        "id": before.id,
        "uid": before.uid,
        "reference": "AAAAAA",
        "status": "completed",
        "couple_id": before.couple_id,
        "clinic_id": "x",
        "source": "staff",
        "conflict": True,
        "ends_at": "2030-01-01T00:00:00Z",
        "end": "2030-01-01T00:00:00Z",
        "sequence": 99,
        "hold_token": "x.y",
        "idempotency_key": "x",
        "created_at": "2000-01-01T00:00:00Z",
        "__class__": "x",
    }

    made = book(
        client,
        start="2026-11-25T10:00:00Z",
        partner=partner(email="new@example.org", id="x", couple_id=before.couple_id, slot="B"),
        **slipped_in,
    )

    session().rollback()
    new = session().scalars(select(Appointment).where(Appointment.uid == made["uid"])).one()
    assert new.id != before.id
    assert new.couple_id != before.couple_id
    assert (new.status, new.source, new.sequence, new.conflict) == ("confirmed", "site", 0, False)
    assert (made["end"], new.clinic_id) == ("2026-11-25T10:30:00Z", practice.clinic.id)
    assert client.get(f"{BOOKINGS}/{taken['manage_token']}").json["sequence"] == 0


def test_session_cookie_does_not_make_the_caller_staff(client, practice):
    """The API is open without a CSRF token because it never looks at who is signed in."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "somebody"

    book(client)

    change = session().scalars(select(AppointmentChange)).one()
    assert change.actor == "visitor"


def test_taken_slot_is_refused_with_the_three_nearest(client, practice):
    book(client)

    response = client.post(BOOKINGS, json=a_body(partner=partner(email="other@example.org")))

    assert problem(response, 409) == {
        "type": "http://localhost/problems/slot-unavailable",
        "rule": "appointment",
        "alternatives": [
            {
                "start": f"2026-11-24T{start}:00Z",
                "end": f"2026-11-24T{end}:00Z",
                "therapist": "ines-duarte",
            }
            for start, end in [("09:30", "10:00"), ("10:30", "11:00"), ("09:00", "09:30")]
        ],
    }
    assert (count(Appointment), count(Couple)) == (1, 1)


def send(client, key, **changes):
    return client.post(BOOKINGS, json=a_body(**changes), headers={"Idempotency-Key": key})


def test_double_submit_with_a_key_books_once_and_gets_the_same_answer(client, practice):
    first, again = send(client, "k-1"), send(client, "k-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert (count(Appointment), count(AppointmentChange)) == (1, 1)


def test_answer_stays_the_first_one_after_the_appointment_has_moved(client, practice):
    first = send(client, "k-1")
    client.post(
        f"{BOOKINGS}/{first.json['manage_token']}/reschedule",
        json={"start": "2026-11-25T11:00:00Z"},
    )
    client.post(f"{BOOKINGS}/{first.json['manage_token']}/cancel")

    assert send(client, "k-1").data == first.data


def test_key_used_for_something_else_is_refused(client, practice):
    send(client, "k-1")

    response = send(client, "k-1", start="2026-11-24T11:00:00Z")

    assert problem(response, 422) == {
        "type": "http://localhost/problems/idempotency-key-reused",
        "errors": {"Idempotency-Key": ["This key was used for another booking."]},
    }
    assert count(Appointment) == 1


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "ключ".encode().decode("latin-1"), "a b"])
def test_key_that_is_none_is_refused(client, practice, key):
    assert refused_fields(send(client, key)) == ["Idempotency-Key"]
    assert nothing_stored()
