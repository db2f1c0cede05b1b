"""How a window went and what a measure's numbers say, in words."""

from __future__ import annotations

from fractions import Fraction

import pytest

from clinic.notes.pages.course_labels import (
    cut_name,
    decimal_shown,
    happening_name,
    number_shown,
    run_end_name,
)


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context():
        yield


def test_pause_is_never_called_a_failure():
    ends = ["completed", "paused_resumed", "stopped", "not_started"]

    assert [run_end_name(one) for one in ends] == [
        "Whole time, no pause",
        "Paused and taken up again",
        "Ended before its time",
        "It was not begun",
    ]
    assert [happening_name(one) for one in ("start", "pause", "resume", "stop", "other")] == [
        "begun",
        "paused",
        "taken up again",
        "ended here",
        "other",
    ]


def test_line_says_its_side_and_a_score_that_is_not_there_is_a_dash():
    value = Fraction(27, 2)
    sides = ["below", "at_or_below", "above", "at_or_above"]

    assert [cut_name(one, value) for one in sides] == [
        "Below 13.5",
        "13.5 or below",
        "Above 13.5",
        "13.5 or above",
    ]
    assert [number_shown(value), number_shown(None)] == ["13.5", "—"]
    assert [decimal_shown("13.50"), decimal_shown(None)] == ["13.5", "—"]
