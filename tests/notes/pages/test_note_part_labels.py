"""Two texts of a note side by side: what was chosen by its label, days and names as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask_babel import force_locale

from clinic.notes.pages.note_part_labels import difference_pieces, shown_part
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    CycleSeen,
    Intervention,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.rules.note_merge import parts_of
from clinic.notes.rules.version_diff import compare

NAMES = {"A": "Ana", "B": "Tom"}
DAY = date(2026, 11, 27)
NOTE = NoteContent(
    attendance=(Attendance("A", "late", "ten minutes"),),
    safety=SafetyCheck("flag_raised", "Afraid at home.", 2, "A call.", DAY),
    checkins=(("A", "A good week."),),
    ratings=(Rating("A", "end", felt_safety=0, regulation=7),),
    ruptures=(
        RuptureEntry("R-01", True, 4, None, "reopened", "Again.", "trust_dip", "A look.", False),
    ),
    new_ruptures=(
        NewRupture("The letter", ("secrecy", "betrayal"), DAY, 4, injured="A", precision="exact"),
        NewRupture("The silence", nature="withdrawal", visibility="restricted", ongoing=True),
    ),
    cycle=CycleSeen("Quick turn.", "pursue_withdraw", (("B", "goes still"),)),
    interventions=(Intervention("eft_step_2"), Intervention("other", "a walk")),
    attempts=(Attempt("B", ("i_statement", "consistency"), "partly", "R-01", DAY, None, 6, True),),
    goals=("one", "two"),
    exercises=("small_share", "small_favour"),
)
ENGLISH = {
    "attendance.A": "Came late · ten minutes",
    "safety": "Safety flag raised · Afraid at home. · level 2 of 3 · What is done: A call. · "
    "to be looked at again by Friday 27 November 2026",
    "checkins.A": "A good week.",
    "ratings.A.end": "Felt safety 0 · Regulation 7",
    "ruptures.R-01": "Reopened · Dip in trust · A look. · Ana says it is repaired: no · "
    "Worked on today: yes · Intensity, Ana: 4 · Again.",
    "new_ruptures": "The letter · Secrecy, Betrayal · significance 4 of 5 · Who was hurt: Ana · "
    "Open · Within the couple · Friday 27 November 2026\n"
    "The silence · Who was hurt: Both · Open · Within the couple · Withdrawal · Restricted · "
    "Still going on",
    "cycle": "Pursue and withdraw · Quick turn. · Tom: goes still",
    "interventions": "Step 2: negative cycle\nOther: a walk",
    "attempts": "Tom: First-person message, Consistency over time · Partly received · R-01 · "
    "at home, Friday 27 November 2026 · felt safety — → 6 · helped along",
    "goals": "one\ntwo",
    "stage": "—",
    "plan": "—",
    "exercises": "Share a small opinion\nAsk for a small favour",
    "free_text": "—",
}


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def test_every_part_of_a_note_is_said_in_the_readers_words():
    with force_locale("en"):
        told = {part: shown_part(one, part, NAMES) for part, one in parts_of(NOTE).items()}

    assert told == ENGLISH


def test_the_same_in_portuguese():
    with force_locale("pt"):
        told = {part: shown_part(one, part, NAMES) for part, one in parts_of(NOTE).items()}

    assert told["attendance.A"] == "Chegou tarde · ten minutes"
    assert told["safety"].endswith("sexta-feira, 27 de novembro de 2026")
    assert told["ratings.A.end"] == "Segurança sentida 0 · Regulação 7"


def test_an_attempt_about_a_rupture_without_a_ref_yet_names_it_in_words():
    one, other = (
        replace(NOTE, attempts=(Attempt("B", ("consistency",), "partly", ref),))
        for ref in ("new-0", "R-01")
    )

    with force_locale("en"):
        shown = [shown_part(note.attempts, "attempts", NAMES) for note in (one, other)]
        found = told(one, other)

    assert shown == [
        "Tom: Consistency over time · Partly received · The new rupture",
        "Tom: Consistency over time · Partly received · R-01",
    ]
    assert found == {
        "attempts.0.rupture": [("before", "The new rupture"), ("same", " "), ("after", "R-01")]
    }


def test_a_part_that_one_text_does_not_have_is_a_dash():
    absent = {shown_part(None, part, NAMES) for part in (*parts_of(NOTE), "responses.B")}

    assert absent == {"—"}


def told(before, after):
    changes = compare(NoteBody(before), NoteBody(after))
    return {
        one.path: [(piece.kind, piece.text) for piece in difference_pieces(one, NAMES)]
        for one in changes
    }


def test_versions_tell_what_was_chosen_by_its_label_and_what_was_typed_word_by_word():
    [attempt] = NOTE.attempts
    after = replace(
        NOTE,
        attendance=(Attendance("A", "present", "five minutes"),),
        safety=replace(NOTE.safety, result="nil_noted", review_on=date(2026, 12, 1)),
        attempts=(replace(attempt, by="A", facilitated=False),),
        exercises=("small_share",),
    )

    with force_locale("en"):
        found = told(NOTE, after)

    assert found == {
        "attendance.A.code": [("before", "Came late"), ("same", " "), ("after", "Present")],
        "attendance.A.text": [("before", "ten"), ("after", "five"), ("same", " minutes")],
        "safety.result": [
            ("before", "Safety flag raised"), ("same", " "), ("after", "Nil noted"),
        ],
        "safety.review_on": [
            ("before", "Friday 27 November 2026"),
            ("same", " "),
            ("after", "Tuesday 1 December 2026"),
        ],
        "attempts.0.by": [("before", "Tom"), ("same", " "), ("after", "Ana")],
        "attempts.0.facilitated": [("before", "yes"), ("same", " "), ("after", "no")],
        "exercises.1": [("before", "Ask for a small favour")],
    }  # fmt: skip
