"""What is told between sessions, by keyboard alone and without JavaScript; its pages on every screen."""

from __future__ import annotations

import pytest

from tests.browser.test_every_page import Inspection
from tests.support.browser.booking_steps import another_page, visit
from tests.support.browser.desk_sign_in import sign_in
from tests.support.browser.note_screen import Keys

pytestmark = pytest.mark.browser

RECORD = "/desk/couples/C-0001"
MOST_KEYS = 45


def focused(page):
    return page.evaluate("document.activeElement.name || ''")


def tab_to(keys, name):
    for _step in range(20):
        if focused(keys.page) == name:
            return
        keys.press("Tab")
    raise AssertionError(f"{name} is not reached, but {focused(keys.page)}")


def test_attempt_at_home_is_written_down_with_the_keyboard_only(open_page, site, tell_figure):
    page = open_page("/login")
    sign_in(page, site.url)
    visit(page, f"{site.url}{RECORD}/at-home?rupture=R-01")
    keys = Keys(page)
    page.locator("#attempt-happened_on").focus()

    tab_to(keys, "attempt-by")
    keys.press("Space", "Tab")
    keys.type("apol")
    keys.press("Enter")
    tab_to(keys, "attempt-receipt")
    keys.press("Space", "ArrowRight", "ArrowRight")
    tab_to(keys, "attempt-felt_safety_after")
    keys.type("7")
    with another_page(page):
        keys.press("Enter")

    told = page.locator(".course-item").first.inner_text()
    assert "Partly received Ana: Empathic apology" in told
    assert "felt safety — → 7" in told
    tell_figure(f"an attempt at home by keyboard: {keys.count} keys, {len(keys.fields)} fields")
    assert keys.count <= MOST_KEYS


def test_ratings_are_written_down_without_javascript(open_page, site):
    page = open_page("/login", java_script_enabled=False)
    sign_in(page, site.url)
    visit(page, f"{site.url}{RECORD}/at-home")

    page.locator("summary", has_text="Write down ratings").click()
    page.locator("label.pill", has_text="Tom").last.click()
    page.locator("#rating-defensiveness").fill("0")
    with another_page(page):
        page.get_by_role("button", name="Keep the ratings").click()

    told = page.locator(".course-item").first.inner_text()
    assert "Tom felt safety — · defensiveness 0 · regulation —" in told


def test_pages_of_what_is_told_and_of_the_cycle(open_page, site):
    page = open_page("/login")
    sign_in(page, site.url)
    look = Inspection(page).look
    for path in (
        "/at-home",
        "/at-home?rupture=R-01",
        "/cycle",
        "/cycle/new",
        "/cycle/compare",
        "/cycle?for=partner&viewer=A",
    ):
        visit(page, site.url + RECORD + path)
        look(path)
    visit(page, site.url + RECORD)
    with another_page(page):
        page.locator(".course-item.attempt a").first.click()
    look("an attempt")
    with another_page(page):
        page.get_by_role("button", name="Mark it as entered in error").click()
    look("an attempt, without a reason")
    for path, what in (("/windows", "run"), ("/measures", "measure")):
        visit(page, site.url + RECORD + path)
        with another_page(page):
            page.locator(f'a[href*="/told/{what}/"]').first.click()
        look(f"one {what}")
    assert look.__self__.found == []
