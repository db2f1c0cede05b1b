from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from clinic.notes.rules.note_checks import Finding, NoteSetting, missing_to_sign, wrong_values
from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    Intervention,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
    SafetyCheck,
)

SETTING = NoteSetting(
    members=("A", "B"),
    open_ruptures=("R-01", "R-03"),
    ruptures={"R-01": date(2026, 2, 14), "R-03": None},
    session_on=date(2026, 3, 10),
    couple_began=date(2026, 3, 3),
)
WHOLE = NoteContent(
    attendance=(Attendance("A", "present"), Attendance("B", "late")),
    safety=SafetyCheck("nil_noted"),
    ruptures=(RuptureEntry("R-01", status="in_repair"), RuptureEntry("R-03", status="open")),
    interventions=(Intervention("eft_step_2"),),
    responses=(("A", "Stayed with it."), ("B", "Softened.")),
    plan="Go on with the cycle.",
)
RATING_MESSAGE = "Ratings go from 0 to 10; leave it blank if it was not told."


def paths(findings):
    return [finding.path for finding in findings]


def test_six_answered_fields_are_enough_to_sign():
    assert missing_to_sign(WHOLE, setting=SETTING) == []
    assert wrong_values(WHOLE, setting=SETTING) == []


def test_empty_note_names_everything_that_is_missing_in_the_order_of_the_screen():
    assert missing_to_sign(NoteContent(), setting=SETTING) == [
        Finding("attendance.A", "Say who took part.", "A"),
        Finding("attendance.B", "Say who took part.", "B"),
        Finding("safety.result", "Answer the safety check; “nil noted” is an answer."),
        Finding("ruptures.R-01.status", "Say where this open rupture stands.", "R-01"),
        Finding("ruptures.R-03.status", "Say where this open rupture stands.", "R-03"),
        Finding("interventions", "Name at least one intervention."),
        Finding("plan", "Write the plan."),
    ]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"attendance": (Attendance("A", "present"), Attendance("B"))}, ["attendance.B"]),
        ({"safety": SafetyCheck()}, ["safety.result"]),
        ({"safety": SafetyCheck("concern_discussed")}, ["safety.text"]),
        (
            {"safety": SafetyCheck("flag_raised")},
            ["safety.text", "safety.action", "safety.level", "safety.review_on"],
        ),
        ({"safety": SafetyCheck("flag_raised", "Said.", 2, "A call.")}, ["safety.review_on"]),
        (
            {"ruptures": (RuptureEntry("R-01", status="open"), RuptureEntry("R-03"))},
            ["ruptures.R-03.status"],
        ),
        ({"interventions": ()}, ["interventions"]),
        ({"interventions": (Intervention("other"),)}, ["interventions.0.text"]),
        ({"responses": (("A", "Stayed."), ("B", "  "))}, ["responses.B"]),
        ({"plan": " \n"}, ["plan"]),
    ],
)
def test_each_missing_field_is_named_alone(changes, missing):
    assert paths(missing_to_sign(replace(WHOLE, **changes), setting=SETTING)) == missing


def test_no_response_is_asked_of_an_absent_partner():
    content = replace(
        WHOLE,
        attendance=(Attendance("A", "present"), Attendance("B", "absent_notified")),
        responses=(("A", "Stayed with it."),),
    )

    assert missing_to_sign(content, setting=SETTING) == []


@pytest.mark.parametrize(
    ("value", "wrong"), [(0, False), (10, False), (None, False), (-1, True), (11, True)]
)
def test_ratings_go_from_nought_to_ten(value, wrong):
    content = replace(WHOLE, ratings=(Rating("B", "end", defensiveness=value),))
    expected = [Finding("ratings.B.end.defensiveness", RATING_MESSAGE, str(value))] if wrong else []

    assert wrong_values(content, setting=SETTING) == expected


def test_intensities_and_safety_around_an_attempt_are_ratings_too():
    content = replace(
        WHOLE,
        ruptures=(RuptureEntry("R-01", intensity_a=11, intensity_b=-2, note="x" * 501),),
        attempts=(
            Attempt("A", ("i_statement",), "received", felt_safety_before=99, felt_safety_after=12),
        ),
        free_text="y" * 4001,
    )

    assert paths(wrong_values(content, setting=SETTING)) == [
        "ruptures.R-01.intensity_a",
        "ruptures.R-01.intensity_b",
        "attempts.0.felt_safety_before",
        "attempts.0.felt_safety_after",
        "ruptures.R-01.note",
        "free_text",
    ]


def attempt_findings(**changes):
    attempt = replace(Attempt("A", ("i_statement",), "received", "R-01"), **changes)
    return wrong_values(replace(WHOLE, attempts=(attempt,)), setting=SETTING)


def test_repair_before_its_rupture_is_named_at_the_field():
    assert attempt_findings(happened_on=date(2026, 2, 13)) == [
        Finding(
            "attempts.0.happened_on",
            "The repair lies before its rupture (%(detail)s).",
            "2026-02-14",
        )
    ]
    assert attempt_findings(happened_on=date(2026, 2, 14)) == []
    assert attempt_findings(happened_on=date(2020, 1, 1), rupture="R-03") == []


def test_attempts_that_cannot_be_are_named():
    assert paths(attempt_findings(happened_on=date(2026, 3, 11))) == ["attempts.0.happened_on"]
    assert paths(attempt_findings(rupture="R-99")) == ["attempts.0.rupture"]
    assert paths(attempt_findings(acts=())) == ["attempts.0.acts"]
    assert paths(attempt_findings(acts=("a", "b", "c", "d", "e"))) == ["attempts.0.acts"]
    assert paths(attempt_findings(receipt=None)) == ["attempts.0.receipt"]


def test_session_before_the_couple_began_is_named():
    early = replace(SETTING, session_on=date(2026, 3, 2))

    assert wrong_values(WHOLE, setting=early) == [
        Finding(
            "session_on", "The session lies before the couple began (%(detail)s).", "2026-03-03"
        )
    ]


def test_new_rupture_is_checked_field_by_field():
    wrong = NewRupture("", (), date(2026, 3, 11), 6)
    right = NewRupture("Late without a word", ("broken_agreement",), date(2026, 3, 10), 2)

    assert paths(wrong_values(replace(WHOLE, new_ruptures=(right, wrong)), setting=SETTING)) == [
        "new_ruptures.1.title",
        "new_ruptures.1.types",
        "new_ruptures.1.significance",
        "new_ruptures.1.occurred_on",
    ]


RAISED = SafetyCheck("flag_raised", "Said.", 2, "A call.", date(2026, 3, 2))


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"level": 0}, ["safety.level"]),
        ({"level": 4}, ["safety.level"]),
        ({"text": "x" * 4001, "action": "y" * 4001}, ["safety.text", "safety.action"]),
        ({"review_on": date(2026, 3, 1)}, ["safety.review_on"]),
    ],
)
def test_what_a_raised_flag_cannot_be_is_named(changes, places):
    content = replace(WHOLE, safety=replace(RAISED, **changes))
    setting = replace(SETTING, today=date(2026, 3, 2))

    assert paths(wrong_values(content, setting=setting)) == places


def test_no_second_flag_is_asked_for_while_one_is_open():
    content = replace(WHOLE, safety=SafetyCheck("flag_raised", "Said.", level=9))
    setting = replace(SETTING, flag_open=True)

    assert missing_to_sign(content, setting=setting) == []
    assert wrong_values(content, setting=setting) == []
