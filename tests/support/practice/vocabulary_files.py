"""Vocabulary files as values, and the problems that reading one reports."""

from __future__ import annotations

import json

import pytest

from clinic.practice.rules.vocabulary import (
    VocabularyBroken,
    parse_vocabulary,
)


def term(code, **changes):
    return {
        "code": code,
        "label_en": "A label",
        "label_pt": "Um nome",
        "definition_en": "What it is.",
        "definition_pt": "O que é.",
        "source": ["X"],
        "active": True,
        "sort": 10,
        "label_reviewed_by": None,
    } | changes


def vocabulary(*terms, **changes):
    other = term("other", sort=990, needs_text=True)
    return {
        "name": "small",
        "label_en": "Small",
        "label_pt": "Pequeno",
        "terms": [*terms, other],
    } | changes


def problems_of(raw):
    with pytest.raises(VocabularyBroken) as caught:
        parse_vocabulary(json.dumps(raw), name="small")
    return caught.value.problems
