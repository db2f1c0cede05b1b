"""The pages of the vocabularies, as a browser without JavaScript sees them."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.permissions.actors import Role
from clinic.practice.models import Clinic, VocabularyTerm
from clinic.practice.vocabularies.terms import vocabulary_of
from tests.support.factories import make_account, make_clinic, make_session_type, make_therapist
from tests.support.practice_client import Browser

LIST = "/desk/practice/vocabularies"
ACTS = f"{LIST}/repair_act"
NEW = f"{ACTS}/new"
LETTER = f"{ACTS}/terms/own_wrote_a_letter"
WORDS = {
    "label_en": "Wrote a letter",
    "label_pt": "Escreveu uma carta",
    "definition_en": "Put it on paper.",
    "definition_pt": "Pôs no papel.",
    "label_reviewed_by": "",
    "sort": "35",
}
PAGES = {
    LIST: {"admin", "front_desk", "supervisor", "therapist"},
    ACTS: {"admin", "front_desk", "supervisor", "therapist"},
    NEW: {"admin"},
    f"{ACTS}/terms/consistency": {"admin"},
}


@pytest.fixture
def house(app):
    with app.app_context():
        clinic = make_clinic()
        make_therapist(clinic, session_types=[make_session_type(clinic)])
        return clinic.id


def text_of(response):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.text)))


def told(page):
    found = re.findall(r'id="(\w+)-error">.*?<span>(.*?)</span>', page, re.DOTALL)
    return dict(found)


def acts(app, clinic_id):
    with app.app_context():
        found = vocabulary_of(clinic_id, "repair_act")
        db.session.remove()
        return found


@pytest.mark.parametrize("role", Role)
def test_who_may_see_and_who_may_edit(app, house, role):
    browser = Browser(app, role)

    seen = {path for path in PAGES if browser.get(path).status_code == 200}

    assert seen == {path for path, roles in PAGES.items() if role in roles}
    if role is not Role.ADMIN:
        for path in (NEW, f"{ACTS}/terms/consistency", f"{ACTS}/terms/consistency/retire"):
            assert browser.send(path, page="/desk/account", **WORDS).status_code == 403
        assert "Add a term" not in browser.get(ACTS).text


def test_visitor_is_sent_to_sign_in(client, house):
    assert client.get(LIST).status_code in {302, 401}


def test_list_is_reached_from_the_practice_and_the_navigation_and_counts_terms(admin):
    practice = admin.get("/desk/practice").text
    page = text_of(admin.get(LIST))

    assert practice.count(f'href="{LIST}"') == 2
    assert "Repair act 18 — — 0 of 18" in page
    assert "Receipt of a repair attempt fixed list 4" in page


def test_vocabulary_shows_its_terms_in_order_in_the_readers_language(app, admin):
    page = admin.get(ACTS).text
    with app.app_context(), transaction():
        session().scalars(select(Account)).one().language = "pt"
    portuguese = admin.get(ACTS).text

    labels = [term.label_en for term in acts(app, admin_clinic(app)).terms]
    shown = re.findall(r'<th scope="row">\s*<span>(.*?)</span>', page, re.DOTALL)
    assert [html.unescape(one).strip() for one in shown] == labels
    assert re.search(r'<th scope="row">\s*<span>\s*Apreço', portuguese)


def admin_clinic(app):
    with app.app_context():
        return session().scalars(select(Clinic.id)).one()


def test_added_term_stands_in_its_list_and_can_be_changed(app, house, admin):
    answer = admin.send(NEW, **WORDS)
    page = text_of(admin.get(ACTS))
    admin.send(LETTER, **(WORDS | {"label_pt": "Uma carta", "label_reviewed_by": "Ana Melo"}))

    assert (answer.status_code, answer.location) == (302, ACTS)
    assert "“Wrote a letter” is on offer." in page
    assert (
        "Wrote a letter added here Escreveu uma carta Put it on paper. This clinic Change" in page
    )
    assert "Names something valued in the other. The literature Change" in page
    term = acts(app, house).term("own_wrote_a_letter")
    assert (term.label_pt, term.label_reviewed_by) == ("Uma carta", "Ana Melo")
    assert "Reviewed by Ana Melo" in text_of(admin.get(ACTS))


def test_form_sent_twice_adds_one_term(app, house, admin):
    hidden = admin.hidden(NEW)

    for _ in range(2):
        assert admin.client.post(NEW, data=hidden | WORDS).status_code == 302

    assert acts(app, house).codes().count("own_wrote_a_letter") == 1
    assert len(acts(app, house).terms) == 19


def test_wrong_words_are_told_at_their_fields_and_nothing_is_lost(admin):
    typed = WORDS | {"label_en": "", "definition_pt": "", "sort": "99999", "label_pt": "Uma carta"}

    answer = admin.send(NEW, **typed)
    unread = admin.send(NEW, **(typed | {"sort": "soon"}))

    assert (answer.status_code, unread.status_code) == (422, 422)
    for page in (answer.text, unread.text):
        assert 'value="Uma carta"' in page
        assert "Put it on paper." in page
    assert 'value="soon"' in unread.text
    assert told(unread.text) == {"sort": "Please write a whole number."}
    assert told(answer.text) == {
        "label_en": "Please write a name.",
        "definition_pt": "Say in a sentence what it means.",
        "sort": "Please give a number from 0 to 9999.",
    }


def test_form_drawn_before_somebody_elses_change_shows_both_texts(app, house, admin):
    path = f"{ACTS}/terms/consistency"
    hidden = admin.hidden(path)
    old = acts(app, house).term("consistency")
    theirs = WORDS | {"label_en": "Theirs", "definition_en": old.definition_en}
    admin.send(path, **theirs)

    mine = admin.client.post(path, data=hidden | theirs | {"label_en": "Mine"})
    again = admin.client.post(
        path,
        data=dict(re.findall(r'name="(csrf_token|revision|key)"[^>]*value="([^"]*)"', mine.text))
        | theirs
        | {"label_en": "Mine"},
    )

    assert mine.status_code == 409
    assert "Somebody saved this term while you were writing" in mine.text
    assert 'value="Mine"' in mine.text
    assert 'id="label_en-elsewhere"' in mine.text
    assert 'id="label_pt-elsewhere"' not in mine.text
    assert "Saved elsewhere Theirs" in text_of(mine)
    assert again.status_code == 302
    assert acts(app, house).term("consistency").label_en == "Mine"


def test_incomplete_form_is_refused_in_words(app, house, admin):
    path = f"{ACTS}/terms/consistency"

    answer = admin.send(path, **(WORDS | {"revision": "first"}))

    assert answer.status_code == 422
    assert "This page was sent incomplete." in answer.text
    assert acts(app, house).term("consistency").label_en != "Wrote a letter"


def test_term_is_retired_and_taken_up_again_by_buttons(app, house, admin):
    admin.send(f"{ACTS}/terms/appreciation/retire", page=ACTS)
    retired = text_of(admin.get(ACTS))
    gone = acts(app, house).term("appreciation").active
    admin.send(f"{ACTS}/terms/appreciation/take-up", page=ACTS)

    assert not gone
    assert "Appreciation retired" in retired
    assert "It is offered no longer. Records that hold it keep it." in retired
    assert acts(app, house).term("appreciation").active


def test_what_has_to_stay_has_no_button_and_a_sent_one_is_answered_with_the_reason(admin):
    page = admin.get(ACTS).text
    answer = admin.send(f"{ACTS}/terms/other/retire", page=ACTS)

    assert f"{ACTS}/terms/other/retire" not in page
    assert answer.status_code == 302
    assert "There is always a way to say something that is not on the list." in admin.get(ACTS).text


def test_fixed_list_says_why_and_offers_no_new_term(admin):
    page = admin.get(f"{LIST}/receipt").text
    answer = admin.send(f"{LIST}/receipt/new", **WORDS)

    assert "Each of them counts with its own weight in the repair ratio." in page
    assert f"{LIST}/receipt/new" not in page
    assert "/retire" not in page
    assert answer.status_code == 422
    assert "This list is fixed" in answer.text


def test_term_of_an_intervention_may_stand_in_one_of_the_groups(app, house, admin):
    admin.send(f"{LIST}/intervention/new", **(WORDS | {"group": "cbct"}))

    with app.app_context():
        assert vocabulary_of(house, "intervention").term("own_wrote_a_letter").group == "cbct"


def test_unknown_vocabulary_and_term_are_not_found(admin):
    for path in (f"{LIST}/nothing", f"{LIST}/nothing/new", f"{ACTS}/terms/nothing"):
        assert admin.get(path).status_code == 404, path


def test_sent_without_its_token_changes_nothing(app, house, admin):
    assert admin.client.post(f"{ACTS}/terms/appreciation/retire").status_code == 400
    assert admin.client.post(NEW, data=WORDS).status_code in {400, 422}
    with app.app_context():
        assert session().scalars(select(VocabularyTerm)).all() == []


def test_needs_added_here_are_offered_to_visitors_and_to_profiles(app, house, admin, client):
    admin.send(f"{LIST}/need/new", **WORDS)
    admin.send(f"{LIST}/need/terms/body_freezes/retire", page=ACTS)

    for page in (client.get("/book").text, admin.get("/desk/practice/therapists/ines-duarte").text):
        assert "Wrote a letter" in page
        assert 'value="body_freezes"' not in page


def test_profile_keeps_a_retired_need_and_none_takes_it_up_anew(app, house, admin):
    with app.app_context():
        clinic = session().get(Clinic, house)
        make_therapist(clinic, slug="old", name="Old", concerns=["body_freezes"])
        make_account(clinic, email="x@example.org")
    admin.send(f"{LIST}/need/terms/body_freezes/retire", page=ACTS)
    profile = {
        "name": "Old", "slug": "old", "time_zone": "Europe/Lisbon", "languages": ["pt"],
        "formats": ["online"], "concerns": ["body_freezes"], "sort": "1", "active": "y",
    }  # fmt: skip

    kept = admin.send("/desk/practice/therapists/old", **profile)
    anew = admin.send(
        "/desk/practice/therapists/ines-duarte", **(profile | {"slug": "ines-duarte"})
    )

    assert kept.status_code == 302
    assert anew.status_code == 422
    assert re.search(r'id="concerns-error".*?One of these is not on offer', anew.text, re.DOTALL)
