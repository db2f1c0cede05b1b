"""When something goes wrong on the way, what was written stays and the next step is shown."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic.foundation.clock import clock
from tests.support.browser.booking_steps import (
    another_page,
    chips,
    fill_details,
    see_heading,
    send,
    shown_times,
    to_details,
    visit,
)

pytestmark = pytest.mark.browser

WRITTEN = {
    "#name": "Alex Example",
    "#email": "alex@example.org",
    "#other_name": "Sam Sample",
    "#other_email": "sam@example.org",
    "#message": "Two lines\nof text.",
}


def write_everything(page):
    if not page.locator("#other_name").is_visible():
        page.get_by_text("Someone is coming with you").click()
    for field, text in WRITTEN.items():
        page.locator(field).fill(text)
    page.locator("#privacy_accepted").check()
    page.get_by_label("At the clinic").check()


def assert_everything_is_there(page):
    assert {field: page.locator(field).input_value() for field in WRITTEN} == WRITTEN
    assert page.locator("#privacy_accepted").is_checked()
    assert page.get_by_label("At the clinic").is_checked()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_a_hold_that_ran_out_while_another_took_the_time_loses_nothing(open_page, site, javascript):
    page = open_page(java_script_enabled=javascript)
    value = to_details(page)
    write_everything(page)
    clock.move(timedelta(minutes=11))
    other = open_page()
    to_details(other)
    fill_details(other, email="quick@example.org")
    with another_page(other):
        send(other)
    assert other.url.endswith("/booked")
    before = len(site.appointments())

    with page.expect_response("**/book/details") as answer, another_page(page):
        send(page)

    assert answer.value.status == 409
    see_heading(page, "That time has just been taken")
    nearest = page.locator("button.chip")
    expect(nearest).to_have_count(3)
    assert value not in [nearest.nth(n).get_attribute("value") for n in range(3)]
    with another_page(page):
        nearest.first.click()
    see_heading(page, "Who should we expect?")
    assert_everything_is_there(page)
    with another_page(page):
        send(page)
    assert page.url.endswith("/booked")
    assert len(site.appointments()) == before + 1


def test_a_hold_that_ran_out_still_books_when_the_time_is_free(open_page, site):
    page = open_page()
    to_details(page)
    write_everything(page)
    clock.move(timedelta(minutes=11))
    with another_page(page):
        send(page)
    assert page.url.endswith("/booked")


def test_a_time_taken_before_it_is_tapped_offers_the_three_nearest(open_page):
    page, other = open_page(), open_page()
    visit(page, page.url + "book/times?therapist=ines-duarte")
    to_details(other)
    with page.expect_response("**/book/hold") as answer, another_page(page):
        chips(page).first.click()
    assert answer.value.status == 409
    expect(page.locator("button.chip")).to_have_count(3)


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_choosing_another_time_and_another_week_keeps_what_was_written(open_page, javascript):
    page = open_page(java_script_enabled=javascript)
    to_details(page)
    write_everything(page)
    with another_page(page):
        page.get_by_role("button", name="Choose another time").click()
    with another_page(page):
        page.get_by_role("button", name="Later week").click()
    page.locator("details.zone summary").click()
    page.get_by_label("Show times in").select_option("Asia/Kathmandu")
    with another_page(page):
        page.get_by_role("button", name="Show", exact=True).click()
    assert "Kathmandu" in page.locator("details.zone summary").inner_text()
    with another_page(page):
        chips(page).first.click()
    see_heading(page, "Who should we expect?")
    assert_everything_is_there(page)


BAD_INPUT = [
    ("#name", "", "Please tell us how to call you."),
    ("#name", "x" * 101, "This is longer than 100 characters."),
    ("#email", "not an address", "This does not look like an e-mail address."),
    ("#email", "", "Please give an e-mail address"),
    ("#other_email", "also not", "This does not look like an e-mail address."),
    ("#other_email", "alex@example.org", "Each partner needs an address of their own."),
    ("#message", "y" * 2001, "This is longer than 2,000 characters."),
]


def test_each_mistake_is_told_at_its_field_and_everything_else_is_kept(open_page, site):
    page = open_page()
    before = len(site.appointments())
    to_details(page)
    for field, text, said in BAD_INPUT:
        write_everything(page)
        page.locator(field).fill(text)
        with page.expect_response("**/book/details") as answer, another_page(page):
            send(page)
        assert answer.value.status == 422
        control = page.locator(field)
        assert control.get_attribute("aria-invalid") == "true"
        described = (control.get_attribute("aria-describedby") or "").split()
        assert said in page.locator(f"[id='{field[1:]}-error']").inner_text()
        assert f"{field[1:]}-error" in described
        assert control.input_value() == text
        kept = {name: page.locator(name).input_value() for name in WRITTEN if name != field}
        assert kept == {name: value for name, value in WRITTEN.items() if name != field}
        assert page.evaluate("document.activeElement.hasAttribute('data-focus')")
    assert len(site.appointments()) == before


def test_leaving_the_agreement_out_is_told_at_the_box(open_page):
    page = open_page()
    to_details(page)
    write_everything(page)
    page.locator("#privacy_accepted").uncheck()
    with another_page(page):
        send(page)
    box = page.locator("#privacy_accepted")
    assert box.get_attribute("aria-describedby") == "privacy_accepted-error"
    assert "We need your agreement" in page.locator("#privacy_accepted-error").inner_text()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_another_zone_shows_the_same_times_on_other_clocks(open_page, javascript):
    page = open_page("/book/times?therapist=ines-duarte", java_script_enabled=javascript)
    instants = [chips(page).nth(n).get_attribute("value") for n in range(3)]
    assert shown_times(page)[:3] == ["09:00", "09:30", "10:00"]
    page.locator("details.zone summary").click()
    page.get_by_label("Show times in").select_option("Asia/Kathmandu")
    with another_page(page):
        page.get_by_role("button", name="Show", exact=True).click()
    assert shown_times(page)[:3] == ["14:45", "15:15", "15:45"]
    assert [chips(page).nth(n).get_attribute("value") for n in range(3)] == instants


def test_a_device_in_another_zone_is_offered_its_own_times(open_page):
    page = open_page("/book/times?therapist=ines-duarte", timezone_id="America/New_York")
    with another_page(page):
        page.get_by_role("button", name="Show times in that zone").click()
    assert "time_zone=America" in page.url
    assert "New York" in page.locator("details.zone summary").inner_text()


@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without"])
def test_changing_the_language_keeps_the_step(open_page, javascript):
    page = open_page(java_script_enabled=javascript)
    to_details(page)
    with another_page(page):
        page.get_by_role("button", name="Português").click()
    assert page.url.endswith("/book/details")
    assert page.locator("html").get_attribute("lang") == "pt-PT"
    assert page.locator("#name").is_visible()


def test_changing_the_language_on_the_page_of_a_taken_time_goes_on(open_page):
    page, other = open_page(), open_page()
    visit(page, page.url + "book/times?therapist=ines-duarte")
    to_details(other)
    with another_page(page):
        chips(page).first.click()
    with another_page(page):
        page.get_by_role("button", name="Português").click()
    assert page.url.endswith("/book/times")
    assert page.locator("html").get_attribute("lang") == "pt-PT"


@pytest.mark.parametrize("how", ["button", "keyboard", "without-javascript"])
def test_leaving_quickly_leaves_at_once(open_page, how):
    page = open_page("/book", java_script_enabled=how != "without-javascript")
    if how == "keyboard":
        press_escape(page, apart=0.9)
    else:
        page.get_by_role("link", name="Leave quickly").click()
    page.wait_for_url("about:blank")


def press_escape(page, *, apart):
    """Twice, by the keyboard's own clock so many seconds apart, however long the machine takes."""
    keyboard = page.context.new_cdp_session(page)
    key = {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}
    now = time.time()
    for at in (now, now + apart):
        keyboard.send("Input.dispatchKeyEvent", key | {"type": "rawKeyDown", "timestamp": at})
        keyboard.send("Input.dispatchKeyEvent", key | {"type": "keyUp", "timestamp": at})


def test_escape_twice_but_slowly_stays(open_page):
    page = open_page("/book")
    stays = page.url
    press_escape(page, apart=1.1)
    assert page.evaluate("[location.href, document.documentElement.hidden]") == [stays, False]


def test_weeks_turn_without_loading_the_page_and_back_turns_them_back(open_page):
    page = open_page("/book/times?therapist=ines-duarte")
    first = page.locator(".week-nav h2").inner_text()
    page.evaluate("window.stillHere = true")
    page.get_by_role("link", name="Later week").click()
    page.wait_for_url("**week=2026-11-30*")
    page.get_by_role("heading", name="30 November – 6 December").wait_for()
    page.go_back()
    page.get_by_role("heading", name=first).wait_for()
    assert page.evaluate("window.stillHere") is True


def test_week_asked_for_last_stays_when_the_answer_to_an_earlier_wish_is_late(open_page, site):
    page, held = open_page("/book/times?therapist=ines-duarte&week=2026-11-30"), []
    page.route("**week=2026-12-07*", lambda route: held.append(route))
    with page.expect_request("**week=2026-12-07*"):
        page.get_by_role("link", name="Later week").click()
    page.get_by_role("link", name="Earlier week").click()
    first = page.get_by_role("heading", name="23 – 29 November")
    expect(first).to_be_visible()
    with page.expect_response("**week=2026-12-07*") as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("new Promise(done => setTimeout(done, 300))")  # it would be seen by now
    expect(first).to_be_visible()
    assert "week=2026-12-07" not in page.url


def test_a_time_that_goes_while_moving_shows_the_three_nearest_and_changes_nothing(open_page, site):
    page, other = open_page(), open_page()
    to_details(page)
    fill_details(page)
    with another_page(page):
        send(page)
    with another_page(page):
        page.get_by_role("link", name="Move or cancel").click()
    had = page.locator(".when time").inner_text()
    with another_page(page):
        page.get_by_role("link", name="Move to another time").click()
    wanted = chips(page).nth(3).get_attribute("value")
    visit(other, site.url + "/book/times?therapist=ines-duarte")
    with another_page(other):
        other.locator(f".week button.chip[value='{wanted}']").click()
    assert other.url.endswith("/book/details")

    with page.expect_response("**/move") as answer, another_page(page):
        page.locator(f".week button.chip[value='{wanted}']").click()

    assert answer.value.status == 409
    near = page.get_by_role("region", name="The nearest free times")
    expect(near.locator("button.chip")).to_have_count(3)
    with another_page(page):
        near.locator("button.chip").first.click()
    expect(page.get_by_text("Moved.")).to_be_visible()
    assert page.locator(".when time").inner_text() != had


def test_a_changed_form_sent_after_the_booking_changes_nothing(open_page, site):
    page = open_page()
    before = len(site.appointments())
    to_details(page)
    fill_details(page)
    hidden = {
        name: page.locator(f"#details input[name={name}]").input_value()
        for name in ("csrf_token", "hold", "key", "time_zone")
    }
    with another_page(page):
        send(page)
    assert page.url.endswith("/booked")
    answer = page.request.post(
        site.url + "/book/details",
        form=hidden
        | {
            "name": "Somebody Else",
            "email": "alex@example.org",
            "language": "en",
            "format": "online",
            "privacy_accepted": "y",
        },
        max_redirects=0,
    )
    assert answer.status == 303
    assert answer.headers["location"].endswith("/booked")
    assert len(site.appointments()) == before + 1
