"""A character that cannot be stored in the note's writing screen: said at its field by the script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from tests.support.browser.desk_sign_in import open_draft
from tests.support.browser.note_screen import open_note, save_state, saved_note, wait_saved

pytestmark = pytest.mark.browser

PLAN = "#plan"
LISTED = "[data-missing-list] a"


def test_refused_text_is_named_marked_and_gone_to_by_signing_until_it_is_mended(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    missing = page.locator(LISTED).all_text_contents()

    page.locator(PLAN).fill("ten\x0bminutes")

    plan = page.locator(PLAN)
    expect(plan).to_have_attribute("aria-invalid", "true")
    expect(plan).to_have_accessible_description(CANNOT_BE_KEPT)
    expect(plan).to_have_value("ten�minutes")
    expect(save_state(page)).to_have_text(f"not saved: Plan: {CANNOT_BE_KEPT}")
    others = [one for one in missing if one != "Write the plan."]
    expect(page.locator(LISTED)).to_have_text(["Correct “Plan”.", *others])

    plan.focus()
    page.evaluate("scrollTo(0, 0)")
    page.locator(".save-actions [name=then][value=sign]").click()
    expect(plan).to_be_focused()
    expect(plan).to_be_in_viewport()

    page.locator("#stage").fill("Step 2")  # sent again with the mark in it: refused again
    expect(save_state(page)).to_have_attribute("data-kind", "refused")
    plan.fill("ten minutes")
    wait_saved(page)
    expect(plan).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#plan-error")).to_have_count(0)
    expect(page.locator(LISTED)).to_have_text(others)
    assert saved_note(site, note_id).body.content.plan == "ten minutes"


def test_refused_text_that_is_taken_back_leaves_no_mark(desk_page, site):
    page = desk_page
    open_note(page, site, open_draft(site))
    missing = page.locator(LISTED).all_text_contents()
    page.locator(PLAN).fill("ten\x0bminutes")
    expect(page.locator(PLAN)).to_have_attribute("aria-invalid", "true")

    page.locator(PLAN).fill("")

    wait_saved(page)
    expect(page.locator(PLAN)).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(LISTED)).to_have_text(missing)
