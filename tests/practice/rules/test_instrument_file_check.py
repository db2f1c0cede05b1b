from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.practice.rules.instrument_file_check import problems_in
from clinic.practice.rules.instruments import InstrumentBroken, parse_instrument
from tests.support.practice.closeness_instrument import TEXT


def broken(change):
    raw = json.loads(TEXT)
    change(raw)
    return json.dumps(raw)


def put(path, value):
    *way, last = path

    def change(raw):
        for step in way:
            raw = raw[step]
        raw[last] = value

    return change


BREAKS = {
    "format": put(["format"], "instrument/2"),
    "code": put(["code"], "No Code"),
    "version": put(["version"], ""),
    "language": put(["language"], "fr"),
    "name": put(["name"], " "),
    "licence": put(["licence"], None),
    "surprise": put(["surprise"], 1),
    "items": put(["items"], []),
    "items[1]": put(["items", 1], "how?"),
    "items[1].code": put(["items", 1, "code"], "near"),
    "items[0].text": put(["items", 0, "text"], ""),
    "items[0]": put(["items", 0, "highest"], 0),
    "items[2].reversed": put(["items", 2, "reversed"], "yes"),
    "items[3].look_from": put(["items", 3, "look_from"], 0.5),
    "items[0].labels[0].value": put(["items", 0, "labels", 0, "value"], 9),
    "scales": put(["scales"], {}),
    "scales[0].items[0]": put(["scales", 0, "items", 0], "nothing"),
    "scales[0].items[1]": put(["scales", 0, "items", 1], "near"),
    "scales[0].method": put(["scales", 0, "method"], "median"),
    "scales[0].times": put(["scales", 0, "times"], 0),
    "scales[0].most_missing": put(["scales", 0, "most_missing"], 3),
    "scales[0].better": put(["scales", 0, "better"], "up"),
    "scales[1].code": put(["scales", 1, "code"], "total"),
    "scales[0].cut_offs[0].value": put(["scales", 0, "cut_offs", 0, "value"], "13.5"),
    "scales[0].cut_offs[0].direction": put(["scales", 0, "cut_offs", 0, "direction"], "under"),
    "scales[0].cut_offs[0].source": put(["scales", 0, "cut_offs", 0, "source"], ""),
    "scales[0].change.amount": put(["scales", 0, "change", "amount"], -1),
}


@pytest.mark.parametrize("place", list(BREAKS))
def test_each_break_is_named_at_its_place(place):
    with pytest.raises(InstrumentBroken) as refused:
        parse_instrument(broken(BREAKS[place]))

    assert place in [one.partition(":")[0] for one in refused.value.problems]


def test_all_problems_are_told_at_once():
    def change(raw):
        for place in ("format", "items[0].text", "scales[0].method"):
            BREAKS[place](raw)

    with pytest.raises(InstrumentBroken) as refused:
        parse_instrument(broken(change))

    assert refused.value.problems == (
        "format: must be 'instrument/1'",
        "items[0].text: is missing",
        "scales[0].method: must be one of sum, mean",
    )


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
           st.sampled_from(["items", "scales", "code", "labels", "cut_offs", "change", "x"]),
           inner, max_size=5), max_leaves=12))  # fmt: skip
def test_no_file_whatsoever_breaks_the_check_itself(raw):
    with pytest.raises(InstrumentBroken):
        parse_instrument(json.dumps(raw))


def test_a_good_file_has_no_problems():
    assert problems_in(json.loads(TEXT, parse_float=Decimal)) == []


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (["items", 0, "labels"], "one", "items[0].labels: must be a list"),
        (
            ["items", 0, "labels", 0],
            {"text": "a"},
            "items[0].labels[0]: must have a whole number as its value",
        ),
        (["scales", 0, "cut_offs"], {}, "scales[0].cut_offs: must be a list"),
        (["scales", 0, "cut_offs", 0], 3, "scales[0].cut_offs[0]: must be an object"),
        (["scales", 0, "change"], [], "scales[0].change: must be an object"),
        (["items", 0, "highest"], 9_000, "items[0]: there are at most 101 answers"),
        (["intro"], "x" * 2_001, "intro: is longer than 2000 characters"),
    ],
)
def test_a_part_of_the_wrong_shape_is_the_one_problem(place, value, problem):
    raw = json.loads(TEXT, parse_float=Decimal)
    put(place, value)(raw)

    assert problems_in(raw) == [problem]


def test_a_file_that_holds_no_object_is_one_problem():
    assert problems_in([]) == ["the file must hold one object"]
