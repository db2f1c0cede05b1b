"""From a time to an appointment by the public pages: choosing, holding, booking."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.models import Hold
from clinic.foundation.database.transactions import session
from clinic.practice.models import Clinic
from tests.support.booking.booking_client import (
    book,
    choose,
    details_form,
    dump,
    heading,
    hidden_fields,
    post,
    start_value,
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
from tests.support.factories import NOW, make_practice, make_therapist


def test_whole_way_from_a_time_to_an_appointment(app, client, practice):
    page = client.get("/book/times")
    assert (heading(page), start_value(TEN) in page.text) == ("Choose a time", True)
    chosen = choose(client, TEN)
    assert (chosen.status_code, chosen.location, held(app)) == (303, "/book/details", [TEN])
    details = client.get("/book/details")
    assert heading(details) == "Who should we expect?"
    assert "Held for you until 09:10" in words(details)

    answer = client.post("/book/details", data=details_form(client))

    assert (answer.status_code, answer.location.endswith("/booked")) == (303, True)
    assert (appointments(app), held(app)) == ([(TEN, "confirmed")], [])
    done = client.get(answer.location)
    assert "Tuesday 24 November, 10:00 – 10:30 (Lisbon)" in words(done)


def test_second_send_of_the_form_finds_the_same_appointment(app, client, practice):
    choose(client, TEN)
    form = details_form(client)

    first = client.post("/book/details", data=form)
    again = client.post("/book/details", data=form)

    assert [first.status_code, again.status_code] == [303, 303]
    assert first.location == again.location
    assert appointments(app) == [(TEN, "confirmed")]


def test_double_click_whose_second_send_still_has_the_old_cookie_finds_it_too(
    app, client, practice
):
    choose(client, TEN)
    form, cookie = details_form(client), client.get_cookie("clinic").value

    first = client.post("/book/details", data=form)
    client.set_cookie("clinic", cookie)
    again = client.post("/book/details", data=form)

    assert (first.location, again.status_code) == (again.location, 303)
    assert appointments(app) == [(TEN, "confirmed")]


def test_choosing_again_replaces_the_hold(app, client, practice):
    choose(client, TEN)
    choose(client, TEN + HALF_HOUR)

    assert held(app) == [TEN + HALF_HOUR]


def test_held_time_is_gone_for_others_and_back_when_released(app, client, practice):
    choose(client, TEN)
    other = app.test_client()
    assert choose(other, TEN).status_code == 409

    released = post(client, "/book/release")

    assert (released.status_code, held(app)) == (303, [])
    assert choose(other, TEN).status_code == 303


def test_time_taken_before_it_was_tapped_is_a_conflict_with_the_three_nearest(
    app, client, practice
):
    booked_by_another(app, practice)

    answer = choose(client, TEN, name="Alex Example", message="We argue.\nOften.")

    assert (answer.status_code, heading(answer)) == (409, "That time has just been taken")
    assert re.findall(r'name="start" value="([^"]+)"', answer.text) == [
        start_value(TEN - HALF_HOUR),
        start_value(TEN + HALF_HOUR),
        start_value(TEN - 2 * HALF_HOUR),
    ]
    kept = hidden_fields(answer.text)
    assert (kept["name"], kept["message"]) == ("Alex Example", "We argue.\nOften.")


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (NOW - timedelta(days=1), "This time is in the past."),
        (NOW + HALF_HOUR, "This time is too soon to be booked here."),
        (NOW + timedelta(days=61), "This time is further ahead than can be booked yet."),
        (TEN + timedelta(minutes=7), "Appointments do not start at this time."),
        (TEN.replace(hour=20), "The therapist does not work at this time."),
    ],
)
def test_time_that_is_not_offered_is_refused_with_its_rule_in_words(
    app, client, practice, start, why
):
    answer = choose(client, start)

    assert (answer.status_code, heading(answer)) == (422, "That time cannot be booked")
    assert why in words(answer)
    assert held(app) == []


def test_what_was_written_comes_along_to_the_next_time_chosen(app, client, practice):
    choose(client, TEN)

    answer = choose(client, TEN + HALF_HOUR, name="Zoë Example", message="Two\nlines")

    assert (answer.status_code, heading(answer)) == (200, "Who should we expect?")
    assert 'value="Zoë Example"' in answer.text
    assert ">\r\nTwo\nlines</textarea>" in answer.text
    assert held(app) == [TEN + HALF_HOUR]


def test_type_that_needs_an_answer_is_asked_for(app, client):
    with app.app_context():
        make_practice(needs_confirmation=True)

    token = book(client, TEN)

    assert appointments(app) == [(TEN, "requested")]
    page = client.get(f"/a/{token}")
    assert "We are looking at your request and will write to you." in words(page)


def test_time_of_a_therapist_who_does_not_offer_it_is_refused(app, client, practice):
    with app.app_context():
        clinic = session().get_one(Clinic, practice.clinic.id)
        make_therapist(clinic, slug="other-one")

    answer = post(client, "/book/hold", start=start_value(TEN, "other-one"))

    assert (answer.status_code, held(app)) == (422, [])
    assert "This therapist does not offer this." in words(answer)


@pytest.mark.parametrize("path", ["/book/times", "/book", "/book/therapists", "/book/details", "/"])
def test_unknown_query_arguments_change_nothing(client, practice, path):
    plain = client.get(path)
    odd = client.get(f"{path}?couple_id=1&account=admin&debug=1&id=%00&now=2030-01-01")

    def same(response):
        return re.sub(r'(csrf_token"|name="next"|nonce=|content=)[^>]*', "", response.text)

    assert (odd.status_code, odd.location) == (plain.status_code, plain.location)
    assert same(odd) == same(plain)


def test_looking_around_changes_nothing_in_the_database(app, client, practice):
    choose(client, TEN)
    before = dump(app)

    for path in ("/", "/book", "/book/therapists", "/book/times", "/book/details", "/book/hold"):
        for method in ("GET", "HEAD"):
            client.open(path, method=method)

    assert dump(app) == before


def test_form_without_its_token_is_refused_and_changes_nothing(app, client, practice):
    before = dump(app)

    for path in ("/book/hold", "/book/details", "/book/release", "/book"):
        assert client.post(path, data={"start": start_value(TEN)}).status_code == 400

    assert dump(app) == before


def test_number_of_holds_stays_one_whatever_a_visitor_taps(app, client, practice):
    for number in range(6):
        choose(client, TEN + number * HALF_HOUR)

    assert stored(app, select(func.count()).select_from(Hold)) == [(1,)]
