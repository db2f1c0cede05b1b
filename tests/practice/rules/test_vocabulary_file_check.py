from __future__ import annotations

import pytest

from clinic.practice.rules.vocabulary_file_check import problems_in
from tests.support.practice.vocabulary_files import problems_of, term, vocabulary


def test_all_problems_of_a_file_are_told_at_once():
    raw = vocabulary(
        term("one", label_pt=" ", sort=20),
        term("one", source=["S9"], sort=20),
        term("Two!", active="yes", sort=30, valence="?"),
        "no term",
        name="large",
    )

    assert problems_of(raw) == (
        "small: name is 'large', the file is called 'small'",
        "small: terms[0] (one): label_pt is missing",
        "small: terms[1] (one): source ['S9'] must name one or more of P, S1, S2, S3, X",
        "small: terms[2] code 'Two!' must be lower case letters, digits and underscores",
        "small: terms[2] (Two!): active must be true or false",
        "small: terms[2] (Two!): valence must be + or -",
        "small: terms[3]: must be an object",
        "small: code 'one' is there twice",
        "small: (one): sort 20 does not rise above 20",
    )


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        ([], ("small: the file must hold one object",)),
        (vocabulary(terms=[]), ("small: terms must be a list of at least one term",)),
        (vocabulary(terms=[term("one")]), ("small: the term 'other' is missing",)),
        (vocabulary(terms=[term("other")]), ("small: 'other' must ask for a text",)),
        (vocabulary(has_other=False), ("small: a fixed set has no term 'other'",)),
        (
            vocabulary(term("one", sort=1.5, needs_text=1, params=[])),
            (
                "small: terms[0] (one): sort must be a whole number",
                "small: terms[0] (one): needs_text must be true or false",
                "small: terms[0] (one): params must be an object",
            ),
        ),
    ],
)
def test_broken_files_are_refused_with_their_problem(raw, problems):
    assert problems_of(raw) == problems


def test_a_good_file_has_no_problems():
    assert problems_in(vocabulary(term("one")), name="small") == []


def test_a_vocabulary_that_is_a_fixed_set_has_no_term_for_the_rest():
    fixed = vocabulary(terms=[term("one")], has_other=False)

    assert problems_in(fixed, name="small") == []
