"""The pages of the record, the note and the ledger, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database import session
from clinic.foundation.permissions import Role
from clinic.notes.clinical_values import RuptureDetails
from clinic.notes.models import NoteVersion
from clinic.notes.queries import read_note
from clinic.notes.ruptures import change_status, open_rupture
from tests.accounts.at_the_door import TOKEN_FIELD, signed_in
from tests.factories import (
    NOW,
    PASSWORD,
    CareCouple,
    make_account,
    make_care_couple,
    make_note,
    make_signed_note,
    put_on_shelf,
)

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WHOLE = {
    "attendance.A": "present",
    "attendance.B": "present",
    "safety.result": "nil_noted",
    "interventions": "eft_step_2",
    "responses.A": "Softened.",
    "responses.B": "Listened.",
    "plan": "Ten quiet minutes.",
}


@dataclass
class Desk:
    app: object
    browser: FlaskClient
    couple: CareCouple

    def get(self, path, status=200):
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path, data, status=302, **more):
        values = {"csrf_token": self.token()} | data
        answer = self.browser.post(path, data=values, **more)
        assert answer.status_code == status, answer.text
        return answer

    def token(self):
        return TOKEN_FIELD.search(self.browser.get("/desk/account").text)[1]

    def make(self, work):
        with self.app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    def draft(self):
        return self.make(lambda: make_note(self.couple, at=AT, now=AT + timedelta(hours=1)))

    def rupture(self, **changes):
        details = RuptureDetails(
            **({"title": "Alone at the party", "types": ("secrecy",), "significance": 3} | changes)
        )
        return self.make(
            lambda: open_rupture(
                self.couple.code, details, effective_at=AT, actor=self.couple.lead, now=NOW
            )
        )

    def read(self, note_id):
        return self.make(lambda: read_note(note_id, actor=self.couple.lead, now=clock.now()))


def open_desk(app, **account):
    with app.app_context():
        couple = make_care_couple()
        values = {"therapist_id": couple.practice.therapist.id} | account
        make_account(couple.practice.clinic, **values)
        db.session.remove()
    return Desk(app, signed_in(app), couple)


@pytest.fixture
def desk(app):
    return open_desk(app)


def test_each_page_opens_and_its_title_names_nobody(desk):
    code = desk.couple.code
    note_id = desk.make(lambda: make_signed_note(desk.couple, at=AT))
    ref = desk.rupture()
    paths = [
        "/desk/couples",
        f"/desk/couples/{code}",
        f"/desk/couples/{code}/brief",
        f"/desk/couples/{code}/ledger",
        f"/desk/couples/{code}/windows",
        f"/desk/couples/{code}/measures",
        f"/desk/couples/{code}/windows/new",
        f"/desk/couples/{code}/ledger?axis=date&for=partner&viewer=A",
        f"/desk/couples/{code}/ruptures/{ref}",
        f"/desk/couples/{code}/search?words=softened",
        f"/desk/couples/{code}/notes/new",
        f"/desk/couples/{code}/restricted",
        f"/desk/couples/{code}/process-notes",
        "/desk/notes/unsigned",
        f"/desk/notes/{note_id}",
        f"/desk/notes/{note_id}?view=soap",
        f"/desk/notes/{note_id}/versions?first=1",
    ]
    for path in paths:
        title = re.search(r"<title>(.*?)</title>", desk.get(path), re.DOTALL)[1]
        assert not re.search("Alex|Sam|party|couple", title, re.IGNORECASE), path


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMIN])
def test_front_desk_and_administration_open_none_of_it(app, role):
    desk = open_desk(app, roles=[role], therapist_id=None)
    note_id = desk.draft()
    for path in ("/desk/couples", f"/desk/couples/{desk.couple.code}", f"/desk/notes/{note_id}"):
        desk.get(path, status=403)


def test_another_therapist_finds_neither_the_couple_nor_the_note(app):
    desk = open_desk(app, therapist_id=None)
    note_id = desk.draft()
    for path in (
        f"/desk/couples/{desk.couple.code}",
        f"/desk/couples/{desk.couple.code}/ledger",
        f"/desk/notes/{note_id}",
        f"/desk/notes/{note_id}/state",
    ):
        desk.get(path, status=404)
    assert desk.couple.code not in desk.get("/desk/couples")


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


def test_an_impossible_change_is_refused_with_the_possible_ones(desk):
    ref = desk.rupture()
    path = f"/desk/couples/{desk.couple.code}/ruptures/{ref}"
    page = desk.post(f"{path}/status", {"to": "repaired"}, status=409).text
    shown = re.findall(r'<li><a href="#to-[a-z_]+">([^<]+)</a></li>', page)
    assert shown == ["In repair", "Parked", "Closed without repair"]


def test_a_change_is_backdated_and_reversed(desk):
    ref = desk.rupture()
    path = f"/desk/couples/{desk.couple.code}/ruptures/{ref}"
    parked = {"to": "parked", "reason": "agreement", "effective_on": "2026-11-21"}
    desk.post(f"{path}/status", parked)
    page = desk.get(path)
    assert "entered Monday 23 November 2026" in page
    number = re.findall(r'name="event" value="(\d+)"', page)[0]
    desk.post(f"{path}/reverse", {"event": number, "reason": "wrong_date"})
    assert "Reversed an entry" in desk.get(path)


def test_restricted_becomes_joint_only_when_said_twice(desk):
    ref = desk.rupture(visibility="restricted")
    path = f"/desk/couples/{desk.couple.code}/ruptures/{ref}"
    asked = {"visibility": "joint", "revision": "1"}
    page = desk.post(f"{path}/visibility", asked, status=409).text
    assert "Make this part of the joint record?" in page
    desk.post(f"{path}/visibility", asked | {"confirmed": "yes"})
    assert "Joint record" in desk.get(path)


def test_what_is_restricted_is_not_in_the_ledger_for_partners(desk):
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    desk.rupture(title="The secret one", visibility="restricted")
    desk.rupture(title="The joint one")
    page = desk.get(f"/desk/couples/{desk.couple.code}/ledger?for=partner&viewer=A")
    assert "The secret one" not in page
    assert "R-01" in page
    assert "R-02" not in page
    assert "The joint one" in page


def test_merged_and_split_ruptures_keep_their_link(desk):
    first, second = desk.rupture(title="One"), desk.rupture(title="Two")
    path = f"/desk/couples/{desk.couple.code}/ruptures"
    desk.post(f"{path}/{second}/merge", {"target": first})
    assert "Goes on in" in desk.get(f"{path}/{second}")
    desk.post(f"{path}/{first}/split", {"title": "Three", "types": "secrecy", "significance": "2"})
    assert "It was split off" in desk.get(f"{path}/R-03")


def test_process_notes_and_disclosures_are_kept_apart(desk):
    code = desk.couple.code
    desk.post(f"/desk/couples/{code}/process-notes", {"text": "My own doubt."})
    assert "My own doubt." in desk.get(f"/desk/couples/{code}/process-notes")
    told = {"by": "A", "text": "Told alone.", "decision": "none", "review_on": "2026-12-01"}
    desk.post(f"/desk/couples/{code}/restricted/disclosures", told)
    assert "Told alone." in desk.get(f"/desk/couples/{code}/restricted")
    for path in (f"/desk/couples/{code}", f"/desk/couples/{code}/search?words=alone"):
        assert "Told alone." not in desk.get(path)


def test_an_open_safety_flag_stands_on_the_record_and_the_brief_until_cleared(desk):
    code = desk.couple.code
    flag = {"about": "Afraid.", "level": "2", "action": "Call.", "flag_review_on": "2026-11-24"}
    desk.post(f"/desk/couples/{code}/restricted/flags", flag)
    assert "Safety flag, level 2" in desk.get(f"/desk/couples/{code}/brief")
    address = re.search(
        r"/restricted/flags/\w+/clear", desk.get(f"/desk/couples/{code}/restricted")
    )
    desk.post(f"/desk/couples/{code}{address[0]}", {"because": "Safe now."})
    assert "Safety flag, level 2" not in desk.get(f"/desk/couples/{code}")


def test_the_day_leads_to_the_brief_and_the_note(app):
    from tests.factories import make_appointment

    desk = open_desk(app)
    desk.make(lambda: make_appointment(desk.couple.practice, NOW + timedelta(hours=2)))
    page = desk.get("/desk/day")
    assert re.search(r"/desk/couples/C-\d+/brief\?appointment=", page)
    assert re.search(r"/desk/couples/C-\d+/notes/new\?appointment=", page)


def test_a_repaired_rupture_is_drawn_as_the_mended_line(desk):
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    ref = desk.rupture()
    code, lead = desk.couple.code, desk.couple.lead
    move = {"actor": lead, "now": NOW}
    desk.make(
        lambda: change_status(code, ref, "in_repair", reason="therapist_mark", text="x", **move)
    )
    before = desk.get(f"/desk/couples/{code}/ledger")
    desk.make(lambda: change_status(code, ref, "repaired", partners_confirmed=(True, True), **move))
    after = desk.get(f"/desk/couples/{code}/ledger")
    assert (before.count('class="gold"'), after.count('class="gold"')) == (1, 3)


def test_no_page_carries_inline_style_or_script(desk):
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    desk.rupture()
    code, note_id = desk.couple.code, desk.draft()
    for path in (f"/desk/couples/{code}/ledger", f"/desk/notes/{note_id}", f"/desk/couples/{code}"):
        page = desk.get(path)
        assert not re.search(r'\sstyle="|<style|\son\w+="|<script(?! type="module" src)', page), (
            path
        )


WINDOW = {
    "happened_on": "2026-11-22",
    "asker": "A",
    "question": "Do you still think of that evening?",
    "consent_a": "yes",
    "consent_b": "yes",
    "began": "yes",
    "rows.0.B": "3",
    "rows.150.B": "5",
    "rows.free0.at": "5:40",
    "rows.free0.B": "6",
    "rows.free0.then": "pause",
    "rows.free0.waited": "20",
    "rows.600.A": "2",
    "reflection_a": "Only Alex wrote this.",
}


def test_a_window_is_written_down_drawn_and_counted_in_the_ledger(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))

    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)

    page = desk.get(f"/desk/couples/{code}/windows")
    assert "Paused and taken up again · pause at 5:40, 20 minutes long" in page
    assert page.count("<polyline points=") == 4  # the key's two, and a stretch of each partner
    ledger = desk.get(f"/desk/couples/{code}/ledger")
    assert re.search(r"<dt>Begun</dt><dd>1</dd><dt>Without a pause</dt><dd>0</dd>", ledger)
    assert "pause 5:40" in ledger
    assert "Transparency Window" in desk.get(f"/desk/couples/{code}")


def test_partner_variant_of_the_ledger_holds_nothing_of_the_other_partners_window(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)

    for_b = desk.get(f"/desk/couples/{code}/ledger?for=partner&viewer=B")
    for_nobody = desk.get(f"/desk/couples/{code}/ledger?for=partner")

    assert '<g class="trace t1">' in for_b
    assert '<g class="trace t0">' not in for_b
    assert "that evening" not in for_b
    assert "Only Alex wrote this." not in for_b
    assert 'class="chart window"' not in for_nobody


def test_what_is_wrong_with_a_window_is_told_at_its_row_and_nothing_typed_is_lost(desk):
    path = f"/desk/couples/{desk.couple.code}/windows/new"
    wrong = {"question": "", "rows.150.B": "7", "reflection_a": "Kept words."}

    answer = desk.post(path, WINDOW | wrong, status=422)

    assert '<a class="block" href="#rows.150">This rating paused the window' in answer.text
    assert 'href="#question"' in answer.text
    assert "Kept words." in answer.text
    assert re.search(r'name="rows.150.B" value="7"', answer.text)
    assert "No window has been written down yet" in desk.get(path.removesuffix("/new"))


def test_an_open_safety_flag_closes_the_page_of_a_window(desk):
    code = desk.couple.code
    flag = {"about": "Afraid.", "level": "2", "action": "Call.", "flag_review_on": "2026-11-24"}
    desk.post(f"/desk/couples/{code}/restricted/flags", flag)

    page = desk.get(f"/desk/couples/{code}/windows/new")
    refused = desk.post(f"/desk/couples/{code}/windows/new", WINDOW, status=409)

    assert ("A safety flag is open." in page, 'name="question"' in page) == (True, False)
    assert "A safety flag is open." in refused.text


def test_a_window_entered_in_error_is_marked_with_the_reason(desk):
    code = desk.couple.code
    desk.post(f"/desk/couples/{code}/windows/new", WINDOW)
    address = re.search(r"/told/run/\w+", desk.get(f"/desk/couples/{code}/windows"))[0]
    entry = f"/desk/couples/{code}{address}"
    assert WINDOW["question"] in desk.get(entry)

    refused = desk.post(f"{entry}/in-error", {"reason": ""}, status=422).text
    desk.post(f"{entry}/in-error", {"reason": "It was another couple."})

    page = desk.get(f"/desk/couples/{code}/windows")
    assert "Say in a few words what is wrong." in refused
    assert "It was another couple." in page
    assert 'class="chart window"' not in page
    assert f'href="/desk/couples/{code}/windows"' in desk.get(entry)


def test_a_measure_is_entered_scored_drawn_and_shown_to_nobody_but_its_partner(desk):
    code = desk.couple.code
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    shelf = desk.make(lambda: put_on_shelf(desk.couple))
    path = f"/desk/couples/{code}/measures/new/{shelf}"
    answers = {"partner": "A", "taken_on": "2026-11-22", "items.near": "4", "items.warm": "2"}

    assert "How cold?" in desk.get(path)
    desk.post(path, answers | {"items.afraid": "1"})

    page = desk.get(f"/desk/couples/{code}/measures")
    assert re.search(r"Total</span> 22.5 · ", page)
    assert "1 item left out" in page
    assert re.search(r'<span class="badge warn">look</span> <span lang="en">Afraid\?', page)
    assert "Below 13.5: worth a look" in page
    assert "Within 4.5 of the first score" in page
    for address, is_there in {"": True, "&for=partner&viewer=A": True, "&for=partner&viewer=B": False,
                              "&for=partner": False}.items():  # fmt: skip
        ledger = desk.get(f"/desk/couples/{code}/ledger?axis=date{address}")
        assert ('class="chart measure"' in ledger) == is_there, address


def test_what_is_wrong_with_a_measure_is_told_and_nothing_typed_is_lost(desk):
    shelf = desk.make(lambda: put_on_shelf(desk.couple))
    path = f"/desk/couples/{desk.couple.code}/measures/new/{shelf}"
    typed = {"partner": "B", "taken_on": "2026-11-22"}

    for wrong, said in [
        ({}, "Give at least one answer or one total."),
        ({"totals.total": "many"}, "Give a number."),
        ({"totals.total": "41"}, "This lies outside the range of the scale."),
        ({"totals.total": "4", "items.near": "1"}, "Give the answers or the totals, not both."),
        ({"items.near": "x"}, "Choose one from the list."),
    ]:
        answer = desk.post(path, typed | wrong, status=422)
        assert said in answer.text
        assert re.search(r'name="partner" value="B" checked', answer.text)


def test_a_measure_entered_in_error_is_marked_with_the_reason(desk):
    code = desk.couple.code
    shelf = desk.make(lambda: put_on_shelf(desk.couple))
    total = {"partner": "A", "taken_on": "2026-11-22", "totals.total": "13,5"}
    desk.post(f"/desk/couples/{code}/measures/new/{shelf}", total)
    address = re.search(r"/told/measure/\w+", desk.get(f"/desk/couples/{code}/measures"))[0]
    entry = f"/desk/couples/{code}{address}"
    assert "Total</span> 13.5" in desk.get(entry)

    refused = desk.post(f"{entry}/in-error", {"reason": ""}, status=422).text
    desk.post(f"{entry}/in-error", {"reason": "Another couple."})

    page = desk.get(f"/desk/couples/{code}/measures")
    assert "Say in a few words what is wrong." in refused
    assert "Another couple." in page
    assert 'class="chart measure"' not in page
    assert f'href="/desk/couples/{code}/measures"' in desk.get(entry)
