"""Every page of a record and of the practice: accessible, and no wider than the screen."""

from __future__ import annotations

import pytest

from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.notes.record.note_models import SessionNote
from tests.browser.test_every_page import AXE, RUN_AXE
from tests.support.browser.booking_steps import is_wider_than_the_screen, ready
from tests.support.browser.desk_sign_in import ADMIN, DESKTOP, THERAPIST, open_draft, sign_in

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
COUPLE = "/desk/couples/C-0001"
HOURS = "/desk/practice/therapists/ines-duarte"
RECORD = [
    "/desk/day",
    "/desk/week",
    "/desk/couples",
    COUPLE,
    f"{COUPLE}/brief",
    f"{COUPLE}/ledger",
    f"{COUPLE}/ledger?axis=date&for=partner&viewer=A",
    f"{COUPLE}/ruptures/R-01",
    f"{COUPLE}/search?words=sunday",
    f"{COUPLE}/at-home",
    f"{COUPLE}/cycle",
    f"{COUPLE}/cycle/new",
    f"{COUPLE}/windows",
    f"{COUPLE}/windows/new",
    f"{COUPLE}/measures",
    f"{COUPLE}/restricted",
    f"{COUPLE}/process-notes",
    f"{COUPLE}/notes/new",
    "/desk/notes/unsigned",
    "/desk/account",
]
PRACTICE = [
    "/desk/accounts",
    "/desk/practice",
    "/desk/practice/clinic",
    "/desk/practice/closures",
    "/desk/practice/instruments",
    "/desk/practice/vocabularies",
    "/desk/practice/vocabularies/repair_act",
    "/desk/practice/session-types/joint-session",
    HOURS,
    f"{HOURS}/hours",
    "/desk/feeds",
    "/desk/calendars",
    "/desk/integrations",
    "/desk/deliveries",
    "/desk/requests",
]


def look(page, path, found):
    ready(page)
    page.evaluate(AXE)
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        found += [f"{path}, {size['width']}: {one}" for one in page.evaluate(RUN_AXE)]
        if is_wider_than_the_screen(page):
            found.append(f"{path}: wider than {size['width']}")


@pytest.fixture
def desk_as(open_context, site):
    """`desk_as(email, scheme)`: a signed-in page in one of the colour schemes."""

    def enter(email, scheme):
        page = open_context(viewport=DESKTOP, color_scheme=scheme).new_page()
        sign_in(page, site.url, as_=email)
        return page

    return enter


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_record_is_accessible_and_fits_the_screen(desk_as, site, scheme):
    page, note_id, found = desk_as(THERAPIST, scheme), open_draft(site), []
    with site.app.app_context():
        signed = session().query(SessionNote).filter(SessionNote.sealed_at.is_not(None)).first().id
        db.session.remove()
    notes = [f"/desk/notes/{note_id}", f"/desk/notes/{note_id}/sign", f"/desk/notes/{signed}"]
    notes += [f"/desk/notes/{signed}?view=soap", f"/desk/notes/{signed}/versions?first=1"]
    for path in RECORD + notes:
        assert page.goto(site.url + path).status == 200, path
        if path == f"/desk/notes/{note_id}":
            ready(page)
            page.keyboard.press("n")
            page.keyboard.press("Escape")
            page.keyboard.press("t")
        look(page, path, found)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_practice_is_accessible_and_fits_the_screen(desk_as, site, scheme):
    page, found = desk_as(ADMIN, scheme), []
    for path in PRACTICE:
        assert page.goto(site.url + path).status == 200, path
        look(page, path, found)
    assert found == []
