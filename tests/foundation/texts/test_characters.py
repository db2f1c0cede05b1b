"""Which characters no text may hold, in texts and in JSON values."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.foundation.texts.characters import (
    has_refused_characters,
    json_has_refused_characters,
    places_of_refused_characters,
    replace_in_json,
    replace_refused_characters,
)

pytestmark = pytest.mark.one_database
ANY_TEXT = st.text(st.characters(), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def test_control_characters_and_lone_surrogates_are_refused_and_nothing_else():
    refused = [chr(code) for code in range(0x110000) if has_refused_characters(chr(code))]

    assert refused == [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cs"} and chr(code) not in "\t\n\r"
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a�b"),
        ("\x1b[2J", "�[2J"),
        ("page\x0cbreak\x0b", "page�break�"),
        ("half \ud83d", "half �"),
        ("tab\tand\r\nlines\u2028\u202d�", "tab\tand\r\nlines\u2028\u202d�"),
    ],
)
def test_each_refused_character_is_shown_as_one_mark(text, shown):
    assert replace_refused_characters(text) == shown


@given(ANY_JSON)
def test_json_text_and_value_are_judged_alike(value):
    text = json.dumps(value, ensure_ascii=False)
    is_refused = bool(places_of_refused_characters(value))

    assert json_has_refused_characters(text) == is_refused
    assert (replace_in_json(value) != value) == is_refused
    assert places_of_refused_characters(replace_in_json(value)) == []


def test_each_refused_text_is_found_by_its_path():
    value = {"a": "\x00", "b": [{"c": "fine", "d": "\x7f"}], "e": {"f\x00": 1}}

    assert places_of_refused_characters(value) == ["a", "b.0.d", "e"]
