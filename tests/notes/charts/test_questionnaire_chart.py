"""Chart 6: scores over time with their lines; no band without norms, a gap where no total is."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from clinic.notes.charts.questionnaire_chart import MeasurePoint, measure_charts
from clinic.notes.charts.shapes import Axis, Table, Tick
from clinic.notes.rules.questionnaire_responses import from_answers, from_totals
from clinic.practice.rules.instruments import parse_instrument
from tests.support.factories import CLOSENESS

INSTRUMENT = parse_instrument(CLOSENESS.read_text(encoding="utf-8"))
SHELF = {("closeness", "2", "en"): INSTRUMENT}
DAYS = [date(2026, 3, 3), date(2026, 3, 17), date(2026, 4, 14)]


def totals(value, partner="A"):
    return from_totals(INSTRUMENT, partner=partner, totals={"total": Fraction(value)})


TAKEN = [
    (DAYS[0], totals("12.5")),
    (DAYS[1], from_answers(INSTRUMENT, partner="A", answers={"near": 4})),
    (DAYS[2], totals("20")),
    (DAYS[1], totals("30", "B")),
]


def charts(taken=TAKEN, partners=("A", "B"), shelf=SHELF, axis=None):
    return measure_charts(taken, shelf=shelf, partners=partners, axis=axis)


def test_scores_stand_at_their_days_with_a_gap_where_no_total_is():
    total = charts()[0]

    assert (total.partner, total.scale, total.lowest, total.highest) == ("A", "Total", 0, 40)
    assert total.points == (
        MeasurePoint(0.0, DAYS[0], Fraction(25, 2)),
        MeasurePoint(14.0, DAYS[1], None),
        MeasurePoint(42.0, DAYS[2], Fraction(20)),
    )
    assert total.table == Table(
        ("day", "score", "change", "meaning", "missing"),
        (
            ("2026-03-03", "12.5", "0", "worth a look", "0"),
            ("2026-03-17", "—", "—", "—", "2"),
            ("2026-04-14", "20", "7.5", "—", "0"),
        ),
    )


def test_band_lies_round_the_first_score_inside_the_scale():
    total = charts()[0]

    assert (total.band, total.norm_source) == ((8, 17), "Nobody, 2026, n = 0")
    assert charts([(DAYS[0], totals(2))])[0].band == (0, Fraction(13, 2))


def test_band_is_hidden_without_norms_and_lines_without_a_definition():
    coldness = charts()[1]
    unknown = charts(shelf={})[0]

    assert (coldness.scale, coldness.band, coldness.change) == ("Coldness", None, None)
    assert (unknown.cut_offs, unknown.band) == ((), None)
    assert (unknown.lowest, unknown.highest) == (0, 20)


def by_session(*held, kind="session"):
    ticks = tuple(Tick(float(at), at + 1, on) for at, on in enumerate(held))
    return Axis(kind, float(len(held) - 1), ticks)


def places(axis):
    total = charts(axis=axis)[0]
    return [one.x for one in total.points], [(one.x, one.session) for one in total.ticks]


def test_by_session_a_response_stands_where_its_day_lies_among_the_sessions():
    weekly_then_later = by_session(
        date(2026, 2, 24), date(2026, 3, 3), date(2026, 3, 10), date(2026, 3, 24), DAYS[2]
    )

    assert places(weekly_then_later) == (
        [0.0, 1.5, 3.0],
        [(0.0, 2), (1.0, 3), (2.0, 4), (3.0, 5)],
    )


def test_by_session_what_is_told_before_and_after_all_sessions_stands_apart_from_them():
    fortnight = by_session(date(2026, 3, 10), date(2026, 3, 24))

    assert places(fortnight) == ([0.0, 1.0, 3.0], [(0.5, 1), (1.5, 2)])


def test_one_session_counts_as_one_a_week_and_none_as_days():
    assert places(by_session(DAYS[1])) == ([0.0, 2.0, 6.0], [(2.0, 1)])
    assert places(by_session()) == ([0.0, 14.0, 42.0], [])
    assert places(by_session(*DAYS, kind="date")) == ([0.0, 14.0, 42.0], [])


def test_each_partner_has_charts_of_their_own_and_none_of_the_others():
    assert [(one.partner, one.scale) for one in charts()] == [
        ("A", "Total"), ("A", "Coldness"), ("B", "Total"),
    ]  # fmt: skip
    assert {one.partner for one in charts(partners=("B",))} == {"B"}


def test_nothing_taken_draws_nothing():
    assert charts([]) == ()
