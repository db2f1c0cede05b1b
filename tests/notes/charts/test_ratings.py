"""Chart 2: gaps stay gaps, 0 is a point on the floor, each rating has a shape of its own."""

from __future__ import annotations

from clinic.notes.charts.ratings import FLOOR, ratings_chart
from clinic.notes.ledger.build_ledger import LedgerInput, RatingFact
from tests.notes.charts.drawn import marks_of
from tests.notes.charts.short_course import COURSE


def test_session_without_a_rating_parts_the_line_and_0_is_a_point_on_the_floor():
    picture = ratings_chart(COURSE, partner="A")
    [safety] = marks_of(picture, "series felt_safety")

    assert [one.attributes["points"] for one in safety.marks if one.shape == "polyline"] == [
        f"30.0,{FLOOR} 132.7,147.0", "338.0,90.0",
    ]  # fmt: skip
    assert [one.title for one in marks_of(picture, "dot")] == [
        ("rating", "felt_safety", 0), ("rating", "felt_safety", 3), ("rating", "felt_safety", 6),
    ]  # fmt: skip
    assert marks_of(picture, "series regulation") == []


def test_each_rating_is_a_shape_of_its_own_in_the_picture_and_in_the_key():
    rated = RatingFact("A", "end", 1, felt_safety=9, defensiveness=1, regulation=5)
    picture = ratings_chart(LedgerInput("C-1", COURSE.sessions, ratings=(rated,)), partner="A")

    assert [dot.marks[0].shape for dot in marks_of(picture, "dot")] == ["circle", "path", "rect"]
    assert [(key.of, key.css, key.marks[1].marks[0].shape) for key in picture.key] == [
        ("felt_safety", "series felt_safety", "circle"),
        ("defensiveness", "series defensiveness", "rect"),
        ("regulation", "series regulation", "path"),
    ]


def test_partner_without_ratings_at_the_end_has_an_axis_and_a_sentence():
    picture = ratings_chart(COURSE, partner="B")

    assert [one.words for one in picture.marks if one.words] == ["0", "10", "5", ("no_ratings",)]
    assert len(marks_of(picture, "tick-no")) == 4
    assert marks_of(picture, "dot") == []


def test_line_at_five_is_half_way_up():
    [guide] = marks_of(ratings_chart(COURSE, partner="A"), "guide")

    assert (guide.attributes["y1"], guide.attributes["y2"]) == (109.0, 109.0)


def test_table_holds_both_partners_ratings_with_a_dash_for_a_blank():
    table = ratings_chart(COURSE, partner="B").table

    ratings = ("felt_safety", "defensiveness", "regulation")
    assert table.head == ("session", *(f"{who}.{one}" for who in "AB" for one in ratings))
    assert table.rows[0] == ("1", "0", "—", "—", "—", "—", "—")
    assert table.rows[2] == ("3", "—", "—", "—", "—", "—", "—")
