"""Definitions of instruments: read, checked with places, and scored by their own rules."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.practice.rules.instruments import (
    CutOff,
    InstrumentBroken,
    Score,
    answer_problems,
    items_to_review,
    parse_instrument,
    score,
)
from tests.support.practice.closeness_instrument import TEXT

CLOSENESS = parse_instrument(TEXT)
SHIPPED = sorted((Path("clinic/practice/instruments/shipped")).resolve().glob("*.json"))


def test_definition_is_read_with_exact_numbers():
    total, coldness = CLOSENESS.scales

    assert CLOSENESS.label == "closeness 2 en"
    assert (total.times, total.lowest, total.highest) == (Fraction(5, 2), 0, 40)
    assert total.cut_offs == (CutOff(Fraction(27, 2), "below", "worth a look", "Nobody, 2026"),)
    assert (total.change, total.norm_source) == (Fraction(9, 2), "Nobody, 2026, n = 0")
    assert (coldness.lowest, coldness.highest, coldness.better) == (0, 5, "neither")


def test_change_without_a_norm_is_not_shown():
    assert CLOSENESS.scales[1].change is None


@pytest.mark.parametrize(
    ("answers", "scores"),
    [
        ({"near": 6, "warm": 5, "cold": 0}, (Score("total", Fraction(40), 0), Fraction(5))),
        ({"near": 0, "warm": 0, "cold": 5}, (Score("total", Fraction(0), 0), Fraction(0))),
        ({"near": 4, "warm": 2}, (Score("total", Fraction(45, 2), 1), None)),
        ({"near": 4}, (Score("total", None, 2), None)),
        ({}, (Score("total", None, 3), None)),
    ],
)
def test_scores_with_missing_items_as_far_as_the_rule_allows(answers, scores):
    found = score(CLOSENESS, answers)

    assert (found[0], found[1].value) == scores


@pytest.mark.parametrize(
    ("direction", "sides"),
    [
        ("below", (True, False, False)),
        ("at_or_below", (True, True, False)),
        ("above", (False, False, True)),
        ("at_or_above", (False, True, True)),
    ],
)
def test_cut_off_says_on_which_side_its_meaning_holds(direction, sides):
    line = CutOff(Fraction(27, 2), direction, "m", "s")

    assert tuple(line.holds(Fraction(n, 2)) for n in (26, 27, 28)) == sides


def test_answers_outside_the_range_and_to_unknown_items_are_named():
    assert answer_problems(CLOSENESS, {"near": 7, "warm": 5, "tall": 1}) == ["near", "tall"]


def test_item_asks_to_be_looked_at_from_its_answer_on():
    assert items_to_review(CLOSENESS, {"afraid": 1}) == ("afraid",)
    assert items_to_review(CLOSENESS, {"afraid": 0}) == items_to_review(CLOSENESS, {}) == ()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "[" * 100_000, "[" * 600 + "]" * 600, '{"a": NaN}', "x" * 200_001]
)
def test_what_is_no_definition_is_refused_in_one_sentence(text):
    with pytest.raises(InstrumentBroken) as refused:
        parse_instrument(text)

    assert len(refused.value.problems) == 1


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_our_own_form_is_a_definition_without_norms(path):
    found = parse_instrument(path.read_text(encoding="utf-8"))

    assert f"{found.code}.{found.language}.json" == path.name
    assert [one.code for one in found.items] == ["felt_safety", "defensiveness", "regulation"]
    assert not any(one.cut_offs or one.change for one in found.scales)


def test_only_our_own_form_ships():
    assert [path.name for path in SHIPPED] == ["own_ratings.en.json", "own_ratings.pt.json"]


answered = st.dictionaries(st.sampled_from(["near", "warm", "cold", "afraid"]), st.integers(0, 3))


@given(answered)
def test_any_answers_give_a_score_inside_its_range_or_none(answers):
    for scale, found in zip(CLOSENESS.scales, score(CLOSENESS, answers), strict=True):
        assert found.missing == sum(code not in answers for code in scale.items)
        assert (found.value is None) == (found.missing > scale.most_missing)
        assert found.value is None or scale.lowest <= found.value <= scale.highest
