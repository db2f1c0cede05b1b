"""The cycle's picture: two sides in the partners' order, the table beside, one partner's view."""

from __future__ import annotations

from clinic.notes.charts.cycle import CycleChart, CycleSide, cycle_chart, partner_safe_cycle
from clinic.notes.charts.picture import Table
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart

DRAWN = CycleDetails(
    "Silence",
    "pursue_withdraw",
    (
        CyclePart("B", "Works late", "", "Irritation", "Shame", "", "withdrawer"),
        CyclePart("A", "Asks again", "I come last", need="A sign"),
    ),
)


def test_each_side_says_what_shows_and_what_lies_underneath():
    assert cycle_chart(DRAWN, partners=("A", "B")) == CycleChart(
        "Silence",
        "pursue_withdraw",
        (
            CycleSide(
                "A",
                None,
                (("move", "Asks again"), ("perception", "I come last")),
                (("need", "A sign"),),
            ),
            CycleSide(
                "B",
                "withdrawer",
                (("move", "Works late"), ("secondary_emotion", "Irritation")),
                (("primary_emotion", "Shame"),),
            ),
        ),
        Table(
            ("part", "A", "B"),
            (
                ("position", "—", "withdrawer"),
                ("move", "Asks again", "Works late"),
                ("perception", "I come last", "—"),
                ("secondary_emotion", "—", "Irritation"),
                ("primary_emotion", "—", "Shame"),
                ("need", "A sign", "—"),
            ),
        ),
    )


def test_side_of_which_nothing_is_told_is_there_and_empty():
    [one, other] = cycle_chart(CycleDetails("Silence"), partners=("A", "B")).sides

    assert (one.is_empty, other) == (True, CycleSide("B", None, (), ()))


def test_part_of_somebody_who_left_is_still_shown():
    chart = cycle_chart(DRAWN, partners=("A",))

    assert [side.partner for side in chart.sides] == ["A", "B"]


def test_partner_sees_only_their_own_part():
    assert partner_safe_cycle(DRAWN, viewer="A").parts == DRAWN.parts[1:]
    assert partner_safe_cycle(DRAWN, viewer=None).parts == ()
