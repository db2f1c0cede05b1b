"""The charts' places on paper: scales, room for words, marks beside each other, gaps kept."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.notes.chart_drawing import (
    NARROW,
    SMALL,
    WIDE,
    Frame,
    draw_dots,
    draw_lanes,
    draw_partner,
    draw_steps,
    ticks_of,
)
from clinic.notes.chart_shapes import (
    Axis,
    Band,
    Dot,
    DotChart,
    Lane,
    LanesChart,
    Line,
    LinesChart,
    Mark,
    Notch,
    StepChart,
    Table,
    Tick,
)

NO_TABLE = Table((), ())


def axis(count):
    first = date(2026, 3, 3)
    ticks = tuple(Tick(float(n), n + 1, first + timedelta(weeks=n)) for n in range(count))
    return Axis("session", float(max(count - 1, 0)), ticks)


def lane(**changes):
    values = {"ref": "R-01", "y": 0, "bands": (), "marks": (), "notches": ()}
    return Lane(**(values | changes))


def test_the_first_and_the_last_session_stand_at_the_ends_of_the_frame():
    across = Frame(100.0, 10.0, 10.0, 1.0).across(axis(5))
    assert [across(0), across(2), across(4), across.end] == [10.0, 50.0, 90.0, 90.0]


def test_many_sessions_make_the_picture_wider_instead_of_tighter():
    drawn = draw_lanes(LanesChart(axis(100), (), NO_TABLE), frame=NARROW)
    assert drawn.width == NARROW.left + 99 * NARROW.per_session + NARROW.right


def test_words_of_the_axis_are_left_out_where_they_would_run_into_each_other():
    across = Frame(100.0, 0.0, 0.0, 20.0).across(axis(5))
    assert [tick.labelled for tick in ticks_of(axis(5), across)] == [True, False, True, False, True]


def test_what_stands_now_goes_on_past_the_last_session_and_a_mended_stretch_has_its_vein():
    bands = (Band(0, 2, "in_repair", 1, seam=False), Band(2, 4, "repaired", 1, seam=True))
    drawn = draw_lanes(LanesChart(axis(5), (lane(bands=bands),), NO_TABLE), frame=WIDE)
    first, last = drawn.lanes[0].bands
    assert (first.vein, last.vein.split()[0]) == ("", f"{last.x},{round(drawn.lanes[0].y, 1)}")
    assert last.x + last.width == round(drawn.right + WIDE.right * 0.75, 1)


def test_two_attempts_in_one_session_stand_beside_each_other():
    marks = tuple(Mark(1.0, r, "full", "A", at_home=False) for r in ("partly", "received"))
    drawn = draw_lanes(LanesChart(axis(3), (lane(marks=marks),), NO_TABLE), frame=WIDE)
    first, second = drawn.lanes[0].marks
    assert (second.x - first.x, first.y) == (17.0, second.y)


def test_a_notch_is_cut_where_it_opened_again():
    notch = Notch(1.0, 2, "trust_dip")
    drawn = draw_lanes(LanesChart(axis(3), (lane(notches=(notch,)),), NO_TABLE), frame=WIDE)
    found = drawn.lanes[0].notches[0]
    assert (found.episode, found.reason, found.points.count(",")) == (2, "trust_dip", 3)


def test_a_gap_in_the_ratings_stays_a_gap_and_nought_is_on_the_floor():
    line = Line("A", "felt_safety", (((0.0, 0), (1.0, 10)), ((3.0, 5),)))
    drawn = draw_partner(LinesChart(axis(4), (line,), 5, NO_TABLE), partner="A")
    assert (len(drawn.lines[0].runs), drawn.lines[0].points[0].y) == (2, drawn.floor)
    assert (drawn.lines[0].points[1].y, drawn.lines[0].points[2].y) == (drawn.top, drawn.guide_y)


def test_a_partner_without_ratings_has_an_axis_and_no_lines():
    drawn = draw_partner(LinesChart(axis(4), (), 5, NO_TABLE), partner="B")
    assert (drawn.lines, len(drawn.ticks)) == ((), 4)


def test_steps_and_dots_without_anything_can_be_drawn():
    steps = draw_steps(StepChart(axis(0), (), (), 0, NO_TABLE))
    dots = draw_dots(DotChart((), (), 0, NO_TABLE), median=None)
    assert (steps.open, dots.dots, dots.median_x) == ("", (), None)


def test_dots_stand_at_their_days_and_the_same_days_above_each_other():
    chart = DotChart((Dot(14, 0, "R-01", 1), Dot(14, 1, "R-02", 1)), (), 14, NO_TABLE)
    drawn = draw_dots(chart, median=14.0)
    assert drawn.dots[0].x == drawn.dots[1].x == drawn.median_x == SMALL.width - SMALL.right
    assert drawn.dots[0].y > drawn.dots[1].y


def test_a_whole_life_of_days_still_has_an_axis():
    drawn = draw_dots(DotChart((Dot(21_000, 0, "R-01", 1),), (), 21_000, NO_TABLE), median=None)
    assert len(drawn.levels) <= 8
