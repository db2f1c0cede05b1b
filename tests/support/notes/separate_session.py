"""A couple whom Inês leads, and Alex's own session with Daniel: what tests of it share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.booking.appointments.models import Appointment
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.rules.note_content import Attempt, Attendance, NewRupture
from clinic.notes.session_notes.service import open_note, save_draft
from clinic.notes.signing.signing import sign_note
from tests.support.accounts.sign_in import TOKEN_FIELD, signed_in
from tests.support.factories import (
    NOW,
    PASSWORD,
    CareCouple,
    a_note,
    make_account,
    make_care_couple,
    make_practice,
    make_signed_note,
    make_therapist,
)
from tests.support.web.api_client import a_body

HELD = datetime(2026, 11, 24, 10, tzinfo=UTC)
AFTER = HELD + timedelta(hours=1)
AFRAID = "I am afraid of him"
SAM = {"name": "Sam Example", "email": "sam@example.org"}
WHOLE = {
    "attendance.A": "present",
    "safety.result": "nil_noted",
    "interventions": "eft_step_2",
    "responses.A": "Wept, then breathed.",
    "plan": "A bed at a sister’s house.",
}
STAFF = ("ines", "daniel", "ruth", "supervisor", "desk", "admin")


@dataclass
class Apart:
    """The clinic on the day after; `appointment` is the session that Daniel held."""

    app: Flask
    couple: CareCouple
    accounts: dict[str, str]
    therapists: dict[str, str]
    joint_note: str
    appointment: str = ""
    reference: str = ""

    @property
    def code(self) -> str:
        return self.couple.code

    def actor(self, who: str) -> Actor:
        role = {
            "supervisor": Role.SUPERVISOR, "desk": Role.FRONT_DESK, "admin": Role.ADMIN,
        }.get(who, Role.THERAPIST)  # fmt: skip
        account = self.accounts[who]
        return Actor(
            clinic_id=self.couple.practice.clinic.id,
            name=f"account:{account}",
            account_id=account,
            roles=frozenset({role}),
            therapist_id=self.therapists.get(who),
        )

    def do(self, work):
        with self.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    def enter(self, who: str) -> Browser:
        return Browser(signed_in(self.app, email=f"{who}@example.org"))

    def book(self, *, at: datetime = HELD, therapist: str = "daniel-reyes", **changes) -> str:
        """Book by the API as Alex; the appointment's id."""
        body = a_body(therapist=therapist, start=at.isoformat().replace("+00:00", "Z"), **changes)
        made = self.app.test_client().post("/api/v1/bookings", json=body)
        assert made.status_code == 201, made.json
        newest = sa.select(Appointment.id).where(Appointment.starts_at == at)
        return self.do(lambda: session().scalars(newest).one())


@dataclass
class Browser:
    """Somebody who has signed in."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, status: int = 302, **fields: str):
        token = TOKEN_FIELD.search(self.client.get("/desk/account").text)[1]
        answer = self.client.post(path, data={"csrf_token": token} | fields)
        assert answer.status_code == status, answer.text
        return answer

    def open_note(self, apart: Apart) -> str:
        """Open the note of Daniel's session; its address."""
        path = f"/desk/couples/{apart.code}/notes/new"
        return self.post(path, appointment=apart.appointment).location

    def sign_note(self, note: str, **changes: str) -> None:
        self.post(note, revision="1", **(WHOLE | changes))
        self.post(f"{note}/sign", revision="2", password=PASSWORD)


def open_separate_session(app: Flask) -> Apart:
    """One joint session noted by Inês; then Alex books alone with Daniel, and the day is over."""
    with app.app_context():
        practice = make_practice()
        daniel = make_therapist(
            practice.clinic,
            session_types=[practice.session_type],
            slug="daniel-reyes",
            name="Daniel Reyes",
        )
        ruth = make_therapist(practice.clinic, slug="ruth-alves", name="Ruth Alves", hours=())
        therapists = {"ines": practice.therapist.id, "daniel": daniel.id, "ruth": ruth.id}
        roles = {"supervisor": Role.SUPERVISOR, "desk": Role.FRONT_DESK, "admin": Role.ADMIN}
        accounts = {
            who: make_account(
                practice.clinic,
                email=f"{who}@example.org",
                name=who.title(),
                roles=[roles.get(who, Role.THERAPIST)],
                therapist_id=therapists.get(who),
            ).id
            for who in STAFF
        }
        couple = make_care_couple(practice)
        told = a_note(
            new_ruptures=(
                NewRupture("Alone at the party", ("secrecy",), None, 3, key="n"),
                NewRupture(
                    "Hidden matter", ("secrecy",), None, 3, key="r", visibility="restricted"
                ),
            ),
            attempts=(Attempt("A", ("appreciation",), "partly", "n"),),
            goals=("Evenings without screens",),
        )
        joint = make_signed_note(couple, told, at=NOW - timedelta(days=3))
        apart = Apart(app, couple, accounts, therapists, joint)
        db.session.remove()
    apart.appointment = apart.book(message=AFRAID, concerns=["feel_safe"])
    apart.reference = apart.do(lambda: session().get_one(Appointment, apart.appointment).reference)
    clock.freeze(AFTER)
    return apart


def main(page):
    """What a page says, in one line."""
    text = page.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def alone(**changes):
    """A note of Alex's own session with nothing missing."""
    values = {"attendance": (Attendance("A", "present"),), "responses": (("A", "Wept."),)}
    return a_note(**(values | changes))


def signed_by_daniel(apart, content=None, *, for_cosign=False):
    """Daniel's signed note; its id."""
    return signed_by(apart, apart.actor("daniel"), content or alone(), for_cosign=for_cosign)


def signed_by(apart, actor, content, *, for_cosign=False):
    note_id = open_note(apart.appointment, actor=actor, now=AFTER)
    save_draft(note_id, content=content, revision=1, actor=actor, now=AFTER)
    sign_note(note_id, revision=2, proved_at=AFTER, for_cosign=for_cosign, actor=actor, now=AFTER)
    return note_id
