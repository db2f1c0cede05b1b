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

from app import create_app
from clinic.demo_people import PASSWORD
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.notes.queries import read_note
from tests.browser.at_the_desk import DESKTOP, THERAPIST, actor_of, open_draft, sign_in
from tests.conftest import NOW, settings_for

pytestmark = pytest.mark.browser

EXPECTED = re.compile(r"Failed to load resource|net::ERR_INTERNET_DISCONNECTED")


class Keys:
    """Presses keys and counts them."""

    def __init__(self, page):
        self.page, self.count, self.fields = page, 0, set()

    def press(self, *names):
        for name in names:
            self.page.keyboard.press(name)
            self.count += 1
            self._note_field()

    def type(self, text):
        self.page.keyboard.type(text)
        self.count += len(text)
        self._note_field()

    def _note_field(self):
        here = "document.activeElement?.name || document.activeElement?.ariaLabel || ''"
        try:
            name = self.page.evaluate(here)
        except Exception:
            return  # the page is just changing
        if name:
            self.fields.add(name)


def saved_note(site, note_id):
    return note_in(site.app, note_id)


def note_in(app, note_id):
    with app.app_context():
        seen = read_note(note_id, actor=actor_of(THERAPIST), now=clock.now())
        db.session.remove()
    return seen


@pytest.fixture
def desk_page(chromium, site):
    """A signed-in page; refused and broken requests are what these tests are about."""
    context = chromium.new_context(
        viewport=DESKTOP, locale="en-GB", timezone_id="Europe/Lisbon", reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None)  # fmt: skip
    sign_in(page, site.url)
    yield page
    context.close()
    assert troubles == []


def open_note(page, site, note_id):
    page.goto(f"{site.url}/desk/notes/{note_id}")
    page.wait_for_selector("form[data-ready]")


def wait_saved(page):
    page.wait_for_selector("[data-save-state][data-kind=saved]")


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
    page.wait_for_function(
        "left => document.querySelectorAll('[data-missing-list] a').length === left", arg=left
    )


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
    page.wait_for_selector("[data-save-state][data-kind=offline-kept]")
    assert "Kept on this device" in page.locator("[data-save-state]").inner_text()

    # The browser is closed and, meanwhile, the session runs out.
    context = page.context
    page.evaluate("window.onbeforeunload = null")
    page.close(run_before_unload=False)
    clock.move(timedelta(minutes=20))
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{site.url}/desk/notes/{note_id}")
    again.locator("#email").fill(THERAPIST)
    again.locator("#password").fill(PASSWORD)
    again.keyboard.press("Enter")
    again.wait_for_url("**/desk/notes/**")
    again.wait_for_selector("form[data-ready]")
    wait_saved(again)
    assert again.locator("#free_text").input_value() == "Written in a tunnel."
    assert saved_note(site, note_id).body.content.free_text == "Written in a tunnel."

    keys.page = again
    keys.press("Control+Enter")
    again.wait_for_url("**/sign")
    keys.type(PASSWORD)
    keys.press("Enter")
    again.wait_for_url(f"**/desk/notes/{note_id}")
    assert "Take the signature back" in again.content()
    written = keys.count

    clock.move(timedelta(minutes=16))
    again.reload()
    again.wait_for_url(re.compile("login|notes"))
    if "login" in again.url:
        again.locator("#email").fill(THERAPIST)
        again.locator("#password").fill(PASSWORD)
        again.keyboard.press("Enter")
        again.wait_for_url("**/desk/notes/**")
    for _ in range(40):
        keys.press("Tab")
        if again.evaluate("document.activeElement.id") == "text":
            break
    keys.type("She rang on Tuesday.")
    keys.press("Tab", "Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    again.wait_for_selector(".addendum")
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
    page.wait_for_selector("[data-banner]:not([hidden])")
    second = page.context.new_page()
    second.goto(site.url + "/login?next=/desk/signed-in")
    second.locator("#email").fill(THERAPIST)
    second.locator("#password").fill(PASSWORD)
    second.keyboard.press("Enter")
    second.wait_for_url("**/desk/signed-in")
    wait_saved(page)
    assert page.locator("[data-banner]").is_hidden()
    assert saved_note(site, note_id).body.content.plan == "Typed while signed out."


def test_two_windows_are_put_together_and_neither_text_is_overwritten(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    other = page.context.new_page()
    open_note(other, site, note_id)
    other.locator("#plan").fill("From the other window.")
    wait_missing(other, 4)
    page.locator("#plan").fill("From this window.")
    page.wait_for_selector("[data-banner]:not([hidden])")
    page.get_by_role("link", name="Put both texts together").click()
    page.wait_for_selector("form.merge")
    page.get_by_label("Keep both, one under the other").first.check()
    page.get_by_role("button", name="Save this").click()
    page.wait_for_selector("form[data-ready]")
    both = "From the other window.\n\nFrom this window."
    assert page.locator("#plan").input_value() == both
    assert saved_note(site, note_id).body.content.plan == both


def test_the_copy_on_the_device_is_sealed_and_gone_once_the_server_has_the_text(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    page.context.set_offline(True)
    page.locator("#plan").fill("A secret plan.")
    page.wait_for_selector("[data-save-state][data-kind=offline-kept]")
    read = """() => new Promise(done => { const open = indexedDB.open('notes-on-this-device');
      open.onsuccess = () => { const all = open.result.transaction('copies').objectStore('copies').getAll();
        all.onsuccess = () => done(all.result.map(one => new TextDecoder('latin1').decode(one.sealed))); }; })"""
    kept = page.evaluate(read)
    assert len(kept) == 1
    assert "secret" not in kept[0]
    page.context.set_offline(False)
    wait_saved(page)
    page.wait_for_timeout(200)
    assert page.evaluate(read) == []


def test_the_question_mark_shows_the_keys_and_letters_can_be_switched_off(desk_page, site):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    page.keyboard.press("?")
    page.get_by_label("Single letters jump").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.id") != "plan"
    page.keyboard.press("?")
    page.get_by_label("Single letters jump").check()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.id") == "plan"


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
    page.wait_for_function("document.querySelector('[data-save-state]').dataset.kind === 'saved'")
    page.wait_for_timeout(1500)
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
    chromium, demo_database, tmp_path, site, tell_figure
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
    context = chromium.new_context(viewport=DESKTOP, locale="en-GB")
    try:
        page = context.new_page()
        sign_in(page, url)
        page.goto(f"{url}/desk/notes/{note_id}")
        page.wait_for_selector("form[data-ready]")
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
        context.close()
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
