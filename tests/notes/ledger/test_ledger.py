"""Courses written by hand; what must come out of each was worked out on paper, in `courses/`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from clinic.notes.ledger.ledger import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
    WindowRunFact,
    build_ledger,
    shown,
    shown_percent,
)
from clinic.notes.redaction.partner_course import partner_safe
from clinic.notes.rules.rupture_lifecycle import EventKind, RuptureEvent, RuptureStatus
from tests.support.paths import DATA

LISBON = ZoneInfo("Europe/Lisbon")
DAYS = [(3, 3), (3, 10), (3, 17), (3, 31), (4, 14), (4, 21), (4, 28), (5, 5)]
STARTS = [datetime(2026, month, day, 10, 0, tzinfo=LISBON).astimezone(UTC) for month, day in DAYS]


def sessions(count):
    return tuple(
        SessionFact(number, at, at + timedelta(minutes=50))
        for number, at in enumerate(STARTS[:count], start=1)
    )


def moment(place):
    """`#4` is inside session 4, `2026-03-05` the evening of that day at home."""
    if place.startswith("#"):
        return int(place[1:]), STARTS[int(place[1:]) - 1] + timedelta(minutes=30)
    return None, datetime.fromisoformat(place + "T20:00:00+00:00")


def event(number, line):
    """`reopened #6 trust_dip`, `reverse:3 #3 wrong_transition`, `merged_into:R-01 #3`."""
    what, place, *rest = line.split()
    session, at = moment(place)
    what, _, about = what.partition(":")
    plain = {
        "reverse": EventKind.REVERSAL,
        "merged_into": EventKind.MERGED_INTO,
        "absorbed": EventKind.ABSORBED,
    }
    kind = plain.get(what, EventKind.STATUS)
    return RuptureEvent(
        id=number,
        kind=kind,
        to_status=RuptureStatus(what) if kind is EventKind.STATUS else None,
        effective_at=at,
        entered_at=datetime.fromisoformat(rest[1] + "T18:00:00+00:00") if "entered" in rest else at,
        by="t-1",
        session_number=session,
        reason=rest[0] if rest and "entered" not in rest else None,
        reverses=int(about) if kind is EventKind.REVERSAL else None,
        link=about or None if kind is not EventKind.REVERSAL else None,
    )


def rupture(ref, significance, log, visibility="joint"):
    lines = [line.strip() for line in log.split(";")]
    events = tuple(event(number, line) for number, line in enumerate(lines, start=1))
    return RuptureFacts(ref, significance, events, visibility)


def attempt(line):
    """`#1 A rejected R-01`; at home the day stands in place of the session."""
    place, by, receipt, *ref = line.split()
    session, at = moment(place)
    return AttemptFact(receipt, session, at.date(), ("i_statement",), by, ref[0] if ref else None)


def attempts(lines):
    return tuple(attempt(line.strip()) for line in lines.split(";"))


def ratings(person, point, measure, values, source="self"):
    """One value a session from the first on; `.` is a blank."""
    return tuple(
        replace(
            RatingFact(person, point, number, source=source),
            **{measure: None if v == "." else int(v)},
        )
        for number, v in enumerate(values.split(), start=1)
    )


COURSES = {
    "worked_example": LedgerInput(
        "C-0042",
        sessions(8),
        (
            rupture(
                "R-01",
                4,
                "open #1; in_repair #1; repaired #4; reopened #6 trust_dip; in_repair #6; repaired #8",
            ),
        ),
        attempts(
            "#1 A rejected R-01; #2 B partly R-01; #3 A received R-01; #4 B received R-01;"
            "#6 A rejected R-01; #7 A partly R-01; #8 B received R-01"
        ),
        ratings("A", "end", "defensiveness", ". . 8 7 6 7 5 4"),
    ),
    "reopened_twice": LedgerInput(
        "C-0101",
        sessions(6),
        (
            rupture(
                "R-01",
                3,
                "open #1; in_repair #1; repaired #2; reopened #3 recurrence; in_repair #3; repaired #4;"
                "reopened #5 anniversary; in_repair #5; repaired #6",
            ),
        ),
        attempts("#2 A received R-01; #4 A received R-01; #5 B ignored R-01; #6 B received R-01"),
        (
            *ratings("A", "end", "defensiveness", ". . . 6 7 5"),
            *ratings("A", "peak", "defensiveness", ". . . . . 9"),
        ),
    ),
    "parked_by_a_safety_flag": LedgerInput(
        "C-0102",
        sessions(4),
        (
            rupture("R-01", 5, "open #1; parked #2 safety_flag; open #4"),
            rupture(
                "R-02",
                2,
                "open #1; in_repair #1; parked #2 safety_flag; closed_unrepaired #4 left_therapy",
            ),
        ),
        attempts("#1 B rejected R-02"),
        windows=(
            WindowRunFact(date(2026, 3, 10), "completed"),
            WindowRunFact(date(2026, 3, 17), "not_started"),
        ),
    ),
    "restricted_ruptures": LedgerInput(
        "C-0103",
        sessions(3),
        (
            rupture("R-01", 2, "open #1; in_repair #2; repaired #3"),
            rupture("R-02", 5, "open #2; in_repair #2", "restricted"),
            rupture("R-03", 3, "open:R-02 #2"),
        ),
        attempts("#2 A received R-01; #2 A rejected R-02; 2026-03-12 B partly"),
        (
            *ratings("A", "end", "felt_safety", ". . 4"),
            *ratings("B", "end", "felt_safety", ". . 7"),
            *ratings("B", "end", "defensiveness", "5 4 3"),
        ),
    ),
    "blanks": LedgerInput(
        "C-0104",
        sessions(3),
        (rupture("R-01", 1, "open #3"),),
        (),
        (
            *ratings("A", "end", "defensiveness", "0 . 0"),
            *ratings("A", "peak", "defensiveness", "0 8 ."),
            *ratings("B", "end", "defensiveness", "5 5 5"),
            *ratings("A", "end", "felt_safety", "0 . 2"),
            *ratings("B", "end", "felt_safety", "0 5 ."),
            *ratings("B", "end", "felt_safety", "9 . 6", source="therapist"),
        ),
    ),
    "one_partner_absent": LedgerInput(
        "C-0105",
        sessions(4),
        (rupture("R-01", 2, "open #1; in_repair #2"),),
        attempts("#2 A ignored R-01"),
        (
            *ratings("A", "end", "defensiveness", "7 6 6 5"),
            *ratings("A", "peak", "defensiveness", "9 7 . 8"),
            *ratings("B", "end", "defensiveness", "6 . . 5"),
            *ratings("B", "peak", "defensiveness", "6 . . ."),
            *ratings("A", "end", "felt_safety", "5 5 6 6"),
            *ratings("B", "end", "felt_safety", "3 . . 1"),
        ),
    ),
    "reversed_event": LedgerInput(
        "C-0106",
        sessions(3),
        (rupture("R-01", 4, "open #1; in_repair #1; repaired #2; reverse:3 #3 wrong_transition"),),
        attempts("#2 A partly R-01"),
    ),
    "merged_ruptures": LedgerInput(
        "C-0107",
        sessions(4),
        (
            rupture("R-01", 3, "open #1; in_repair #2; absorbed:R-02 #3; repaired #4"),
            rupture("R-02", 2, "open #2; merged_into:R-01 #3"),
        ),
        attempts("#2 B received R-02; #3 A received R-01; #4 B partly R-01"),
    ),
    "backdated_event": LedgerInput(
        "C-0108",
        sessions(4),
        (rupture("R-01", 3, "in_repair #3; repaired #4; open 2026-03-05 entered 2026-03-31"),),
        attempts("2026-03-12 A received R-01; 2026-03-01 B rejected"),
    ),
    "no_attempts": LedgerInput(
        "C-0109",
        sessions(2),
        (rupture("R-01", 2, "open #1; in_repair #1 therapist_mark; parked #2 agreement"),),
    ),
    "one_session": LedgerInput(
        "C-0110",
        sessions(1),
        (rupture("R-01", 5, "open #1"),),
        attempts("#1 A partly R-01"),
        (
            *ratings("A", "peak", "defensiveness", "8"),
            *ratings("A", "end", "defensiveness", "3"),
            *ratings("A", "end", "felt_safety", "6"),
            *ratings("B", "end", "felt_safety", "6"),
        ),
        windows=(WindowRunFact(date(2026, 3, 3), "paused_resumed", 340),),
    ),
}


def worked_out(name):
    return json.loads((DATA / "courses" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(COURSES))
def test_ledger_of_each_course_is_what_was_worked_out_by_hand(name):
    assert build_ledger(COURSES[name]).to_json() == worked_out(name)


def test_partner_sees_nothing_of_a_restricted_rupture_and_only_the_own_ratings():
    seen = build_ledger(partner_safe(COURSES["restricted_ruptures"], viewer="B")).to_json()

    assert seen == worked_out("restricted_ruptures_as_partner_b_sees_them")


def test_partner_safe_facts_do_not_change_with_what_is_restricted():
    facts = COURSES["restricted_ruptures"]
    without = replace(
        facts,
        ruptures=(facts.ruptures[0], rupture("R-02", 3, "open #2")),
        attempts=tuple(a for a in facts.attempts if a.rupture != "R-02"),
    )

    assert partner_safe(facts) == partner_safe(without)


def test_partner_safe_facts_without_a_viewer_hold_no_ratings():
    assert partner_safe(COURSES["one_partner_absent"]).ratings == ()


def test_links_to_a_restricted_rupture_are_left_out_for_partners():
    facts = LedgerInput(
        "C-1",
        sessions(3),
        (
            rupture("R-01", 3, "open #1; absorbed:R-02 #2"),
            rupture("R-02", 2, "open #1; merged_into:R-01 #2", "restricted"),
            rupture("R-03", 1, "open #1; merged_into:R-02 #2"),
        ),
    )

    seen = build_ledger(partner_safe(facts)).to_json()["ruptures"]

    assert seen == [
        {"ref": "R-01", "significance": 3, "visibility": "joint", "status": "open", "episode": 1},
        {"ref": "R-02", "significance": 1, "visibility": "joint", "status": "merged", "episode": 1},
    ]


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


def test_days_are_counted_on_the_clinics_calendar_across_the_change_of_clocks():
    facts = LedgerInput(
        "C-1", sessions(4), (rupture("R-01", 1, "open #3; in_repair #3; repaired #4"),)
    )

    assert [row.days for row in build_ledger(facts).episodes] == [14]


def test_unknown_receipt_is_not_counted_in_silence():
    facts = LedgerInput("C-1", sessions(1), (), attempts("#1 A maybe"))

    with pytest.raises(ValueError, match="maybe"):
        build_ledger(facts)


def test_course_without_sessions_has_an_empty_ledger():
    told = build_ledger(LedgerInput("C-1", attempts=attempts("2026-03-12 A received"))).to_json()

    assert told["repair_ratio"]["last_5"] == {
        "sessions": [], "received": 0, "partly": 0, "n": 0, "value": None, "shown": "—",
    }  # fmt: skip
    assert told["repair_ratio"]["whole_course"]["shown"] == "100.0%"


def test_blank_is_a_dash_and_nought_is_nought():
    assert (shown(None), shown(0), shown(Fraction(-5, 7)), shown(2.5)) == (
        "—",
        "0",
        "−0.714",
        "2.5",
    )
    assert (shown_percent(None), shown_percent(Fraction(0))) == ("—", "0.0%")
    assert shown_percent(Fraction(1, 16)) == "6.3%"


def test_trend_looks_at_the_last_six_sessions_only():
    facts = LedgerInput(
        "C-1", sessions(8), ratings=ratings("A", "end", "defensiveness", "0 0 8 7 6 7 5 4")
    )

    assert build_ledger(facts).trends[0].slope == Fraction(-5, 7)


@pytest.mark.parametrize(
    ("on", "n"), [("2026-03-09", 0), ("2026-03-10", 1), ("2026-04-21", 1), ("2026-04-22", 0)]
)
def test_attempt_at_home_counts_from_the_day_of_the_first_of_five_sessions_to_the_last(on, n):
    facts = LedgerInput("C-1", sessions(6), attempts=attempts(f"{on} A received"))

    assert build_ledger(facts).ratio_last.n == n


def test_event_between_sessions_counts_from_the_first_session_that_ends_after_it():
    opened = rupture("R-01", 2, "open 2026-03-03")
    inside = replace(opened.events[0], effective_at=STARTS[1] + timedelta(minutes=20))
    facts = LedgerInput("C-1", sessions(3), (replace(opened, events=(inside,)),))

    assert [row.open for row in build_ledger(facts).session_rows] == [0, 1, 1]


def test_rupture_opened_at_the_very_start_of_a_session_has_that_session_behind_it():
    made = rupture("R-01", 2, "open 2026-03-03; in_repair #2; repaired #3")
    opening = replace(made.events[0], effective_at=STARTS[0])
    facts = LedgerInput("C-1", sessions(3), (replace(made, events=(opening, *made.events[1:])),))

    assert [row.sessions for row in build_ledger(facts).episodes] == [2]


def test_late_evening_in_universal_time_is_already_the_next_day_at_the_clinic_in_summer():
    made = rupture("R-01", 2, "open #4")
    late = replace(made.events[0], effective_at=datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    facts = LedgerInput("C-1", sessions(4), (replace(made, events=(late,)),))

    assert build_ledger(facts).episodes[0].opened == date(2026, 4, 1)


def test_window_completed_after_a_pause_is_told_with_its_pause_and_not_as_without():
    runs = (
        WindowRunFact(date(2026, 3, 12), "completed", 400),
        WindowRunFact(date(2026, 3, 10), "completed"),
    )

    windows = build_ledger(LedgerInput("C-1", windows=runs)).windows

    assert (windows.started, windows.without_pause, windows.first_pauses_s) == (2, 1, (400,))
