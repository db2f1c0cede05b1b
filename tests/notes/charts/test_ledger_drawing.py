"""Lines, steps and dots on paper: gaps kept, nought on the floor, nothing drawn is no error."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.notes.charts.ledger_drawing import draw_dots, draw_partner, draw_steps
from clinic.notes.charts.scales import SMALL
from clinic.notes.charts.shapes import Axis, Dot, DotChart, Line, LinesChart, StepChart, Table, Tick

NO_TABLE = Table((), ())


def axis(count):
    first = date(2026, 3, 3)
    ticks = tuple(Tick(float(n), n + 1, first + timedelta(weeks=n)) for n in range(count))
    return Axis("session", float(max(count - 1, 0)), ticks)


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
