"""The raised safety check on its pages: the note's screen, the signature, what waits, the record."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clinic.accounts.models import Account
from clinic.foundation.database.transactions import session
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.note_content import NewRupture, SafetyCheck
from tests.support.factories import NOW, PASSWORD, a_note, make_signed_note
from tests.support.notes.record_client import AT, WHOLE, open_desk
from tests.support.notes.signing import RAISED
from tests.support.web.compact_html import compact

FLAG = {
    "safety.result": "flag_raised",
    "safety.text": "Afraid at home.",
    "safety.level": "2",
    "safety.action": "A call tomorrow.",
    "safety.review_on": "2026-11-23",
}
FIELDS = ("safety.action", "safety.level", "safety.review_on")


def fields_on(page):
    return [name for name in FIELDS if f'name="{name}"' in page]


def test_a_flag_is_raised_on_the_notes_screen_and_opened_by_the_signature(desk):
    note = f"/desk/notes/{desk.draft()}"
    assert fields_on(desk.get(note)) == list(FIELDS)
    desk.post(note, WHOLE | FLAG | {"revision": "2", "late_reason": "Ill."})

    before = desk.get(f"{note}/sign")
    desk.post(f"{note}/sign", {"revision": "3", "password": PASSWORD})

    assert "Your signature opens a safety flag" in before
    page = desk.get(note)
    assert [text in page for text in ("Afraid at home.", "A call tomorrow.")] == [True, True]
    kept = desk.get(f"/desk/couples/{desk.couple.code}/restricted")
    assert re.findall(r'<span class="badge danger">(\w+)</span>(level \d of 3)', compact(kept)) == [
        ("open", "level 2 of 3")
    ]
    assert "What is done: A call tomorrow. · Inês Duarte" in kept


def test_what_the_flag_still_needs_leads_to_its_field(desk):
    note = f"/desk/notes/{desk.draft()}"
    desk.post(
        note, WHOLE | {"safety.result": "flag_raised", "revision": "2", "late_reason": "Ill."}
    )

    page = desk.get(f"{note}/sign")

    links = re.findall(rf'href="{note}#(safety\.\w+)"', page)
    assert links == ["safety.text", "safety.action", "safety.level", "safety.review_on"]
    screen = desk.get(note)
    assert [f'id="{link}"' in screen for link in links] == [True] * 4


def test_a_second_flag_is_not_asked_for(desk):
    desk.make(lambda: make_signed_note(desk.couple, a_note(safety=RAISED), at=AT))

    page = desk.get(f"/desk/notes/{desk.draft()}")

    assert fields_on(page) == []
    assert "A safety flag is open already; signing opens no second one." in page


def test_on_its_day_the_flag_is_first_of_what_waits_and_said_on_the_brief(desk):
    desk.make(lambda: make_signed_note(desk.couple, a_note(safety=RAISED), at=AT))
    code = desk.couple.code

    waits, brief = (desk.get(f"/desk/{at}") for at in ("notes/unsigned", f"couples/{code}/brief"))

    assert "Safety flag: look at it today" in waits
    assert f'href="/desk/couples/{code}/restricted"' in waits
    assert "Afraid" not in waits
    assert "Safety flag: look at it today" in brief


@pytest.fixture
def emergency(app):
    """The desk of somebody who opened the record in an emergency, and the note that has a flag."""
    desk = open_desk(app, therapist_id=None)
    told = a_note(
        safety=RAISED, new_ruptures=(NewRupture("Silence", ("secrecy",), significance=2),)
    )
    note_id = desk.make(lambda: make_signed_note(desk.couple, told, at=AT))
    account = desk.make(_only_account)
    desk.make(lambda: break_glass(desk.couple.code, "It cannot wait.", **_by(desk, account)))
    return desk, note_id


def test_who_opened_the_record_in_an_emergency_reads_nowhere_what_the_flag_is_about(emergency):
    desk, note_id = emergency
    code = desk.couple.code
    pages = [
        desk.get(path)
        for path in (
            f"/desk/notes/{note_id}",
            f"/desk/notes/{note_id}?view=soap",
            f"/desk/couples/{code}",
            f"/desk/couples/{code}/brief",
            f"/desk/couples/{code}/ruptures/R-01",
            f"/desk/couples/{code}/search?words=home",
            "/desk/notes/unsigned",
        )
    ]

    assert ["Afraid" in page for page in pages] == [False] * 7
    assert "Safety flag raised" in pages[0]


def test_who_opened_the_record_in_an_emergency_sees_that_a_flag_is_open_and_what_is_done(emergency):
    desk, _note_id = emergency
    code = desk.couple.code
    record, brief, rupture = (
        desk.get(f"/desk/couples/{code}{path}") for path in ("", "/brief", "/ruptures/R-01")
    )

    for page in (record, brief):
        assert "Safety flag: look at it today" in page
        assert "level 2 · What is done: A call tomorrow." in page
        assert f"/desk/couples/{code}/restricted" not in page
    assert "Safety flag open" in rupture


def test_answer_changed_keeps_what_was_typed_for_the_flag_in_the_draft_and_out_of_sight(desk):
    note_id = desk.draft()
    note = f"/desk/notes/{note_id}"
    desk.post(
        note, WHOLE | FLAG | {"safety.result": "nil_noted", "revision": "2", "late_reason": "Ill."}
    )

    assert desk.read(note_id).body.content.safety == replace(RAISED, result="nil_noted")
    screen, signature = desk.get(note), desk.get(f"{note}/sign")
    assert [typed_on(screen), typed_on(signature)] == [True, False]
    assert "Your signature opens a safety flag" not in signature

    desk.post(f"{note}/sign", {"revision": "3", "password": PASSWORD})

    assert desk.read(note_id).body.content.safety == SafetyCheck("nil_noted")
    pages = [desk.get(f"{note}{view}") for view in ("", "?view=soap", "?view=birp")]
    assert [typed_on(page) for page in pages] == [False] * 3


def test_what_was_typed_for_a_flag_outlives_another_flag_that_is_opened_meanwhile(desk):
    note_id = desk.draft()
    note = f"/desk/notes/{note_id}"
    desk.post(note, WHOLE | FLAG | {"revision": "2", "late_reason": "Ill."})
    desk.make(lambda: make_signed_note(desk.couple, a_note(safety=RAISED), at=AT))

    screen = desk.get(note)

    sent = dict(re.findall(r'type="hidden" name="(safety\.\w+)" value="([^"]*)"', screen))
    assert sent == {name: FLAG[name] for name in FIELDS}


def typed_on(page):
    return "Afraid at home." in page or "A call tomorrow." in page


def _only_account():
    return session().query(Account).one().id


def _by(desk, account):
    actor = replace(desk.couple.other_therapist, name=f"account:{account}", account_id=account)
    return {"proved_at": NOW, "actor": actor, "now": NOW}


def test_what_is_missing_is_listed_in_the_order_of_the_screen(desk):
    note = f"/desk/notes/{desk.draft()}"
    desk.post(note, {"revision": "2", "safety.result": "flag_raised"})

    screen = desk.get(note)

    links = re.findall(r'<li><a href="#([\w.]+)"', screen)
    places = [screen.index(f'id="{link}"') for link in links]
    assert links[:4] == ["attendance.A", "attendance.B", "safety.text", "safety.action"]
    assert places == sorted(places)
