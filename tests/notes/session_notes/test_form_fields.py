"""What the note's form sends, read into values."""

from __future__ import annotations

from datetime import date

from werkzeug.datastructures import MultiDict

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
from clinic.notes.session_notes.form_fields import NOT_A_NUMBER, filled_rows, read_content

FULL = MultiDict(
    [
        ("attendance.A", "present"),
        ("attendance.B", "late"),
        ("attendance.B.text", "ten minutes"),
        ("safety.result", "nil_noted"),
        ("checkins.A", "a good week"),
        ("ratings", "A.end"),
        ("ratings", "B.end"),
        ("ratings.A.end.felt_safety", "0"),
        ("ratings.A.end.defensiveness", ""),
        ("ruptures", "R-01"),
        ("ruptures.R-01.status", "repaired"),
        ("ruptures.R-01.worked_on", "yes"),
        ("ruptures.R-01.intensity_a", "10"),
        ("ruptures.R-01.confirmed_a", "yes"),
        ("ruptures.R-01.confirmed_b", "no"),
        ("new_ruptures", "3"),
        ("new_ruptures.3.key", "new-3"),
        ("new_ruptures.3.title", "A promise"),
        ("new_ruptures.3.types", "secrecy"),
        ("new_ruptures.3.significance", "2"),
        ("new_ruptures.3.occurred_on", "2026-11-20"),
        ("interventions", "other"),
        ("interventions", "eft_step_2"),
        ("interventions.other.text", "a walk"),
        ("attempts", "0"),
        ("attempts", "7"),
        ("attempts.7.by", "B"),
        ("attempts.7.acts", "appreciation"),
        ("attempts.7.acts", "consistency"),
        ("attempts.7.receipt", "partly"),
        ("attempts.7.rupture", "R-01"),
        ("attempts.7.felt_safety_after", "six"),
        ("responses.A", "relieved\r\nand quiet"),
        ("cycle.moves.B", "goes still"),
        ("plan", "  a call  "),
        ("goals", "one\n\n two "),
        ("exercises", "transparency_window"),
    ]
)


def test_the_whole_form_becomes_the_note():
    assert read_content(FULL, members=("A", "B")) == NoteContent(
        attendance=(Attendance("A", "present"), Attendance("B", "late", "ten minutes")),
        safety=SafetyCheck("nil_noted"),
        checkins=(("A", "a good week"),),
        ratings=(Rating("A", "end", felt_safety=0),),
        ruptures=(
            RuptureEntry(
                "R-01",
                worked_on=True,
                intensity_a=10,
                status="repaired",
                confirmed_a=True,
                confirmed_b=False,
            ),
        ),
        new_ruptures=(
            NewRupture(
                "A promise",
                ("secrecy",),
                date(2026, 11, 20),
                2,
                key="new-3",
                precision="exact",
            ),
        ),
        cycle=CycleSeen(moves=(("B", "goes still"),)),
        interventions=(Intervention("other", "a walk"), Intervention("eft_step_2")),
        attempts=(
            Attempt(
                "B",
                ("appreciation", "consistency"),
                "partly",
                "R-01",
                felt_safety_after=NOT_A_NUMBER,
            ),
        ),
        responses=(("A", "relieved\nand quiet"),),
        goals=("one", "two"),
        plan="a call",
        exercises=("transparency_window",),
    )


def test_what_a_flag_needs_is_read_whatever_the_answer_is():
    told = [
        ("safety.text", "Afraid at home."),
        ("safety.level", "2"),
        ("safety.action", "A call tomorrow."),
        ("safety.review_on", "2026-11-27"),
    ]
    found = tuple(
        read_content(MultiDict([("safety.result", result), *told]), members=("A", "B")).safety
        for result in ("flag_raised", "concern_discussed", "nil_noted")
    )

    day = date(2026, 11, 27)
    assert found == tuple(
        SafetyCheck(result, "Afraid at home.", 2, "A call tomorrow.", day)
        for result in ("flag_raised", "concern_discussed", "nil_noted")
    )


def test_an_empty_form_is_an_empty_note():
    assert read_content(MultiDict(), members=("A", "B")) == NoteContent(
        attendance=(Attendance("A"), Attendance("B"))
    )


def test_rows_nobody_wrote_in_do_not_count():
    assert filled_rows(FULL, "attempts") == ("7",)
    assert filled_rows(FULL, "new_ruptures") == ("3",)
