"""The clinic's shelf of instruments: files added, refused whole, retired; the page and the commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
import sqlalchemy as sa

from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.instruments.service import (
    InstrumentExists,
    add_instrument,
    list_instruments,
    retire_instrument,
)
from clinic.practice.rules.instruments import InstrumentBroken
from tests.support.accounts.sign_in import TOKEN_FIELD, signed_in
from tests.support.factories import CLOSENESS, make_account, make_clinic

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEXT = CLOSENESS.read_text(encoding="utf-8")


@pytest.fixture
def admin(context):
    return Actor(
        clinic_id=make_clinic().id,
        name="account:a",
        account_id="a",
        roles=frozenset({Role.ADMIN}),
    )


def shelf(admin):
    found = list_instruments(admin.clinic_id)
    return [(one.instrument.label, one.retired_at) for one in found]


def test_added_instrument_is_on_the_shelf_until_it_is_retired_and_after_when_added_again(admin):
    add_instrument(TEXT, actor=admin, now=NOW)
    assert shelf(admin) == [("closeness 2 en", None)]

    retire_instrument("closeness", "2", "en", actor=admin, now=NOW)
    assert shelf(admin) == [("closeness 2 en", NOW)]

    add_instrument(TEXT, actor=admin, now=NOW)
    assert shelf(admin) == [("closeness 2 en", None)]
    actions = session().scalars(
        sa.select(AuditEntry.action).where(AuditEntry.action.like("instrument.%"))
    )
    assert list(actions) == ["instrument.added", "instrument.retired", "instrument.added"]


def test_another_text_under_the_same_name_is_refused(admin):
    add_instrument(TEXT, actor=admin, now=NOW)

    with pytest.raises(InstrumentExists):
        add_instrument(TEXT.replace("How near?", "How far?"), actor=admin, now=NOW)
    add_instrument(TEXT.replace('"version": "2"', '"version": "3"'), actor=admin, now=NOW)

    assert shelf(admin) == [("closeness 2 en", None), ("closeness 3 en", None)]


def test_broken_file_puts_nothing_on_the_shelf(admin):
    with pytest.raises(InstrumentBroken):
        add_instrument(TEXT.replace('"sum"', '"guess"'), actor=admin, now=NOW)

    assert shelf(admin) == []


def test_only_administration_manages_the_shelf(admin):
    therapist = replace(admin, roles=frozenset({Role.THERAPIST}))

    with pytest.raises(NotAllowed):
        add_instrument(TEXT, actor=therapist, now=NOW)
    with pytest.raises(NotAllowed):
        retire_instrument("closeness", "2", "en", actor=therapist, now=NOW)


def test_what_is_not_on_the_shelf_cannot_be_retired(admin):
    with pytest.raises(NotFound):
        retire_instrument("closeness", "2", "en", actor=admin, now=NOW)


def test_another_clinic_has_a_shelf_of_its_own(admin):
    add_instrument(TEXT, actor=admin, now=NOW)
    other = make_clinic(slug="other")

    assert list_instruments(other.id) == []


def send(browser, file, status):
    page = browser.get("/desk/practice/instruments")
    token = TOKEN_FIELD.search(page.text)[1]
    data = {"csrf_token": token, "file": (file, "definition.json")}
    answer = browser.post("/desk/practice/instruments", data=data)
    assert answer.status_code == status, answer.text
    return answer


def test_page_takes_a_file_and_names_every_problem_of_a_broken_one(app):
    with app.app_context():
        clinic = make_clinic()
        make_account(clinic, roles=[Role.ADMIN])
        db.session.remove()
    browser = signed_in(app)

    refused = send(browser, BytesIO(TEXT.replace('"sum"', '"guess"').encode()), 422)
    garbled = send(browser, BytesIO(b"\xff\xfe"), 422)
    send(browser, BytesIO(TEXT.encode()), 302)

    page = browser.get("/desk/practice/instruments").text
    assert "scales[0].method: must be one of sum, mean" in refused.text
    assert "This is not a text file." in garbled.text
    assert "Made up; nobody owns it." in page
    token = TOKEN_FIELD.search(page)[1]
    path = "/desk/practice/instruments/closeness/2/en/retire"
    assert browser.post(path, data={"csrf_token": token}).status_code == 302
    assert "Retired" in browser.get("/desk/practice/instruments").text


def test_page_takes_a_file_where_it_asks_for_one_and_nowhere_else(app):
    with app.app_context():
        make_account(make_clinic(), roles=[Role.ADMIN])
        db.session.remove()
    browser = signed_in(app)
    token = TOKEN_FIELD.search(browser.get("/desk/practice/instruments").text)[1]
    data = {"csrf_token": token, "reason": (BytesIO(TEXT.encode()), "definition.json")}

    assert browser.post("/desk/practice/instruments", data=data).status_code == 415
