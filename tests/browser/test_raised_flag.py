"""A safety flag raised in the note by keyboard alone: opened by the signature, which parks ruptures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from clinic.sample_data.demo_people import PASSWORD
from tests.support.browser.booking_steps import another_page, visit
from tests.support.browser.desk_sign_in import DESKTOP, open_draft, sign_in

pytestmark = pytest.mark.browser

RECORD = "/desk/couples/C-0001"
CONCERN = "Afraid of the evenings."
ACTION = "A call with her alone tomorrow."


@pytest.fixture
def writing(open_page, site):
    """A therapist's page with the note of a session an hour ago."""
    page = open_page("/login", viewport=DESKTOP)
    sign_in(page, site.url)
    visit(page, f"{site.url}/desk/notes/{open_draft(site)}")
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def left_to_say(page, number):
    expect(page.locator("[data-missing-list] a")).to_have_count(number)


def to_next(page, field):
    """On to the next thing that is missing, which is this field."""
    press(page, "Control+.")
    expect(page.locator(f'[id="{field}"]')).to_be_focused()


def raise_it(page):
    """The answer and all that its flag needs; four other things are still to be said."""
    press(page, "s", "3")
    left_to_say(page, 8)
    to_next(page, "safety.text")
    page.keyboard.type(CONCERN)
    left_to_say(page, 7)
    to_next(page, "safety.action")
    page.keyboard.type(ACTION)
    left_to_say(page, 6)
    press(page, "Control+.", "3")
    left_to_say(page, 5)
    to_next(page, "safety.review_on")
    page.keyboard.type("12122026")  # reads alike whichever of day and month is asked first
    left_to_say(page, 4)


def name_a_rupture(page):
    press(page, "Escape", "n")
    page.keyboard.type("The letter that was hidden")
    press(page, "Tab")
    page.keyboard.type("secrecy")
    press(page, "Enter")
    page.locator('[name="new_ruptures.0.significance"]').first.focus()
    press(page, "4")


def say_the_rest(page):
    press(page, "Escape", "i")
    page.keyboard.type("de-esc")
    press(page, "Enter")
    left_to_say(page, 3)
    for field, text in [("responses.A", "Quiet."), ("responses.B", "Listened."), ("plan", "Call.")]:
        to_next(page, field)
        page.keyboard.type(text)
    left_to_say(page, 0)


def test_a_raised_flag_is_written_signed_and_stands_open_with_the_ruptures_parked(writing, site):
    page = writing
    name_a_rupture(page)
    raise_it(page)
    say_the_rest(page)
    with another_page(page):
        press(page, "Control+Enter")
    expect(page.get_by_text("Your signature opens a safety flag")).to_be_visible()
    page.keyboard.type(PASSWORD)
    with another_page(page):
        press(page, "Enter")
    expect(page.get_by_role("button", name="Take the signature back")).to_be_visible()

    visit(page, f"{site.url}{RECORD}/restricted")
    flag = page.locator(".restricted-card", has_text=CONCERN)
    expect(flag).to_contain_text(re.compile(rf"open\s+level 3.*{re.escape(ACTION)}", re.DOTALL))
    visit(page, f"{site.url}{RECORD}")
    parked = page.locator("section", has=page.get_by_role("heading", name="Open ruptures"))
    expect(parked).to_contain_text(re.compile("Parked.*The letter that was hidden", re.DOTALL))


def test_what_was_typed_for_the_flag_is_there_again_when_the_answer_goes_back(writing):
    page = writing
    raise_it(page)
    press(page, "Escape", "s", "1")
    left_to_say(page, 4)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-kind", "saved")
    with another_page(page):
        page.reload()
    expect(page.get_by_label("What is done")).to_be_hidden()

    press(page, "s", "3")

    expect(page.get_by_label("What is done")).to_have_value(ACTION)
    expect(page.locator('[id="safety.text"]')).to_have_value(CONCERN)
    expect(page.locator('[id="safety.review_on"]')).to_have_value("2026-12-12")
    expect(page.locator('[name="safety.level"][value="3"]')).to_be_checked()
