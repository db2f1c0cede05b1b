"""What the page of a Transparency Window sends, read into a run with its rows."""

from __future__ import annotations

import pytest

from clinic.notes.between_sessions.window_form import blank_rows, read_clock, read_run
from clinic.notes.rules.transparency_window import Happening, log_problems, replay

MEMBERS = ("A", "B")
AGREED = {"asker": "A", "question": " Why? ", "consent_a": "yes", "consent_b": "yes"}
WORKED = AGREED | {
    "rows.0.B": "3",
    "rows.150.B": "5",
    "rows.free0.at": "5:40",
    "rows.free0.B": "6",
    "rows.free0.then": "pause",
    "rows.free0.waited": "20",
    "rows.450.A": "4",
    "rows.600.B": "3",
}


def test_worked_example_as_it_is_typed():
    run = read_run(WORKED, members=MEMBERS).details

    assert run.log == (
        Happening(0, "start"),
        Happening(0, "tick", "B", 3),
        Happening(150, "tick", "B", 5),
        Happening(340, "tick", "B", 6),
        Happening(340, "pause"),
        Happening(340, "resume", waited_s=1200),
        Happening(450, "tick", "A", 4),
        Happening(600, "tick", "B", 3),
    )
    assert (run.asker, run.listener, run.question) == ("A", "B", "Why?")
    assert replay(run.log).end_state == "paused_resumed"
    assert read_run(WORKED, members=MEMBERS).row_problems() == []


def test_nothing_typed_is_a_window_without_ratings():
    typed = read_run({}, members=MEMBERS)

    assert typed.details.log == (Happening(0, "start"),)
    assert typed.row_problems() == []


def test_window_that_was_not_begun_has_no_log():
    assert read_run(WORKED | {"began": "no"}, members=MEMBERS).details.log == ()


def test_rows_are_the_minutes_asked_for_and_three_free_ones():
    rows = blank_rows(MEMBERS)

    assert [row.at for row in rows] == ["0:00", "2:30", "5:00", "7:30", "10:00", "", "", ""]
    assert all(row.is_blank for row in rows)


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"rows.free1.B": "3"}, ["rows.free1"]),
        ({"rows.free1.at": "half past"}, ["rows.free1"]),
        ({"rows.free1.at": "5:75"}, ["rows.free1"]),
        ({"rows.0.then": "danced"}, ["rows.0"]),
        ({"rows.0.waited": "20"}, ["rows.0"]),
        ({"rows.0.then": "pause", "rows.0.waited": "long"}, ["rows.0"]),
        ({"rows.150.B": "6"}, ["rows.150"]),
        ({"rows.150.A": "7", "rows.150.B": "2"}, ["rows.150"]),
        ({"rows.150.B": "6", "rows.150.then": "pause"}, []),
        ({"rows.600.B": "9"}, []),
    ],
)
def test_problems_of_rows(changes, places):
    typed = read_run(WORKED | changes, members=MEMBERS)

    assert [place for place, _said in typed.row_problems()] == places


def test_last_rating_above_the_limit_asks_what_came_of_it():
    typed = read_run(AGREED | {"rows.300.B": "8"}, members=MEMBERS)

    assert [place for place, _said in typed.row_problems()] == ["rows.300"]


def test_problems_of_the_log_are_told_at_their_rows_once():
    late = WORKED | {"rows.150.then": "stop"}
    typed = read_run(late, members=MEMBERS)

    told = typed.at_rows([*log_problems(typed.details.log), ("question", "Write it.")])

    assert [place for place, _said in told] == ["rows.free0", "rows.450", "rows.600", "question"]


def test_rating_that_is_no_number_is_kept_outside_every_range():
    run = read_run(AGREED | {"rows.0.A": "x"}, members=MEMBERS).details

    assert run.log[1] == Happening(0, "tick", "A", -1)


def test_moments_as_people_type_them():
    typed = ["5:40", "5", " 0:05 ", "10:00", "", ":30", "5:", "-1", "5.40"]

    assert [read_clock(text) for text in typed] == [340, 300, 5, 600, -1, -1, -1, -1, -1]
