"""The week of open times: what may be asked of it, and what it shows of what is on offer."""

from __future__ import annotations

import pytest

from clinic.foundation.database.transactions import session, transaction
from clinic.practice.models import Clinic, SessionType
from tests.support.booking.booking_client import choose, hidden_fields, post, words
from tests.support.booking.booking_queries import TEN, held
from tests.support.factories import make_clinic, make_session_type, make_therapist
from tests.support.query_counting import count_queries


def test_week_carries_what_was_written_along(client, practice):
    answer = post(client, "/book/times", name="Zoë Example", message="<b>&")

    kept = hidden_fields(answer.text)
    assert (answer.status_code, kept["name"], kept["message"]) == (200, "Zoë Example", "<b>&")


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
