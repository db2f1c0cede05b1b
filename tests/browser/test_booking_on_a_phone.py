"""Booking, moving and cancelling on a phone of 360 by 740, as people do it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.extensions import db
from tests.support.browser.booking_steps import (
    another_page,
    chips,
    fill_details,
    see_heading,
    send,
    to_details,
    visit,
)
from tests.support.live_clinic import link_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_two_partners_book_move_and_cancel(open_page, site, javascript):
    page = open_page("/", java_script_enabled=javascript)
    before = {row["reference"] for row in site.appointments()}
    with another_page(page):
        page.get_by_role("link", name="Book an initial consultation").first.click()
    page.get_by_label("Initial consultation").check()
    page.get_by_label("We want to feel safe with each other").check()
    page.get_by_label("The two of us").check()
    page.get_by_role("radio", name="English").check()
    with another_page(page):
        page.get_by_role("button", name="See who fits").click()
    see_heading(page, "2 therapists fit what you said")
    with another_page(page):
        page.get_by_role("link", name="All times with Inês Duarte").click()
    with another_page(page):
        chips(page).first.click()
    see_heading(page, "Who should we expect?")
    fill_details(page)
    page.get_by_label("At the clinic").check()
    page.get_by_label("Their name").fill("Sam Sample")
    page.get_by_label("Their e-mail address").fill("sam@example.org")
    page.get_by_label("A message").fill("We would like to talk\nabout the winter.")
    with another_page(page):
        send(page)
    see_heading(page, "Your time is booked")
    with another_page(page):
        page.get_by_role("link", name="Move or cancel").click()

    [booked] = [row for row in site.appointments() if row["reference"] not in before]
    assert (booked["status"], booked["therapist"], booked["sequence"]) == ("confirmed", "ines-duarte", 0)  # fmt: skip
    mails = site.sent_mails()
    assert sorted(mails) == ["alex@example.org", "ines@harbour-lane.example", "sam@example.org"]
    own, other = link_in(mails["alex@example.org"]), link_in(mails["sam@example.org"])
    assert len({own, other, page.url}) == 3  # what is shown is not what is mailed

    with another_page(page):
        page.get_by_role("link", name="Move to another time").click()
    with another_page(page):
        chips(page).last.click()
    expect(page.get_by_role("status").first).to_contain_text("Moved.")
    moved_to = page.locator(".when time").inner_text()
    visit(page, other)
    expect(page.locator(".when time")).to_have_text(moved_to, use_inner_text=True)
    assert sorted(site.sent_mails()) == sorted(mails)

    visit(page, own)
    with another_page(page):
        page.get_by_role("link", name=re.compile("^Cancel")).click()
    with another_page(page):
        page.get_by_role("button", name="Cancel this time").click()
    see_heading(page, "This time was cancelled")
    [row] = [row for row in site.appointments() if row["reference"] == booked["reference"]]
    assert (row["status"], row["sequence"], row["uid"]) == ("cancelled", 2, booked["uid"])
    assert row["start"] != booked["start"]
    assert sorted(site.sent_mails()) == sorted(mails)
    assert changes_of(site, booked["reference"]) == ["booked", "moved", "cancelled"]


def changes_of(site, reference):
    with site.app.app_context():
        wanted = (
            select(AppointmentChange.kind)
            .join(Appointment, Appointment.id == AppointmentChange.appointment_id)
            .where(Appointment.reference == reference)
            .order_by(AppointmentChange.number)
        )
        found = list(db.session.scalars(wanted))
        db.session.remove()
    return found


def test_the_keyboard_alone_books(open_page, site):
    page = open_page("/book")
    before = len(site.appointments())

    def tab_to(wanted: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):  # fmt: skip
                return
        pytest.fail(f"the keyboard does not reach {wanted}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to("input[name=needs]")
    page.keyboard.press("Space")
    tab_to("main button[type=submit]")
    with another_page(page):
        page.keyboard.press("Enter")
    assert page.url.endswith("/book/therapists")
    tab_to("button.chip")
    with another_page(page):
        page.keyboard.press("Enter")
    assert page.url.endswith("/book/details")
    for field, text in (("#name", "Alex Example"), ("#email", "alex@example.org")):
        tab_to(field)
        page.keyboard.type(text)
    tab_to("#privacy_accepted")
    page.keyboard.press("Space")
    tab_to("main form .actions button[type=submit]")
    with another_page(page):
        page.keyboard.press("Enter")
    assert page.url.endswith("/booked")

    assert len(site.appointments()) == before + 1


def test_a_double_click_books_once_and_back_does_not_offer_it_again(open_page, site):
    page = open_page()
    before = len(site.appointments())
    to_details(page)
    fill_details(page)
    with site.answers_held():
        page.get_by_role("button", name="Book this time").dblclick()
    expect(page).to_have_url(re.compile("/booked$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/booked$"))
    expect(page.get_by_role("status").first).to_contain_text("This is booked already")
    assert len(site.appointments()) == before + 1


def test_the_same_form_sent_again_without_javascript_books_once(open_page, site):
    page = open_page(java_script_enabled=False)
    before = len(site.appointments())
    to_details(page)
    fill_details(page)
    with site.answers_held():
        page.get_by_role("button", name="Book this time").dblclick()
    expect(page).to_have_url(re.compile("/booked$"))  # the first of the two answers is given up
    assert len(site.appointments()) == before + 1
