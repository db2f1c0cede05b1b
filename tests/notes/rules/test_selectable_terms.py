from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from clinic.notes.rules.clinical_checks import code_problems
from clinic.notes.rules.note_content import (
    Attempt,
    Intervention,
    NewRupture,
    NoteContent,
    RuptureEntry,
)
from clinic.notes.rules.selectable_terms import (
    REASON_LISTS,
    RETIRED,
    UNKNOWN,
    Choosable,
    coded,
    every_term,
    retired_in,
)
from clinic.practice.rules.custom_terms import TermChange, lay_over
from clinic.practice.rules.vocabulary import load_all

LAST_WEEK = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def change(code, **told):
    told = {"vocabulary": "repair_act", "label_en": code, "label_pt": code, "sort": 5} | told
    return TermChange(code=code, **told)


def here():
    made = [
        change("own_wrote"),
        change("appreciation", active=False, retired_at=LAST_WEEK, sort=None),
    ]
    return {name: lay_over(one, made) for name, one in load_all().items()}


def a_note(*acts):
    return NoteContent(attempts=(Attempt("A", acts, "partly"),))


def test_added_term_may_be_chosen_and_an_unknown_one_may_not():
    choosable = Choosable(here())

    assert code_problems(a_note("own_wrote", "consistency"), choosable=choosable) == []
    assert code_problems(a_note("own_spoke"), choosable=choosable) == [("attempts.0.acts", UNKNOWN)]
    assert code_problems(a_note("own_wrote"), choosable=Choosable()) == [
        ("attempts.0.acts", UNKNOWN)
    ]


def test_retired_term_is_named_at_its_field_unless_the_record_holds_it():
    note = a_note("consistency", "appreciation")

    found = code_problems(note, choosable=Choosable(here()))
    kept = code_problems(note, choosable=Choosable(here(), frozenset({"appreciation"})))

    assert found == [("attempts.0.acts", RETIRED)]
    assert kept == code_problems(note, choosable=every_term(here())) == []
    assert retired_in(note, here()) == {"appreciation": LAST_WEEK}


def test_every_code_of_a_note_is_looked_at_with_its_place():
    note = replace(
        a_note("own_wrote"),
        interventions=(Intervention("no_such"),),
        ruptures=(RuptureEntry("R-01", status="mended", reason="whatever"),),
        new_ruptures=(NewRupture("A title", ("secrecy", "quarrel")),),
        exercises=("juggling",),
    )

    assert [place for place, _said in code_problems(note, choosable=Choosable(here()))] == [
        "interventions.0.code",
        "ruptures.R-01.status",
        "ruptures.R-01.reason",
        "new_ruptures.0.types",
        "exercises",
    ]
    assert {names for _place, _codes, names in coded(note)} >= {REASON_LISTS, ("exercise",)}


def test_reason_counts_as_offered_when_one_of_the_lists_offers_it():
    made = [TermChange(vocabulary="park_reason", code="other", active=False, retired_at=LAST_WEEK)]
    terms = {name: lay_over(one, made) for name, one in load_all().items()}

    assert Choosable(terms).problems("reason", ("other", None), *REASON_LISTS) == []
    assert Choosable(terms).problems("reason", ("other",), "park_reason") == [("reason", RETIRED)]
