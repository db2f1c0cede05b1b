"""The pages of the record and the ledger, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from clinic.foundation.permissions.actors import Role
from clinic.notes.ruptures.service import change_status
from tests.support.factories import NOW, make_signed_note
from tests.support.notes.record_client import AT, open_desk


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
    from tests.support.factories import make_appointment

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
