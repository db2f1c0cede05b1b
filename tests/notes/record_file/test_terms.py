from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.rules.note_content import Attempt
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.rules.custom_terms import details_of
from clinic.practice.vocabularies.service import add_term, edit_term, retire_term
from clinic.practice.vocabularies.terms import vocabulary_of
from tests.practice.vocabularies.test_service import LETTER
from tests.support.factories import NOW, a_note, make_care_couple, make_clinic, make_signed_note
from tests.support.notes.full_record import AT
from tests.support.notes.record_files import empty_the_database, system

pytestmark = pytest.mark.usefixtures("context")
CODE = "own_wrote_a_letter"
TOLD = {
    "vocabulary": "repair_act",
    "code": CODE,
    "label_en": "Wrote a letter",
    "label_pt": "Escreveu uma carta",
    "definition_en": "Put it on paper.",
    "definition_pt": "Pôs no papel.",
    "group": None,
}


def admin():
    return Actor(clinic_id=the_clinic().id, name="account:admin", roles=frozenset({Role.ADMIN}))


def a_letter(vocabulary="repair_act", **changes):
    return add_term(vocabulary, replace(LETTER, **changes), actor=admin(), now=NOW)


def a_record():
    """The file of a record in which a term was chosen that its clinic had added."""
    couple = make_care_couple()
    a_letter()
    a_letter(label_en="Never used", label_pt="Nunca usado")
    note = a_note(attempts=(Attempt("A", (CODE, "consistency"), "received"),))
    make_signed_note(couple, note, at=AT)
    return export_record(couple.code, actor=system(), now=NOW)


def refused(raw):
    with pytest.raises(RecordRefused) as told:
        import_record(json.dumps(raw), now=NOW)
    return told.value.problems


def test_file_says_what_the_added_terms_mean_that_the_record_uses_and_no_others():
    assert json.loads(a_record())["terms"] == [TOLD]


def test_record_of_a_clinic_that_added_nothing_tells_of_no_terms():
    couple = make_care_couple()
    make_signed_note(couple, at=AT)

    assert json.loads(export_record(couple.code, actor=system(), now=NOW))["terms"] == []


@pytest.mark.parametrize("knows_it", [True, False])
def test_record_with_an_added_term_goes_round_the_same_to_the_byte(knows_it):
    text = a_record()
    empty_the_database()
    make_clinic(slug="other")
    if knows_it:
        a_letter(definition_en="Put it on paper.")

    code = import_record(text, now=NOW)

    assert export_record(code, actor=system(), now=NOW) == text
    term = vocabulary_of(the_clinic().id, "repair_act").term(CODE)
    assert (term.label_pt, term.active) == ("Escreveu uma carta", knows_it)


def test_record_comes_into_an_installation_without_a_clinic_with_its_terms():
    text = a_record()
    empty_the_database()

    code = import_record(text, now=NOW)

    assert export_record(code, actor=system(), now=NOW) == text


def test_code_that_means_something_else_here_is_told_with_its_place_and_nothing_is_stored():
    text = a_record()
    empty_the_database()
    make_clinic(slug="other")
    a_letter()
    term = details_of(vocabulary_of(the_clinic().id, "repair_act").term(CODE))
    changed = replace(term, label_pt="Enviou um postal")
    edit_term("repair_act", CODE, changed, revision=1, actor=admin(), now=NOW)

    assert refused(json.loads(text)) == (
        ("terms[0].label_pt", "Here own_wrote_a_letter is called “Enviou um postal”."),
    )


def test_code_of_another_list_here_is_told():
    text = a_record()
    empty_the_database()
    make_clinic(slug="other")
    a_letter("exercise")

    places = [place for place, _said in refused(json.loads(text))]

    assert "terms[0].code" in places


def test_term_that_neither_the_clinic_nor_the_file_knows_is_told_with_its_place():
    raw = json.loads(a_record())
    del raw["terms"]
    empty_the_database()
    make_clinic(slug="other")

    assert refused(raw) == (
        ("notes[0].body.content.attempts.0.acts", "Choose one from the list."),
        ("attempts[0].details.acts", "Choose one from the list."),
    )


def test_term_that_is_retired_here_is_known():
    text = a_record()
    empty_the_database()
    make_clinic(slug="other")
    a_letter()
    retire_term("repair_act", CODE, actor=admin(), now=NOW)

    assert import_record(text, now=NOW) == "C-0001"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"vocabulary": "nothing"}, ("vocabulary", "takes no terms")),
        ({"vocabulary": "receipt"}, ("vocabulary", "takes no terms")),
        ({"code": "consistency"}, ("code", "begins with own_")),
        ({"code": "own_unused"}, ("code", "uses this term")),
        ({"label_pt": " "}, ("label_pt", "Please write a name.")),
        ({"definition_en": ""}, ("definition_en", "what it means")),
        ({"label_en": "x" * 121}, ("label_en", "120 characters")),
        ({"group": "nowhere"}, ("group", "not on offer")),
    ],
)
def test_term_that_cannot_be_is_told_with_its_place(change, problem):
    raw = json.loads(a_record())
    empty_the_database()
    make_clinic(slug="other")
    raw["terms"] = [TOLD | change]

    found = [(place, said) for place, said in refused(raw) if place.startswith("terms")]

    field, words = problem
    assert [place for place, _said in found] == [f"terms[0].{field}"]
    assert words in found[0][1]


def test_term_told_twice_is_told():
    raw = json.loads(a_record())
    empty_the_database()
    make_clinic(slug="other")
    raw["terms"] = [TOLD, TOLD]

    assert refused(raw) == (("terms[1].code", "This is there twice."),)
