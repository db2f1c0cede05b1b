"""From sessions to places on paper."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.notes.charts.scales import Frame, ticks_of
from clinic.notes.charts.shapes import Axis, Tick


def axis(count):
    first = date(2026, 3, 3)
    ticks = tuple(Tick(float(n), n + 1, first + timedelta(weeks=n)) for n in range(count))
    return Axis("session", float(max(count - 1, 0)), ticks)


def test_the_first_and_the_last_session_stand_at_the_ends_of_the_frame():
    across = Frame(100.0, 10.0, 10.0, 1.0).across(axis(5))
    assert [across(0), across(2), across(4), across.end] == [10.0, 50.0, 90.0, 90.0]


def test_words_of_the_axis_are_left_out_where_they_would_run_into_each_other():
    across = Frame(100.0, 0.0, 0.0, 20.0).across(axis(5))
    assert [tick.labelled for tick in ticks_of(axis(5), across)] == [True, False, True, False, True]
