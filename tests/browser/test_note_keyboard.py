"""The note by keyboard alone: written, saved by itself, offline, signed out, found again, signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic.foundation.clock import clock
from clinic.sample_data.demo_people import PASSWORD
from tests.support.browser.booking_steps import another_page, visit
from tests.support.browser.desk_sign_in import fill_sign_in, open_draft
from tests.support.browser.note_screen import (
    Keys,
    copy_on_this_device,
    open_note,
    save_state,
    saved_note,
    until,
    wait_missing,
    wait_saved,
    wait_until_stored_offline,
)

pytestmark = pytest.mark.browser


def write_it(keys):
    """All that is needed, from one missing thing to the next."""
    keys.press("Control+.")
    keys.press("1")  # nil noted
    keys.press("Control+.")
    keys.type("de-esc")
    keys.press("Enter")
    wait_missing(keys.page, 3)
    keys.press("Control+.")
    keys.type("Softened when asked twice.")
    wait_missing(keys.page, 2)
    keys.press("Control+.")
    keys.type("Stayed and listened.")
    wait_missing(keys.page, 1)
    keys.press("Control+.")
    keys.type("Ten quiet minutes on Sunday.")
    wait_missing(keys.page, 0)


def test_a_note_is_written_lost_found_signed_and_added_to_with_the_keyboard_only(
    desk_page, site, tell_figure
):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    keys = Keys(page)
    write_it(keys)
    wait_saved(page)
    assert saved_note(site, note_id).body.content.plan == "Ten quiet minutes on Sunday."

    page.context.set_offline(True)
    keys.press("Escape", "f")
    keys.type("Written in a tunnel.")
    wait_until_stored_offline(page)
    expect(save_state(page)).to_contain_text("Kept on this device")
    until(lambda: copy_on_this_device(page)["free_text"] == "Written in a tunnel.")

    # The browser is closed and, meanwhile, the session runs out.
    context = page.context
    page.evaluate("window.onbeforeunload = null")
    page.close(run_before_unload=False)
    clock.move(timedelta(minutes=20))
    context.set_offline(False)
    again = context.new_page()
    visit(again, f"{site.url}/desk/notes/{note_id}")
    fill_sign_in(again)
    wait_saved(again)
    expect(again.locator("#free_text")).to_have_value("Written in a tunnel.")
    assert saved_note(site, note_id).body.content.free_text == "Written in a tunnel."

    keys.page = again
    with another_page(again):
        keys.press("Control+Enter")
    assert again.url.endswith(f"/desk/notes/{note_id}/sign")
    keys.type(PASSWORD)
    with another_page(again):
        keys.press("Enter")
    assert again.url.endswith(f"/desk/notes/{note_id}")
    expect(again.locator("main")).to_contain_text("Take the signature back")
    written = keys.count

    clock.move(timedelta(minutes=16))
    with another_page(again):
        again.reload()
    fill_sign_in(again)
    keys.tab_to("#text")
    keys.type("She rang on Tuesday.")
    keys.press("Tab", "Tab")
    keys.type(PASSWORD)
    with another_page(again):
        keys.press("Enter")
    expect(again.locator(".addendum")).to_have_count(1)
    assert [one.said.text for one in saved_note(site, note_id).addenda] == ["She rang on Tuesday."]
    tell_figure(
        f"a note by keyboard: {written} keys to the signature, {keys.count} to the addendum, "
        f"{len(keys.fields)} fields"
    )


def test_signed_out_while_writing_loses_nothing_and_goes_on_after_signing_in_elsewhere(
    desk_page, site
):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    clock.move(timedelta(minutes=20))
    page.locator("#plan").fill("Typed while signed out.")
    expect(page.locator("[data-banner]")).to_be_visible()
    second = page.context.new_page()
    visit(second, site.url + "/login?next=/desk/signed-in")
    fill_sign_in(second)
    assert second.url.endswith("/desk/signed-in")
    wait_saved(page)
    expect(page.locator("[data-banner]")).to_be_hidden()
    assert saved_note(site, note_id).body.content.plan == "Typed while signed out."


def test_two_windows_are_put_together_and_neither_text_is_overwritten(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    other = page.context.new_page()
    open_note(other, site, note_id)
    other.locator("#plan").fill("From the other window.")
    wait_missing(other, 4)
    page.locator("#plan").fill("From this window.")
    expect(page.locator("[data-banner]")).to_be_visible()
    with another_page(page):
        page.get_by_role("link", name="Put both texts together").click()
    expect(page.locator("form.merge")).to_be_visible()
    page.get_by_label("Keep both, one under the other").first.check()
    with another_page(page):
        page.get_by_role("button", name="Save this").click()
    both = "From the other window.\n\nFrom this window."
    expect(page.locator("#plan")).to_have_value(both)
    assert saved_note(site, note_id).body.content.plan == both


def test_the_copy_on_the_device_is_sealed_and_gone_once_the_server_has_the_text(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    page.context.set_offline(True)
    page.locator("#plan").fill("A secret plan.")
    wait_until_stored_offline(page)
    read = """() => new Promise(done => { const open = indexedDB.open('notes-on-this-device');
      open.onsuccess = () => { const all = open.result.transaction('copies').objectStore('copies').getAll();
        all.onsuccess = () => done(all.result.map(one => new TextDecoder('latin1').decode(one.sealed))); }; })"""
    assert copy_on_this_device(page)["plan"] == "A secret plan."
    kept = page.evaluate(read)
    assert len(kept) == 1
    assert "secret" not in kept[0]
    page.context.set_offline(False)
    wait_saved(page)
    until(lambda: page.evaluate(read) == [])


def test_the_question_mark_shows_the_keys_and_letters_can_be_switched_off(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    page.keyboard.press("?")
    page.get_by_label("Single letters jump").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator("#plan")).not_to_be_focused()
    page.keyboard.press("?")
    page.get_by_label("Single letters jump").check()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator("#plan")).to_be_focused()


def test_rows_are_added_by_a_letter_and_ratings_walk_on_with_enter(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    keys = Keys(page)
    keys.press("r", "4", "Enter", "1", "0", "Enter", "Escape", "t")
    keys.press("1", "Tab")
    keys.press("4", "Tab")  # received
    keys.type("appre")
    keys.press("Enter")
    wait_saved(page)
    content = saved_note(site, note_id).body.content
    told = content.ratings[0]
    assert (told.partner, told.point, told.felt_safety) == ("A", "pre", 4)
    assert [(a.by, a.receipt, a.acts) for a in content.attempts] == [
        ("A", "received", ("appreciation",))
    ]
