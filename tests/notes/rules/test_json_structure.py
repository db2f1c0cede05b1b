"""Dataclasses built from JSON values: what is wrong with the structure is told with its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from clinic.foundation.texts.characters import LONGEST_TEXT
from clinic.notes.rules.json_structure import NotPlain, from_plain, hints_of

pytestmark = pytest.mark.one_database


@dataclass(frozen=True)
class Inner:
    day: date
    pair: tuple[str, int] = ("a", 1)


@dataclass(frozen=True)
class Whole:
    at: datetime
    inner: tuple[Inner, ...] = ()
    flag: bool | None = None
    text: str = ""


AT = {"at": "2026-03-31T10:00:00Z"}


def problems_of(raw):
    with pytest.raises(NotPlain) as refused:
        from_plain(Whole, raw)
    return list(refused.value.problems)


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        (5, [("", "This must be an object.")]),
        ({}, [("at", "This is missing.")]),
        ({"at": "2026-03-31T10:00:00"}, [("at", "This must be an instant like 2026-03-31T10:00:00Z.")]),
        ({"at": "0001-01-01T00:00:00+14:00"}, [("at", "This must be an instant like 2026-03-31T10:00:00Z.")]),
        ({"at": "2026-03-31T10:00:00Z", "flag": 1}, [("flag", "This must be true or false.")]),
        (
            {"at": "2026-03-31T10:00:00Z", "inner": [{"day": "31.3.2026", "pair": ["a", True]}]},
            [
                ("inner[0].day", "This must be a date like 2026-03-31."),
                ("inner[0].pair[1]", "This must be a whole number."),
            ],
        ),
        (
            {"at": "2026-03-31T10:00:00Z", "inner": [{"day": "2026-03-31", "pair": ["a"]}]},
            [("inner[0].pair", "This must be a list of 2.")],
        ),
    ],
)  # fmt: skip
def test_each_problem_has_its_place(raw, problems):
    assert problems_of(raw) == problems


@pytest.mark.parametrize(
    ("name", "raw", "place", "said"),
    [
        ("inner", "ab", "inner", "This must be a list."),
        ("inner", {"day": "2026-03-31"}, "inner", "This must be a list."),
        ("inner", ["day"], "inner[0]", "This must be an object."),
        ("flag", "true", "flag", "This must be true or false."),
        ("text", 1, "text", "This must be text."),
        ("at", 1774951200, "at", "This must be an instant like 2026-03-31T10:00:00Z."),
    ],
)
def test_nothing_is_converted(name, raw, place, said):
    assert problems_of(AT | {name: raw}) == [(place, said)]


@pytest.mark.parametrize("number", ["1", 1.0, True, None])
def test_whole_number_is_of_no_other_type(number):
    raw = AT | {"inner": [{"day": "2026-03-31", "pair": ["a", number]}]}

    assert problems_of(raw) == [("inner[0].pair[1]", "This must be a whole number.")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "This must be text."),
        (["a"], "This must be text."),
        ("a\x00", "This text holds signs that cannot be stored."),
        ("\ud800", "This text holds signs that cannot be stored."),
        ("a" * (LONGEST_TEXT + 1), "This text is longer than 1,048,576 characters."),
    ],
)
def test_text_that_cannot_be_stored_is_refused(text, said):
    assert problems_of(AT | {"text": text}) == [("text", said)]


def test_every_fault_is_told_in_the_order_of_the_fields_and_unknown_names_last():
    raw = {"z": 1, "inner": [{"extra": 1}], "b.c": 2, "flag": float("nan")}

    assert problems_of(raw) == [
        ("at", "This is missing."),
        ("inner[0].day", "This is missing."),
        ("inner[0].extra", "This is not known here."),
        ("flag", "This must be true or false."),
        ("b.c", "This is not known here."),
        ("z", "This is not known here."),
    ]


def test_value_is_built_with_instants_in_utc_and_lists_as_tuples():
    raw = {
        "at": "2026-03-31T11:00:00+01:00",
        "inner": [{"day": "2026-03-31", "pair": ["b", 2]}],
        "flag": None,
    }

    assert from_plain(Whole, raw) == Whole(
        datetime(2026, 3, 31, 10, tzinfo=UTC), (Inner(date(2026, 3, 31), ("b", 2)),)
    )


def test_types_of_fields_are_known_by_name():
    assert hints_of(Inner) == {"day": date, "pair": tuple[str, int]}
