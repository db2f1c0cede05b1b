"""A response as it is kept: scored, with its names, exact, and whole without its definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from clinic.notes.rules.questionnaire_responses import (
    Answer,
    TakenScore,
    from_answers,
    from_totals,
    measure_problems,
    number_text,
    read_number,
    response_problems,
)
from clinic.practice.rules.instruments import parse_instrument
from tests.support.factories import CLOSENESS

DAY = date(2026, 11, 22)
MEMBERS = ("A", "B")
INSTRUMENT = parse_instrument(CLOSENESS.read_text(encoding="utf-8"))


def test_answers_are_kept_in_the_order_of_the_items_with_their_scores():
    told = from_answers(INSTRUMENT, partner="A", answers={"afraid": 2, "near": 4, "warm": 2})

    assert told.answers == (Answer("near", 4), Answer("warm", 2), Answer("afraid", 2))
    assert told.scores == (
        TakenScore("total", "Total", "22.5", 1),
        TakenScore("coldness", "Coldness", None, 1),
    )
    assert (told.how, told.look_at, told.scores[0].number) == (
        "items",
        ("afraid",),
        Fraction(45, 2),
    )


def test_totals_alone_have_no_answers():
    told = from_totals(INSTRUMENT, partner="B", totals={"total": Fraction(27, 2)})

    assert (told.how, told.answers) == ("total", ())
    assert told.scores == (TakenScore("total", "Total", "13.5"),)


@pytest.mark.parametrize(
    ("answers", "totals", "places"),
    [
        ({"near": 6}, {}, []),
        ({"near": 7}, {}, ["items.near"]),
        ({}, {"total": Fraction(40)}, []),
        ({}, {"total": Fraction(401, 10)}, ["totals.total"]),
        ({}, {"other": Fraction(1)}, ["totals.other"]),
        ({}, {}, ["answers"]),
    ],
)
def test_problems_of_what_was_typed(answers, totals, places):
    found = response_problems(INSTRUMENT, answers=answers, totals=totals)

    assert [place for place, _said in found] == places


KEPT = from_answers(INSTRUMENT, partner="A", answers={"near": 4, "warm": 2})


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"partner": "C"}, ["partner"]),
        ({"instrument": "Bad Code"}, ["instrument"]),
        ({"language": "fr"}, ["instrument"]),
        ({"how": "guess"}, ["how"]),
        ({"how": "total"}, ["how"]),
        ({"answers": (Answer("near", 1), Answer("near", 2))}, ["answers"]),
        ({"scores": ()}, ["scores"]),
        ({"scores": (TakenScore("total", "T", "much"),)}, ["scores.0.value"]),
        ({"scores": (TakenScore("total", "T", None, -1),)}, ["scores.0"]),
    ],
)
def test_problems_of_a_response(changes, places):
    found = measure_problems(replace(KEPT, **changes), taken_on=DAY, today=DAY, members=MEMBERS)

    assert [place for place, _said in found] == places


def test_day_that_has_not_come_is_refused():
    found = measure_problems(KEPT, taken_on=DAY, today=date(2026, 11, 21), members=MEMBERS)

    assert [place for place, _said in found] == ["taken_on"]


def test_numbers_as_they_are_kept_and_as_people_type_them():
    values = [Fraction(27, 2), Fraction(7, 3), Fraction(100), Fraction(0), Fraction(-1, 2)]

    assert [number_text(one) for one in values] == ["13.5", "2.3333", "100", "0", "-0.5"]
    typed = ["13.5", "13,5", " 7 ", "-2", "", "1e3", "1.2.3", "½", "nan"]
    assert [read_number(text) for text in typed] == [
        Fraction(27, 2), Fraction(27, 2), 7, -2, None, None, None, None, None,
    ]  # fmt: skip
