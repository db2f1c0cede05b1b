"""Who should we expect? The form, its slips, and what comes of sending it late or forged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.booking.appointments.models import Appointment
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.practice.models import Clinic
from tests.support.booking.booking_client import (
    book,
    choose,
    details_form,
    form_token,
    heading,
    hidden_fields,
    words,
)
from tests.support.booking.booking_queries import (
    HALF_HOUR,
    TEN,
    appointments,
    booked_by_another,
    held,
    stored,
)
from tests.support.factories import NOW, make_session_type, make_therapist


def test_changed_details_after_booking_lead_to_what_is_booked(app, client, practice):
    choose(client, TEN)
    form = details_form(client)
    first = client.post("/book/details", data=form)

    again = client.post("/book/details", data=form | {"name": "Somebody Else"})

    assert (again.status_code, again.location) == (303, first.location)
    assert appointments(app) == [(TEN, "confirmed")]


def test_going_back_to_the_details_after_booking_leads_to_what_is_booked(client, practice):
    token = book(client, TEN)

    back = client.get("/book/details")

    assert (back.status_code, back.location) == (303, f"/a/{token}/booked")


def test_details_without_a_time_lead_to_the_times(client, practice):
    answer = client.get("/book/details")

    assert (answer.status_code, answer.location) == (303, "/book/times")


def test_time_taken_while_the_details_were_written_keeps_what_was_written(app, client, practice):
    choose(client, TEN)
    form = details_form(client, name="Zoë Example", message="Two\nlines")
    clock.freeze(NOW + timedelta(minutes=11))
    booked_by_another(app, practice)

    answer = client.post("/book/details", data=form)

    kept = hidden_fields(answer.text)
    assert (answer.status_code, heading(answer)) == (409, "That time has just been taken")
    assert {name: kept.get(name) for name in ("name", "email", "message", "privacy_accepted")} == {
        "name": "Zoë Example",
        "email": "alex@example.org",
        "message": "Two\nlines",
        "privacy_accepted": "y",
    }
    assert len(appointments(app)) == 1


def test_late_send_still_books_the_time_when_it_is_free(app, client, practice):
    choose(client, TEN)
    form = details_form(client)
    clock.freeze(NOW + timedelta(minutes=11))

    answer = client.post("/book/details", data=form)

    assert (answer.status_code, appointments(app)) == (303, [(TEN, "confirmed")])


def test_hold_of_somebody_unknown_is_answered_with_what_was_written(app, client, practice):
    token = form_token(client)
    form = {"csrf_token": token, "hold": f"{'0' * 32}.x", "key": "k", "name": "Zoë Example"}

    answer = client.post("/book/details", data=form)

    assert answer.status_code == 409
    assert heading(answer) == "We could not hold the time any longer"
    assert hidden_fields(answer.text)["name"] == "Zoë Example"
    assert appointments(app) == []


@pytest.mark.parametrize("hold", ["", ".", "x" * 70_000, "\x00.\x00", "ünï.çödé"])
def test_any_forged_hold_is_answered_kindly(app, client, practice, hold):
    answer = client.post(
        "/book/details", data={"csrf_token": form_token(client), "hold": hold, "name": "Zoë"}
    )

    assert (answer.status_code, appointments(app)) == (409, [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Please tell us how to call you."),
        ({"name": "x" * 10_000}, "This is longer than 100 characters."),
        ({"name": "nul\x00"}, "This text holds an invisible character that cannot be stored."),
        ({"email": ""}, "Please give an e-mail address: the confirmation goes there."),
        ({"email": "a@b\r\nBcc: c@d.org"}, "This does not look like an e-mail address."),
        ({"language": "xx"}, "Please choose English or Portuguese."),
        ({"format": "phone"}, "Please choose online or in person."),
        ({"message": "x" * 2001}, "This is longer than 2,000 characters."),
        ({"other_email": "sam@example.org"}, "Please tell us how to call you."),
        ({"other_name": "Sam", "other_email": "no"}, "This does not look like an e-mail address."),
        (
            {"other_name": "Sam", "other_email": "ALEX@example.org"},
            "Each partner needs an address of their own.",
        ),
    ],
)
def test_each_slip_is_named_at_its_field_and_nothing_is_booked_or_lost(
    app, client, practice, changes, said
):
    choose(client, TEN)
    form = details_form(client, message="Kept")

    answer = client.post("/book/details", data=form | changes)

    assert (answer.status_code, heading(answer)) == (422, "Who should we expect?")
    assert said in words(answer)
    assert (appointments(app), held(app)) == ([], [TEN])
    if "message" not in changes:
        assert ">\r\nKept</textarea>" in answer.text
    again = client.post("/book/details", data=form)
    assert (again.status_code, appointments(app)) == (303, [(TEN, "confirmed")])


def test_privacy_that_was_not_ticked_is_asked_for(app, client, practice):
    choose(client, TEN)
    form = details_form(client)
    del form["privacy_accepted"]

    answer = client.post("/book/details", data=form)

    assert answer.status_code == 422
    assert "We need your agreement to keep these details." in words(answer)
    assert appointments(app) == []


def test_unknown_zone_in_the_form_is_a_slip_like_any_other(app, client, practice):
    choose(client, TEN)

    answer = client.post("/book/details", data=details_form(client, time_zone="Mars/Base"))

    assert (answer.status_code, appointments(app)) == (422, [])


def test_slip_after_the_hold_ran_out_holds_the_time_again(app, client, practice):
    choose(client, TEN)
    form = details_form(client)
    clock.freeze(NOW + timedelta(minutes=11))

    answer = client.post("/book/details", data=form | {"name": ""})

    assert (answer.status_code, held(app)) == (422, [TEN])
    assert "Held for you until 09:21" in words(answer)
    fresh = hidden_fields(answer.text)
    again = client.post("/book/details", data=form | {"hold": fresh["hold"], "key": fresh["key"]})
    assert (again.status_code, appointments(app)) == (303, [(TEN, "confirmed")])


def test_other_partner_may_come_without_an_address(app, client, practice):
    choose(client, TEN)

    answer = client.post("/book/details", data=details_form(client, other_name="Sam"))

    assert (answer.status_code, appointments(app)) == (303, [(TEN, "confirmed")])


def test_posted_therapist_and_type_do_not_change_what_was_held(app, client, practice):
    with app.app_context():
        kind = make_session_type(
            session().get_one(Clinic, practice.clinic.id), slug="long", length_minutes=90
        )
        make_therapist(
            session().get_one(Clinic, practice.clinic.id), slug="other-one", session_types=[kind]
        )
    choose(client, TEN)
    form = details_form(client, therapist="other-one", session_type="long", start="2026-11-25")

    client.post("/book/details", data=form)

    rows = stored(app, select(Appointment.starts_at, Appointment.ends_at, Appointment.therapist_id))
    assert rows == [(TEN, TEN + HALF_HOUR, practice.therapist.id)]
