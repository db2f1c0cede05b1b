from __future__ import annotations

import pytest

from clinic.foundation.errors import InvalidInput
from clinic.foundation.messages import message, refuse


def test_sentence_is_filled_and_remembers_its_template_and_parameters():
    sentence = message("At most %(most)s ranges.", most=8)

    assert (sentence, sentence.template, sentence.params) == (
        "At most 8 ranges.",
        "At most %(most)s ranges.",
        {"most": 8},
    )


def test_sentence_without_parameters_may_hold_a_percent_sign():
    assert message("100 % of it.") == "100 % of it."


def test_everything_that_is_wrong_is_refused_at_once():
    problems = {"name": ["Please give a name."], "slug": ["Too long.", "Odd."]}

    with pytest.raises(InvalidInput) as refused:
        refuse(problems)

    assert refused.value.errors == problems


def test_nothing_wrong_is_not_refused():
    assert refuse({}) is None
