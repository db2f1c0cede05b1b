"""A note by its pages: written, saved as it is typed, put together, signed, added to."""

from __future__ import annotations

import re
from datetime import timedelta

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.notes.record.note_models import NoteVersion
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import PASSWORD, make_account, make_signed_note
from tests.support.notes.record_client import AT, WHOLE, open_desk


def test_a_note_is_entered_written_signed_recalled_and_signed_again(desk):
    code = desk.couple.code
    made = desk.post(
        f"/desk/couples/{code}/notes/new",
        {"on": "2026-11-20", "begins": "10:00", "ends": "10:50", "kind": "joint"},
    )
    note = made.location
    assert "5 things left before signing" in desk.get(note)
    after = desk.post(note, WHOLE | {"revision": "1", "then": "sign"})
    assert after.location == f"{note}/sign"
    desk.post(f"{note}/sign", {"revision": "2", "password": "not this one"}, status=422)
    desk.post(f"{note}/sign", {"revision": "2", "password": PASSWORD})
    page = desk.get(note)
    assert "Take the signature back" in page
    assert "Ten quiet minutes." in page
    desk.post(f"{note}/recall", {})
    assert "Everything needed is there." in desk.get(note)


def test_what_is_missing_is_listed_with_links_to_its_fields(desk):
    note_id = desk.draft()
    ref = desk.rupture()
    desk.post(f"/desk/notes/{note_id}", WHOLE | {"revision": "2", "plan": "", "ruptures": ref})
    page = desk.get(f"/desk/notes/{note_id}/sign")
    assert re.findall(rf'/{note_id}#([\w.-]+)">([^<]+)</a>', page) == [
        (f"ruptures.{ref}.status", f"{ref}: Say where this open rupture stands."),
        ("plan", "Write the plan."),
    ]


def test_autosave_answers_with_the_revision_and_what_is_missing(desk):
    note_id = desk.draft()
    answer = desk.post(
        f"/desk/notes/{note_id}/autosave",
        WHOLE | {"revision": "2", "plan": "", "attempts": "4", "attempts.4.by": "A"},
        status=200,
        headers={"Accept": "application/json"},
    )
    assert answer.json["revision"] == 3
    assert answer.json["missing"] == [
        {"anchor": "plan", "text": "Write the plan."},
        {"anchor": "attempts.4.acts", "text": "Choose one to four acts."},
        {"anchor": "attempts.4.receipt", "text": "Ask the receiver how it was received."},
    ]


def test_autosave_on_top_of_an_old_revision_is_refused_and_the_text_kept(desk):
    note_id = desk.draft()
    path, json = f"/desk/notes/{note_id}/autosave", {"Accept": "application/json"}
    desk.post(path, WHOLE | {"revision": "2", "plan": "first"}, status=200, headers=json)
    answer = desk.post(path, WHOLE | {"revision": "2", "plan": "second"}, 409, headers=json)
    assert (answer.json["code"], answer.json["revision"]) == ("changed-elsewhere", 3)
    kinds = desk.make(lambda: [row.kind for row in session().query(NoteVersion)])
    assert "elsewhere" in kinds
    assert desk.read(note_id).body.content.plan == "first"


def test_two_texts_stand_side_by_side_and_are_put_together(desk):
    note_id = desk.draft()
    path = f"/desk/notes/{note_id}"
    desk.post(path, WHOLE | {"revision": "2", "plan": "theirs"})
    page = desk.post(path, WHOLE | {"revision": "2", "plan": "mine"}, status=409).text
    assert "theirs" in page
    mine = re.search(r'name="mine" value="([^"]+)"', page)[1].replace("&#34;", '"')
    desk.post(f"{path}/merge", {"revision": "3", "mine": mine, "choose.plan": "both"})
    assert desk.read(note_id).body.content.plan == "theirs\n\nmine"


def test_saved_state_is_told_without_the_text(desk):
    note_id = desk.draft()
    answer = desk.browser.get(f"/desk/notes/{note_id}/state", headers={"X-Background": "1"})
    assert {**answer.json, "csrf_token": ""} == {
        "revision": 2,
        "status": "draft",
        "csrf_token": "",
    }


def test_an_expired_session_answers_401_to_the_page_that_saves(desk):
    note_id = desk.draft()
    token = desk.token()
    clock.move(timedelta(hours=13))
    answer = desk.browser.post(
        f"/desk/notes/{note_id}/autosave",
        data=WHOLE | {"revision": "2"},
        headers={"Accept": "application/json", "X-CSRFToken": token},
    )
    assert answer.status_code == 401


def test_the_key_of_the_copy_on_the_device_is_the_accounts_own_and_stays_the_same(app):
    desk = open_desk(app)
    note_id = desk.draft()
    pattern = r'data-secret="([\w-]{43})"'
    first = re.search(pattern, desk.get(f"/desk/notes/{note_id}"))[1]
    again = re.search(pattern, signed_in(app).get(f"/desk/notes/{note_id}").text)[1]
    assert first == again
    with app.app_context():
        make_account(
            desk.couple.practice.clinic,
            email="two@example.org",
            therapist_id=desk.couple.practice.therapist.id,
        )
        db.session.remove()
    other = signed_in(app, email="two@example.org").get(f"/desk/notes/{note_id}").text
    assert re.search(pattern, other)[1] != first


def test_an_addendum_asks_for_the_password_and_stands_with_the_note(desk):
    note_id = desk.make(lambda: make_signed_note(desk.couple, at=AT))
    path = f"/desk/notes/{note_id}"
    said = {"kind": "amendment", "text": "It was Monday.", "password": PASSWORD}
    page = desk.post(f"{path}/addenda", said, status=422).text
    assert "Give the reason." in page
    assert "It was Monday." in page
    desk.post(f"{path}/addenda", said | {"reason": "a slip"})
    assert "Reason: a slip" in desk.get(path)
