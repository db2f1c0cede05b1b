"""One linear scale for all charts, and lines whose dots say their values."""

from __future__ import annotations

from fractions import Fraction

import pytest

from clinic.notes.charts import svg
from clinic.notes.charts.picture import Scale, lines_with_dots


@pytest.mark.parametrize(
    ("scale", "value", "place"),
    [
        (Scale(0, 4, 10.0, 90.0), 1, 30.0),
        (Scale(0, 10, 204.0, 14.0), 10, 14.0),
        (Scale(Fraction(8), Fraction(40), 170.0, 20.0), Fraction(27, 2), 144.2),
        (Scale(3, 3, 10.0, 90.0), 3, 10.0),
    ],
)
def test_scale_is_linear_from_its_values_onto_paper_to_a_tenth(scale, value, place):
    assert scale(value) == place
    assert scale.ends == (scale.start, scale.end)


def test_each_run_is_a_line_and_each_value_a_dot_with_its_title():
    marks = lines_with_dots(
        [[(0, 0), (1, 10)], [(3, 5)]],
        scale=Scale(0, 4, 0.0, 40.0),
        height=Scale(0, 10, 100.0, 0.0),
        dot=lambda at: svg.circle("", at, 4),
        title=("rating", "regulation"),
    )

    assert marks == [
        svg.polyline("", [(0.0, 100.0), (10.0, 0.0)]),
        svg.polyline("", [(30.0, 50.0)]),
        *(
            svg.group("dot", svg.circle("", at, 4), title=("rating", "regulation", value))
            for at, value in [((0.0, 100.0), 0), ((10.0, 0.0), 10), ((30.0, 50.0), 5)]
        ),
    ]
