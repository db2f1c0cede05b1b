"""The note by keyboard alone: written, saved by itself, offline, signed out, found again, signed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import create_app
from clinic.demo_people import PASSWORD
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.notes.queries import read_note
from tests.browser.at_the_desk import (
    DESKTOP,
    THERAPIST,
    actor_of,
    fill_sign_in,
    open_draft,
    sign_in,
)
from tests.browser.steps import another_page, visit
from tests.conftest import NOW, settings_for

pytestmark = pytest.mark.browser

EXPECTED = re.compile(r"Failed to load resource|net::ERR_INTERNET_DISCONNECTED")


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


@pytest.fixture
def desk_page(open_context, site):
    """A signed-in page; refused and broken requests are what these tests are about."""
    page, troubles = open_context(viewport=DESKTOP).new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None)  # fmt: skip
    sign_in(page, site.url)
    yield page
    page.context.close()
    assert troubles == []


def open_note(page, site, note_id):
    visit(page, f"{site.url}/desk/notes/{note_id}")


def wait_saved(page):
    """A key makes it "not saved yet" at once: it says "saved" of the last key, not of one before."""
    expect(page.locator("[data-save-state]")).to_have_attribute("data-kind", "saved")


def wait_kept(page):
    expect(page.locator("[data-save-state]")).to_have_attribute("data-kind", "offline-kept")


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


def wait_missing(page, left):
    expect(page.locator("[data-missing-list] a")).to_have_count(left)


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
    wait_kept(page)
    expect(page.locator("[data-save-state]")).to_contain_text("Kept on this device")
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
    wait_kept(page)
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


SERVE = """
import sys
from pathlib import Path
from datetime import datetime
from clinic.foundation.clock import clock
from app import create_app
from tests.conftest import settings_for
from werkzeug.serving import make_server
from flask import Flask
folder = Path(sys.argv[1])
clock.freeze(datetime.fromisoformat(sys.argv[2]))
server = make_server("127.0.0.1", 0, Flask("none"), threaded=True)
url = f"http://127.0.0.1:{server.server_port}"
server.app = create_app(settings_for(folder, f"sqlite:///{folder / 'clinic.db'}", base_url=url))
print(url, flush=True)
server.serve_forever()
"""


def test_killing_the_server_while_typing_loses_at_most_three_seconds(
    open_context, demo_database, tmp_path, site, tell_figure
):
    note_id = open_draft(site)
    folder = tmp_path / "killed"
    folder.mkdir()
    with site.app.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
    shutil.copy(tmp_path / "clinic.db", folder / "clinic.db")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), NOW.isoformat()],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    url = server.stdout.readline().strip()
    try:
        page = open_context(viewport=DESKTOP).new_page()
        sign_in(page, url)
        visit(page, f"{url}/desk/notes/{note_id}")
        page.locator("#free_text").focus()
        typed = []
        for number in range(60):
            page.keyboard.type(f"w{number} ")
            typed.append(time.monotonic())
            page.wait_for_timeout(90)
        server.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        server.wait()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    app = create_app(settings_for(folder, f"sqlite:///{folder / 'clinic.db'}"))
    kept = note_in(app, note_id).body.content.free_text
    wanted = [f"w{number}" for number in range(60)]
    words = [one for one, there in zip(wanted, kept.split(), strict=False) if one == there]
    with app.app_context():
        db.engine.dispose()
    lost = typed[len(words) :]
    since = killed - lost[0] if lost else 0
    tell_figure(
        f"server killed while typing: {len(words)} of 60 words saved, "
        f"the first lost one typed {since:.1f} s before"
    )
    assert " ".join(wanted).startswith(kept)
    assert not lost or killed - lost[0] <= 3.0
