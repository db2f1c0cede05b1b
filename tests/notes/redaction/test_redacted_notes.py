"""A note without what its reader may not learn: released to partners, or opened in an emergency."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.redaction.redacted_notes import for_emergency, for_partners
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.json_values import dump
from clinic.notes.rules.note_content import (
    Attempt,
    Intervention,
    NewRupture,
    NoteContent,
    RuptureEntry,
    SafetyCheck,
)
from tests.support.factories import a_note
from tests.support.notes.flagged_courses import course_pairs
from tests.support.notes.ledger_courses import rupture, sessions

SESSIONS = sessions(4)
HELD = LedgerInput(
    "C-1",
    SESSIONS,
    (
        rupture("R-01", 5, "open #1", "restricted"),
        rupture("R-02", 3, "open #1; in_repair #1; parked #2 safety_flag"),
        rupture("R-03", 2, "open #1; parked #2 agreement"),
        rupture("R-04", 1, "open #1"),
    ),
)
texts = st.text("abc .", max_size=12)
answers = st.builds(
    SafetyCheck,
    result=st.sampled_from(
        [None, "nil_noted", "concern_discussed", "flag_raised", "not_possible_together", "other"]
    ),
    text=texts,
    level=st.none() | st.integers(1, 3),
    action=texts,
    review_on=st.none() | st.dates(date(2026, 3, 1), date(2026, 12, 1)),
)


def signed(number: int) -> datetime:
    return SESSIONS[number - 1].ends_at + timedelta(minutes=5)


def released(content: NoteContent, *, facts: LedgerInput = HELD, session: int = 3) -> NoteContent:
    return for_partners(
        content, facts=facts, session=SESSIONS[session - 1], signed_at=signed(session)
    )


@settings(max_examples=60, deadline=None)
@given(answers)
def test_note_for_partners_has_the_same_bytes_whatever_the_safety_check_says(answer):
    asked, not_asked = a_note(safety=answer), a_note(safety=SafetyCheck())

    assert dump(NoteBody(released(asked))) == dump(NoteBody(released(not_asked)))


def test_note_for_partners_names_no_safety_planning():
    planned = a_note(
        interventions=(Intervention("eft_step_2"), Intervention("safety_planning", "Alone."))
    )

    assert released(planned).interventions == (Intervention("eft_step_2"),)


def test_note_for_partners_calls_ruptures_as_their_ledger_does_and_leaves_out_restricted_ones():
    told = a_note(
        ruptures=(RuptureEntry("R-01", status="open"), RuptureEntry("R-04", status="open")),
        new_ruptures=(NewRupture("Hidden", key="R-01"), NewRupture("Shown", key="R-03")),
        attempts=tuple(
            Attempt("A", ("appreciation",), "partly", ref) for ref in ("R-01", "R-04", None)
        ),
    )

    seen = released(told, session=1)

    assert [(one.ref, one.status) for one in seen.ruptures] == [("R-03", "open")]
    assert [one.key for one in seen.new_ruptures] == ["R-02"]
    assert [one.rupture for one in seen.attempts] == ["R-03", None]


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (RuptureEntry("R-02"),),
        (RuptureEntry("R-02", status="parked", reason="safety_flag", reason_text="Seen alone."),),
    ],
    ids=["not asked about", "asked about before the flag", "parked in the note itself"],
)
def test_rupture_that_a_flag_holds_stands_in_the_note_as_it_did(entries):
    seen = released(a_note(ruptures=(RuptureEntry("R-04", status="open"), *entries)))

    assert seen.ruptures == (
        RuptureEntry("R-01", status="in_repair"),
        RuptureEntry("R-03", status="open"),
    )


def test_rupture_parked_by_agreement_is_not_put_into_a_note():
    agreed = RuptureEntry("R-03", status="parked", reason="agreement", reason_text="For now.")

    seen = released(a_note(ruptures=(RuptureEntry("R-04", status="open"), agreed)))

    assert [(one.ref, one.status, one.reason_text) for one in seen.ruptures] == [
        ("R-01", "in_repair", ""),
        ("R-02", "parked", "For now."),
        ("R-03", "open", ""),
    ]


def test_note_signed_after_a_later_flag_tells_of_the_session_that_was():
    before = for_partners(
        a_note(ruptures=(RuptureEntry("R-02"), RuptureEntry("R-04", status="open"))),
        facts=HELD,
        session=SESSIONS[0],
        signed_at=signed(3),
    )

    assert [(one.ref, one.status) for one in before.ruptures] == [
        ("R-01", "in_repair"),
        ("R-03", "open"),
    ]


def test_note_that_does_not_count_names_no_flag_either():
    parked = RuptureEntry("R-02", status="parked", reason="safety_flag", reason_text="Seen alone.")

    seen = for_partners(a_note(ruptures=(parked,)), facts=HELD, session=None, signed_at=signed(3))

    assert seen.ruptures == (RuptureEntry("R-01"),)


@settings(max_examples=100, deadline=None)
@given(course_pairs(), st.integers(1, 4), answers)
def test_note_for_partners_is_the_same_with_flags_in_its_course_and_without(pair, number, answer):
    """What is open is asked about when the note is signed; what a flag parked is not."""

    def note_in(facts: LedgerInput, safety: SafetyCheck) -> NoteContent:
        at = signed(number)
        entries = []
        for one in facts.ruptures:
            log = tuple(event for event in one.events if event.entered_at <= at)
            state = replace(one, events=log).state
            if state.is_open and state.opened_at <= SESSIONS[number - 1].ends_at:
                entries.append(RuptureEntry(one.ref, status=state.status.value))
        return released(a_note(safety=safety, ruptures=tuple(entries)), facts=facts, session=number)

    flagged, plain = note_in(pair.flagged, answer), note_in(pair.plain, SafetyCheck("nil_noted"))

    assert dump(NoteBody(flagged)) == dump(NoteBody(plain))


@settings(max_examples=60, deadline=None)
@given(answers)
def test_emergency_reader_is_given_the_answer_and_none_of_its_words(answer):
    seen = for_emergency(a_note(safety=answer), frozenset())

    assert seen.safety == SafetyCheck(answer.result)
