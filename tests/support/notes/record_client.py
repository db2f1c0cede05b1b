"""What tests of the record's pages share: a therapist at the desk, and a couple whom they lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.ruptures.service import open_rupture
from clinic.notes.session_notes.queries import read_note
from tests.support.accounts.sign_in import TOKEN_FIELD, signed_in
from tests.support.factories import NOW, CareCouple, make_account, make_care_couple, make_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WHOLE = {
    "attendance.A": "present",
    "attendance.B": "present",
    "safety.result": "nil_noted",
    "interventions": "eft_step_2",
    "responses.A": "Softened.",
    "responses.B": "Listened.",
    "plan": "Ten quiet minutes.",
}


@dataclass
class Desk:
    app: object
    browser: FlaskClient
    couple: CareCouple

    def get(self, path, status=200):
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path, data, status=302, **more):
        values = {"csrf_token": self.token()} | data
        answer = self.browser.post(path, data=values, **more)
        assert answer.status_code == status, answer.text
        return answer

    def token(self):
        return TOKEN_FIELD.search(self.browser.get("/desk/account").text)[1]

    def make(self, work):
        with self.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    def draft(self):
        return self.make(lambda: make_note(self.couple, at=AT, now=AT + timedelta(hours=1)))

    def rupture(self, **changes):
        details = RuptureDetails(
            **({"title": "Alone at the party", "types": ("secrecy",), "significance": 3} | changes)
        )
        return self.make(
            lambda: open_rupture(
                self.couple.code, details, effective_at=AT, actor=self.couple.lead, now=NOW
            )
        )

    def read(self, note_id):
        return self.make(lambda: read_note(note_id, actor=self.couple.lead, now=clock.now()))


def open_desk(app, **account):
    with app.app_context():
        couple = make_care_couple()
        values = {"therapist_id": couple.practice.therapist.id} | account
        make_account(couple.practice.clinic, **values)
        db.session.remove()
    return Desk(app, signed_in(app), couple)
