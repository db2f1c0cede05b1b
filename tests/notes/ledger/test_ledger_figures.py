from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from clinic.notes.ledger.build_ledger import build_ledger
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.ledger.ledger_figures import (
    EpisodeRow,
    Ratio,
    SessionRow,
    Trend,
    defensiveness_trend,
    episode_rows,
    recovery,
    reopened_and_repaired,
    repair_ratio,
    rounded,
    safety_gap,
    session_rows,
    slope,
    standing_at,
)
from clinic.notes.rules.rupture_events import RuptureStatus
from tests.support.notes.ledger_courses import STARTS, attempts, ratings, rupture, sessions


def test_days_are_counted_on_the_clinics_calendar_across_the_change_of_clocks():
    facts = LedgerInput(
        "C-1", sessions(4), (rupture("R-01", 1, "open #3; in_repair #3; repaired #4"),)
    )

    assert [row.days for row in build_ledger(facts).episodes] == [14]


def test_unknown_receipt_is_not_counted_in_silence():
    facts = LedgerInput("C-1", sessions(1), (), attempts("#1 A maybe"))

    with pytest.raises(ValueError, match="maybe"):
        build_ledger(facts)


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


def test_episode_is_measured_in_days_and_sessions_only_when_it_was_repaired():
    facts = LedgerInput(
        "C-1",
        sessions(3),
        (
            rupture("R-01", 3, "open #1; in_repair #1; repaired #3; reopened #3 trust_dip"),
            rupture("R-02", 2, "open #1; closed_unrepaired #2 left_therapy"),
        ),
    )
    first, third = date(2026, 3, 3), date(2026, 3, 17)

    assert episode_rows(facts) == (
        EpisodeRow("R-01", 1, first, 1, None, "repaired", third, 3, 14, 2),
        EpisodeRow("R-01", 2, third, 3, "trust_dip", None, None, None, None, None),
        EpisodeRow(
            "R-02", 1, first, 1, None, "closed_unrepaired", date(2026, 3, 10), 2, None, None
        ),
    )


def test_partly_received_attempt_counts_by_half():
    facts = LedgerInput(
        "C-1",
        sessions(2),
        (),
        attempts("#1 A received; #1 B partly; #2 A ignored; #2 B rejected; 2026-02-01 A received"),
    )

    assert repair_ratio(facts, last=None) == Ratio(2, 1, 5, (1, 2))
    assert repair_ratio(facts, last=5) == Ratio(1, 1, 4, (1, 2))
    assert repair_ratio(facts, last=1) == Ratio(0, 0, 2, (2,))
    assert Ratio(1, 1, 4).value == Fraction(3, 8)
    assert Ratio(0, 0, 0).value is None


def test_no_attempt_is_inside_a_course_without_sessions():
    facts = LedgerInput("C-1", attempts=attempts("2026-03-12 A received"))

    assert repair_ratio(facts, last=5) == Ratio(0, 0, 0, ())


def test_load_sums_the_significance_of_open_ruptures_at_the_end_of_each_session():
    facts = LedgerInput(
        "C-1",
        sessions(3)[::-1],
        (
            rupture("R-01", 4, "open #1; parked #2 agreement; open #3"),
            rupture("R-02", 2, "open #2; merged_into:R-01 #3"),
            rupture("R-03", 3, "open #1; in_repair #2; repaired #3"),
        ),
    )

    assert session_rows(facts) == (
        SessionRow(1, 2, 0, 7),
        SessionRow(2, 2, 1, 5),
        SessionRow(3, 1, 0, 4),
    )


def test_rupture_stands_nowhere_before_its_opening_and_after_its_merge():
    merged = rupture("R-02", 2, "open #2; in_repair #2; merged_into:R-01 #4")

    standing = [standing_at(merged, session) for session in sessions(4)]

    assert standing == [None, RuptureStatus.IN_REPAIR, RuptureStatus.IN_REPAIR, None]


def test_reopened_and_repaired_episodes_are_counted():
    facts = LedgerInput(
        "C-1",
        sessions(4),
        (
            rupture("R-01", 3, "open #1; in_repair #1; repaired #2; reopened #3 recurrence"),
            rupture("R-02", 3, "open #1; in_repair #1; repaired #2"),
        ),
    )

    assert reopened_and_repaired(facts) == (1, 2)


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ("5 4 3", Trend("A", Fraction(-1), 3)),
        ("5 . 3", Trend("A", None, 2)),
        ("0 0 0", Trend("A", Fraction(0), 3)),
        (".", Trend("A", None, 0)),
    ],
)
def test_trend_needs_three_points_and_leaves_blanks_out(values, trend):
    facts = LedgerInput("C-1", sessions(3), ratings=ratings("A", "end", "defensiveness", values))

    assert defensiveness_trend(facts, partner="A") == trend


def test_slope_is_the_exact_one_of_least_squares():
    assert slope([(1, 2), (2, 2), (4, 3)]) == Fraction(5, 14)


@pytest.mark.parametrize(("session", "recovered"), [(1, 5), (2, -1), (3, None), (4, None)])
def test_recovery_is_the_peak_less_the_end_where_both_were_told(session, recovered):
    facts = LedgerInput(
        "C-1",
        ratings=(
            *ratings("A", "peak", "defensiveness", "8 3 4 ."),
            *ratings("A", "end", "defensiveness", "3 4 . 4"),
        ),
    )

    assert recovery(facts, partner="A", session=session) == recovered


@pytest.mark.parametrize(("session", "gap"), [(1, 4), (2, 4), (3, None), (4, None)])
def test_safety_gap_is_the_distance_between_both_partners_where_both_were_told(session, gap):
    facts = LedgerInput(
        "C-1",
        ratings=(
            *ratings("A", "end", "felt_safety", "2 8 5 ."),
            *ratings("B", "end", "felt_safety", "6 4 . 5"),
        ),
    )

    assert safety_gap(facts, session=session) == gap


@pytest.mark.parametrize(
    ("value", "places", "figure"),
    [
        (None, 2, None),
        (Fraction(1, 8), 2, 0.13),
        (Fraction(-1, 8), 2, -0.13),
        (Fraction(1, 3), 4, 0.3333),
        (Fraction(-1, 1000), 2, 0.0),
    ],
)
def test_figures_are_rounded_half_away_from_nought(value, places, figure):
    assert str(rounded(value, places=places)) == str(figure)
