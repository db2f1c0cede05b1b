from __future__ import annotations

from datetime import date

import pytest

from clinic.notes.rules.note_content import (
    Attendance,
    CycleSeen,
    NoteContent,
    Rating,
    SafetyCheck,
)

RAISED = SafetyCheck("flag_raised", "Afraid at home.", 2, "A call tomorrow.", date(2026, 3, 2))


@pytest.mark.parametrize(
    ("typed", "answered"),
    [
        (SafetyCheck(), SafetyCheck()),
        (SafetyCheck(None, "Afraid."), SafetyCheck()),
        (SafetyCheck("nil_noted", "Afraid."), SafetyCheck("nil_noted")),
        (
            SafetyCheck("concern_discussed", "Afraid.", 2, "A call.", date(2026, 3, 2)),
            SafetyCheck("concern_discussed", "Afraid."),
        ),
        (RAISED, RAISED),
    ],
)
def test_safety_check_keeps_what_its_answer_calls_for(typed, answered):
    assert typed.answered() == answered
    assert NoteContent(safety=typed, plan="Rest.").answered() == NoteContent(
        safety=answered, plan="Rest."
    )


def test_raised_flag_needs_only_its_words_while_another_flag_is_open():
    assert RAISED.answered(flag_open=True) == SafetyCheck("flag_raised", "Afraid at home.")
    assert NoteContent(safety=RAISED).answered(flag_open=True) == NoteContent(
        safety=SafetyCheck("flag_raised", "Afraid at home.")
    )


@pytest.mark.parametrize(
    ("result", "raises"),
    [("flag_raised", True), ("concern_discussed", False), ("nil_noted", False), (None, False)],
)
def test_only_one_answer_raises_a_flag(result, raises):
    assert SafetyCheck(result, "Said.").raises_flag is raises


@pytest.mark.parametrize(
    ("content", "partners"),
    [
        (NoteContent(), set()),
        (NoteContent(attendance=(Attendance("A", "present"), Attendance("B"))), set()),
        (NoteContent(attendance=(Attendance("A", "present", "Came late."),)), {"A"}),
        (NoteContent(attendance=(Attendance("B", "absent_notified"),)), {"B"}),
        (NoteContent(checkins=(("A", "Tired."),), responses=(("B", "Softened."),)), {"A", "B"}),
        (NoteContent(cycle=CycleSeen(moves=(("B", "Withdrew."),))), {"B"}),
        (NoteContent(ratings=(Rating("A", "end"),)), {"A"}),
        (NoteContent(plan="Rest.", free_text="Both tired."), set()),
    ],
)
def test_partners_of_whom_something_was_typed(content, partners):
    assert content.partners_written_about() == partners
