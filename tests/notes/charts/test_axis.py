"""The sessions across: by number or by date, between and beyond them, labelled where there is room."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clinic.notes.charts.axis import Axis, Frame, Tick, axis_mark, axis_of
from clinic.notes.ledger.build_ledger import LedgerInput
from tests.notes.charts.short_course import COURSE, DAYS

SESSIONS = Axis("session", 3.0, tuple(Tick(float(i), i + 1, on) for i, on in enumerate(DAYS)))


def weekly(count):
    first = date(2026, 3, 3)
    ticks = tuple(Tick(float(n), n + 1, first + timedelta(weeks=n)) for n in range(count))
    return Axis("session", float(max(count - 1, 0)), ticks)


def test_axis_counts_sessions_or_days():
    assert axis_of(COURSE) == SESSIONS
    assert [tick.x for tick in axis_of(COURSE, kind="date").ticks] == [0.0, 7.0, 14.0, 28.0]
    assert axis_of(LedgerInput("C-1")) == Axis("session", 0.0, ())


@pytest.mark.parametrize(
    ("on", "x", "beyond"),
    [
        (date(2026, 1, 1), 0.0, -61 * 3 / 28),
        (date(2026, 3, 10), 1.0, 1.0),
        (date(2026, 3, 24), 2.5, 2.5),
        (date(2026, 4, 14), 3.0, 4.5),
    ],
)
def test_day_stands_between_the_sessions_and_beyond_them_where_asked(on, x, beyond):
    assert (SESSIONS.at_day(on), SESSIONS.beyond(on)) == (x, beyond)


def test_one_session_counts_as_one_a_week_and_none_as_nothing():
    assert weekly(1).beyond(date(2026, 3, 17)) == 2.0
    assert weekly(0).beyond(date(2026, 3, 17)) == 0.0


def test_session_has_its_tick_and_what_was_between_sessions_its_day():
    assert SESSIONS.at(2, date(2026, 3, 10)) == 1.0
    assert SESSIONS.at(None, date(2026, 3, 24)) == 2.5
    assert SESSIONS.at(9, date(2026, 3, 24)) == 2.5


def test_scale_reaches_both_ends_of_the_frame_and_grows_with_many_sessions():
    scale = Frame(100.0, 10.0, 10.0, 1.0).scale(weekly(5))

    assert [scale(0), scale(2), scale(4), scale.ends] == [10.0, 50.0, 90.0, (10.0, 90.0)]
    assert Frame(100.0, 10.0, 10.0, 40.0).scale(weekly(5)).ends == (10.0, 170.0)


def labels(ticks, scale):
    mark = axis_mark(ticks, scale, ends=scale.ends, baseline=50.0)
    return [
        (one.attributes["class"], one.attributes["x"], one.attributes["y"], one.words)
        for one in mark.marks
        if one.shape == "text"
    ]


def test_labels_are_left_out_where_they_would_run_into_each_other():
    scale = Frame(100.0, 0.0, 0.0, 20.0).scale(weekly(5))

    found = labels(weekly(5).ticks, scale)

    assert [words for css, _x, _y, words in found if css == "tick-no"] == ["1", "3", "5"]
    mark = axis_mark(weekly(5).ticks, scale, ends=scale.ends, baseline=50.0)
    assert sum(one.shape == "line" for one in mark.marks) == 1 + 5


def test_session_is_labelled_with_number_and_day_and_a_mere_day_with_itself():
    scale = Frame(100.0, 0.0, 0.0).scale(weekly(1))
    day = ("day", DAYS[0])

    assert labels([Tick(0.0, 7, DAYS[0])], scale) == [
        ("tick-no", 0.0, 69.0, "7"), ("tick-day", 0.0, 85.0, day),
    ]  # fmt: skip
    assert labels([Tick(0.0, None, DAYS[0])], scale) == [("tick-day", 0.0, 69.0, day)]
