from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

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
from clinic.notes.rules.note_formats import FormatLine, Section, birp, dap, girp, soap

NOTE = NoteContent(
    attendance=(Attendance("A", "present"), Attendance("B", "late")),
    safety=SafetyCheck("nil_noted"),
    checkins=(("A", "The evening calls."),),
    ratings=(Rating("A", "end", felt_safety=0, defensiveness=4), Rating("B", "end")),
    ruptures=(RuptureEntry("R-01", status="in_repair", note="Told more."),),
    new_ruptures=(NewRupture("Late without a word", ("broken_agreement",), None, 2),),
    cycle=CycleSeen("Quick turn.", "pursue_withdraw", (("A", "Presses."), ("B", "Leaves."))),
    interventions=(Intervention("eft_step_2", "Traced it."),),
    attempts=(Attempt("B", ("i_statement",), "partly", "R-01"),),
    responses=(("A", "Stayed."), ("B", "Softened.")),
    goals=("Talk without leaving.",),
    stage="1",
    plan="Go on.",
    exercises=("small_share",),
    free_text="A quiet session.",
)
SUBJECTIVE = (
    FormatLine("checkin", "A", "The evening calls."),
    FormatLine("free_text", text="A quiet session."),
)
OBSERVED = (
    FormatLine("attendance", "A", codes=("present",)),
    FormatLine("attendance", "B", codes=("late",)),
    FormatLine("safety", codes=("nil_noted",)),
    FormatLine("rating", "A", "felt_safety 0, defensiveness 4", ("end",)),
    FormatLine("cycle", text="Quick turn.", codes=("pursue_withdraw",)),
    FormatLine("move", "A", "Presses."),
    FormatLine("move", "B", "Leaves."),
)
DONE = (FormatLine("intervention", text="Traced it.", codes=("eft_step_2",)),)
RESPONSE = (
    FormatLine("response", "A", "Stayed."),
    FormatLine("response", "B", "Softened."),
    FormatLine("attempt", "B", "R-01", ("i_statement", "partly")),
)
ASSESSMENT = (
    FormatLine("stage", text="1"),
    FormatLine("rupture", "R-01", "Told more.", ("in_repair",)),
    FormatLine("new_rupture", text="Late without a word", codes=("broken_agreement",)),
)
PLAN = (FormatLine("plan", text="Go on."), FormatLine("exercise", codes=("small_share",)))
GOALS = (FormatLine("goal", text="Talk without leaving."),)


def test_soap_is_generated_from_the_note():
    assert soap(NOTE) == (
        Section("subjective", SUBJECTIVE),
        Section("objective", OBSERVED + DONE + RESPONSE),
        Section("assessment", ASSESSMENT),
        Section("plan", PLAN),
    )


def test_dap_joins_subjective_and_objective():
    assert dap(NOTE) == (
        Section("data", SUBJECTIVE + OBSERVED + DONE + RESPONSE),
        Section("assessment", ASSESSMENT),
        Section("plan", PLAN),
    )


def test_birp_leads_with_behaviour():
    assert birp(NOTE) == (
        Section("behaviour", SUBJECTIVE + OBSERVED),
        Section("intervention", DONE),
        Section("response", RESPONSE + ASSESSMENT),
        Section("plan", PLAN),
    )


def test_girp_leads_with_goals():
    assert girp(NOTE) == (
        Section("goals", GOALS + SUBJECTIVE + OBSERVED),
        Section("intervention", DONE),
        Section("response", RESPONSE + ASSESSMENT),
        Section("plan", PLAN),
    )


@pytest.mark.parametrize("view", [soap, dap, birp, girp])
def test_no_format_loses_or_repeats_a_line(view):
    lines = [line for section in view(replace(NOTE, goals=())) for line in section.lines]

    assert sorted(lines, key=repr) == sorted(
        SUBJECTIVE + OBSERVED + DONE + RESPONSE + ASSESSMENT + PLAN, key=repr
    )


@pytest.mark.parametrize("view", [soap, dap, birp, girp])
def test_empty_note_has_empty_sections_and_no_invented_lines(view):
    assert [section.lines for section in view(NoteContent())] == [()] * len(view(NOTE))


@pytest.mark.parametrize(
    ("view", "risk"), [(soap, "objective"), (dap, "data"), (birp, "behaviour"), (girp, "goals")]
)
def test_raised_flag_stands_with_its_level_where_the_format_puts_risk_and_is_planned_for(
    view, risk
):
    raised = SafetyCheck("flag_raised", "Afraid at home.", 2, "A call.", date(2026, 11, 27))

    sections = {one.heading: one.lines for one in view(replace(NOTE, safety=raised))}

    told = [
        (heading, line)
        for heading, lines in sections.items()
        for line in lines
        if line.kind.startswith("safety")
    ]
    assert told == [
        (risk, FormatLine("safety", text="Afraid at home.", codes=("flag_raised",), level=2)),
        ("plan", FormatLine("safety_plan", text="A call.", on=date(2026, 11, 27))),
    ]
