"""Every public page in every state: accessible, no wider than the screen, light, nobody else's."""

from __future__ import annotations

import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from tests.support.browser.booking_steps import (
    another_page,
    chips,
    fill_details,
    is_wider_than_the_screen,
    ready,
    send,
    to_details,
    visit,
)

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
MAGNIFIED = {"width": 180, "height": 370}
"""What is left of 360 by 740 at 200 %."""
FIRST_PAGE_BYTES = 100_000

RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map(found => found.id + ': ' + found.nodes.map(node => node.target.join(' ')).join(', '))"""


class Inspection:
    """Looks at a page on both screens, in both colour schemes and magnified."""

    def __init__(self, page):
        self.page, self.found, self.seen = page, [], []

    def look(self, name):
        self.seen.append(name)
        page = self.page
        ready(page)
        page.evaluate(AXE)
        for size in (PHONE, DESKTOP):
            page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                where = f"{name}, {size['width']}, {scheme}"
                self.found += [f"{where}: {one}" for one in page.evaluate(RUN_AXE)]
            if is_wider_than_the_screen(page):
                self.found.append(f"{name}: wider than {size['width']}")
        page.set_viewport_size(MAGNIFIED)
        if is_wider_than_the_screen(page):
            self.found.append(f"{name}: wider than the screen at 200 %")
        page.set_viewport_size(PHONE)


def test_pages_before_a_time_is_chosen(open_page, site):
    page = open_page("/")
    look = Inspection(page).look
    for path in ("/", "/privacy", "/nothing-here", "/a/no-such-link", "/book/therapists"):
        page.goto(site.url + path)
        look(path)
    visit(page, site.url + "/book")
    look("needs")
    for box in page.locator("input[name=needs]").all()[:4]:
        box.check()
    with another_page(page):
        page.get_by_role("button", name="See who fits").click()
    look("needs, too many")
    visit(page, site.url + "/book/times")
    look("times")
    page.locator("details.zone summary").click()
    look("times, zone open")
    page.goto(site.url + "/book/times?therapist=daniel-reyes&week=2027-02-01")
    look("the last week")
    page.goto(site.url + "/login")
    look("sign in")
    assert look.__self__.found == []


def test_pages_around_a_booking(open_page, site):
    page, other = open_page("/"), open_page("/")
    look = Inspection(page).look
    to_details(page)
    look("details")
    page.get_by_label("Your name").fill("Maximiliane-Theodora-von-und-zu-Hohenlohe-Schillingsfürst")
    page.get_by_label("Your e-mail address").fill("not-an-address")
    with another_page(page):
        send(page)
    look("details, mistakes")
    fill_details(page, email=f"{'a-very-long-address-' * 3}@partners.example")
    with another_page(page):
        send(page)
    assert page.url.endswith("/booked")
    look("done")
    for name, button in (
        ("manage", page.get_by_role("link", name="Move or cancel")),
        ("move", page.get_by_role("link", name="Move to another time")),
        ("moved", chips(page).last),
        ("cancel", page.get_by_role("link", name=re.compile("^Cancel"))),
        ("cancelled", page.get_by_role("button", name="Cancel this time")),
    ):
        with another_page(page):
            button.click()
        look(name)
    visit(page, site.url + "/book/times?therapist=ines-duarte")
    to_details(other)
    with another_page(page):
        chips(page).first.click()
    look("taken")
    assert look.__self__.found == []


def test_the_pages_stand_in_portuguese_without_a_sideways_scroll(open_page, site):
    page = open_page("/", locale="pt-PT")
    look = Inspection(page).look
    for path in ("/", "/book", "/book/therapists", "/book/times", "/privacy"):
        visit(page, site.url + path)
        assert page.locator("html").get_attribute("lang") == "pt-PT"
        look(path)
    to_details(page)
    look("details")
    assert look.__self__.found == []


def test_the_first_page_is_under_100_kb(open_page, site):
    page = open_page("about:blank")
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    visit(page, site.url + "/")
    sizes = {answer.url: len(answer.body()) for answer in answers}
    assert f"{site.url}/static/js/quick_exit.js" in sizes  # the last that the page asks for
    assert sum(sizes.values()) < FIRST_PAGE_BYTES, sizes


def test_every_page_of_the_demo_says_that_it_is_made_up(open_page, site):
    page = open_page("/")
    for path in ("/", "/book", "/book/times", "/login", "/nothing-here"):
        page.goto(site.url + path)
        expect(page.locator(".made-up")).to_have_text(
            "This clinic and everyone in it are made up.", use_inner_text=True
        )
