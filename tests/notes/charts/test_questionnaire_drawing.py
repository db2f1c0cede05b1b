"""The picture of a measure: lines, band and days on paper."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from clinic.notes.charts.questionnaire_chart import measure_charts
from clinic.notes.charts.questionnaire_drawing import draw_measure
from clinic.notes.rules.questionnaire_responses import from_totals
from clinic.practice.rules.instruments import parse_instrument
from tests.notes.charts.test_questionnaire_chart import DAYS, by_session, charts
from tests.support.factories import CLOSENESS

INSTRUMENT = parse_instrument(CLOSENESS.read_text(encoding="utf-8"))


def test_scores_cut_off_and_band_stand_at_their_heights():
    picture = draw_measure(charts()[0])

    assert picture.levels == ((170.0, "0"), (20.0, "40"))
    assert picture.cuts == ((119.4, "13.5"),)
    assert picture.band == (106.2, 33.8)
    assert [(one.x, one.y, one.words) for one in picture.scores] == [
        (52.0, 123.1, "12.5"), (324.0, 95.0, "20"),
    ]  # fmt: skip


def test_gap_parts_the_line_and_a_lone_score_is_a_dot_without_one():
    assert draw_measure(charts()[0]).runs == ()
    two = [charts()[0].points[0].on, charts()[0].points[2].on]
    taken = [
        (on, from_totals(INSTRUMENT, partner="A", totals={"total": Fraction(10)})) for on in two
    ]
    drawn = draw_measure(measure_charts(taken, shelf={}, partners=("A",))[0])
    assert drawn.runs == ("52.0,20.0 324.0,20.0",)


def test_days_are_written_only_where_there_is_room():
    first = date(2026, 3, 1)
    taken = [
        (
            first + timedelta(days=n),
            from_totals(INSTRUMENT, partner="A", totals={"total": Fraction(n)}),
        )
        for n in range(20)
    ]
    chart = measure_charts(taken, shelf={}, partners=("A",))[0]

    labelled = [one.x for one in draw_measure(chart).days if one.labelled]

    assert len(labelled) == 7
    assert min(b - a for a, b in pairwise(labelled)) >= 38


def test_number_of_a_cut_off_goes_before_an_end_it_would_cover():
    shelf = {
        ("closeness", "2", "en"): parse_instrument(
            CLOSENESS.read_text(encoding="utf-8").replace('"value": 13.5', '"value": 39')
        )
    }

    assert [words for _y, words in draw_measure(charts(shelf=shelf)[0]).levels] == ["0"]


def test_days_below_are_those_of_the_responses_and_by_session_those_of_the_sessions():
    by_day, by_number = (
        draw_measure(charts(axis=axis)[0])
        for axis in (None, by_session(DAYS[0], date(2026, 3, 31), DAYS[2]))
    )

    assert [(one.on, one.session) for one in by_day.days] == [(on, None) for on in DAYS]
    assert [(one.x, one.on, one.session) for one in by_number.days] == [
        (52.0, DAYS[0], 1), (188.0, date(2026, 3, 31), 2), (324.0, DAYS[2], 3),
    ]  # fmt: skip
    assert by_number.height - by_day.height == 18.0
