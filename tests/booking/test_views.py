from __future__ import annotations

import base64
import json
import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from clinic.booking.models import Appointment, Hold
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database import session, transaction
from clinic.practice.models import Clinic, SessionType
from tests.booking.counting import count_queries
from tests.booking.visitor import (
    book,
    choose,
    details_form,
    dump,
    form_token,
    heading,
    hidden_fields,
    post,
    start_value,
    words,
)
from tests.factories import (
    NOW,
    make_appointment,
    make_clinic,
    make_practice,
    make_session_type,
    make_therapist,
)

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def practice(app):
    with app.app_context():
        made = make_practice()
        db.session.expunge_all()
        return made


def stored(app, query):
    with app.app_context():
        return [tuple(row) for row in session().execute(query)]


def appointments(app):
    return stored(app, select(Appointment.starts_at, Appointment.status))


def held(app):
    return [start for (start,) in stored(app, select(Hold.starts_at).order_by(Hold.starts_at))]


def taken_by_another(app, practice, start=TEN):
    with app.app_context():
        make_appointment(practice, start, now=clock.now())


def cookie_of(client):
    """What the visitor's cookie says, for anybody who has it."""
    value = client.get_cookie("clinic").value
    compressed, _, payload = value.rpartition(".")[0].rpartition(".")[0].rpartition(".")
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return json.loads(zlib.decompress(raw) if compressed == "" and value[0] == "." else raw)


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
    taken_by_another(app, practice)

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


def test_time_taken_while_the_details_were_written_keeps_what_was_written(app, client, practice):
    choose(client, TEN)
    form = details_form(client, name="Zoë Example", message="Two\nlines")
    clock.freeze(NOW + timedelta(minutes=11))
    taken_by_another(app, practice)

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


def test_what_was_written_comes_along_to_the_next_time_chosen(app, client, practice):
    choose(client, TEN)

    answer = choose(client, TEN + HALF_HOUR, name="Zoë Example", message="Two\nlines")

    assert (answer.status_code, heading(answer)) == (200, "Who should we expect?")
    assert 'value="Zoë Example"' in answer.text
    assert ">\r\nTwo\nlines</textarea>" in answer.text
    assert held(app) == [TEN + HALF_HOUR]


def test_week_carries_what_was_written_along(client, practice):
    answer = post(client, "/book/times", name="Zoë Example", message="<b>&")

    kept = hidden_fields(answer.text)
    assert (answer.status_code, kept["name"], kept["message"]) == (200, "Zoë Example", "<b>&")


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
        ({"name": "nul\x00"}, "Please write the name on one line."),
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


def test_type_that_needs_an_answer_is_asked_for(app, client):
    with app.app_context():
        make_practice(needs_confirmation=True)

    token = book(client, TEN)

    assert appointments(app) == [(TEN, "requested")]
    page = client.get(f"/a/{token}")
    assert "We are looking at your request and will write to you." in words(page)


def test_cookie_holds_no_name_no_address_and_no_message(client, practice):
    choose(client, TEN, name="Zoë Unmistakable", email="zoe@unmistakable.example", message="secret")
    before = cookie_of(client)
    form = details_form(
        client, name="Zoë Unmistakable", email="zoe@unmistakable.example", message="secret"
    )
    client.post("/book/details", data=form | {"email": "no"})
    client.post("/book/details", data=form)

    after = cookie_of(client)
    assert sorted(before) == ["chosen", "csrf_token", "hold", "key"]
    for word in ("Unmistakable", "unmistakable", "secret"):
        assert word not in json.dumps([before, after], ensure_ascii=False)


def test_time_of_a_therapist_who_does_not_offer_it_is_refused(app, client, practice):
    with app.app_context():
        clinic = session().get_one(Clinic, practice.clinic.id)
        make_therapist(clinic, slug="other-one")

    answer = post(client, "/book/hold", start=start_value(TEN, "other-one"))

    assert (answer.status_code, held(app)) == (422, [])
    assert "This therapist does not offer this." in words(answer)


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


@pytest.mark.parametrize("start", ["", "x", "\x00", "2026-02-30T10:00:00Z|ines-duarte", "x" * 10_000,
                                   "9999-12-31T23:59:59Z|ines-duarte", "0001-01-01T00:00:00Z|a"])  # fmt: skip
def test_start_that_is_none_of_ours_leads_back_to_the_times(client, practice, start):
    answer = post(client, "/book/hold", start=start)

    assert (answer.status_code, answer.location) == (302, "/book/times")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("week=0001-01-01", 200),
        ("week=9999-12-31", 200),
        ("week=%00", 200),
        ("week=" + "x" * 10_000, 200),
        ("time_zone=Mars/Base", 200),
        ("time_zone=%00", 200),
        ("time_zone=" + "x" * 10_000, 200),
        ("time_zone=Pacific/Kiritimati&week=2026-11-30", 200),
        ("start=2026-11-24", 200),
        ("session_type=initial-consultation", 200),
        ("session_type=nothing", 404),
        ("session_type=%00", 404),
        ("session_type=" + "x" * 10_000, 404),
        ("therapist=ines-duarte", 200),
        ("therapist=nobody", 404),
        ("therapist=%00", 404),
        ("therapist=%ff%fe", 404),
        ("therapist=" + "x" * 10_000, 404),
    ],
)
@pytest.mark.parametrize("path", ["/book/times"])
def test_no_parameter_breaks_the_times(client, practice, path, query, status):
    assert client.get(f"{path}?{query}").status_code == status


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


def test_type_for_couples_we_know_is_not_found_by_strangers(app, client, practice):
    with app.app_context(), transaction() as current:
        kind = current.get_one(SessionType, practice.session_type.id)
        kind.audience = "existing"
        make_session_type(session().get_one(Clinic, practice.clinic.id), slug="public-one")

    assert client.get("/book/times?session_type=initial-consultation").status_code == 404
    refused = choose(client, TEN, session_type="initial-consultation")
    assert (refused.status_code, held(app)) == (404, [])


def test_type_chosen_earlier_that_is_gone_gives_way_to_what_is_offered(app, client, practice):
    with app.app_context():
        kind = make_session_type(session().get_one(Clinic, practice.clinic.id), slug="gone", sort=1)
        kind_id = kind.id
    post(client, "/book", session_type="gone")
    with app.app_context(), transaction() as current:
        current.get_one(SessionType, kind_id).active = False

    answers = [client.get(path) for path in ("/book", "/book/therapists", "/book/times")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_form_chosen_earlier_that_nobody_offers_shows_all_times(app, client):
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic, formats=["online"])
        make_therapist(clinic, session_types=[kind], formats=["online"])
    post(client, "/book", format="in_person")

    assert client.get("/book/times").status_code == 200


@pytest.mark.parametrize("types", [0, 1])
def test_clinic_with_nothing_to_book_says_so(app, client, types):
    with app.app_context():
        clinic = make_clinic()
        for _number in range(types):
            make_session_type(clinic)

    answer = client.get("/book/times")

    assert answer.status_code == 404
    assert "Nothing can be booked here just now. Please call or write to us." in words(answer)


def test_form_without_its_token_is_refused_and_changes_nothing(app, client, practice):
    before = dump(app)

    for path in ("/book/hold", "/book/details", "/book/release", "/book"):
        assert client.post(path, data={"start": start_value(TEN)}).status_code == 400

    assert dump(app) == before


def test_the_times_cost_the_same_for_one_therapist_and_for_many(app, client, practice):
    def cost():
        with app.app_context(), count_queries() as seen:
            client.get("/book/times")
        return len(seen)

    cost()
    one = cost()
    with app.app_context():
        clinic, kind = (
            session().get_one(Clinic, practice.clinic.id),
            session().get_one(SessionType, practice.session_type.id),
        )
        for number in range(5):
            make_therapist(clinic, slug=f"t-{number}", session_types=[kind])

    assert cost() == one


def test_number_of_holds_stays_one_whatever_a_visitor_taps(app, client, practice):
    for number in range(6):
        choose(client, TEN + number * HALF_HOUR)

    assert stored(app, select(func.count()).select_from(Hold)) == [(1,)]
