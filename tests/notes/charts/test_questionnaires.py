"""Chart 6: scores over time with their lines; no band without norms, a gap where no total is."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from clinic.notes.charts.axis import Axis, Tick
from clinic.notes.charts.picture import Table
from clinic.notes.charts.questionnaires import questionnaire_charts
from clinic.notes.rules.questionnaire_responses import from_answers, from_totals
from clinic.practice.rules.instruments import parse_instrument
from tests.notes.charts.drawn import marks_of
from tests.support.factories import CLOSENESS

FILE = CLOSENESS.read_text(encoding="utf-8")
INSTRUMENT = parse_instrument(FILE)
DEFINITIONS = {("closeness", "2", "en"): INSTRUMENT}
DAYS = [date(2026, 3, 3), date(2026, 3, 17), date(2026, 4, 14)]


def totals(value, partner="A"):
    return from_totals(INSTRUMENT, partner=partner, totals={"total": Fraction(value)})


RESPONSES = [
    (DAYS[0], totals("12.5")),
    (DAYS[1], from_answers(INSTRUMENT, partner="A", answers={"near": 4})),
    (DAYS[2], totals("20")),
    (DAYS[1], totals("30", "B")),
]


def charts(responses=RESPONSES, partners=("A", "B"), definitions=DEFINITIONS, axis=None):
    return questionnaire_charts(responses, definitions=definitions, partners=partners, axis=axis)


def attributes(chart, css, *names):
    return [tuple(one.attributes[name] for name in names) for one in marks_of(chart.picture, css)]


def words(chart, css):
    return [one.words for one in marks_of(chart.picture, css)]


def scores(chart):
    [measured] = marks_of(chart.picture, "measured")
    return [(one.attributes["x"], one.words[1]) for one in measured.marks if one.shape == "text"]


def lines(chart):
    [measured] = marks_of(chart.picture, "measured")
    return [one.attributes["points"] for one in measured.marks if one.shape == "polyline"]


def test_scores_stand_at_their_days_with_a_gap_where_no_total_is():
    total = charts()[0]

    assert (total.partner, total.name, total.scale) == ("A", INSTRUMENT.name, "Total")
    assert scores(total) == [(52.0, "12.5"), (324.0, "20")]
    assert lines(total) == []
    assert [one.title for one in marks_of(total.picture, "dot")] == [
        ("score", DAYS[0], "12.5"), ("score", DAYS[2], "20"),
    ]  # fmt: skip
    assert total.picture.table == Table(
        ("day", "score", "change", "meaning", "missing"),
        (
            (DAYS[0], "12.5", "0", "worth a look", "0"),
            (DAYS[1], "—", "—", "—", "2"),
            (DAYS[2], "20", "7.5", "—", "0"),
        ),
    )


def test_neighbouring_scores_are_joined_on_a_scale_up_to_the_highest_without_a_definition():
    same = [(DAYS[0], totals("10")), (DAYS[2], totals("10"))]

    [chart] = charts(same, definitions={})

    assert lines(chart) == ["52.0,20.0 324.0,20.0"]
    assert words(chart, "y-no") == [("figure", "0"), ("figure", "10")]


def test_band_lies_round_the_first_score_inside_the_scale():
    total, low = charts()[0], charts([(DAYS[0], totals(2))])[0]

    assert (total.has_band, total.definition.norm_source) == (True, "Nobody, 2026, n = 0")
    assert attributes(total, "change-band", "y", "height") == [(106.2, 33.8)]
    assert attributes(low, "change-band", "y", "height") == [(145.6, 24.4)]


def test_band_is_hidden_without_norms_and_cut_offs_without_a_definition():
    coldness, unknown = charts()[1], charts(definitions={})[0]

    assert (coldness.scale, coldness.has_band) == ("Coldness", False)
    assert (unknown.definition, unknown.has_band) == (None, False)
    assert attributes(unknown, "change-band", "y") == marks_of(unknown.picture, "cut-off") == []
    assert words(unknown, "y-no") == [("figure", "0"), ("figure", "20")]


def test_cut_off_has_its_line_and_its_number_goes_before_an_end_it_would_cover():
    high = {
        ("closeness", "2", "en"): parse_instrument(FILE.replace('"value": 13.5', '"value": 39'))
    }
    [line, number] = marks_of(charts()[0].picture, "cut-off")[0].marks

    assert (line.attributes["y1"], number.words) == (119.4, ("figure", "13.5"))
    assert words(charts()[0], "y-no") == [("figure", "0"), ("figure", "40")]
    assert words(charts(definitions=high)[0], "y-no") == [("figure", "0")]


def by_session(*held, kind="session"):
    ticks = tuple(Tick(float(at), at + 1, on) for at, on in enumerate(held))
    return Axis(kind, float(len(held) - 1), ticks)


def places(axis):
    """Where three responses stand across, and the sessions by their number and place."""
    [chart] = charts([(on, totals(10)) for on in DAYS], definitions={}, axis=axis)
    numbers = marks_of(chart.picture, "tick-no")
    return (
        [x for x, _number in scores(chart)],
        [(one.words, one.attributes["x"]) for one in numbers],
    )


def test_by_session_a_response_stands_where_its_day_lies_among_the_sessions():
    weekly_then_later = by_session(
        date(2026, 2, 24), DAYS[0], date(2026, 3, 10), date(2026, 3, 24), DAYS[2]
    )

    assert places(weekly_then_later) == (
        [52.0, 188.0, 324.0],
        [("2", 52.0), ("3", 142.7), ("4", 233.3), ("5", 324.0)],
    )


def test_by_session_a_response_before_or_after_all_sessions_stands_apart_from_them():
    fortnight = by_session(date(2026, 3, 10), date(2026, 3, 24))

    assert places(fortnight) == ([52.0, 142.7, 324.0], [("1", 97.3), ("2", 188.0)])


def test_one_session_counts_as_one_a_week():
    assert places(by_session(DAYS[1])) == ([52.0, 142.7, 324.0], [("1", 142.7)])


def test_by_session_the_sessions_are_labelled_otherwise_the_responses():
    by_day, by_number = charts()[0], charts(axis=by_session(DAYS[0], date(2026, 3, 31), DAYS[2]))[0]

    assert words(by_day, "tick-day") == [("day", on) for on in DAYS]
    assert words(by_number, "tick-no") == ["1", "2", "3"]
    assert words(by_number, "tick-day") == [
        ("day", DAYS[0]), ("day", date(2026, 3, 31)), ("day", DAYS[2]),
    ]  # fmt: skip
    assert by_number.picture.height - by_day.picture.height == 18.0


def test_without_sessions_and_by_date_a_day_is_a_unit():
    assert places(by_session()) == places(by_session(*DAYS, kind="date")) == places(None)
    assert places(None) == ([52.0, 142.7, 324.0], [])


def test_days_are_written_only_where_there_is_room():
    many = [(DAYS[0] + timedelta(days=n), totals(n)) for n in range(20)]

    labelled = [x for [x] in attributes(charts(many)[0], "tick-day", "x")]

    assert len(labelled) == 7
    assert min(b - a for a, b in pairwise(labelled)) >= 38


def test_each_partner_has_charts_of_their_own_and_none_of_the_others():
    assert [(one.partner, one.scale) for one in charts()] == [
        ("A", "Total"), ("A", "Coldness"), ("B", "Total"),
    ]  # fmt: skip
    assert {one.partner for one in charts(partners=("B",))} == {"B"}
    assert charts([]) == ()
