"""Courses written by hand; what must come out of each was worked out on paper, in `courses/`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from clinic.notes.ledger.build_ledger import build_ledger
from clinic.notes.ledger.ledger_facts import LedgerInput, WindowRunFact
from tests.support.notes.ledger_courses import COURSES, attempts, worked_out


@pytest.mark.parametrize("name", list(COURSES))
def test_ledger_of_each_course_is_what_was_worked_out_by_hand(name):
    assert build_ledger(COURSES[name]).to_json() == worked_out(name)


def test_ledger_does_not_depend_on_the_order_of_the_facts():
    facts = COURSES["worked_example"]
    turned = replace(
        facts,
        sessions=facts.sessions[::-1],
        attempts=facts.attempts[::-1],
        ratings=facts.ratings[::-1],
        ruptures=tuple(replace(r, events=r.events[::-1]) for r in facts.ruptures),
    )

    assert build_ledger(turned).to_json() == worked_out("worked_example")


def test_course_without_sessions_has_an_empty_ledger():
    told = build_ledger(LedgerInput("C-1", attempts=attempts("2026-03-12 A received"))).to_json()

    assert told["repair_ratio"]["last_5"] == {
        "sessions": [], "received": 0, "partly": 0, "n": 0, "value": None, "shown": "—",
    }  # fmt: skip
    assert told["repair_ratio"]["whole_course"]["shown"] == "100.0%"


def test_window_completed_after_a_pause_is_told_with_its_pause_and_not_as_without():
    runs = (
        WindowRunFact(date(2026, 3, 12), "completed", 400),
        WindowRunFact(date(2026, 3, 10), "completed"),
    )

    windows = build_ledger(LedgerInput("C-1", windows=runs)).windows

    assert (windows.started, windows.without_pause, windows.first_pauses_s) == (2, 1, (400,))
