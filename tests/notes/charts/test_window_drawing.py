"""The picture of a Transparency Window: where its lines, its pause and its end stand on paper."""

from __future__ import annotations

from clinic.notes.charts.window_chart import window_chart
from clinic.notes.charts.window_drawing import draw_window
from clinic.notes.rules.transparency_window import Happening
from tests.support.factories import a_run

BOTH = ("A", "B")
RESUMED = (Happening(340, "resume"), Happening(600, "tick", "A", 3), Happening(600, "tick", "B", 3))


def drawn(then=(), viewer=None):
    chart = window_chart(a_run(then=then), partners=BOTH, viewer=viewer)
    return draw_window(chart, places=BOTH)


def test_time_goes_across_and_ratings_up_with_the_limit_halfway():
    picture = drawn(RESUMED)

    assert picture.levels == ((196.0, 0), (111.0, 5), (26.0, 10))
    assert picture.limit_y == 111.0
    assert [words for _x, words in picture.ticks] == ["0:00", "2:30", "5:00", "7:30", "10:00"]
    assert (picture.ticks[0][0], picture.ticks[-1][0]) == (picture.left, picture.right)


def test_pause_parts_the_line_and_stands_at_its_second():
    picture = drawn(RESUMED)
    listener = next(one for one in picture.traces if one.person == "B")

    assert listener.stretches == ("30.0,145.0 107.0,111.0 204.5,94.0", "338.0,145.0")
    assert [(one.x, one.time) for one in picture.pauses] == [(204.5, "5:40")]
    assert picture.ended_x is None


def test_letters_at_one_place_stand_under_each_other():
    ends = [(one.label_x, one.label_y) for one in drawn(RESUMED).traces]

    assert ends == [(338.0, 145.0), (338.0, 159.0)]


def test_window_that_was_ended_early_leaves_the_rest_of_the_time_empty():
    assert drawn((Happening(340, "stop"),)).ended_x == 204.5


def test_each_partner_keeps_the_kind_of_line_when_drawn_alone():
    assert [(one.person, one.place) for one in drawn(viewer="B").traces] == [("B", 1)]
