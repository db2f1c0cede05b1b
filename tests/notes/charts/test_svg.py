"""Marks hold an element's name and attributes; only groups hold marks and a title."""

from __future__ import annotations

from clinic.notes.charts import svg
from clinic.notes.charts.svg import Mark


def test_each_shape_has_the_attributes_of_its_element():
    assert [
        svg.horizontal("grid", (1, 9), 5),
        svg.vertical("", 4, (0, 8)),
        svg.rect("hull", (1, 2), 30, 12, rx=2),
        svg.circle("ring", (3, 4), 7.5),
        svg.path("cross", "M0 0l1 1"),
        svg.polyline("load", [(0, 1.5), (2, 3)]),
    ] == [
        Mark("line", {"class": "grid", "x1": 1, "x2": 9, "y1": 5, "y2": 5}),
        Mark("line", {"x1": 4, "x2": 4, "y1": 0, "y2": 8}),
        Mark("rect", {"class": "hull", "x": 1, "y": 2, "width": 30, "height": 12, "rx": 2}),
        Mark("circle", {"class": "ring", "cx": 3, "cy": 4, "r": 7.5}),
        Mark("path", {"class": "cross", "d": "M0 0l1 1"}),
        Mark("polyline", {"class": "load", "points": "0,1.5 2,3"}),
    ]


def test_text_is_anchored_where_asked_and_a_group_has_its_title():
    name = svg.text("", (5, 6), ("median",), anchor="end")
    number = svg.level_number(30, 100, "10")

    assert name == Mark("text", {"x": 5, "y": 6, "text-anchor": "end"}, ("median",))
    assert number == Mark("text", {"class": "y-no", "x": 22, "y": 104, "text-anchor": "end"}, "10")
    assert svg.text("who", (1, 2), "A") == Mark("text", {"class": "who", "x": 1, "y": 2}, "A")
    assert svg.group("dot", name, title=("rating", "regulation", 3)) == Mark(
        "g", {"class": "dot"}, title=("rating", "regulation", 3), marks=(name,)
    )
