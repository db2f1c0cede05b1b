"""A record takes the definitions of its measures along, so that it can be read where they are not."""

from __future__ import annotations

import json

import pytest

from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure, measures_page
from clinic.notes.pages.ledger_pictures import questionnaire_pictures
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.instruments.service import add_instrument, list_instruments
from tests.support.factories import CLOSENESS, NOW, add_closeness, make_care_couple, make_clinic
from tests.support.notes.full_record import AT
from tests.support.notes.record_files import empty_the_database, system

pytestmark = pytest.mark.usefixtures("context")
FILE = CLOSENESS.read_text(encoding="utf-8")
UNUSED = FILE.replace('"version": "2"', '"version": "3"')
OURS = FILE.replace("Made up; nobody owns it.", "Ours by letter.")
ANSWERS = {"near": 4, "warm": 2, "cold": 1}


def admin():
    return Actor(clinic_id=the_clinic().id, name="account:admin", roles=frozenset({Role.ADMIN}))


def a_record():
    """The file of a record with a measure; a second definition on the shelf is not used in it."""
    couple = make_care_couple()
    told = EnteredResponse(
        partner="A", instrument_id=add_closeness(couple), taken_on=AT.date(), answers=ANSWERS
    )
    add_measure(couple.code, told, actor=couple.lead, now=NOW)
    add_instrument(UNUSED, actor=couple.admin, now=NOW)
    return export_record(couple.code, actor=system(), now=NOW)


def elsewhere(*shelf):
    """Another clinic, with these definitions on its shelf."""
    empty_the_database()
    make_clinic(slug="other")
    for text in shelf:
        add_instrument(text, actor=admin(), now=NOW)


def refused(raw):
    with pytest.raises(RecordRefused) as told:
        import_record(json.dumps(raw), now=NOW)
    return told.value.problems


def changed(text, change):
    raw = json.loads(text)
    change(raw)
    return raw


def test_file_holds_the_definitions_that_its_measures_were_scored_by_and_no_others():
    assert json.loads(a_record())["instruments"] == [
        {"code": "closeness", "version": "2", "language": "en", "definition": FILE}
    ]


@pytest.mark.parametrize("shelf", [(), (FILE,)])
def test_record_goes_round_the_same_to_the_byte_and_what_it_brought_is_not_offered(shelf):
    text = a_record()
    elsewhere(*shelf)

    code = import_record(text, now=NOW)

    assert export_record(code, actor=system(), now=NOW) == text
    [on_shelf] = list_instruments(the_clinic().id)
    assert (on_shelf.file, on_shelf.retired_at) == (FILE, None if shelf else NOW)


def test_measure_is_read_and_drawn_with_its_lines_where_the_clinic_did_not_know_it():
    text = a_record()
    elsewhere()

    page = measures_page(import_record(text, now=NOW), actor=system(), now=NOW)

    [seen] = page.responses
    assert [(one.name, one.value) for one in seen.details.scores] == [
        ("Total", "25"), ("Coldness", "3"),
    ]  # fmt: skip
    total = questionnaire_pictures(page.responses, chart=page.chart, partners=("A",))[0]
    assert [one.meaning for one in total.definition.cut_offs] == ["worth a look"]
    assert page.shelf[0].instrument.item("near").text == "How near?"


@pytest.mark.parametrize("own", [FILE, OURS])
def test_definition_that_came_along_is_offered_once_the_clinic_adds_its_own_file(own):
    text = a_record()
    elsewhere()
    import_record(text, now=NOW)

    add_instrument(own, actor=admin(), now=NOW)

    shelf = list_instruments(the_clinic().id)
    assert [(one.file, one.retired_at) for one in shelf] == [(own, None)]


def test_file_of_before_definitions_went_along_is_taken_with_its_scores():
    raw = json.loads(a_record())
    del raw["instruments"]
    elsewhere()

    code = import_record(json.dumps(raw), now=NOW)

    again = json.loads(export_record(code, actor=system(), now=NOW))
    assert (again["measures"], again["instruments"]) == (raw["measures"], [])


def test_other_words_on_its_licence_are_no_other_definition():
    text = a_record()
    elsewhere(OURS)

    assert import_record(text, now=NOW) == "C-0001"


def test_another_definition_under_the_same_name_is_told_and_nothing_is_stored():
    text = a_record()
    elsewhere(FILE.replace("How near?", "How far?"))

    assert refused(json.loads(text)) == (
        ("instruments[0].definition", "Here closeness 2 en is another definition."),
    )


def definition_as(text):
    def change(raw):
        raw["instruments"][0]["definition"] = text

    return change


def twice(raw):
    raw["instruments"] *= 2


def without_measures(raw):
    raw["measures"] = []


def with_answer(value):
    def change(raw):
        raw["measures"][0]["details"]["answers"][0]["value"] = value

    return change


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (twice, [("instruments[1].code", "This is there twice.")]),
        (
            without_measures,
            [("instruments[0].code", "No measure in the record was scored by this.")],
        ),
        (
            definition_as("{"),
            [
                (
                    "instruments[0].definition",
                    "this is not JSON: Expecting property name enclosed in double quotes",
                )
            ],
        ),
        (
            definition_as(FILE.replace('"method": "sum"', '"method": "guess"')),
            [("instruments[0].definition", "scales[0].method: must be one of sum, mean")],
        ),
        (
            definition_as(UNUSED),
            [("instruments[0].definition", "This defines closeness 3 en.")],
        ),
        (
            with_answer(9),
            [
                (
                    "measures[0].details.answers",
                    "These are no answers to its definition: near.",
                )
            ],
        ),
        (
            with_answer(5),
            [
                (
                    "measures[0].details.scores",
                    "By its definition the answers have other scores.",
                )
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_definition_in_the_file_is_told_with_its_place(change, problems):
    raw = changed(a_record(), change)
    elsewhere()

    assert list(refused(raw)) == problems
