"""Staff at their desks: signing in, and a note to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Page

from clinic.accounts.models import Account
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.session_notes.service import enter_note
from clinic.sample_data.demo_people import PASSWORD
from tests.conftest import NOW
from tests.support.browser.booking_steps import another_page, visit
from tests.support.live_clinic import LiveClinic

THERAPIST = "ines@harbour-lane.example"
ADMIN = "admin@harbour-lane.example"
DESKTOP = {"width": 1280, "height": 900}
BEGAN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def actor_of(account_email: str) -> Actor:
    """The member of staff with this address."""
    for row in session().query(Account):
        if row.email == account_email:
            return Actor(
                clinic_id=row.clinic_id,
                name=f"account:{row.id}",
                account_id=row.id,
                roles=frozenset(Role(one) for one in row.role_names),
                therapist_id=row.therapist_id,
            )
    raise AssertionError(account_email)


def open_draft(site: LiveClinic) -> str:
    """The id of an empty note of a session an hour ago, of the couple with the long course."""
    with site.app.app_context():
        made = enter_note(
            "C-0001",
            held_from=BEGAN,
            held_until=BEGAN + timedelta(minutes=50),
            actor=actor_of(THERAPIST),
            now=NOW,
        )
        db.session.remove()
    return made


def sign_in(page: Page, url: str, *, as_: str = THERAPIST) -> None:
    """From the sign-in page to the desk."""
    visit(page, url + "/login")
    fill_sign_in(page, as_=as_)


def fill_sign_in(page: Page, *, as_: str = THERAPIST) -> None:
    """On the sign-in page: in, to where one wanted to go."""
    page.locator("#email").fill(as_)
    page.locator("#password").fill(PASSWORD)
    with another_page(page):
        page.keyboard.press("Enter")
    assert urlsplit(page.url).path.startswith("/desk/"), page.url
