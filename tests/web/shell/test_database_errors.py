"""What the database refuses, answered: 409 for a race lost, 503 when it cannot, 500 for our fault."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.exc import OperationalError

from clinic.accounts.browser.route_guard import public
from clinic.accounts.models import FailedSignIn
from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import Unavailable
from clinic.practice.models import Clinic
from tests.support.accounts.sign_in import clinic_with_account, signed_in
from tests.support.databases import POSTGRESQL
from tests.support.factories import NOW, make_clinic

PLACES = {"/fails": "text/html", "/api/v1/fails": "application/problem+json"}
SECRET = "alex-and-sam-7c1f"


@pytest.fixture
def failing(app):
    """`failing(deed)`: a browser, and addresses of a page and of the API that do it."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    state = {}

    @public
    def fail():
        state["deed"]()
        return "done"

    app.add_url_rule("/fails", "fails", fail)
    app.add_url_rule("/api/v1/fails", "api-fails", fail)
    with app.app_context():
        make_clinic()
        db.session.remove()

    def do(deed):
        state["deed"] = deed
        return app.test_client()

    return do


def a_count(**values):
    made = {"scope": "pair", "key_hash": SECRET.encode(), "failures": 0, "last_failed_at": NOW}
    return FailedSignIn(**made | values)


def same_twice():
    with transaction() as current:
        current.add_all([a_count(), a_count()])


def without_a_count():
    with transaction() as current:
        current.execute(
            insert(FailedSignIn).values(
                id=SECRET[:8], scope=SECRET[:12], key_hash=b"1", failures=None, last_failed_at=NOW
            )
        )


def unknown_column():
    session().execute(text("SELECT nothing FROM clinic WHERE name = :it"), {"it": SECRET})


def not_a_number():
    with transaction() as current:
        current.execute(text("SELECT CAST(:it AS integer) + nowhere"), {"it": SECRET})


OUR_FAULTS = [without_a_count, unknown_column, not_a_number]


@pytest.mark.parametrize("path", PLACES)
def test_row_that_somebody_else_made_first_is_409_and_not_stored(failing, path):
    answer = failing(same_twice).get(path)

    assert (answer.status_code, answer.mimetype) == (409, PLACES[path])
    assert "It has changed in the meantime" in answer.text
    assert db_count(failing) == 0


def db_count(failing):
    found = []
    failing(lambda: found.append(session().query(FailedSignIn).count())).get("/fails")
    return found[0]


@pytest.mark.parametrize("deed", OUR_FAULTS)
@pytest.mark.parametrize("path", PLACES)
def test_statement_of_ours_that_is_wrong_is_500(failing, path, deed):
    answer = failing(deed).get(path)

    assert (answer.status_code, answer.mimetype) == (500, PLACES[path])


@pytest.mark.parametrize("deed", [same_twice, *OUR_FAULTS])
def test_no_value_is_in_the_log_of_a_database_error(failing, deed, caplog):
    failing(deed).get("/fails")

    written = "\n".join(logging.Formatter().format(record) for record in caplog.records)
    assert "in request" in written
    for value in (SECRET, SECRET[:8], SECRET.encode().hex()):
        assert value not in written


def test_database_that_cannot_is_one_line_in_the_log_and_says_when_to_come_back(failing, caplog):
    def away():
        raise OperationalError("SELECT 1", {}, Exception(SECRET))

    for deed in (away, lambda: (_ for _ in ()).throw(Unavailable())):
        for path in PLACES:
            caplog.clear()
            answer = failing(deed).get(path)

            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
            [line] = caplog.records
            assert (line.exc_info, "\n" in line.getMessage()) == (None, False)
            assert SECRET not in line.getMessage()


def test_database_that_goes_away_during_a_request_is_a_page_all_the_same(app, failing):
    """The rollback makes the clinic's row to be read anew, which the page cannot."""

    def go_away(_connection, *_statement):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def lose():
        session().scalars(db.select(Clinic)).one()
        session().rollback()
        event.listen(db.engine, "before_cursor_execute", go_away)
        session().scalars(db.select(Clinic)).one()

    try:
        answer = failing(lose).get("/fails")
    finally:
        with app.app_context():
            event.remove(db.engine, "before_cursor_execute", go_away)

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "Please try again in a minute." in answer.text


def end_connection():
    """End the server's side of the connection in use, as a shutdown or failover does."""
    number = session().scalar(text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:it, 5000)"), {"it": number})


def read_on_a_lost_connection():
    end_connection()
    session().scalars(db.select(Clinic)).one()


def write_on_a_lost_connection():
    with transaction() as current:
        current.add(a_count())
        current.flush()
        end_connection()


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no server that goes away")
@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("deed", [read_on_a_lost_connection, write_on_a_lost_connection])
def test_server_that_shuts_down_during_a_request_is_503(failing, deed, path):
    browser = failing(deed)

    answer = browser.get(path)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.mimetype == PLACES[path]
    assert db_count(failing) == 0


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no server that goes away")
def test_answer_that_was_made_before_the_server_went_is_given(failing):
    answer = failing(end_connection).get("/fails")

    assert (answer.status_code, answer.text) == (200, "done")


def test_clinic_that_could_not_be_found_and_a_reader_who_could_are_a_page(app):
    """The database was away for the first statement only."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    clinic_with_account(app)
    browser, failures = signed_in(app), iter([OperationalError("SELECT 1", {}, Exception("gone"))])

    def fail_once(*_statement):
        for error in failures:
            raise error

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", fail_once)

    answer = browser.get("/desk/account")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Please try again in a minute." in answer.text
