"""The note saves itself: how soon, on a slow or broken connection, and when the server is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from app import create_app
from clinic.extensions import db
from tests.conftest import NOW, settings_for
from tests.support.browser.booking_steps import ready, visit
from tests.support.browser.desk_sign_in import DESKTOP, open_draft, sign_in
from tests.support.browser.note_screen import (
    copy_on_this_device,
    note_in,
    open_note,
    save_state,
    saved_note,
    until,
    wait_saved,
    wait_until_stored_offline,
)
from tests.support.paths import ROOT

pytestmark = pytest.mark.browser

AUTOSAVE = "**/autosave"
PROMISED_S = 3.0
WORD_EVERY_MS = 90
WORDS = [f"w{number}" for number in range(55)]


class PausedClock:
    """The page's own clock, which goes on only when it is told to, and the server never slow on it."""

    def __init__(self, page):
        self.page, self.now_ms = page, 0
        page.clock.install(time=NOW)

    def pause(self):
        self.page.clock.pause_at(NOW.replace(hour=20))

    def run(self, milliseconds):
        """So much later: what became due has been sent, and answered."""
        self.page.clock.run_for(milliseconds)
        self.now_ms += milliseconds
        expect(save_state(self.page)).not_to_have_attribute("data-kind", "saving")


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


@contextmanager
def served_in_a_process(folder):
    """The clinic of this folder: its process, which may be killed, and its address."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder), NOW.isoformat()],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield server, server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def copy_of(site, folder):
    """The clinic's database as it stands, in a folder of its own."""
    folder.mkdir()
    with site.app.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
    shutil.copy(site.folder / "clinic.db", folder / "clinic.db")
    return folder


def type_words(page, clock):
    """Word after word; how many are saved at the end, and how old the oldest unsaved one ever was."""
    typed_at, saved, oldest_ms = [], 0, 0
    for word in WORDS:
        page.keyboard.type(f"{word} ")
        typed_at.append(clock.now_ms)
        clock.run(WORD_EVERY_MS)
        age_ms = clock.now_ms - typed_at[saved]
        oldest_ms = max(oldest_ms, age_ms)
        if save_state(page).get_attribute("data-kind") == "saved":
            saved = len(typed_at)
    lost_s = (clock.now_ms - typed_at[saved]) / 1000 if saved < len(WORDS) else 0
    return saved, lost_s, oldest_ms / 1000


def test_killing_the_server_while_typing_loses_at_most_three_seconds(
    open_context, site, tmp_path, tell_figure
):
    note_id = open_draft(site)
    folder = copy_of(site, tmp_path / "killed")
    with served_in_a_process(folder) as (server, url):
        page = open_context(viewport=DESKTOP).new_page()
        clock = PausedClock(page)
        sign_in(page, url)
        visit(page, f"{url}/desk/notes/{note_id}")
        clock.pause()
        page.locator("#free_text").focus()
        saved, lost_s, oldest_s = type_words(page, clock)
        server.send_signal(signal.SIGKILL)
        server.wait()

    app = create_app(settings_for(folder, f"sqlite:///{folder / 'clinic.db'}"))
    kept = note_in(app, note_id).body.content.free_text
    with app.app_context():
        db.engine.dispose()
    tell_figure(
        f"server killed while typing: {saved} of {len(WORDS)} words saved, the first lost one typed "
        f"{lost_s:.1f} s before; killed at any other moment {oldest_s:.1f} s at most"
    )
    assert kept.split() == WORDS[:saved]
    assert 0 < saved < len(WORDS)
    assert oldest_s <= PROMISED_S


def test_what_is_written_during_a_slow_save_is_not_waited_for_again(open_context, site):
    note_id = open_draft(site)
    page = open_context(viewport=DESKTOP).new_page()
    clock = PausedClock(page)
    sign_in(page, site.url)
    open_note(page, site, note_id)
    clock.pause()
    revision = page.locator("form[data-note] [name=revision]")
    before = revision.input_value()
    page.locator("#plan").fill("Before.")
    with site.answers_held():
        page.clock.run_for(1000)
        expect(save_state(page)).to_have_attribute("data-kind", "saving")
        page.locator("#plan").fill("Before. During.")
        page.clock.run_for(3000)
    expect(revision).not_to_have_value(before)  # the first is saved
    expect(save_state(page)).to_have_attribute("data-kind", "typing")

    clock.run(1)

    wait_saved(page)
    assert saved_note(site, note_id).body.content.plan == "Before. During."


def answer_lost_once(page):
    """The next save arrives, but its answer does not."""

    def lose(route):
        route.fetch()
        route.abort()

    page.route(AUTOSAVE, lose, times=1)


@pytest.mark.parametrize("then", ["goes-on", "comes-back-later"])
def test_save_whose_answer_was_lost_is_not_taken_for_somebody_elses(desk_page, site, then):
    page, note_id = desk_page, open_draft(site)
    open_note(page, site, note_id)
    answer_lost_once(page)
    page.locator("#plan").fill("Arrived.")
    wait_until_stored_offline(page)
    assert saved_note(site, note_id).body.content.plan == "Arrived."
    page.context.set_offline(True)
    page.locator("#plan").fill("Arrived. And more.")
    until(lambda: copy_on_this_device(page)["plan"] == "Arrived. And more.")
    if then == "comes-back-later":
        context = page.context
        page.close(run_before_unload=False)
        page = context.new_page()
        context.set_offline(False)
        open_note(page, site, note_id)
    page.context.set_offline(False)

    wait_saved(page)

    expect(page.locator("[data-banner]")).to_be_hidden()
    expect(page.locator("#plan")).to_have_value("Arrived. And more.")
    assert saved_note(site, note_id).body.content.plan == "Arrived. And more."


def test_what_is_written_before_the_script_has_come_is_saved_by_it(desk_page, site):
    page, note_id, held = desk_page, open_draft(site), []
    page.route("**/note/start.js", lambda route: held.append(route))
    with page.expect_request("**/note/start.js"):
        page.goto(f"{site.url}/desk/notes/{note_id}")
    page.locator("#plan").fill("Written early.")
    held[0].continue_()
    ready(page)

    wait_saved(page)

    assert saved_note(site, note_id).body.content.plan == "Written early."


def test_what_is_written_before_the_script_has_come_stands_with_what_this_device_kept(
    desk_page, site
):
    page, note_id, held = desk_page, open_draft(site), []
    open_note(page, site, note_id)
    page.context.set_offline(True)
    page.locator("#plan").fill("Kept.")
    wait_until_stored_offline(page)
    until(lambda: copy_on_this_device(page)["plan"] == "Kept.")
    # A page that closes sends what it has past the connection that was taken from it.
    page.evaluate("addEventListener('visibilitychange', e => e.stopImmediatePropagation(), true)")
    context = page.context
    page.close(run_before_unload=False)
    page = context.new_page()
    context.set_offline(False)
    page.route("**/note/start.js", lambda route: held.append(route))
    with page.expect_request("**/note/start.js"):
        page.goto(f"{site.url}/desk/notes/{note_id}")
    page.locator("#plan").fill("Written early.")
    page.locator("#free_text").fill("As well.")
    held[0].continue_()
    ready(page)

    wait_saved(page)

    content = saved_note(site, note_id).body.content
    assert (content.plan, content.free_text) == ("Kept.\nWritten early.", "As well.")


def test_what_was_typed_and_taken_back_leaves_nothing_to_save_and_no_copy(open_context, site):
    note_id = open_draft(site)
    page = open_context(viewport=DESKTOP).new_page()
    clock = PausedClock(page)
    sign_in(page, site.url)
    open_note(page, site, note_id)
    clock.pause()
    page.locator("#plan").fill("Wrong note!")
    clock.run(300)
    until(lambda: copy_on_this_device(page)["plan"] == "Wrong note!")
    page.locator("#plan").fill("")
    clock.run(1000)

    wait_saved(page)

    until(lambda: copy_on_this_device(page) is None)
    assert saved_note(site, note_id).revision == 1


def test_what_the_server_refused_is_not_sent_again_until_it_is_another_text(open_context, site):
    note_id = open_draft(site)
    page = open_context(viewport=DESKTOP).new_page()
    clock, asked = PausedClock(page), []
    sign_in(page, site.url)
    open_note(page, site, note_id)

    def refuse(route):
        asked.append(route)
        route.fulfill(status=422, content_type="application/json", body='{"detail": "Too long."}')

    page.route(AUTOSAVE, refuse)
    clock.pause()
    page.locator("#plan").fill("Refused.")
    clock.run(1000)
    expect(save_state(page)).to_have_attribute("data-kind", "refused")
    for _second in range(10):
        clock.run(1000)

    assert (len(asked), save_state(page).get_attribute("data-kind")) == (1, "refused")
    page.unroute(AUTOSAVE)
    page.locator("#plan").fill("Taken.")
    clock.run(1000)
    wait_saved(page)
    assert saved_note(site, note_id).body.content.plan == "Taken."
