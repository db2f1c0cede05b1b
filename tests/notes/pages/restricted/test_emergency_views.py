"""The page that opens a record in an emergency, as a browser without JavaScript sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Role
from clinic.notes.record.restricted_models import EmergencyAccess
from clinic.notes.restricted.emergency_access import EMERGENCY_OPENED
from tests.support.accounts.sign_in import csrf_token, signed_in
from tests.support.factories import PASSWORD, make_account, make_care_couple, make_signed_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PAGE = "/desk/emergency"
REASON = "The hospital called & asks about her."


def open_door(app, **account):
    """A couple with a signed note, and the browser of a clinician who does not lead it."""
    with app.app_context():
        couple = make_care_couple()
        make_signed_note(couple, at=AT)
        make_account(couple.practice.clinic, **({"therapist_id": None} | account))
        db.session.remove()
    return couple, signed_in(app)


def send(browser, **fields):
    token = csrf_token(browser, "/desk/account")
    return browser.post(PAGE, data={"csrf_token": token, "password": PASSWORD} | fields)


def stored(app):
    """Reasons on record, lines of the audit log, and letters promised."""
    with app.app_context():
        rows = list(session().query(EmergencyAccess))
        lines = session().query(AuditEntry).filter_by(action=EMERGENCY_OPENED)
        letters = session().query(OutboxMessage).filter_by(kind=EMERGENCY_OPENED)
        found = (
            [row.reason for row in rows],
            [(line.object_kind, line.object_id) for line in lines],
            sorted(letter.handler for letter in letters),
        )
        db.session.remove()
    return found


def complaints(page):
    """The fields that are marked, each with what is said about it."""
    pattern = r'id="(\w+)-error".*?<span>([^<]+)</span>'
    marked = re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', page)
    said = re.findall(pattern, page, re.DOTALL)
    assert marked == [name for name, _text in said]
    return said


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.SUPERVISOR])
def test_a_clinician_opens_a_record_for_an_hour_and_everybody_concerned_is_told(app, role):
    couple, browser = open_door(app, roles=[role])
    assert f'href="{PAGE}"' in browser.get("/desk/couples").text

    answer = send(browser, code=f" {couple.code.lower()} ", reason=REASON)

    assert (answer.status_code, answer.location) == (302, f"/desk/couples/{couple.code}")
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert "open to you until 10:00. The therapist who leads it and the clinic are" in page.text
    assert stored(app) == ([REASON], [("couple", couple.id)], ["clinic", "therapist"])


def test_it_closes_by_itself_and_never_reaches_what_stands_apart(app):
    couple, browser = open_door(app)
    send(browser, code=couple.code, reason=REASON)
    record = f"/desk/couples/{couple.code}"

    apart = [
        browser.get(f"{record}/{page}").status_code for page in ("process-notes", "restricted")
    ]
    later = []
    for minutes in (14, 14, 14, 14, 3, 1):  # in steps, so that the session does not end first
        clock.move(timedelta(minutes=minutes))
        later.append(browser.get(record).status_code)

    assert (apart, later) == ([403, 403], [200] * 5 + [404])


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMIN])
def test_front_desk_and_administration_are_refused(app, role):
    couple, browser = open_door(app, roles=[role])

    assert browser.get(PAGE).status_code == 403
    assert send(browser, code=couple.code, reason=REASON).status_code == 403
    assert stored(app) == ([], [], [])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "because"}, ("reason", "Say in a sentence why this cannot wait.")),
        ({"reason": ""}, ("reason", "Say in a sentence why this cannot wait.")),
        ({"code": "C-9999"}, ("code", "There is no record with this code.")),
        ({"password": "x"}, ("password", "This is not your password. Nothing was opened.")),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(app, fields, said):
    couple, browser = open_door(app)
    typed = {"code": couple.code, "reason": REASON} | fields

    answer = send(browser, **typed)

    assert answer.status_code == 422
    assert complaints(answer.text) == [said]
    assert f'value="{typed["code"]}"' in answer.text
    assert f">{typed['reason'].replace('&', '&amp;')}</textarea>" in answer.text
    assert PASSWORD not in answer.text
    assert stored(app) == ([], [], [])


def test_too_many_wrong_passwords_have_to_wait(app):
    couple, browser = open_door(app)
    for _try in range(12):
        answer = send(browser, code=couple.code, reason=REASON, password="wrong")

    assert answer.status_code == 429
    [(field, said)] = complaints(answer.text)
    assert (field, said.partition(".")[0]) == ("password", "There were too many tries")


def test_somebody_who_has_not_signed_in_is_sent_to_the_door(app):
    open_door(app)

    assert app.test_client().get(PAGE).location == f"/login?next={PAGE}"
