from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.notes.charts.ledger_charts import (
    axis_of,
    dot_chart,
    lanes_chart,
    lines_chart,
    matrix_chart,
    step_chart,
)
from clinic.notes.charts.shapes import (
    Axis,
    Band,
    Cell,
    Dot,
    DotChart,
    Lane,
    Line,
    Mark,
    MatrixChart,
    Notch,
    StepChart,
    Table,
    Tick,
)
from clinic.notes.ledger.ledger import (
    AttemptFact,
    LedgerInput,
    RatingFact,
    RuptureFacts,
    SessionFact,
)
from clinic.notes.rules.rupture_lifecycle import EventKind, RuptureEvent, RuptureStatus

DAYS = [date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 31)]


def at(on, hour=10):
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def event(number, status, session, reason=None):
    return RuptureEvent(
        number, EventKind.STATUS, at(DAYS[session - 1]), at(DAYS[session - 1]), "t-1",
        RuptureStatus(status), session, reason,
    )  # fmt: skip


REPAIRED = RuptureFacts(
    "R-01",
    4,
    (
        event(1, "open", 1),
        event(2, "in_repair", 1),
        event(3, "repaired", 2),
        event(4, "reopened", 4, "trust_dip"),
    ),
)
FRESH = RuptureFacts("R-02", 2, (event(1, "open", 3),))
COURSE = LedgerInput(
    "C-1",
    tuple(
        SessionFact(n, at(on), at(on) + timedelta(minutes=50)) for n, on in enumerate(DAYS, start=1)
    ),
    (REPAIRED, FRESH),
    (
        AttemptFact("partly", 1, DAYS[0], ("i_statement",), "A", "R-01"),
        AttemptFact(
            "received", None, date(2026, 3, 24), ("i_statement", "appreciation"), "B", "R-02"
        ),
        AttemptFact("rejected", 2, DAYS[1], ("i_statement",), "B"),
    ),
    (
        RatingFact("A", "end", 1, felt_safety=0),
        RatingFact("A", "end", 2, felt_safety=3),
        RatingFact("A", "end", 4, felt_safety=6),
        RatingFact("B", "peak", 1, felt_safety=9),
    ),
)
SESSIONS = Axis("session", 3.0, tuple(Tick(float(i), i + 1, on) for i, on in enumerate(DAYS)))


def test_axis_counts_sessions_or_days():
    assert axis_of(COURSE) == SESSIONS
    by_date = axis_of(COURSE, kind="date")
    assert [tick.x for tick in by_date.ticks] == [0.0, 7.0, 14.0, 28.0]
    assert axis_of(LedgerInput("C-1")) == Axis("session", 0.0, ())


@pytest.mark.parametrize(
    ("on", "x"),
    [
        (date(2026, 1, 1), 0.0),
        (date(2026, 3, 10), 1.0),
        (date(2026, 3, 24), 2.5),
        (date(2026, 9, 1), 3.0),
    ],
)
def test_day_between_two_sessions_lies_between_their_ticks(on, x):
    assert SESSIONS.at_day(on) == x


def test_lane_has_bands_with_a_seam_where_repaired_marks_and_a_notch():
    chart = lanes_chart(COURSE)

    assert chart.axis == SESSIONS
    assert chart.lanes == (
        Lane(
            "R-01",
            0,
            (
                Band(0.0, 1.0, "in_repair", 1, seam=False),
                Band(1.0, 3.0, "repaired", 1, seam=True),
                Band(3.0, 3.0, "reopened", 2, seam=False),
            ),
            (Mark(0.0, "partly", "half", "A", at_home=False),),
            (Notch(3.0, 2, "trust_dip"),),
        ),
        Lane(
            "R-02",
            1,
            (Band(2.0, 3.0, "open", 1, seam=False),),
            (Mark(2.5, "received", "full", "B", at_home=True),),
            (),
        ),
    )
    assert chart.table == Table(
        ("rupture", "episode", "status", "from", "until", "attempts"),
        (
            ("R-01", "1", "open", "2026-03-03", "2026-03-03", "—"),
            ("R-01", "1", "in_repair", "2026-03-03", "2026-03-10", "partly"),
            ("R-01", "1", "repaired", "2026-03-10", "2026-03-31", "—"),
            ("R-01", "2", "reopened", "2026-03-31", "—", "—"),
            ("R-02", "1", "open", "2026-03-17", "—", "received"),
        ),
    )


def test_gap_in_the_ratings_parts_the_line_and_nought_is_a_point():
    chart = lines_chart(COURSE)

    assert chart.lines[0] == Line("A", "felt_safety", (((0.0, 0), (1.0, 3)), ((3.0, 6),)))
    assert {line.runs for line in chart.lines[1:]} == {()}
    assert chart.guide == 5
    assert chart.table.rows[0] == ("1", "0", "—", "—", "—", "—", "—")
    assert chart.table.rows[2] == ("3", "—", "—", "—", "—", "—", "—")


def test_steps_hold_their_value_until_the_next_session():
    assert step_chart(COURSE) == StepChart(
        SESSIONS,
        ((0.0, 1), (1.0, 1), (1.0, 0), (2.0, 0), (2.0, 1), (3.0, 1), (3.0, 2)),
        ((0.0, 4), (1.0, 4), (1.0, 0), (2.0, 0), (2.0, 2), (3.0, 2), (3.0, 6)),
        6,
        Table(
            ("session", "open", "parked", "load"),
            (
                ("1", "1", "0", "4"),
                ("2", "0", "0", "0"),
                ("3", "1", "0", "2"),
                ("4", "2", "0", "6"),
            ),
        ),
    )


def test_matrix_counts_each_act_of_a_partner_by_its_receipt():
    assert matrix_chart(COURSE, partner="B") == MatrixChart(
        "B",
        ("appreciation", "i_statement"),
        ("rejected", "ignored", "partly", "received"),
        (
            Cell(0, 0, 0), Cell(1, 0, 0), Cell(2, 0, 0), Cell(3, 0, 1),
            Cell(0, 1, 1), Cell(1, 1, 0), Cell(2, 1, 0), Cell(3, 1, 1),
        ),
        Table(
            ("act", "rejected", "ignored", "partly", "received"),
            (("appreciation", "0", "0", "0", "1"), ("i_statement", "1", "0", "0", "1")),
        ),
    )  # fmt: skip


def test_lasting_episodes_are_listed_and_never_plotted():
    assert dot_chart(COURSE) == DotChart(
        (Dot(7, 0, "R-01", 1),),
        (("R-01", 2, date(2026, 3, 31)), ("R-02", 1, date(2026, 3, 17))),
        7,
        Table(
            ("rupture", "episode", "opened", "days", "sessions"),
            (
                ("R-01", "1", "2026-03-03", "7", "1"),
                ("R-01", "2", "2026-03-31", "—", "—"),
                ("R-02", "1", "2026-03-17", "—", "—"),
            ),
        ),
    )


def test_episodes_with_the_same_days_are_stacked():
    twin = replace(REPAIRED, ref="R-09")

    assert [dot.y for dot in dot_chart(replace(COURSE, ruptures=(REPAIRED, twin))).dots] == [0, 1]


def test_course_without_facts_draws_empty_charts():
    nothing = LedgerInput("C-1")

    assert lanes_chart(nothing).lanes == ()
    assert step_chart(nothing).open == ()
    assert step_chart(nothing).highest == 0
    assert matrix_chart(nothing, partner="A").cells == ()
    assert dot_chart(nothing).dots == ()


def test_rupture_before_any_session_still_has_its_lane():
    chart = lanes_chart(LedgerInput("C-1", ruptures=(FRESH,)))

    assert chart.lanes == (Lane("R-02", 0, (Band(0.0, 0.0, "open", 1, seam=False),), (), ()),)
