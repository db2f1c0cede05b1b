"""Every failure: a page for people, a problem document for programs, a stack trace for nobody."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

from app import create_app
from clinic.accounts.browser.route_guard import public
from clinic.extensions import db
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.errors import (
    ClinicError,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    SignInNeeded,
    TooManyRequests,
    Unavailable,
)
from clinic.notes.rules.rupture_lifecycle import RuptureStatus, TransitionRefused
from tests.conftest import settings_for
from tests.support.accounts.sign_in import clinic_with_account, signed_in
from tests.support.factories import make_clinic

SECRET_WORDS = "alex@example.org at line 42 of secret.py"
PROBLEM = "application/problem+json"

FAILURES = {
    "not-found": (NotFound("Nothing of that name."), 404),
    "not-allowed": (NotAllowed(), 403),
    "conflict": (Conflict("It was moved meanwhile."), 409),
    "invalid-input": (InvalidInput({"partner.email": ["Is it right?"]}), 422),
    "too-many-requests": (TooManyRequests(retry_after=7), 429),
    "unavailable": (Unavailable(), 503),
    "seal-broken": (SealBroken(), 500),
    "error": (ValueError(SECRET_WORDS), 500),
}


@pytest.fixture
def failing(app):
    """`failing(error)`: a browser at a page, and a program at an API address, that raise it."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    state = {}

    @public
    def fail():
        raise state["error"]

    app.add_url_rule("/fails", "fails", fail)
    app.add_url_rule("/api/v1/fails", "api-fails", fail)
    with app.app_context():
        make_clinic()
        db.session.remove()

    def raise_(error):
        state["error"] = error
        return app.test_client()

    return raise_


@pytest.mark.parametrize("code", FAILURES)
def test_person_gets_a_page_with_a_number_to_ask_about(failing, code):
    error, status = FAILURES[code]

    response = failing(error).get("/fails")

    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert response.text.count("<h1>") == 1
    assert re.search(r"the number [0-9a-f]{16}\.", response.text)
    assert "Test Clinic" in response.text


@pytest.mark.parametrize("code", FAILURES)
def test_program_gets_a_problem_document(failing, code):
    error, status = FAILURES[code]

    response = failing(error).get("/api/v1/fails")

    assert (response.status_code, response.content_type) == (status, PROBLEM)
    document = response.json
    assert document["type"] == f"http://localhost/problems/{code}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert re.fullmatch("[0-9a-f]{16}", document["request_id"])


def test_program_is_told_each_field_and_when_to_come_back(failing):
    invalid = failing(InvalidInput({"partner.email": ["Is it right?"]})).get("/api/v1/fails")
    busy = failing(TooManyRequests(retry_after=7)).get("/api/v1/fails")

    assert invalid.json["errors"] == {"partner.email": ["Is it right?"]}
    assert (busy.json["retry_after"], busy.headers["Retry-After"]) == (7, "7")


def test_words_of_the_error_are_shown_where_they_were_written_for_people(failing):
    assert (
        "It was moved meanwhile." in failing(Conflict("It was moved meanwhile.")).get("/fails").text
    )


@pytest.mark.parametrize("path", ["/fails", "/api/v1/fails"])
@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET_WORDS),
        ClinicError(),
        OperationalError("SELECT secret", {}, Exception(SECRET_WORDS)),
    ],
    ids=["a slip", "ours", "database"],
)
def test_nothing_from_inside_is_shown_to_anybody(failing, path, error):
    shown = failing(error).get(path).text

    for inside in ("alex@", "secret", "SELECT", "Traceback", ".py", "ValueError", "Operational"):
        assert inside not in shown


def test_stack_trace_is_in_the_log_under_the_number_that_was_shown(failing, caplog):
    number = failing(ValueError("a slip")).get("/api/v1/fails").json["request_id"]

    [entry] = [record for record in caplog.records if number in record.getMessage()]
    assert entry.exc_info[0] is ValueError


def test_each_request_has_a_number_of_its_own(failing):
    browser = failing(NotFound())

    numbers = {browser.get("/api/v1/fails").json["request_id"] for _ in range(20)}

    assert len(numbers) == 20


def test_visitor_who_must_sign_in_is_led_there_and_a_program_is_told(failing):
    browser = failing(SignInNeeded())

    assert browser.get("/fails").headers["Location"].startswith("/login")
    assert browser.get("/api/v1/fails").status_code == 401


def test_unknown_address_and_wrong_method_are_answered_in_the_same_way(failing):
    browser = failing(NotFound())

    page, program = browser.get("/no/such/page"), browser.get("/api/v1/no/such/thing")
    method = browser.delete("/api/v1/bookings")

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert (program.status_code, program.content_type) == (404, PROBLEM)
    assert program.json["type"].endswith("/problems/not-found")
    assert (method.status_code, set(method.allow)) == (405, {"OPTIONS", "POST"})


def test_everything_under_the_apis_first_word_is_answered_as_to_a_program(failing):
    browser = failing(NotFound())
    asked = {path: browser.get(path).content_type for path in ("/api", "/api/", "/api/v1", "/apis")}

    assert asked == {
        "/api": PROBLEM,
        "/api/": PROBLEM,
        "/api/v1": PROBLEM,
        "/apis": "text/html; charset=utf-8",
    }


def test_too_large_a_request_is_refused_before_it_is_read(failing):
    response = failing(NotFound()).post(
        "/api/v1/bookings", data=b"x" * (1024 * 1024 + 1), content_type="application/json"
    )

    assert (response.status_code, response.content_type) == (413, PROBLEM)


def test_feed_reader_gets_a_plain_line(failing):
    response = failing(NotFound()).get("/calendar/no-such-token.ics")

    assert (response.status_code, response.mimetype) == (404, "text/plain")
    assert response.text == "There is nothing here\n"


def test_page_is_in_the_readers_language(failing):
    response = failing(NotFound()).get("/no/such/page", headers={"Accept-Language": "pt-PT"})

    assert 'lang="pt' in response.text


def test_who_is_signed_in_gets_the_page_too(app):
    clinic_with_account(app)
    browser = signed_in(app)

    assert browser.get("/no/such/page").status_code == 404


AWAY = {
    "SQLite": "sqlite:////nowhere/at/all/clinic.db",
    "PostgreSQL": "postgresql+psycopg://clinic@127.0.0.1:1/clinic?connect_timeout=2",
}


@pytest.fixture(params=AWAY)
def without_database(request, tmp_path):
    app = create_app(settings_for(tmp_path, AWAY[request.param]))
    yield app.test_client()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.one_database
def test_database_that_is_away_is_503_everywhere_and_the_process_stays_alive(without_database):
    answers = {
        path: without_database.get(path).status_code
        for path in (
            "/",
            "/book",
            "/desk",
            "/login",
            "/a/token",
            "/calendar/t.ics",
            "/api/v1/slots",
            "/readyz",
            "/healthz",
        )
    }

    assert answers.pop("/healthz") == 200
    assert set(answers.values()) == {503}


@pytest.mark.one_database
def test_database_that_is_away_is_said_in_words_and_in_a_document(without_database):
    page = without_database.get("/")
    document = without_database.post("/api/v1/bookings", json={})

    assert "Please try again in a minute." in page.text
    assert (document.status_code, document.content_type) == (503, PROBLEM)
    assert document.json["type"].endswith("/problems/unavailable")


def test_database_that_comes_back_is_used_again(app, client):
    with app.app_context():
        make_clinic()
        broken = db.engine.dialect.do_execute

        def away(*_args, **_more):
            raise OperationalError("SELECT", {}, Exception("away"))

        db.engine.dialect.do_execute = away
        try:
            during = client.get("/readyz").status_code
        finally:
            db.engine.dialect.do_execute = broken
        assert (during, client.get("/readyz").status_code) == (503, 200)


def test_clinic_that_is_not_set_up_yet_says_so(client):
    assert client.get("/readyz").status_code == 200
    assert client.get("/api/v1/therapists").status_code == 404


def test_refused_change_names_the_possible_ones_by_code_and_in_the_readers_language(failing):
    terms = {"held": ("rupture_status", "open"), "wanted": ("rupture_status", "repaired")}
    browser = failing(
        TransitionRefused(
            "A rupture that is “%(held)s” cannot become “%(wanted)s”.",
            allowed=(RuptureStatus.IN_REPAIR,),
            cause="order",
            terms=terms,
        )
    )

    told = browser.get("/api/v1/fails", headers={"Accept-Language": "pt"})
    page = browser.get("/fails", headers={"Accept-Language": "pt"})

    said = "Uma rutura “Aberta” não pode passar a “Reparada”. Possível agora: Em reparação."
    assert (told.status_code, told.json["detail"]) == (409, said)
    assert (told.json["allowed"], told.json["cause"]) == (["in_repair"], "order")
    assert said in page.text
