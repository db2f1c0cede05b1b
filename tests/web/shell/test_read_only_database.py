"""A read-only database (a standby after a failover) or a full disk: what is read, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app import create_app
from clinic.accounts.models import StaffSession
from clinic.booking.appointments.models import Appointment
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.models import CalendarFeed
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from tests.conftest import settings_for
from tests.support.accounts.sign_in import EMAIL, csrf_token, signed_in
from tests.support.databases import POSTGRESQL, read_only
from tests.support.factories import NOW, PASSWORD, make_account, make_care_couple, make_practice
from tests.support.scheduling_services.deliveries import connect, deliver, payload
from tests.support.web.api_client import BOOKINGS, a_body

LATER = NOW + timedelta(minutes=10)
TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def full(app):
    """Give SQLite not one page more than it has."""

    def no_page_more(connection, _record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with app.app_context():
        db.session.remove()
        event.listen(db.engine, "connect", no_page_more)
        db.engine.dispose()
    return app


class Unwritable:
    """A clinic whose database stopped taking writes, and browsers that were at it before."""

    def __init__(self, app, database_url, folder, state):
        with app.app_context():
            practice = make_practice()
            couple = make_care_couple(practice)
            self.code = couple.code
            make_account(
                practice.clinic,
                roles=[Role.THERAPIST, Role.ADMIN],
                therapist_id=practice.therapist.id,
            )
            feed, self.token = create_therapist_feed(
                practice.therapist.id, name="phone", actor=couple.admin, now=NOW
            )
            connect(practice)
            self.feed_id = feed.id
            db.session.remove()
        staff = signed_in(app)
        self.csrf = csrf_token(staff, "/desk/account")
        changed = read_only(database_url) if state == "read-only" else database_url
        self.app = create_app(settings_for(folder, changed))
        if state == "full":
            full(self.app)
        self.visitor, self.staff = self.app.test_client(), self.app.test_client()
        self._carry_cookies(staff)
        clock.freeze(LATER)

    def _carry_cookies(self, staff: FlaskClient) -> None:
        cookie = staff.get_cookie("clinic")
        self.staff.set_cookie("clinic", cookie.value)

    def stored(self, query):
        with self.app.app_context():
            found = session().scalars(query).all()
            db.session.remove()
        return found


STATES = ["read-only"] if POSTGRESQL else ["read-only", "full"]


@pytest.fixture
def clinic(app, database_url, tmp_path):
    made = []

    def make(state):
        made.append(Unwritable(app, database_url, tmp_path, state))
        return made[0]

    yield make
    for one in made:
        with one.app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def read_only_clinic(clinic):
    return clinic("read-only")


def status(answer):
    return answer.status_code, answer.headers.get("Retry-After")


@pytest.mark.parametrize("state", STATES)
def test_pages_and_feeds_are_read(clinic, state):
    unwritable = clinic(state)
    pages = ("/", "/book", "/book/times?session_type=initial-consultation", "/login", "/privacy")
    programs = ("/api/v1/therapists", f"/calendar/{unwritable.token}.ics")
    desk = ("/desk/practice", "/desk/account", "/desk/feeds")

    asked = {path: unwritable.visitor.get(path).status_code for path in (*pages, *programs)}
    asked |= {path: unwritable.staff.get(path).status_code for path in desk}

    assert set(asked.values()) == {200}, asked


def test_what_was_to_be_noted_of_a_reading_is_left_out(read_only_clinic):
    assert (
        read_only_clinic.visitor.get(f"/calendar/{read_only_clinic.token}.ics").status_code == 200
    )
    assert read_only_clinic.staff.get("/desk/account").status_code == 200

    assert read_only_clinic.stored(select(StaffSession.seen_at)) == [NOW]
    assert read_only_clinic.stored(select(CalendarFeed.last_read_at)) == [None]


def test_record_whose_reading_cannot_be_audited_is_not_shown(read_only_clinic):
    answer = read_only_clinic.staff.get(f"/desk/couples/{read_only_clinic.code}")

    assert status(answer) == (503, "30")
    assert "Alex" not in answer.text


def test_whatever_writes_is_503_and_says_when_to_come_back(read_only_clinic):
    visitor, staff = read_only_clinic.visitor, read_only_clinic.staff
    token = {"csrf_token": csrf_token(visitor, "/login")}
    hold = {
        "start": f"{TEN:%Y-%m-%dT%H:%M:%SZ}|ines-duarte",
        "session_type": "initial-consultation",
    }

    answers = {
        "booking": visitor.post(BOOKINGS, json=a_body()),
        "hold": visitor.post("/book/hold", data=token | hold),
        "sign-in": visitor.post("/login", data=token | {"email": EMAIL, "password": PASSWORD}),
        "webhook": deliver(visitor, payload("calcom/booking_created")),
        "desk": staff.post(
            "/desk/account/sessions/end-others", data={"csrf_token": read_only_clinic.csrf}
        ),
    }

    assert {name: status(one) for name, one in answers.items()} == dict.fromkeys(
        answers, (503, "30")
    )


@pytest.mark.skipif(bool(POSTGRESQL), reason="its disk cannot be filled for one database")
def test_bookings_of_a_full_disk_are_stored_or_503(clinic):
    unwritable = clinic("full")
    answers = [
        unwritable.visitor.post(BOOKINGS, json=a_body(start=f"{TEN + day:%Y-%m-%dT%H:%M:%SZ}"))
        for day in (timedelta(days=n) for n in range(20) if n % 7 < 4)
    ]

    told = [status(one) for one in answers]
    assert set(told) <= {(201, None), (503, "30")}
    assert (503, "30") in told
    assert len(unwritable.stored(select(Appointment.id))) == told.count((201, None))
