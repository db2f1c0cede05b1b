"""What tests of the desk share: a practice with two therapists, and somebody signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.models import Appointment
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.sign_in import TOKEN_FIELD, sign_in
from tests.support.factories import (
    NOW,
    Practice,
    make_account,
    make_appointment,
    make_practice,
    make_therapist,
)

ADDRESSES = {
    "ines": "ines.duarte@example.org",
    "daniel": "daniel@example.org",
    "desk": "desk@example.org",
    "admin": "admin@example.org",
}


@dataclass(frozen=True)
class Booked:
    """An appointment as it stands in the database, free of the session that read it."""

    id: str
    uid: str
    reference: str
    couple_id: str
    status: str
    sequence: int
    starts_at: datetime

    def at(self, path: str = "") -> str:
        return f"/desk/appointments/{self.reference}{path}"


@dataclass(frozen=True)
class StaffedClinic:
    """A clinic with Inês, Daniel in New York, a front desk and an admin.

    Each step has a context of its own, as each request has: a shared one would remember who
    had signed in.
    """

    app: Flask
    practice: Practice
    desk: Actor

    def enter(self, who: str) -> FlaskClient:
        """A browser in which this person has signed in."""
        client = self.app.test_client()
        assert sign_in(client, email=ADDRESSES[who]).status_code == 302
        return client

    def do(self, action: Callable[[], Any]) -> Any:
        with self.app.app_context():
            return action()

    def book(self, start: datetime, **changes: Any) -> Booked:
        return self.do(lambda: _booked(make_appointment(self.practice, start, **changes)))

    def stored(self, booked: Booked) -> Booked:
        return self.do(lambda: _booked(session().get_one(Appointment, booked.id)))

    def cancel(
        self, booked: Booked, *, reason: str = "", by_holder: bool = False, now: datetime = NOW
    ) -> None:
        holder = Actor(clinic_id=self.desk.clinic_id, name="link:test", appointment_id=booked.id)
        actor = holder if by_holder else self.desk
        self.do(lambda: cancel_appointment(booked.id, reason=reason, actor=actor, now=now))

    def move(self, booked: Booked, start: datetime, *, now: datetime = NOW) -> None:
        self.do(lambda: move_appointment(booked.id, start=start, actor=self.desk, now=now))

    def ask(self, query: Any) -> Sequence[Any]:
        """The rows of a query of one column or of several."""
        return self.do(lambda: [tuple(row) for row in session().execute(query)])


def _booked(row: Appointment) -> Booked:
    names = ("id", "uid", "reference", "couple_id", "status", "sequence", "starts_at")
    return Booked(**{name: getattr(row, name) for name in names})


def open_desk(app: Flask, **session_type: Any) -> StaffedClinic:
    """Inês works Monday to Friday nine to five in Lisbon, Daniel the same in New York."""
    with app.app_context():
        practice = make_practice(**session_type)
        clinic = practice.clinic
        daniel = make_therapist(
            clinic,
            session_types=[practice.session_type],
            slug="daniel-reyes",
            name="Daniel Reyes",
            time_zone="America/New_York",
            sort=1,
        )
        make_account(clinic, therapist_id=practice.therapist.id)
        make_account(clinic, email=ADDRESSES["daniel"], name="Daniel Reyes", therapist_id=daniel.id)
        make_account(clinic, email=ADDRESSES["desk"], name="Luís Abreu", roles=[Role.FRONT_DESK])
        make_account(clinic, email=ADDRESSES["admin"], name="Helena Prado", roles=[Role.ADMIN])
        return StaffedClinic(app, practice, practice.desk)


def send(client: FlaskClient, path: str, *, page: str, **fields: str) -> TestResponse:
    """Send a form with the token that stands on `page`."""
    found = TOKEN_FIELD.search(client.get(page).text)
    assert found is not None, f"no form on {page}"
    return client.post(path, data={"csrf_token": found[1]} | fields)


def words(response: TestResponse) -> str:
    """What a page says in its main part, tags and runs of white space taken out."""
    main = response.text.partition("<main")[2].partition("</main>")[0]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))
    return plain.replace("&amp;", "&").replace("&#39;", "'")
