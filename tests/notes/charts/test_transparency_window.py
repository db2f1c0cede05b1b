"""Chart 8: both partners' lines, the pauses, the unused time, the table, and one partner's part."""

from __future__ import annotations

from clinic.notes.charts.picture import Table
from clinic.notes.charts.transparency_window import transparency_window
from clinic.notes.rules.transparency_window import Happening
from tests.notes.charts.drawn import marks_of
from tests.support.factories import a_run

BOTH = ("A", "B")
RESUMED = (
    Happening(340, "resume"),
    Happening(340, "tick", "B", 3),
    Happening(450, "tick", "A", 4),
    Happening(450, "tick", "B", 2),
)
ENDED = (
    Happening(340, "resume"),
    Happening(600, "tick", "A", 3),
    Happening(600, "tick", "B", 3),
)


def window(then=(), viewer=None):
    return transparency_window(a_run(then=then), partners=BOTH, viewer=viewer)


def lines(picture, css):
    return [
        one.attributes["points"]
        for trace in marks_of(picture, css)
        for one in trace.marks
        if one.shape == "polyline"
    ]


def test_time_goes_across_and_ratings_up_with_the_limit_halfway():
    picture = window(ENDED)
    [guide] = marks_of(picture, "guide")

    assert guide.attributes == {"class": "guide", "x1": 30.0, "x2": 338.0, "y1": 111.0, "y2": 111.0}
    assert [one.words for one in marks_of(picture, "y-no")] == ["0", "5", "10"]
    assert [one.words for one in marks_of(picture, "above-name")] == [("above", 5)]
    assert [one.words for one in marks_of(picture, "tick-day")] == [
        "0:00", "2:30", "5:00", "7:30", "10:00", ("minutes",),
    ]  # fmt: skip


def test_pause_parts_the_line_and_stands_at_its_second():
    picture = window(ENDED)

    assert lines(picture, "trace t1") == ["30.0,145.0 107.0,111.0 204.5,94.0", "338.0,145.0"]
    assert [one.title for one in marks_of(picture, "paused")] == [("paused", "5:40")]
    assert marks_of(picture, "unused") == []


def test_letters_at_one_place_stand_below_each_other():
    letters = [
        (one.words, one.attributes["x"], one.attributes["y"])
        for one in marks_of(window(ENDED), "who")
    ]

    assert letters == [("A", 347.0, 149.0), ("B", 347.0, 163.0)]


def test_window_that_was_ended_early_leaves_the_rest_of_the_time_empty():
    at_the_pause = marks_of(window((Happening(340, "stop"),)), "unused")
    later = marks_of(window((*RESUMED, Happening(470, "stop"))), "unused")

    assert [[one.shape for one in mark.marks] for mark in at_the_pause] == [["rect"]]
    assert [[one.shape for one in mark.marks] for mark in later] == [["rect", "line"]]
    assert later[0].marks[1].attributes["x1"] == 271.3


def test_worked_example_taken_up_again_has_a_row_for_each_moment():
    assert window(RESUMED).table == Table(
        ("time", "A", "B", "happened"),
        (
            ("0:00", "—", "3", "start"),
            ("2:30", "—", "5", "—"),
            ("5:40", "—", "6", "pause, resume"),
            ("5:40", "—", "3", "—"),
            ("7:30", "4", "2", "—"),
        ),
    )


def test_partner_sees_the_own_line_the_pauses_and_the_end_and_nothing_of_the_other():
    picture = window(RESUMED, viewer="A")

    assert (lines(picture, "trace t0"), lines(picture, "trace t1")) == (["261.0,128.0"], [])
    assert [one.title for one in marks_of(picture, "dot")] == [("own", "A", 4)]
    assert [one.title for one in marks_of(picture, "paused")] == [("paused", "5:40")]
    assert [one.of for one in picture.key] == ["A"]
    assert picture.table == Table(
        ("time", "A", "happened"),
        (("0:00", "—", "start"), ("5:40", "—", "pause, resume"), ("7:30", "4", "—")),
    )


def test_each_partner_keeps_the_kind_of_line_when_drawn_alone():
    picture = window(viewer="B")

    assert [(one.of, one.css) for one in picture.key] == [("B", "trace t1")]
    assert len(lines(picture, "trace t1")) == 1
    assert {one.marks[0].shape for one in marks_of(picture, "dot")} == {"rect"}


def test_pause_has_one_row_and_none_when_the_time_is_up():
    then = (
        Happening(340, "pause", "A"),
        Happening(340, "resume"),
        Happening(600, "tick", "B", 8),
    )

    assert window(then).table.rows[2:] == (
        ("5:40", "—", "6", "pause, resume"),
        ("10:00", "—", "8", "—"),
    )


def test_window_not_begun_has_nothing_to_draw():
    picture = transparency_window(a_run(log=()), partners=BOTH)

    assert [one.words for one in picture.marks if one.shape == "text"] == [
        ("above", 5), "0", "5", "10", ("no_ratings",),
    ]  # fmt: skip
    assert marks_of(picture, "paused") == []
    assert picture.table.rows == ()
