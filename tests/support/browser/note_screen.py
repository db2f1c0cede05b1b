"""The writing screen: keys that are counted, and what a note's states say."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.notes.session_notes.queries import read_note
from tests.support.browser.booking_steps import visit
from tests.support.browser.desk_sign_in import THERAPIST, actor_of


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page):
        self.page, self.count, self.fields = page, 0, set()

    def press(self, *names):
        for name in names:
            self._note_field()
            self.page.keyboard.press(name)
            self.count += 1

    def type(self, text):
        self._note_field()
        self.page.keyboard.type(text)
        self.count += len(text)

    def tab_to(self, wanted):
        """Tab after Tab until the element that fits `wanted`."""
        for _step in range(40):
            self.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                return
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def _note_field(self):
        here = "document.activeElement?.name || document.activeElement?.ariaLabel || ''"
        if name := self.page.evaluate(here):
            self.fields.add(name)


def saved_note(site, note_id):
    return note_in(site.app, note_id)


def note_in(app, note_id):
    with app.app_context():
        seen = read_note(note_id, actor=actor_of(THERAPIST), now=clock.now())
        db.session.remove()
    return seen


def open_note(page, site, note_id):
    visit(page, f"{site.url}/desk/notes/{note_id}")


def save_state(page):
    return page.locator("[data-save-state]")


def wait_saved(page):
    """A key makes it "not saved yet" at once: it says "saved" of the last key, not of one before."""
    expect(save_state(page)).to_have_attribute("data-kind", "saved")


def wait_until_stored_offline(page):
    expect(save_state(page)).to_have_attribute("data-kind", "offline-kept")


def copy_on_this_device(page):
    """What the page's own script reads from the sealed copy: {field: text}."""
    read = """async () => {
      const { noteId, secret } = document.querySelector("form[data-note]").dataset;
      const { makeDeviceCopy } = await import("/static/js/note/device_copy.js");
      const kept = await (await makeDeviceCopy(noteId, secret)).read();
      return kept && Object.fromEntries(kept.pairs);
    }"""
    return page.evaluate(read)


def until(true):
    """Wait for what the page does not show: asked again and again, for a minute at most."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)


def wait_missing(page, left):
    expect(page.locator("[data-missing-list] a")).to_have_count(left)
