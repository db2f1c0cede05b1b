"""Two texts of one note put together part by part."""

from __future__ import annotations

from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    CycleSeen,
    Intervention,
    NoteContent,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.rules.note_merge import content_of, differences, merge, parts_of

WHOLE = NoteContent(
    attendance=(Attendance("A", "present"), Attendance("B", "late")),
    safety=SafetyCheck("nil_noted"),
    checkins=(("B", "tired"),),
    ratings=(Rating("A", "end", 4), Rating("B", "end", 5)),
    ruptures=(RuptureEntry("R-01", status="open"), RuptureEntry("R-03")),
    cycle=CycleSeen("a call", moves=(("A", "asks"),)),
    interventions=(Intervention("eft_step_2"),),
    attempts=(Attempt("A", ("appreciation",), "partly"),),
    responses=(("A", "x"), ("B", "y")),
    plan="p",
)


def test_a_note_cut_into_parts_and_put_together_again_is_the_same():
    assert content_of(parts_of(WHOLE)) == WHOLE


MINE = NoteContent(
    plan="mine", responses=(("A", "yes"),), goals=("x", "y"), safety=SafetyCheck("nil_noted")
)
THEIRS = NoteContent(plan="theirs", responses=(("A", "no"), ("B", "oh")), goals=("y", "z"))


def test_what_differs_is_told_part_by_part():
    told = [(one.part, one.can_join) for one in differences(MINE, THEIRS)]
    assert told == [
        ("safety", False),
        ("responses.A", True),
        ("responses.B", False),
        ("goals", True),
        ("plan", True),
    ]


def test_without_a_choice_mine_stays_and_nothing_of_theirs_comes_in():
    assert merge(MINE, THEIRS, chosen={}) == MINE


def test_each_part_is_taken_from_the_side_chosen_or_from_both():
    chosen = {"plan": "both", "responses.A": "both", "responses.B": "theirs", "goals": "both"}
    assert merge(MINE, THEIRS, chosen=chosen) == NoteContent(
        plan="theirs\n\nmine",
        responses=(("A", "no\n\nyes"), ("B", "oh")),
        goals=("y", "z", "x"),
        safety=SafetyCheck("nil_noted"),
    )


def test_a_part_that_cannot_be_joined_falls_to_the_other_side_never_to_nothing():
    merged = merge(MINE, NoteContent(safety=SafetyCheck("other", "x")), chosen={"safety": "both"})
    assert merged.safety == SafetyCheck("other", "x")
